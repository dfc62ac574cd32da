"""The path of the journeys that are served: what they are, and how many are open."""

from fastapi import FastAPI, Request, Response

from serving.bodies import json_answer
from serving.context_messages import JourneyInfo, Journeys
from serving.histories import utc_text
from serving.messages import ModelInfo
from serving.open_counts import Counts, OpenCounts
from serving.openapi import answers
from serving.queries import Query
from serving.service import Service

_EXAMPLE = Journeys(
    [
        JourneyInfo(
            journey="mortgage_refinance",
            milestones=["refinance_started", "document_upload", "loan_funded"],
            outcomes=["success", "leakage", "churn"],
            base_rate={"success": 0.641, "leakage": 0.112, "churn": 0.08},
            actions=["call_back"],
            currency="EUR",
            degraded=False,
            model=ModelInfo(
                name="offramp-mortgage_refinance",
                version="3",
                journey="mortgage_refinance",
                outcomes=["success", "leakage", "churn"],
                spec_hash="62f1bad7f94bac04",
                code_version="0.1.0",
                trained_to="2026-02-18T10:32:14Z",
                surroundings_until="2026-04-26T23:53:35Z",
            ),
            open_journeys=1204,
            open_by_stage={"refinance_started": 711, "document_upload": 493},
        )
    ],
    counted_as_of="2026-04-27T09:30:00Z",
)


def add_journeys(app: FastAPI, service: Service) -> None:
    """Add ``/v1/journeys``."""
    counts = OpenCounts(service)

    @app.get(
        "/v1/journeys", responses=answers(Journeys, "not-ready", example=_EXAMPLE), tags=["models"]
    )
    async def journeys(request: Request) -> Response:
        """Say which journeys are served: milestones, outcomes, usual rates, and how many are open.

        Open journeys are counted from the events that are kept, in the background, as of
        `counted_as_of`: a minute ago in a small store, longer in a large one. Both are null in a
        service that keeps no events, and until the first count is done.
        """
        Query(request, ())
        return json_answer(_journeys(service, await counts.latest()))


def _journeys(service: Service, counts: Counts | None) -> Journeys:
    everyone = service.models.ready().everyone
    stages = {} if counts is None else counts.stages
    told = [
        JourneyInfo(
            journey=one.definition.name,
            milestones=list(one.definition.milestones),
            outcomes=list(one.definition.outcomes),
            base_rate=_rates(one),
            actions=list(one.definition.actions or {}),
            currency=one.definition.values.currency,
            degraded=one.degraded,
            model=one.info,
            open_journeys=sum(stages[name].values()) if name in stages else None,
            open_by_stage=dict(stages.get(name, {})),
        )
        for one in everyone
        for name in [one.definition.name]
    ]
    return Journeys(told, None if counts is None else utc_text(counts.as_of))


def _rates(answering: object) -> dict[str, float]:
    """Return how often each outcome came in the log learnt from; empty where nobody knows."""
    bundle = getattr(answering, "bundle", None)
    rates = {} if bundle is None else bundle.manifest.get("label_rates", {})
    return {str(outcome): float(rate) for outcome, rate in rates.items()}
