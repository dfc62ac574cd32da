"""The commands that ask whether a fix or any change has worked, and what a fix would save."""

from typing import Annotated

import typer

from offramp.console import out, working, write_json
from offramp.options import Events, Findings, Journey, Json
from offramp.reading import outcome_of, read_log

Where = Annotated[
    list[str],
    typer.Option(
        help="Whom the change reached: NAME=VALUE, repeated or separated by commas. One is the "
        "step: activity=STEP."
    ),
]
Matters = Annotated[
    float, typer.Option(help="The smallest change that matters, as a probability.", min=0.0)
]


def verify(  # noqa: PLR0913, PLR0917 - one option, one parameter
    events: Events,
    journey: Journey,
    findings: Annotated[str, typer.Option(help="The JSON file of `offramp findings`.")] = "",
    finding: Annotated[str, typer.Option(help="The id of the finding that was fixed.")] = "",
    fixed_at: Annotated[str, typer.Option(help="When the fix was released: 2026-03-31.")] = "",
    changed_at: Annotated[str, typer.Option(help="When anything else was changed.")] = "",
    where: Where = [],  # noqa: B006 - typer takes a list and never changes it
    outcome: Annotated[str, typer.Option(help="Of the change: success, leakage or churn.")] = "",
    matters: Matters = 0.02,
    json: Json = "",
) -> None:
    """Say whether a fix, or any dated change, has worked, beside journeys that it did not reach.

    - A finding's fix is *fixed*, *not fixed*, or *cannot tell yet*, and then how many days are
      missing: `--findings findings.json --finding f_5c1e --fixed-at 2026-03-31`

    - Any other change, a new letter or a new flow, is *better*, *worse*, *no change larger than*
      what matters, or *cannot tell yet*: `--changed-at 2026-03-31 --outcome leakage --where
      "activity=document_upload, os=iOS" --matters 0.03`

    docs/fixes.md says how it is measured and what it cannot tell.
    """
    where = [one for one in where if one.strip()]  # MLflow passes what was not given as ""
    of_fix, of_change = (findings, finding, fixed_at), (changed_at, where, outcome)
    if not (all(of_fix) and not any(of_change)) and not (all(of_change) and not any(of_fix)):
        raise typer.BadParameter(
            "give either --findings, --finding and --fixed-at (was it fixed?), "
            "or --changed-at, --where and --outcome (what did a change do?)"
        )
    if changed_at:
        _change(events, journey, (changed_at, where, outcome, matters), json)
    else:
        _fix(events, journey, (findings, finding, fixed_at), json)


def whatif(
    events: Events,
    journey: Journey,
    findings: Findings,
    finding: Annotated[str, typer.Option(help="One finding's id; without it, all of them.")] = "",
    days: Annotated[int, typer.Option(help="How many days to look ahead.", min=1)] = 7,
    json: Json = "",
) -> None:
    """Say what a fix would save: failures, contacts and money a week, each with its interval.

    The finding's adjusted effect times the journeys that are expected to meet its conditions; the
    uncertainty of both is in the interval. docs/fixes.md says what is assumed.
    """
    from offramp.fixes import savings_in
    from offramp.show_fixes import savings_shown

    log, definition = read_log(events, journey)
    with working("Looking ahead"):
        savings = savings_in(log, definition, findings, finding, days)
    out().print(savings_shown(savings))
    write_json(json, {"savings": [saving.as_dict() for _, saving in savings]})


def _fix(events: str, journey: str, asked: tuple[str, str, str], json: str) -> None:
    from offramp.fixes import instant, verdict_on
    from offramp.show_fixes import verdict_shown

    findings, finding, fixed_at = asked
    at = instant(fixed_at, "--fixed-at")  # before the log is read, not after it
    log, definition = read_log(events, journey)
    with working("Comparing"):
        verdict = verdict_on(log, definition, findings, finding, at)
    out().print(verdict_shown(verdict.sentence, verdict.by_week))
    write_json(json, verdict.as_dict())


def _change(events: str, journey: str, asked: tuple[str, list[str], str, float], json: str) -> None:
    from offramp.fixes import Reached, change_in, instant
    from offramp.planting import conditions_of
    from offramp.show_fixes import verdict_shown

    changed_at, where, outcome, matters = asked
    conditions, at = conditions_of(where), instant(changed_at, "--changed-at")
    log, definition = read_log(events, journey)
    reached = Reached(conditions, at, outcome_of(definition, outcome), matters)
    with working("Comparing"):
        effect = change_in(log, definition, reached)
    out().print(verdict_shown(effect.sentence, effect.by_week))
    write_json(json, effect.as_dict())
