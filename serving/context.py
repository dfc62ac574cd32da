"""Context: what a touchpoint needs of one customer, in one answer.

Open journeys with the most money at stake first, what happened last, the risks beside what is
usual, known issues, where to send the customer and why, what not to send, what to tell the agent,
and what the customer will probably do next.  Asked for a later instant, silence counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from journeys.definition import Definition
from journeys.log import ACTIVITY, CHANNEL, TIME
from serving.advice import KnownIssue
from serving.context_messages import CustomerContext, OpenJourney, Risk, Route, Suppression, Touch
from serving.decision import asked, bad, decided_on, flight_of, issues_of
from serving.histories import Timed, timed_events, utc_text
from serving.known_issues import KnownIssues
from serving.messages import JourneyPrediction, Value
from serving.next_steps import next_steps
from serving.road import Standing
from serving.scoring import Answers
from serving.served import Served
from serving.summary import summary_of
from serving.trouble import foremost, route_of, suppressed_for, trouble_in

_TOUCHES = 5
_UNKNOWN = Route("bot", ["the journey is open, but no model says how it stands"])

Stored = Sequence[Mapping[str, Value]]


@dataclass(frozen=True)
class _Seen:
    """One open journey with everything that is said of it."""

    journey: OpenJourney
    risks: list[Risk]
    issues: list[KnownIssue]
    route: Route
    suppressed: Suppression | None


def context_of(
    customer: str,
    events: Stored,
    as_of: int,
    *,
    served: Served,
    issues: KnownIssues,
    explain: int = 3,
) -> CustomerContext:
    """Return the context of a customer from their stored events.

    Parameters
    ----------
    customer : as the answer calls them
    events : of the store, ascending, none after ``as_of``, at least one
    as_of : microseconds since the epoch, UTC
    explain : how many reasons each outcome gets
    """
    history = timed_events(events, as_of, [one.definition for one in served.everyone])
    found, notes = [], []
    for scorer in served.everyone:
        standing = scorer.predict(history, explain=explain)
        if standing.prediction is None:
            notes.append(standing.note)
        else:
            found.append(_seen(scorer, standing, history, issues))
    # The latest journey to have begun comes first where as much is at stake.
    found.sort(key=lambda one: one.journey.prediction.started, reverse=True)
    found.sort(key=lambda one: -one.journey.at_stake)
    touches = _touches(events)
    route = foremost([one.route for one in found])
    journeys = [one.journey for one in found]
    known = [issue for one in found for issue in one.issues]
    suppressed = [one.suppressed for one in found if one.suppressed is not None]
    return CustomerContext(
        customer_id=customer,
        as_of=utc_text(as_of),
        journeys=journeys,
        last_touches=touches,
        risks=[risk for one in found for risk in one.risks],
        known_issues=known,
        route=route,
        suppress=suppressed,
        agent_summary=summary_of(journeys, touches, known, as_of=as_of),
        next=journeys[0].prediction.next if journeys else [],
        note=None if journeys else " ".join(notes),
        degraded=any(one.degraded for one in served.everyone),
        models=[one.info for one in served.everyone],
    )


def _seen(scorer: Answers, standing: Standing, history: Timed, issues: KnownIssues) -> _Seen:
    flight = flight_of(scorer, standing, history)
    known = issues_of(flight, issues)
    prediction = decided_on(scorer, standing, flight, known)
    prediction = replace(prediction, next=next_steps(flight))
    risks = _risks(prediction, scorer.definition)
    at_stake = sum(one.at_stake or 0.0 for one in risks)
    trouble = [] if flight is None else trouble_in(flight, known)
    route = _UNKNOWN if flight is None else route_of(flight, trouble, risks, known)
    suppressed = None if flight is None else suppressed_for(flight)
    journey = OpenJourney(prediction, at_stake, scorer.definition.values.currency, trouble)
    return _Seen(journey, risks, known, route, suppressed)


def _risks(prediction: JourneyPrediction, definition: Definition) -> list[Risk]:
    """Return the risks of a journey, the most money at stake first."""
    found = []
    for outcome in asked(prediction):
        p, low, high = bad(prediction, outcome)
        rate = prediction.base_rate.get(outcome)
        usual = 1.0 - rate if rate is not None and outcome == "success" else rate
        price = definition.values.of(outcome)
        found.append(
            Risk(
                journey=prediction.journey,
                outcome=outcome,
                p=p,
                interval=(low, high),
                usual=usual,
                worse=usual is not None and low > usual,
                at_stake=None if price is None else p * price,
            )
        )
    return sorted(found, key=lambda one: -(one.at_stake or 0.0))


def _touches(events: Stored) -> list[Touch]:
    """Return the latest events, the newest first."""
    latest = list(events)[-_TOUCHES:]
    return [
        Touch(
            utc_text(int(event[TIME] or 0)),
            str(event[ACTIVITY]),
            None if event.get(CHANNEL) is None else str(event[CHANNEL]),
        )
        for event in reversed(latest)
    ]
