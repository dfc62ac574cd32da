"""Answers as tables for the terminal; every number beside its interval or its count."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from rootcause.wording import condition_list, things

if TYPE_CHECKING:
    from journeys.check import LogCheck
    from rootcause.findings import Finding, Findings
    from serving.messages import JourneyPrediction

_MOST_ROWS = 12
_MOST_ALWAYS = 5
_UNKNOWN = "-"
_WORSE = {"success": "less success", "leakage": "more leakage", "churn": "more churn"}


def checked(found: "LogCheck") -> RenderableType:
    """Show what is in a log, then what is wrong with it."""
    span = (
        f"{found.first:%Y-%m-%d %H:%M} to {found.last:%Y-%m-%d %H:%M} UTC"
        if found.first
        else _UNKNOWN
    )
    head = Text(
        f"{found.journey}: {things(found.events, 'event')} of "
        f"{things(found.customers, 'customer')}, {span}"
    )
    journeys = ", ".join(f"{count:,} {state}" for state, count in found.journeys.items() if count)
    total = sum(found.journeys.values())
    parts: list[RenderableType] = [head, Text(f"{things(total, 'journey')}: {journeys or 'none'}")]
    parts.append(Text(f"{found.samples:,} samples (cutoffs at events and at ticks of silence)"))
    parts.append(_labels(found))
    for title, counts in (("activity", found.activities), ("channel", found.channels)):
        parts += [_counts(title, counts)] if counts else []
    parts.append(_attributes(found))
    return Group(*parts, *_problems(found))


def evaluated(evaluation: Any) -> RenderableType:
    """Show the metrics of each outcome on later journeys, beside the baselines, and the doubts."""
    from training.evaluate import doubts

    shown = plain_table("later journeys", "samples", "rate", "AUC (95 %)", "calibration error")
    for outcome, said in evaluation.items():
        rate = f"{said['base_rate']:.3f}"
        shown.add_row(outcome, f"{said['samples']:,}", rate, *_metrics(said["metrics"]))
        others = dict(said["baselines"])
        if said.get("history"):
            others["the last event only"] = said["history"]["last_event_only"]
        for name, metrics in others.items():
            shown.add_row(f"  {name}", "", "", *_metrics(metrics), style="dim")
    return Group(shown, *(Text(doubt, style="yellow") for doubt in doubts(evaluation)))


def scored(prediction: "JourneyPrediction") -> RenderableType:
    """Show one prediction: each outcome with its interval and its strongest reason."""
    table = plain_table(
        f"{prediction.journey}, at {prediction.step}", "probability (90 %)", "usual"
    )
    table.add_column("first reason (an association)")
    for outcome, p in prediction.p.items():
        if outcome in prediction.happened:
            table.add_row(outcome, "has happened", "", "")
            continue
        low, high = prediction.interval[outcome]
        reasons = prediction.reasons.get(outcome, [])
        reason = f"{reasons[0].text} ({100 * reasons[0].points:+.0f} points)" if reasons else ""
        usual = f"{prediction.base_rate[outcome]:.0%}"
        table.add_row(outcome, f"{p:.0%} ({low:.0%} to {high:.0%})", usual, escape(reason))
    return table


def skipped(reasons: Mapping[str, str]) -> RenderableType:
    """Say which outcomes have no model, and why."""
    lines = [Text(f"No model for {outcome}: {why}") for outcome, why in reasons.items()]
    return Group(*lines)


def found_causes(found: "Findings") -> RenderableType:
    """Show findings, or what could have hidden where there are none."""
    searched = found.searched
    looked = (
        f"{found.journey}, {found.outcome}: searched {searched.conditions:,} conditions on "
        f"{searched.attributes} attributes at {searched.steps} steps, "
        f"{searched.false_discovery_rate:.0%} false discoveries allowed."
    )
    smallest = found.smallest_detectable_effect
    hidden = (
        f"An effect of less than about {100 * smallest:.1f} points could hide."
        if smallest is not None
        else found.note
    )
    if found.placebo.get("runs"):
        looked += " With attributes dealt anew, {runs} searches found {findings}.".format(
            **found.placebo
        )
    if found.placebo.get("allowance", 1.0) > 1.0:
        looked += (
            " At random days of this log {surpassing:,} of {onsets:,} values changed more than "
            "usual, so a finding had to surpass {allowance:.1f} times the usual allowance."
        ).format(**found.placebo)
    if smallest is not None and found.note:
        looked += f" {found.note}"
    always = [Text(line) for line in _always_worse(found, _WORSE[found.outcome])]
    if not found.findings:
        return Group(Text(f"Nothing found. {hidden}"), *always, Text(looked, style="dim"))
    worse = _WORSE[found.outcome]
    named = [Text(line) for one in found.findings for line in _finding(one, worse)]
    return Group(*named, *always, Text(f"{looked} {hidden}", style="dim"))


def _finding(one: "Finding", worse: str) -> Iterable[str]:
    low, high = (100 * end for end in one.effect_interval)
    yield f"{one.id}  {_conditions(one.conditions)}"
    for other in one.also_indistinguishable:
        yield f"  cannot be told apart from {_conditions(other)}"
    yield f"  since {one.onset} (between {one.onset_interval[0]} and {one.onset_interval[1]})"
    yield f"  {100 * one.effect:+.1f} points ({low:.1f} to {high:.1f}) {worse}{_robust(one)}"
    harmed = f"{one.harmed_journeys:,} harmed"
    if one.harmed_interval is not None:
        harmed += f" ({one.harmed_interval[0]:,} to {one.harmed_interval[1]:,})"
    yield f"  {one.exposed_journeys:,} journeys exposed, {harmed}"
    if one.mechanism:
        yield f"  {one.mechanism.partition(' → ')[2]}"
    sure = [str(told["words"]) for told in (one.stability, one.excess_shap) if told]
    if sure:
        yield f"  {'; '.join(sure)}"
    for doubt in (one.effect_disagreement, one.instrumentation):
        if doubt:
            yield f"  ! {doubt}"


def _always_worse(found: "Findings", worse: str) -> Iterable[str]:
    """Yield what has no onset, apart from the findings."""
    if found.chronic:
        yield "Always worse here (associations, not causes: nothing began on a day)"
    for one in found.chronic[:_MOST_ALWAYS]:
        low, high = (100 * end for end in one.effect_interval)
        yield (
            f"  {_conditions(one.conditions)}: {100 * one.effect:+.1f} points "
            f"({low:.1f} to {high:.1f}) {worse}, {one.exposed_journeys:,} journeys"
        )
    if len(found.chronic) > _MOST_ALWAYS:
        yield f"  and {len(found.chronic) - _MOST_ALWAYS} more in the file and the report"


def _robust(one: "Finding") -> str:
    if one.effect_robust is None or one.effect_robust_interval is None:
        return ""
    low, high = (100 * end for end in one.effect_robust_interval)
    return f"; doubly robust {100 * one.effect_robust:+.1f} ({low:.1f} to {high:.1f})"


def _conditions(conditions: Mapping[str, str]) -> str:
    return ", ".join(condition_list(conditions))


def plain_table(first: str, *others: str) -> Table:
    """Return an empty table, its first column to the left and the others to the right."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(first, overflow="fold")
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _metrics(metrics: Mapping[str, Mapping[str, float | None]]) -> Iterable[str]:
    for name in ("auc", "calibration_error"):
        one = metrics[name]
        yield with_interval(one)


def with_interval(one: Mapping[str, float | None]) -> str:
    """Return a number with its interval, or a dash where it is not known.

    >>> with_interval({"value": 0.7, "low": 0.65, "high": 0.75})
    '0.700 (0.650-0.750)'
    """
    value, low, high = one["value"], one["low"], one["high"]
    if value is None or low is None or high is None:
        return _UNKNOWN
    return f"{value:.3f} ({low:.3f}-{high:.3f})"


def _labels(found: "LogCheck") -> Table:
    table = plain_table("outcome", "asked", "known", "positive", "rate", "censored")
    for outcome, label in found.labels.items():
        rate = f"{label.rate:.3f}" if label.known else _UNKNOWN
        counts = (f"{label.at_risk:,}", f"{label.known:,}", f"{label.positive:,}")
        table.add_row(outcome, *counts, rate, f"{label.censored_share:.1%}")
    return table


def _counts(title: str, counts: Mapping[str, int]) -> Table:
    table = plain_table(title, "events")
    for name, count in list(counts.items())[:_MOST_ROWS]:
        table.add_row(escape(name), f"{count:,}")
    if len(counts) > _MOST_ROWS:
        table.add_row(f"and {len(counts) - _MOST_ROWS} more", "")
    return table


def _attributes(found: "LogCheck") -> Table:
    table = plain_table("attribute", "tier", "values", "missing")
    for one in found.attributes:
        table.add_row(escape(one.name), one.tier, f"{one.distinct:,}", f"{one.missing_share:.1%}")
    return table


def _problems(found: "LogCheck") -> Iterable[RenderableType]:
    if not found.problems:
        yield Text("Nothing is wrong with it.", style="green")
    for one in found.problems:
        style = "red" if one.severity == "fault" else "yellow"
        yield Text(f"{one.severity}: {one.sentence}", style=style)
