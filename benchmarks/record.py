"""The record of a benchmark: rows and goals as JSON, and as Markdown for a person."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

Row = Mapping[str, object]

OUT = Path("out")


def goal(what: str, goal: float, value: float) -> dict[str, object]:
    """Return a goal of at least so much, and whether it is met."""
    return {"what": what, "goal": goal, "value": value, "met": value >= goal}


def limit(what: str, goal: float, value: float) -> dict[str, object]:
    """Return a goal of at most so much, and whether it is met."""
    return {"what": f"{what} (at most)", "goal": goal, "value": value, "met": value <= goal}


def record(
    name: str, rows: Sequence[Row], goals: Sequence[Row], *, libraries: Sequence[str]
) -> Path:
    """Write ``out/benchmark-NAME.json`` and ``.md``; return the path of the JSON.

    Parameters
    ----------
    rows : what was measured, columns as the benchmark likes them
    goals : each with ``what``, ``goal``, ``value``, ``met``
    libraries : distributions whose version the numbers depend on
    """
    written = {
        "name": name,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(libraries),
        "rows": list(rows),
        "goals": list(goals),
    }
    OUT.mkdir(exist_ok=True)
    path = OUT / f"benchmark-{name}.json"
    path.write_text(json.dumps(written, indent=1) + "\n")
    path.with_suffix(".md").write_text(as_markdown(rows, goals, title=name))
    return path


def machine(libraries: Sequence[str]) -> dict[str, object]:
    """Return cores, memory and versions: what a number means nothing without."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = {"python": platform.python_version()} | {name: version(name) for name in libraries}
    return {"cores": os.cpu_count(), "memory_gib": round(memory, 1), "versions": versions}


def as_markdown(rows: Sequence[Row], goals: Sequence[Row], *, title: str) -> str:
    """Return rows and goals as two tables; where nothing was asked for, the rows alone."""
    asked = f"\n## Goals\n\n{_table(goals)}" if goals else ""
    return f"# {title}\n\n{_table(rows)}{asked}"


def _table(rows: Sequence[Row]) -> str:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    lines = [columns, ["---"] * len(columns)]
    lines += [[_shown(row.get(column)) for column in columns] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value).replace("|", "\\|")
