"""Trouble: what has gone wrong in a journey; where to send its customer, and what not to send.

The rules are few and stated (docs/context.md); none of them is learnt.
"""

from collections.abc import Sequence

import numpy as np

from journeys.actions import Routing
from journeys.log import ACTIVITY, CHANNEL
from rootcause.suppression import SUPPRESSED, support_micros, support_reason
from rootcause.wording import bad_words, percent, plain
from serving.advice import KnownIssue
from serving.context_messages import Destination, Risk, Route, Suppression
from serving.decision import has_values
from serving.flight import Flight
from serving.histories import utc_text

_ORDER: tuple[Destination, ...] = ("self_service", "bot", "agent", "priority_agent")


def trouble_in(flight: Flight, issues: Sequence[KnownIssue]) -> list[str]:
    """Say what has gone wrong in a journey, the worst first; empty where nothing has."""
    affected = [one for one in issues if one.state == "affected"]
    found = [f"met the known issue {one.finding}" for one in affected]
    now = flight.just_now()
    places = _used(flight, now)
    if len(places) > 1 and set(places) & set(flight.people or places):
        told = " and ".join(plain(place) for place in places)
        found.append(f"used {told} within {_hours(flight.routing)}")
    failed = [row for row in now if flight.failed(row)]
    if failed:
        found.append(
            f"{plain(str(flight.texts(ACTIVITY)[failed[-1]]))} within {_hours(flight.routing)}"
        )
    contacts = flight.contacts()
    if contacts and _in_support(flight, contacts[-1]):
        found.append("has contacted about this journey already")
    return found


def route_of(
    flight: Flight, trouble: Sequence[str], risks: Sequence[Risk], issues: Sequence[KnownIssue]
) -> Route:
    """Return where to send the customer of one journey in flight."""
    journey = plain(flight.definition.name)
    worse = [risk for risk in risks if risk.worse]
    if trouble:
        reasons = [f"{journey}: {one}" for one in trouble]
        high = flight.routing.high_value
        if high and has_values(high, flight):
            who = ", ".join(_value(flight, name) for name in high)
            return Route("priority_agent", [f"high value: {who}", *reasons])
        return Route("agent", reasons)
    if worse or issues:
        said = [
            f"{journey}: {percent(risk.p)} of such customers {bad_words(risk.outcome)}, usually "
            f"{percent(risk.usual or 0.0)}"
            for risk in worse
        ]
        told = [f"{journey}: will probably meet the known issue {one.finding}" for one in issues]
        return Route("bot", [*said, *told])
    return Route("self_service", [f"{journey} is on course: nothing has gone wrong so far"])


def foremost(routes: Sequence[Route]) -> Route:
    """Return the route that sends furthest, with the reasons of all that send as far."""
    if not routes:
        return Route("bot", ["no journey is open: nothing says that a person is needed"])
    to = max((route.to for route in routes), key=_ORDER.index)
    reasons = [reason for route in routes if route.to == to for reason in route.reasons]
    return Route(to, list(dict.fromkeys(reasons)))


def suppressed_for(flight: Flight) -> Suppression | None:
    """Return what is suppressed while a journey is in support; None where nothing is.

    The rule of `rootcause.suppression`, for one journey.
    """
    contacts = flight.contacts()
    if not contacts or not _in_support(flight, contacts[-1]):
        return None
    at = flight.history.times[contacts[-1]]
    until = utc_text(at + support_micros(flight.definition))
    return Suppression(SUPPRESSED, flight.definition.name, support_reason(_date(at)), until)


def _in_support(flight: Flight, contact: int) -> bool:
    until = flight.history.times[contact] + support_micros(flight.definition)
    return until > flight.history.as_of


def _used(flight: Flight, rows: Sequence[int]) -> list[str]:
    """Return the channels that the customer used in some events, in the order of first use."""
    channels = (flight.texts(CHANNEL)[row] for row in rows)
    outbound = flight.routing.outbound
    return list(dict.fromkeys(one for one in channels if one is not None and one not in outbound))


def _value(flight: Flight, name: str) -> str:
    return f"{plain(name)} {flight.last_text(name)}"


def _hours(routing: Routing) -> str:
    hours = routing.within.total_seconds() / 3600
    return "the last hour" if hours == 1 else f"the last {hours:g} hours"


def _date(micros: int) -> str:
    return str(np.datetime64(micros, "us").astype("datetime64[D]"))
