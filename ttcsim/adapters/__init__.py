"""Policies in the loops of others, one harness a file; nothing else imports them."""
