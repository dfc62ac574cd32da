"""Run every command of the pages, slow ones included: `make docs-try`, or with names of pages.

A tutorial begins in an empty folder, as its reader does.  All other pages share one, in which a
simulated lender, a trained model, findings and a watch are there: what they take for granted.
"""

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from pages.blocks import ROOT, Block, blocks_of, pages_of
from pages.running import CommandError, Reader, environment_of

CUSTOMERS = 15_000
_PREPARED = f"""
offramp simulate --customers {CUSTOMERS} --seed 7 --out world
cp world/events.parquet world/journey.yaml .
cp events.parquet later.parquet
python - <<'END'
import pandas as pd
events = pd.read_parquet("events.parquet")
events[events["time"] < "2026-04-17"].to_parquet("friday.parquet")
END
on="--events events.parquet --journey journey.yaml"
offramp train $on --promote always
offramp train --events events.parquet --journey world/money_transfer.yaml --promote always
offramp findings $on --outcome leakage --json findings.json
offramp watch $on --state watch --outcome leakage
offramp keys add --file keys.json --name page --scope read --scope ingest --scope admin > /dev/null
offramp erased --database events.db --out erased.json
"""


def main(asked: list[str]) -> None:
    """Try the pages that are named, or all; say what failed, and end with 1 if anything did."""
    folder = Path(tempfile.mkdtemp(prefix="offramp-pages-"))
    shared = folder / "shared"
    failed = []
    for path in pages_of():
        page = path.relative_to(ROOT).as_posix()
        blocks = [block for block in blocks_of(path) if block.is_command]
        if not blocks or (asked and page not in asked):
            continue
        own = folder / path.stem if "/tutorials/" in page else shared
        if own == shared and not shared.exists():
            _prepare(shared)
        own.mkdir(exist_ok=True)
        failed += _tried(page, own)
    shutil.rmtree(folder)
    sys.exit("\n".join(failed) if failed else 0)


def _prepare(folder: Path) -> None:
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    print("Preparing the folder that the pages share", flush=True)
    folder.mkdir()
    block = Block("the preparation", 1, "sh", "", _PREPARED, "", "")
    Reader(folder, environment_of(folder) | {"OFFRAMP_SOURCES": str(ROOT)}).run(block)


def _tried(page: str, folder: Path) -> list[str]:
    """Type the blocks of a page; stop at the first that fails, for the next ones need it."""
    reader = Reader(folder, environment_of(folder) | {"OFFRAMP_SOURCES": str(ROOT)})
    blocks = blocks_of(ROOT / page)
    try:
        for block, following in zip(blocks, [*blocks[1:], None], strict=True):
            if block.is_command and not _left_out(block):
                began = time.perf_counter()
                shown = following if following is not None and following.told.isdigit() else None
                reader.run(block, shown)
                print(f"{page}:{block.line} {time.perf_counter() - began:.1f} s", flush=True)
            elif block.is_command:
                print(f"{page}:{block.line} {block.mark}: {block.why}", flush=True)
    except CommandError as fault:
        print(fault, flush=True)
        return [str(fault).partition("\n")[0]]
    finally:
        reader.stop()
    return []


def _left_out(block: Block) -> bool:
    return block.mark in ("not run", "run by") or (block.page, block.language) == (
        "docs/api.md",
        "sh",
    )


if __name__ == "__main__":
    main(sys.argv[1:])
