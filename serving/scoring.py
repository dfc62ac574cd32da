"""Scoring: histories in, predictions out, by the roads that train and score a log.

One log for all histories of a request, each known until its own ``as_of``; so one history gets the
same numbers alone, in a batch and from ``offramp score``.
"""

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd
from msgspec import Raw
from msgspec.structs import replace
from numpy.typing import NDArray

from features.table import Table, table
from journeys.definition import Definition
from journeys.errors import BundleError
from journeys.find import find_journeys
from journeys.labels import at_risk_of
from journeys.log import (
    ACTIVITY,
    CHANNEL,
    CUSTOMER,
    TIME,
    EventLog,
    event_log_of_part,
    instants,
    microseconds,
)
from journeys.samples import samples_at_end
from models import Bundle, Reason, reasons_of
from serving.example import example_request
from serving.histories import Timed, timed, utc_text
from serving.messages import (
    HistoryPrediction,
    JourneyPrediction,
    ModelInfo,
    ScoreAnswer,
    read_envelope,
    read_history,
)
from serving.problems import Fault, Refused, problem_of

if TYPE_CHECKING:
    from serving.road import Standing

_logger = logging.getLogger("offramp.serving")


def score(bundles: Sequence[Bundle], raw: Sequence[Raw], *, explain: int) -> ScoreAnswer:
    """Answer a request; a history that cannot be scored gets its problem and holds up no other.

    Parameters
    ----------
    bundles : one per journey, at least one
    raw : histories as JSON, at least one
    explain : how many reasons each prediction gets

    Raises
    ------
    Refused
        If not one history can be scored.
    """
    definitions = [bundle.plan.definition for bundle in bundles]
    good: list[Timed] = []
    answers: dict[int, HistoryPrediction] = {}
    for index, one in enumerate(raw):
        try:
            good.append(timed(read_history(one, index), index, definitions))
        except Refused as refused:
            answers[index] = HistoryPrediction(index, error=refused.problem)
    if not good:
        raise _refuse_all([answer for _, answer in sorted(answers.items())])
    for answer in score_histories(bundles, good, explain=explain):
        answers[answer.index] = answer
    model, *others = (model_info(bundle) for bundle in bundles)
    return ScoreAnswer(
        as_of=utc_text(max(one.as_of for one in good)),
        model=model,
        degraded=False,
        predictions=[answer for _, answer in sorted(answers.items())],
        other_models=others,
    )


def answer_to(bundles: Sequence[Bundle], request: Mapping[str, object]) -> ScoreAnswer:
    """Answer a scoring request given as plain data, just as ``POST /v1/score`` does."""
    asked = read_envelope(msgspec.json.encode(request))
    return score(bundles, asked.histories, explain=asked.explain)


def answer_as_dict(answer: ScoreAnswer) -> dict[str, object]:
    """Return an answer as the plain data that its JSON holds."""
    written: dict[str, object] = msgspec.to_builtins(answer)
    return written


def score_histories(
    bundles: Sequence[Bundle], histories: Sequence[Timed], *, explain: int
) -> list[HistoryPrediction]:
    """Return the predictions of checked histories, in their order."""
    scored = [_scored(bundle, histories, explain) for bundle in bundles]
    answers = []
    for place, one in enumerate(histories):
        open_journeys = [each[0][place] for each in scored if each[0][place] is not None]
        notes = [each[1][place] for each in scored]
        answers.append(
            HistoryPrediction(
                index=one.index,
                customer_id=one.customer_id,
                as_of=utc_text(one.as_of),
                journeys=[journey for journey in open_journeys if journey is not None],
                note=None if open_journeys else " ".join(notes),
                # A value is unknown when no journey's model has seen it.
                unknown_values=min(int(each[2][place]) for each in scored),
            )
        )
    return answers


def model_info(bundle: Bundle) -> ModelInfo:
    """Return what an answer says of the model behind it."""
    said = bundle.manifest
    files = json.dumps(said.get("files", {}), sort_keys=True)
    trained_to, around = said.get("trained_to"), bundle.plan.surroundings
    return ModelInfo(
        name=str(said["name"]),
        version=str(said.get("version") or hashlib.sha256(files.encode()).hexdigest()[:12]),
        journey=bundle.journey,
        outcomes=list(bundle.outcomes),
        spec_hash=bundle.plan.spec_hash,
        code_version=str(said["code_version"]),
        trained_to=None if trained_to is None else str(trained_to),
        surroundings_until=None if around is None else utc_text(around.until),
    )


def self_test(bundle: Bundle) -> None:
    """Score the example, which compiles the kernel, too.

    Raises
    ------
    BundleError
        If the bundle cannot predict, or predicts what is not a probability.
    """
    request = read_envelope(msgspec.json.encode(example_request(bundle)))
    try:
        (answer,) = score([bundle], request.histories, explain=1).predictions
        empty = np.full((1, len(bundle.plan.features)), np.nan, dtype=np.float32)
        found = [float(model.predict(empty).p[0]) for model in bundle.outcomes.values()]
    except Exception as error:
        _logger.debug("the self-test failed", exc_info=True)
        raise BundleError(_failed(bundle, f"{type(error).__name__}: {error}")) from error
    found += [p for journey in answer.journeys for p in journey.p.values()]
    if not all(0.0 <= p <= 1.0 for p in found):
        raise BundleError(_failed(bundle, f"it predicts {found}, not probabilities"))


Scored = tuple[list[JourneyPrediction | None], list[str], NDArray[np.int64]]
"""Per history: its open journey, why there is none, and how many values are unknown."""


def stand(bundle: Bundle, history: Timed, explain: int) -> "Standing":
    """Return where one customer stands, for now by the table."""
    from serving.road import Standing

    (prediction,), (note,), unknown = _scored(bundle, [history], explain)
    definition, ends = bundle.plan.definition, as_of_each([history])
    log = log_of([history], definition)
    journeys = find_journeys(log, definition, ends=ends)
    samples = samples_at_end(log, journeys, ends=ends)
    if prediction is None:
        return Standing(None, note, int(unknown[0]))
    (row,) = table(log, journeys, samples, bundle.plan)
    begins = int(journeys["first"].to_numpy()[samples["journey"].to_numpy()[0]])
    return Standing(prediction, "", int(unknown[0]), row, begins)


def log_of(histories: Sequence[Timed], definition: Definition) -> EventLog:
    """Return the events of checked histories as one log; customer i is history i."""
    lengths = [len(one) for one in histories]
    columns: dict[str, object] = {
        CUSTOMER: np.repeat(np.arange(len(histories)), lengths),
        TIME: instants(np.array([at for one in histories for at in one.times], dtype=np.int64)),
    }
    numeric = set(definition.attributes.numeric)
    for name in (ACTIVITY, CHANNEL, *definition.fields):
        values = [value for one in histories for value in one.values(name, definition)]
        columns[name] = np.array(values, dtype=np.float64 if name in numeric else object)
    return event_log_of_part(pd.DataFrame(columns), definition.model_copy(update={"columns": {}}))


def as_of_each(histories: Sequence[Timed]) -> NDArray[np.int64]:
    """Return until when each history is known, microseconds since the epoch."""
    return np.array([one.as_of for one in histories], dtype=np.int64)


def _scored(bundle: Bundle, histories: Sequence[Timed], explain: int) -> Scored:
    definition, ends = bundle.plan.definition, as_of_each(histories)
    log = log_of(histories, definition)
    journeys = find_journeys(log, definition, ends=ends)
    samples = samples_at_end(log, journeys, ends=ends)
    X = table(log, journeys, samples, bundle.plan)
    found: list[JourneyPrediction | None] = [None] * len(histories)
    customers = journeys["customer"].to_numpy()[samples["journey"].to_numpy()]
    if len(samples):
        described = _described(bundle, log, journeys, samples)
        predictions = _predicted(bundle, X, described, explain)
        for customer, prediction in zip(customers, predictions, strict=True):
            found[customer] = prediction
    return found, _notes(log, journeys, definition), _unknown(log, bundle)


def _described(
    bundle: Bundle, log: EventLog, journeys: pd.DataFrame, samples: pd.DataFrame
) -> list[JourneyPrediction]:
    """Return where each open journey stands, without predictions yet."""
    definition = bundle.plan.definition
    starts = microseconds(journeys["start"])[samples["journey"].to_numpy()]
    ages = (microseconds(samples["cutoff"]) - starts) / 1e6 / 3600
    steps = log.events[ACTIVITY].take(samples["seen"].to_numpy())
    at_risk = at_risk_of(log, journeys, samples, definition)
    rates = bundle.manifest.get("label_rates")
    known_rates = rates if isinstance(rates, dict) else {}
    return [
        JourneyPrediction(
            journey=definition.name,
            step=str(step),
            started=utc_text(int(start)),
            age_hours=float(age),
            p={},
            interval={},
            base_rate={outcome: known_rates.get(outcome) for outcome in bundle.outcomes},
            happened=[outcome for outcome, asked in at_risk.items() if not asked[row]],
            reasons={},
        )
        for row, (step, start, age) in enumerate(zip(steps, starts, ages, strict=True))
    ]


def _predicted(
    bundle: Bundle, X: Table, described: list[JourneyPrediction], explain: int
) -> list[JourneyPrediction]:
    """Return the same journeys with probabilities, intervals and reasons."""
    found = {outcome: model.predict(X) for outcome, model in bundle.outcomes.items()}
    reasons: dict[str, list[list[Reason]]] = {}
    if explain:
        for outcome, model in bundle.outcomes.items():
            reasons[outcome] = reasons_of(model, X, bundle.plan, most=explain)
    return [
        replace(
            journey,
            p={outcome: float(each.p[row]) for outcome, each in found.items()},
            interval={
                o: (float(each.low[row]), float(each.high[row])) for o, each in found.items()
            },
            reasons={outcome: each[row] for outcome, each in reasons.items()},
        )
        for row, journey in enumerate(described)
    ]


def _notes(log: EventLog, journeys: pd.DataFrame, definition: Definition) -> list[str]:
    """Say for each history why no journey is open, as if none were."""
    name = definition.name
    notes = [f"No event starts the journey {name!r}."] * (len(log.offsets) - 1)
    ends = microseconds(journeys["end"])
    for customer, state, end in zip(journeys["customer"], journeys["state"], ends, strict=True):
        if state != "open":  # a customer's last journey has the last word
            notes[customer] = f"The last journey {name!r} ended at {utc_text(int(end))}: {state}."
    return notes


def _unknown(log: EventLog, bundle: Bundle) -> NDArray[np.int64]:
    """Count each history's values that were never seen in training, shape (n_histories,)."""
    vocabulary = bundle.plan.vocabulary
    counts = np.zeros(len(log.offsets) - 1, dtype=np.int64)
    for column in vocabulary.values:  # noqa: PD011 - not a frame
        never_seen = vocabulary.codes(log.events[column]) == 0
        counts += np.bincount(log.customers[never_seen], minlength=len(counts))
    return counts


def _refuse_all(answers: list[HistoryPrediction]) -> Refused:
    """Return the first history's problem, with all of them where there are several."""
    problems = [(answer.index, answer.error) for answer in answers if answer.error is not None]
    first = problems[0][1]
    if len(problems) == 1:
        return Refused(first)
    faults = [Fault(index, problem.detail) for index, problem in problems]
    detail = f"None of the {len(faults):,} histories can be scored. The first: {first.detail}"
    status = max(problem.status for _, problem in problems)
    kind = "bad-history" if status == problem_of("bad-history", "").status else "not-json"
    return Refused(replace(problem_of(kind, detail), errors=faults))


def _failed(bundle: Bundle, found: str) -> str:
    return (
        f"The bundle {str(bundle.manifest.get('name'))!r} fails its self-test: {found}. "
        "Fetch it again, or train it again with this version of Offramp."
    )
