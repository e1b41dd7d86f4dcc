"""Published rows beside the stretch law."""
