"""From sim to live: recorded runs of a real model beside replay."""
