"""What a page says of a run, a file a section."""
