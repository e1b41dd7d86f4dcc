"""``python -m ttcsim``."""

from ttcsim.cli import main

main()
