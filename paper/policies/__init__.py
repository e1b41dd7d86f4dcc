"""All policies, in the words of the package."""
