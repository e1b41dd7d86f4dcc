"""``python -m ttcsim``."""

from ttcsim.cli.main import main

main()
