"""An examination for the terminal: how good, where, how early, for whom, and what moved."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.text import Text

from offramp.show import evaluated, plain_table, with_interval
from training.later import Examination

_BAD = {
    "success": "did not reach the goal",
    "leakage": "reached the contact centre",
    "churn": "left",
}
_MOST_INPUTS = 8


def examination(found: Examination) -> RenderableType:
    """Show everything that `offramp evaluate` has found, the verdict on drift first."""
    parts: list[RenderableType] = [] if found.drift is None else [drifted(found.drift)]
    if found.evaluation:
        parts.append(evaluated(found.evaluation))
    for outcome, said in found.evaluation.items():
        parts += [Text(f"{outcome}", style="bold"), _stages(said)]
        parts += [Text(line) for line in _lines(outcome, said)]
        parts.append(_checks(said))
    return Group(*parts)


def drifted(drift: Mapping[str, Any]) -> RenderableType:
    """Show what moved since the training: the verdict, its reasons, and the inputs."""
    styles = {"broken tracking": "red", "retrain": "yellow", "wait": "yellow"}
    head = f"Since {drift['since'][:16]}: {drift['verdict']}"
    parts: list[RenderableType] = [
        Text(head, style=f"bold {styles.get(drift['verdict'], 'green')}"),
        Text(f"{drift['samples']:,} samples of {drift['customers']:,} customers looked at"),
        *(Text(f"  {reason}") for reason in drift["reasons"]),
    ]
    moved = [one for one in drift["features"] if one["moved"]]
    if moved:
        shown = plain_table("inputs that moved", "stability index", "by chance", "q-value")
        for one in moved[:_MOST_INPUTS]:
            numbers = (f"{one['psi']:.2f}", f"{one['by_chance']:.3f}", f"{one['q_value']:.1g}")
            shown.add_row(escape(one["feature"]), *numbers)
        parts.append(shown)
    return Group(*parts)


def _stages(said: Mapping[str, Any]) -> RenderableType:
    # Average precision and Brier score are in the files: with them a terminal of 80 columns has no
    # room for the name of the stage.
    shown = plain_table("where in the journey", "samples", "AUC (95 %)", "calibration error")
    for row in (*said["stages"], *said["stages_by_events"]):
        name = row.get("stage") or row["events"]
        metrics = row.get("metrics")
        cells = ["", ""]
        if metrics:
            cells = [with_interval(metrics[key]) for key in ("auc", "calibration_error")]
        shown.add_row(name, f"{row['samples']:,}", *cells)
    return shown


def _lines(outcome: str, said: Mapping[str, Any]) -> Iterable[str]:
    if said.get("earliness"):
        yield warning_words(outcome, said["earliness"])
    if said.get("history"):
        lift = said["history"]["lift"]["auc"]
        yield f"History adds {with_interval(lift)} of AUC to what the last event alone tells."
    groups = said.get("subgroups", ())
    flagged = [one for one in groups if one["flagged"]]
    if groups and not flagged:
        yield f"None of {len(groups)} subgroups is off beyond chance by more than the others."
    for one in flagged:
        off = one["off"]
        yield (
            f"{one['attribute']} = {one['value']}: observed {100 * off['value']:+.1f} points "
            f"({100 * off['low']:+.1f} to {100 * off['high']:+.1f}) beyond what holds for others "
            f"({one['customers']:,} customers)."
        )


def warning_words(outcome: str, told: Mapping[str, Any]) -> str:
    """Say in one sentence how early the bad thing is told.

    >>> told = {"precision_asked": 0.5, "threshold": None, "best_precision": 0.31}
    >>> warning_words("churn", told)
    'No threshold reaches 50 % precision with ten warnings; the best reached 31 %.'
    """
    asked = f"{100 * told['precision_asked']:.0f} % precision"
    if told["threshold"] is None:
        best = told["best_precision"]
        tail = "" if best is None else f"; the best reached {100 * best:.0f} %"
        return f"No threshold reaches {asked} with ten warnings{tail}."
    share, hours = told["warned_share"], told["median_hours"]
    bad = _BAD.get(outcome, f"had {outcome}")
    elsewhere = told["precision_elsewhere"]
    held = "" if elsewhere is None else f", {100 * elsewhere:.0f} % on other customers"
    here = f"{100 * told['precision']['value']:.0f} %{held}"
    return (
        f"At {asked} ({here}), {told['warned_journeys']:,} of {told['journeys']:,} journeys were "
        f"warned: {100 * share['value']:.0f} % ({100 * share['low']:.0f} to "
        f"{100 * share['high']:.0f}) of those who {bad}, half of them {hours['value']:.0f} h "
        f"before ({hours['low']:.0f} to {hours['high']:.0f})."
    )


def _checks(said: Mapping[str, Any]) -> RenderableType:
    lines = []
    for one in said.get("checks", ()):
        style, mark = ("green", "pass") if one["passed"] else ("red", "FAIL")
        lines.append(Text.assemble((f"  {mark}  ", style), f"{one['check']}: {one['words']}"))
    return Group(*lines, Text(""))
