"""The tables of the benchmark of causes: by kind, level and strength, and beside the peers."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.cause_plot import picture
from benchmarks.cause_shares import (
    BANDS,
    Row,
    Rows,
    f1,
    mean,
    number,
    rank_of,
    share,
    with_bootstrap,
)
from benchmarks.record import as_markdown, goal, limit, machine

LIBRARIES = ("numpy", "pandas", "lightgbm", "scipy", "scikit-learn")
SELF = "Offramp, not told the onset"


def written(answers: Mapping[str, Rows], out: Path, part: str) -> str:
    """Write ``benchmark-causes.json``, ``.md`` and ``.png`` to a folder; return the Markdown."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / "benchmark-causes.json"
    rows, goals, methods = summary(answers), goals_of(answers), methods_of(answers)
    record = {
        "name": "causes",
        "part": part,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(LIBRARIES),
        "rows": rows,
        "goals": goals,
        "methods": methods,
        **answers,
    }
    path.write_text(json.dumps(_valid(record), indent=1) + "\n", encoding="utf-8")
    missed = [_missed(cause) for cause in answers["causes"] if not cause["rank"]]
    alarms = [_alarm(world) for world in answers["worlds"] if world["false_findings"]]
    tables = [("The search", rows), ("Beside others", methods)]
    tables += [("Causes not named", missed), ("Findings that are no cause", alarms)]
    text = as_markdown(goals, [], title=f"causes: {part} worlds")
    text += "".join(f"\n#{as_markdown(table, [], title=name)}" for name, table in tables if table)
    path.with_suffix(".md").write_text(text, encoding="utf-8")
    path.with_suffix(".png").write_bytes(picture(answers))
    return text


def summary(answers: Mapping[str, Rows]) -> list[dict[str, object]]:
    """Return a row for all worlds, for each level, each kind and each band of the oracle's z."""
    causes, worlds = answers["causes"], answers["worlds"]
    rows = [_row("all", worlds, causes)]
    for key in ("level", "kind"):
        for value in dict.fromkeys(str(world[key]) for world in worlds):
            rows.append(_row(value, _where(worlds, key, value), _where(causes, key, value)))
    for low, high in BANDS:
        inside = [cause for cause in causes if low <= number(cause["z"]) < high]
        rows.append(_row(f"oracle z {low:.0f} to {high:.0f}", [], inside))
    return rows


def methods_of(answers: Mapping[str, Rows]) -> list[dict[str, object]]:
    """Return a row per method: how often it names the cause, and something where there is none."""
    peers = answers.get("peers", [])
    if not peers:
        return []
    seeds = {peer["seed"] for peer in peers}
    worlds = [world for world in answers["worlds"] if world["seed"] in seeds]
    causes = [cause for cause in answers["causes"] if cause["seed"] in seeds]
    ours = {"method": SELF, **_named(causes, [w for w in worlds if not w["causes"]], worlds)}
    rows: list[dict[str, object]] = [ours]
    for name in dict.fromkeys(str(peer["peer"]) for peer in peers):
        for told in (False, True):
            mine = [row for row in peers if row["peer"] == name and row["told_onset"] == told]
            clean = [row for row in mine if "false_alarm" in row]
            title = f"{name}{', told the onset' if told else ''}"
            faults = [str(row["fault"]) for row in mine if "fault" in row]
            found = _named([row for row in mine if "rank" in row], clean, mine)
            rows.append({"method": title, **found, "fault": faults[0] if faults else ""})
    return rows


def goals_of(answers: Mapping[str, Rows]) -> list[dict[str, object]]:
    """Return what the project asks of itself, held against what was measured."""
    worlds, causes = answers["worlds"], answers["causes"]
    fair = [cause for cause in causes if cause["identifiable"]]
    named = [cause for cause in fair if cause["rank"]]
    two = [world for world in worlds if world["causes"] == 2]
    clean = [world for world in worlds if world["causes"] == 0]
    covered = mean([bool(cause["effect_covered"]) for cause in named])
    in_time = mean([abs(number(cause["onset_error"])) <= 1 for cause in named])
    goals = [
        goal("identifiable causes exact at rank 1", 0.95, mean([rank_of(c) == 1 for c in fair])),
        goal("identifiable causes in first 3", 0.99, mean([1 <= rank_of(c) <= 3 for c in fair])),
        limit("clean worlds with a finding", 0.05, mean([bool(w["findings"]) for w in clean])),
        goal("F1 in worlds of two causes", 0.95, f1(two)),
        goal("onset within a day, of those named", 0.90, in_time),
        goal("effect interval covers", 0.93, covered),
        limit("effect interval covers", 0.97, covered),
    ]
    return [one for one in goals if not math.isnan(number(one["value"]))]


def _row(what: str, worlds: Rows, causes: Rows) -> dict[str, object]:
    fair = [cause for cause in causes if cause["identifiable"]]
    named = [cause for cause in causes if cause["rank"]]
    clean = [world for world in worlds if world["causes"] == 0]
    seconds = [number(world["core_seconds"]) for world in worlds]
    return {
        "worlds": what,
        "n": len(worlds) or "",
        "exact at rank 1": share([rank_of(cause) == 1 for cause in fair]),
        "in first 3": share([1 <= rank_of(cause) <= 3 for cause in fair]),
        "any cause named": share([rank_of(cause) > 0 for cause in causes]),
        "F1": with_bootstrap(f1, [world for world in worlds if world["causes"]]),
        "false alarms": share([bool(world["findings"]) for world in clean]),
        "onset within a day": share([abs(number(c["onset_error"])) <= 1 for c in named]),
        "the oracle's": share([abs(number(c["oracle_onset_error"])) <= 1 for c in named]),
        "onset covered": share([bool(cause["onset_covered"]) for cause in named]),
        "effect bias": with_bootstrap(_bias, named),
        "effect covered": share([bool(cause["effect_covered"]) for cause in named]),
        "core seconds, median": float(np.median(seconds)) if seconds else None,
        "most": max(seconds, default=None),
    }


def _named(causes: Rows, clean: Rows, timed: Rows) -> dict[str, object]:
    fair = [cause for cause in causes if cause["identifiable"]]
    seconds = [number(row["core_seconds"]) for row in timed if "core_seconds" in row]
    return {
        "exact at rank 1": share([rank_of(cause) == 1 for cause in fair]),
        "in first 3": share([1 <= rank_of(cause) <= 3 for cause in fair]),
        "names something in clean worlds": share([bool(row["false_alarm"]) for row in clean]),
        "core seconds, median": float(np.median(seconds)) if seconds else None,
    }


def _bias(causes: Rows) -> float:
    return mean([number(cause["effect_error"]) for cause in causes])


def _missed(cause: Row) -> dict[str, object]:
    keys = ("seed", "kind", "level", "cause", "onset", "effect", "exposed", "z", "needed_z")
    return {key: cause[key] for key in (*keys, "identifiable", "missed")}


def _alarm(world: Row) -> dict[str, object]:
    return {key: world[key] for key in ("seed", "kind", "level", "causes", "said")}


def _where(rows: Rows, key: str, value: str) -> list[Row]:
    return [row for row in rows if row[key] == value]


def _valid(value: object) -> object:
    """Return what JSON can say: Python's own numbers, null in the place of one that is none."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping):
        return {key: _valid(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_valid(one) for one in value]
    return None if isinstance(value, float) and math.isnan(value) else value
