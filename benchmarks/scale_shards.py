"""Reading a log into shards and nothing else: ``python -m benchmarks.scale_shards LOG YAML TO``."""

import sys
from pathlib import Path

from journeys.definition_file import load_definition
from journeys.read_shards import read_shards


def main() -> None:
    """Read the log, and say what there is."""
    log, definition, folder = sys.argv[1:]
    whole = read_shards(log, load_definition(definition), folder=Path(folder), fits=0).whole
    print(f"{whole.events:,} events of {whole.customers:,} customers")


if __name__ == "__main__":
    main()
