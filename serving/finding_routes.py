"""The paths of findings: what makes journeys fail, and what people do about it."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import msgspec
from fastapi import FastAPI, Request, Response

from journeys.errors import FindingsError, OfframpError, listed
from rootcause.acts import Said, act_on
from rootcause.life import Case, State, acts_possible
from serving.audience_routes import add_audiences
from serving.bodies import read_body, require_json
from serving.etags import UNCHANGED, require_unchanged, tag_of, tagged
from serving.finding_messages import FindingAct, FindingCard, FindingDetail, FindingPage
from serving.histories import read_instant, utc_text
from serving.known_cases import Known
from serving.messages import read_as
from serving.openapi import Body, answers, request_body
from serving.outcome_routes import add_outcomes
from serving.problems import refused
from serving.queries import CURSOR, LIMIT, FindingId, Parameter, Query, cursor_at, documented
from serving.service import Service

_STATES = get_args(State)
_STATE = Parameter("state", "Only in this state.", {"type": "string", "enum": list(_STATES)})
_JOURNEY = Parameter("journey", "Only of this journey.", {"type": "string"})
_OUTCOME = Parameter(
    "outcome",
    "Only about this outcome.",
    {"type": "string", "enum": ["success", "leakage", "churn"]},
)
_OF_LIST = (_STATE, _JOURNEY, _OUTCOME, CURSOR, LIMIT)

_NO_STATE = (
    "This service was started without findings. Start it with --state and the folder of "
    "`offramp watch`, or a file of `offramp findings`."
)
_ACT = msgspec.json.Decoder(FindingAct)


def add_findings(app: FastAPI, service: Service) -> None:
    """Add the paths of findings, of their audiences, of suppressions and of outcomes."""
    _add_reading(app, service)
    _add_acting(app, service)
    add_audiences(app, service)
    add_outcomes(app, service)


def _add_reading(app: FastAPI, service: Service) -> None:
    @app.get(
        "/v1/findings",
        responses=answers(FindingPage, "no-findings") | UNCHANGED,
        openapi_extra=documented(*_OF_LIST),
        tags=["findings"],
    )
    async def findings(request: Request) -> Response:
        """List the findings of the watch, with their state; all states unless one is asked for."""
        known, query = _known(service), Query(request, _OF_LIST)
        state = query.choice("state", _STATES)
        journey, outcome = query.text("journey"), query.text("outcome")
        limit, after = query.limit(), query.after()
        wanted = [
            case
            for case in sorted(known.cases, key=lambda one: one.id)
            if state in (None, case.state)
            and journey in (None, case.journey)
            and outcome in (None, case.outcome)
            and (after is None or [case.id] > after)
        ]
        page = wanted[:limit]
        more = cursor_at(page[-1].id) if len(wanted) > limit else None
        tag = tag_of(known.tag, str(request.query_params))
        return tagged(request, FindingPage([_card(case) for case in page], more), tag)

    @app.get(
        "/v1/findings/{finding}",
        responses=answers(FindingDetail, "no-findings", "unknown-finding") | UNCHANGED,
        tags=["findings"],
    )
    async def finding(finding: FindingId, request: Request) -> Response:
        """Say all that is known of one finding; its ETag is good for a PATCH with If-Match."""
        Query(request, ())
        case = _case(_known(service), finding)
        return tagged(request, _detail(case), _tag(case))


def _add_acting(app: FastAPI, service: Service) -> None:
    problems = ("no-findings", "unknown-finding", "conflict", "changed", "bad-request", "not-json")
    example = FindingAct("acknowledge", owner="Mobile team", ticket="APP-1234")

    @app.patch(
        "/v1/findings/{finding}",
        responses=answers(FindingDetail, *problems, "wrong-type"),
        openapi_extra=request_body(Body(FindingAct, example)),
        tags=["findings"],
    )
    async def act(finding: FindingId, request: Request) -> Response:
        """Acknowledge a finding, say that its fix is released, close it or open it again.

        With `If-Match: ETAG` only if it is still as it was read.
        """
        require_json(request)
        asked = _read_act(await read_body(request))
        case = await asyncio.to_thread(_acted, service, finding, asked, request)
        return tagged(request, _detail(case), _tag(case))


def _known(service: Service) -> Known:
    if service.issues.cases.place is None:
        raise refused("no-findings", _NO_STATE)
    return service.issues.cases.now()


def _case(known: Known, id_: str) -> Case:
    """Return the case of an id, or of one that it also had."""
    for case in known.cases:
        if id_ in (case.id, *case.also_known_as):
            return case
    raise refused("unknown-finding", "No finding has this id. GET /v1/findings lists them all.")


def _acted(service: Service, id_: str, asked: FindingAct, request: Request) -> Case:
    case, folder = _case(_known(service), id_), _folder(service)
    require_unchanged(request, _tag(case))
    by = asked.by or str(request.scope.get("key") or "")
    said = Said(asked.owner, asked.ticket, _fixed_at(asked), asked.reason, by)
    at = datetime.fromtimestamp(service.clock() // 1_000_000, UTC)
    try:
        return act_on(folder, case.id, asked.act, said, at=f"{at:%Y-%m-%dT%H:%M:%SZ}")
    except FindingsError:
        raise refused("conflict", _why_not(case, asked)) from None
    except OfframpError:
        raise refused(
            "conflict",
            "The findings are being written by somebody else, probably the watch. Nothing was "
            "changed; try again in a minute.",
        ) from None


def _folder(service: Service) -> Path:
    folder = service.issues.cases.folder
    if folder is None:
        raise refused(
            "conflict",
            "These findings come from a file of `offramp findings`, which nobody follows. Start "
            "the service with --state and the folder of `offramp watch` to act on them.",
        )
    return folder


def _why_not(case: Case, asked: FindingAct) -> str:
    possible = acts_possible(case)
    if asked.act in possible and asked.act == "fix":
        return (
            f"The finding began on {case.finding.onset}, so a fix cannot have reached customers by "
            f"{asked.fixed_at}. Give the day on which it did."
        )
    return (
        f"The finding is {case.state} and cannot be changed in this way (act: {asked.act}). What "
        f"can be done with it now: {listed(possible)}."
    )


def _fixed_at(asked: FindingAct) -> str:
    if asked.act != "fix":
        return ""
    at = read_instant(asked.fixed_at)
    if at is None:
        raise refused(
            "bad-request",
            f"At fixed_at: {asked.fixed_at[:60]!r} is no time; say when the fix reached customers, "
            "as in 2026-03-20T08:00:00Z.",
        )
    return utc_text(at // 1_000_000 * 1_000_000)


def _read_act(body: bytes) -> FindingAct:
    """Read what is to be done; raise `Refused` (422) where it does not say enough."""
    asked = read_as(_ACT, body)
    needed = {"acknowledge": "owner", "fix": "fixed_at"}.get(asked.act, "reason")
    if not getattr(asked, needed).strip():
        raise refused("bad-request", f"At {needed}: it is missing; {asked.act} needs it.")
    return asked


def _card(case: Case) -> FindingCard:
    finding = case.finding
    return FindingCard(
        id=case.id,
        journey=case.journey,
        outcome=case.outcome,
        state=case.state,
        since=case.since,
        words=case.words,
        conditions=dict(finding.conditions),
        onset=finding.onset,
        onset_interval=finding.onset_interval,
        effect=finding.effect,
        effect_interval=finding.effect_interval,
        exposed=finding.exposed_journeys,
        harmed=finding.harmed_journeys,
        owner=case.owner,
        ticket=case.ticket,
        fixed_at=case.fixed_at,
        tag=_tag(case),
    )


def _detail(case: Case) -> FindingDetail:
    return FindingDetail(
        card=_card(case),
        finding=case.as_finding().as_dict(),
        history=[
            {name: str(value) for name, value in entry.as_dict().items()} for entry in case.history
        ],
        verdict=case.verdict,
        also_known_as=list(case.also_known_as),
        acts=acts_possible(case),
    )


def _tag(case: Case) -> str:
    return tag_of(msgspec.json.encode(case.as_dict()).decode())
