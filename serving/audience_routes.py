"""The paths of audiences: whom a finding concerns, who came and went, what not to send to whom."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response

from serving.audiences import STATES, Audience, Audiences, latest_until, moves_between
from serving.bodies import json_answer
from serving.customer_routes import store_of
from serving.decision import flight_of
from serving.etags import UNCHANGED, tag_of, tagged
from serving.finding_messages import Delta, Member, MemberPage, Suppressed, SuppressionPage
from serving.histories import timed_events, utc_text
from serving.openapi import answers
from serving.problems import refused
from serving.queries import CURSOR, LIMIT, FindingId, Parameter, Query, cursor_at, documented
from serving.service import Service
from serving.trouble import suppressed_for

_STATE = Parameter(
    "state", "Only in this state; both without it.", {"type": "string", "enum": list(STATES)}
)
_HELD_OUT = Parameter(
    "held_out",
    "Customers who are not to be approached, so that the good of approaching can be measured: left "
    "out (`no`), listed too (`yes`), or listed alone (`only`).",
    {"type": "string", "enum": ["no", "yes", "only"], "default": "no"},
)
_SINCE = Parameter(
    "since",
    "The instant since when: ISO 8601. Compared is with the latest list that is not after it.",
    {"type": "string", "format": "date-time"},
)
_AS_OF = Parameter(
    "as_of",
    "As of which instant: ISO 8601; now without it.",
    {"type": "string", "format": "date-time"},
)
_OF_MEMBERS = (_STATE, _HELD_OUT, CURSOR, LIMIT)
_OF_DELTA = (_SINCE, _HELD_OUT, CURSOR, LIMIT)
_OF_SUPPRESSIONS = (_AS_OF, CURSOR, LIMIT)


def add_audiences(app: FastAPI, service: Service) -> None:
    """Add the paths of audiences and of suppressions."""
    audiences = Audiences(service.issues.cases.place, service.pseudonym)
    _add_members(app, audiences)
    _add_delta(app, audiences)
    _add_suppressions(app, service)


def _add_members(app: FastAPI, audiences: Audiences) -> None:
    @app.get(
        "/v1/audiences/{finding}/members",
        responses=answers(MemberPage, "unknown-finding") | UNCHANGED,
        openapi_extra=documented(*_OF_MEMBERS),
        tags=["findings"],
    )
    async def members(finding: FindingId, request: Request) -> Response:
        """List the customers whom a finding has hit, or will probably hit soon.

        A cursor goes on with the list that it began with as long as that list is there.
        """
        query = Query(request, _OF_MEMBERS)
        state, held = query.choice("state", STATES), _held(query)
        lists = await asyncio.to_thread(_lists, audiences, finding)
        now, after = _begun(lists, query.after())
        wanted = [
            one
            for key, one in now.members.items()
            if (after is None or list(key) > after)
            and state in (None, one.state)
            and one.held_out in held
        ]
        page, more = _page(wanted, query.limit(), now)
        answer = MemberPage(finding, utc_text(now.as_of), page, more)
        return tagged(request, answer, tag_of(msgspec.json.encode(answer).decode()))


def _add_delta(app: FastAPI, audiences: Audiences) -> None:
    @app.get(
        "/v1/audiences/{finding}/delta",
        responses=answers(Delta, "unknown-finding"),
        openapi_extra=documented(*_OF_DELTA),
        tags=["findings"],
    )
    async def delta(finding: FindingId, request: Request) -> Response:
        """Say who came into an audience, left it or changed state since an instant."""
        query = Query(request, _OF_DELTA)
        since, held = query.instant("since"), _held(query)
        if since is None:
            raise refused("bad-query", "since is missing; say since when, as 2026-03-03T00:00:00Z.")
        lists = await asyncio.to_thread(_lists, audiences, finding)
        now, after = _begun(lists, query.after())
        before = latest_until([one for one in lists if one.as_of <= now.as_of], since)
        moves = [
            move
            for key, move in moves_between(before, now)
            if (after is None or list(key) > after) and move.member.held_out in held
        ]
        page = moves[: query.limit()]
        more = None
        if len(moves) > len(page):
            more = cursor_at(str(now.as_of), page[-1].member.customer_id, page[-1].member.journey)
        compared = None if before is None else utc_text(before.as_of)
        answer = Delta(finding, utc_text(since), compared, utc_text(now.as_of), page, more)
        return json_answer(answer)


def _add_suppressions(app: FastAPI, service: Service) -> None:
    @app.get(
        "/v1/suppressions",
        responses=answers(SuppressionPage, "no-store", "store-away", "not-ready"),
        openapi_extra=documented(*_OF_SUPPRESSIONS),
        tags=["customers"],
    )
    async def suppressions(request: Request) -> Response:
        """List what not to send to whom, why and until when, from the events that are kept.

        A page looks at `limit` customers and may be empty; go on until there is no `next`.
        """
        query = Query(request, _OF_SUPPRESSIONS)
        return json_answer(await asyncio.to_thread(_suppressions, service, query))


def _suppressions(service: Service, query: Query) -> SuppressionPage:
    served, store = service.models.ready(), store_of(service)
    at, after, limit = query.instant("as_of"), query.after(), query.limit()
    as_of = service.clock() if at is None else at
    keys = store.customers(after[0] if after else None, limit)
    definitions = [one.definition for one in served.everyone]
    found = []
    for key in keys:
        events = store.history(key, as_of)
        if not events:
            continue
        history = timed_events(events, as_of, definitions)
        for scorer in served.everyone:
            flight = flight_of(scorer, scorer.predict(history, explain=0), history)
            told = None if flight is None else suppressed_for(flight)
            if told is not None:
                found.append(Suppressed(key, told.what, told.journey, told.reason, told.until))
    more = cursor_at(keys[-1]) if len(keys) == limit else None
    return SuppressionPage(utc_text(as_of), found, more)


def _lists(audiences: Audiences, finding: str) -> tuple[Audience, ...]:
    lists = audiences.of(finding)
    if not lists:
        raise refused(
            "unknown-finding",
            "There is no list of this finding. Write one into the folder `audiences` of the state "
            "with `offramp audience --out`, every day.",
        )
    return lists


def _begun(lists: Sequence[Audience], after: list[str] | None) -> tuple[Audience, list[str] | None]:
    """Return the list to read, and the key of the last row given; a cursor keeps to its list."""
    if after is None:
        return lists[-1], None
    as_of, *key = after
    same = [one for one in lists if str(one.as_of) == as_of]
    return (same or list(lists))[-1], key


def _page(wanted: list[Member], limit: int, now: Audience) -> tuple[list[Member], str | None]:
    page = wanted[:limit]
    if len(wanted) <= limit:
        return page, None
    return page, cursor_at(str(now.as_of), page[-1].customer_id, page[-1].journey)


def _held(query: Query) -> tuple[Any, ...]:
    """Return which values of ``held_out`` are listed."""
    held = query.choice("held_out", ["no", "yes", "only"])
    return {None: (False,), "no": (False,), "yes": (False, True), "only": (True,)}[held]
