"""``python -m offramp`` is the command ``offramp``."""

from offramp.cli import main

main()
