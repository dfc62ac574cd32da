"""The tables of the benchmark of causes: shares with their intervals, by kind, level and z."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.record import as_markdown, goal, limit, machine

Row = Mapping[str, object]
Rows = Sequence[Row]

LIBRARIES = ("numpy", "pandas", "lightgbm", "scipy")
_BANDS = ((-np.inf, 7.0), (7.0, 10.0), (10.0, 12.0), (12.0, np.inf))
_WILSON_Z = 1.959964


def written(answers: Mapping[str, Rows], out: Path, part: str) -> str:
    """Write ``benchmark-causes.json`` and ``.md`` to a folder; return the Markdown."""
    rows, goals = summary(answers), goals_of(answers)
    out.mkdir(parents=True, exist_ok=True)
    path = out / "benchmark-causes.json"
    record = {
        "name": "causes",
        "part": part,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(LIBRARIES),
        "rows": rows,
        "goals": goals,
        **{name: list(one) for name, one in answers.items()},
    }
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    markdown = as_markdown(rows, goals, title=f"causes ({part} worlds)")
    missed = [_shown(cause) for cause in answers["causes"] if not cause["rank"]]
    alarms = [_alarm(world) for world in answers["worlds"] if world["false_findings"]]
    for title, lines in (("Missed causes", missed), ("False findings", alarms)):
        markdown += f"\n## {title}\n\n" + (as_markdown(lines, [], title="")[3:] if lines else "")
    path.with_suffix(".md").write_text(markdown, encoding="utf-8")
    return markdown


def summary(answers: Mapping[str, Rows]) -> list[dict[str, object]]:
    """Return a row for all worlds, for each level, each kind and each band of the oracle's z."""
    causes, worlds = answers["causes"], answers["worlds"]
    rows = [_row("all", worlds, causes)]
    for key in ("level", "kind"):
        for value in dict.fromkeys(str(world[key]) for world in worlds):
            rows.append(_row(value, _where(worlds, key, value), _where(causes, key, value)))
    for low, high in _BANDS:
        inside = [cause for cause in causes if low <= _number(cause["z"]) < high]
        rows.append(_row(f"oracle z {low:.0f} to {high:.0f}", [], inside))
    return rows


def goals_of(answers: Mapping[str, Rows]) -> list[dict[str, object]]:
    """Return what the project asks of itself, held against what was measured."""
    worlds, causes = answers["worlds"], answers["causes"]
    fair = [cause for cause in causes if cause["identifiable"]]
    named = [cause for cause in fair if cause["rank"]]
    two = [world for world in worlds if world["causes"] == 2]
    clean = [world for world in worlds if world["causes"] == 0]
    covered = _mean([bool(cause["effect_covered"]) for cause in named])
    return [
        goal("identifiable causes exact at rank 1", 0.95, _mean([_rank(c) == 1 for c in fair])),
        goal("identifiable causes in the first 3", 0.99, _mean([1 <= _rank(c) <= 3 for c in fair])),
        limit("clean worlds with a finding", 0.05, _mean([bool(w["findings"]) for w in clean])),
        goal("F1 in worlds of two causes", 0.95, f1(two)),
        goal(
            "onset within a day", 0.90, _mean([abs(_number(c["onset_error"])) <= 1 for c in named])
        ),
        goal("effect interval covers", 0.93, covered),
        limit("effect interval covers", 0.97, covered),
    ]


def f1(worlds: Rows) -> float:
    """Return the F1 over identifiable causes: what else is named exactly counts neither way."""
    total = {
        key: sum(_number(world[key]) for world in worlds)
        for key in ("identifiable_found", "identifiable", "false_findings")
    }
    both = total["identifiable"] + total["identifiable_found"] + total["false_findings"]
    return 2 * total["identifiable_found"] / both if both else float("nan")


def wilson(successes: int, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share."""
    if not n:
        return 0.0, 1.0
    share, z2 = successes / n, _WILSON_Z**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _WILSON_Z / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n**2))
    return float(max(middle - half, 0.0)), float(min(middle + half, 1.0))


def _row(what: str, worlds: Rows, causes: Rows) -> dict[str, object]:
    fair = [cause for cause in causes if cause["identifiable"]]
    named = [cause for cause in causes if cause["rank"]]
    clean = [world for world in worlds if world["causes"] == 0]
    seconds = [_number(world["core_seconds"]) for world in worlds]
    return {
        "worlds": what,
        "n": len(worlds),
        "causes": len(causes),
        "identifiable": len(fair),
        "exact at 1": _share([_rank(cause) == 1 for cause in fair]),
        "in first 3": _share([1 <= _rank(cause) <= 3 for cause in fair]),
        "F1": _with_bootstrap(f1, [world for world in worlds if world["causes"]]),
        "false alarms": _share([bool(world["findings"]) for world in clean]),
        "onset within a day": _share([abs(_number(c["onset_error"])) <= 1 for c in named]),
        "oracle's onset": _share([abs(_number(c["oracle_onset_error"])) <= 1 for c in named]),
        "onset covered": _share([bool(cause["onset_covered"]) for cause in named]),
        "effect bias": _with_bootstrap(_bias, named),
        "effect covered": _share([bool(cause["effect_covered"]) for cause in named]),
        "core seconds, median": float(np.median(seconds)) if seconds else None,
        "most": max(seconds, default=None),
    }


def _share(true: Sequence[bool]) -> str:
    if not true:
        return ""
    low, high = wilson(sum(true), len(true))
    return f"{_mean(true):.2f} ({low:.2f} to {high:.2f}), n={len(true)}"


def _with_bootstrap(score: Callable[[Rows], float], rows: Rows) -> str:
    """Return a score and its percentile interval over draws of rows."""
    if not rows or np.isnan(score(rows)):
        return ""
    dice = np.random.default_rng(0)
    draws = [score([rows[i] for i in dice.integers(len(rows), size=len(rows))]) for _ in range(300)]
    low, high = np.nanquantile(draws, [0.025, 0.975])
    return f"{score(rows):.3f} ({low:.3f} to {high:.3f})"


def _bias(causes: Rows) -> float:
    return _mean([_number(cause["effect_error"]) for cause in causes])


def _shown(cause: Row) -> dict[str, object]:
    keys = ("seed", "kind", "level", "cause", "onset", "effect", "exposed", "z", "needed_z")
    return {key: cause[key] for key in (*keys, "identifiable", "missed")}


def _alarm(world: Row) -> dict[str, object]:
    return {key: world[key] for key in ("seed", "kind", "level", "causes", "said")}


def _where(rows: Rows, key: str, value: str) -> list[Row]:
    return [row for row in rows if row[key] == value]


def _rank(cause: Row) -> int:
    return int(_number(cause["rank"]))


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _number(value: object) -> float:
    return float(str(value))
