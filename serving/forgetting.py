"""Forgetting a customer in the files of a watch: its findings' evidence, its audiences.

A finding names its evidence by journey ids, hashes of a customer's key and a journey's start. They
are found again by hashing: any event of the customer may have started a journey.
"""

import csv
import json
from collections.abc import Callable, Collection
from dataclasses import replace
from itertools import product
from pathlib import Path

import pandas as pd

from journeys.errors import OfframpError
from journeys.find import journey_id
from journeys.log import CUSTOMER
from journeys.writing import whole_file
from rootcause.findings import Finding, read_findings, write_findings
from rootcause.register import read_register, write_register

AUDIENCES = "audiences"

IsTheirs = Callable[[str], bool]


def forget_evidence(state: Path, keys: Collection[str], times: Collection[int]) -> int:
    """Strike a customer's journeys out of the evidence of all findings; count those touched.

    Parameters
    ----------
    state : the folder of a watch, which the caller has locked, or a findings file
    keys : what the customer is called in the logs that the watch reads
    times : of all their events, microseconds since the epoch, UTC

    Raises
    ------
    FindingsError, OfframpError
        If the folder cannot be read or written to.
    """
    if state.is_file():
        return _from_findings(state, keys, times)
    register = read_register(state)
    gone = _ids({case.journey for case in register.cases}, keys, times)
    touched = [case for case in register.cases if gone.intersection(case.finding.evidence)]
    if touched:
        cases = [replace(case, finding=_without(case.finding, gone)) for case in touched]
        write_register(register.with_cases(cases), state)
    return len(touched)


def forget_members(state: Path, is_theirs: IsTheirs) -> int:
    """Take a customer's rows out of all audiences of a watch's folder; count them.

    Raises
    ------
    OfframpError
        If a file cannot be read or written to; it stays as it was.
    """
    ways = {".parquet": _from_table, ".csv": _from_csv, ".jsonl": _from_lines}
    gone = 0
    for path in sorted((state / AUDIENCES).glob("*")):
        try:
            gone += ways.get(path.suffix, _from_nothing)(path, is_theirs)
        except (OSError, ValueError, KeyError) as fault:
            raise OfframpError(
                f"The audience {str(path)!r} cannot be read ({fault}). Write it again with "
                "`offramp audience`, or remove it."
            ) from fault
    return gone


def _from_findings(file: Path, keys: Collection[str], times: Collection[int]) -> int:
    found = read_findings(file)
    gone = _ids({found.journey}, keys, times)
    touched = sum(not gone.isdisjoint(one.evidence) for one in found.findings)
    if touched:
        left = tuple(_without(one, gone) for one in found.findings)
        write_findings(replace(found, findings=left), file)
    return touched


def _ids(journeys: Collection[str], keys: Collection[str], times: Collection[int]) -> set[str]:
    return {journey_id(*each) for each in product(journeys, keys, times)}


def _without(finding: Finding, gone: Collection[str]) -> Finding:
    left = tuple(one for one in finding.evidence if one not in gone)
    return replace(finding, evidence=left)


def _from_nothing(_path: Path, _is_theirs: IsTheirs) -> int:
    return 0


def _from_table(path: Path, is_theirs: IsTheirs) -> int:
    rows = pd.read_parquet(path)
    theirs = rows[CUSTOMER].map(lambda key: is_theirs(str(key))).to_numpy(bool)
    if theirs.any():
        with whole_file(path) as beside:
            rows[~theirs].to_parquet(beside, index=False)
    return int(theirs.sum())


def _from_csv(path: Path, is_theirs: IsTheirs) -> int:
    with path.open(newline="", encoding="utf-8") as lines:
        head, *rows = csv.reader(lines)
    place = head.index(CUSTOMER)
    kept = [row for row in rows if not is_theirs(row[place])]
    if len(kept) < len(rows):
        with whole_file(path) as beside, beside.open("w", newline="", encoding="utf-8") as out:
            csv.writer(out, lineterminator="\n").writerows([head, *kept])
    return len(rows) - len(kept)


def _from_lines(path: Path, is_theirs: IsTheirs) -> int:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.strip() or not is_theirs(_customer_in(line))]
    if len(kept) < len(lines):
        with whole_file(path) as beside:
            beside.write_text("".join(kept), encoding="utf-8")
    return len(lines) - len(kept)


def _customer_in(line: str) -> str:
    return str(json.loads(line)[CUSTOMER])
