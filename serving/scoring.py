"""Scoring a request: each history by each journey's scorer, the answers put together."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Protocol

import msgspec
from msgspec.structs import replace

from journeys.definition import Definition
from journeys.errors import BundleError
from models import Bundle
from serving.example import example_request
from serving.histories import Timed, utc_text
from serving.messages import HistoryPrediction, JourneyPrediction, ModelInfo, ScoreAnswer
from serving.problems import Fault, Problem, Refused, problem_of
from serving.reading import Asked, Reader
from serving.road import Scorer, Standing
from serving.usual import UsualReader

_logger = logging.getLogger("offramp.serving")


class Answers(Protocol):
    """What answers for one journey: a `Scorer`, or base rates where there is no model."""

    @property
    def definition(self) -> Definition:
        """The journey."""

    @property
    def info(self) -> ModelInfo:
        """What an answer says of it."""

    @property
    def degraded(self) -> bool:
        """Whether base rates stand in for a model."""

    def predict(self, history: Timed, *, explain: int) -> Standing:
        """Return where a customer stands."""


Decide = Callable[[Answers, Standing, Timed], JourneyPrediction]
"""What is said beyond a prediction, of a journey that is open."""
Named = Callable[[str | int], str | int]
"""What a customer is called in the answer."""


class Scoring:
    """All journeys' scorers, made ready for requests; keep it as long as these.

    Parameters
    ----------
    scorers : one per journey, at least one
    """

    def __init__(self, scorers: Sequence[Answers]) -> None:
        self._scorers = tuple(scorers)
        self._degraded = any(one.degraded for one in scorers)
        self._model, *self._other_models = (one.info for one in scorers)
        self._reader = Reader([one.definition for one in scorers])

    def read(self, body: bytes) -> Asked:
        """Read a request; a usual one at a fraction of the cost (`serving.usual`).

        Raises
        ------
        Refused
            422 if the body is not JSON or is something else than a request.
        """
        usual = self._usual.read(body) if self._usual is not None else None
        return self.read_plainly(body) if usual is None else usual

    def read_plainly(self, body: bytes) -> Asked:
        """Read a request of any kind; what is asked once is not worth compiling `serving.scan`."""
        return self._reader.read(body)

    def answer(
        self, asked: Asked, *, decide: Decide | None = None, named: Named | None = None
    ) -> ScoreAnswer:
        """Answer a request; a history with a problem is told of it and holds up no other.

        Raises
        ------
        Refused
            If not one history can be scored.
        """
        known = [one.as_of for one in asked.histories if isinstance(one, Timed)]
        if not known:
            raise _refuse_all([one for one in asked.histories if isinstance(one, Problem)])
        return ScoreAnswer(
            as_of=utc_text(max(known)),
            model=self._model,
            degraded=self._degraded,
            predictions=[
                HistoryPrediction(place, error=one)
                if isinstance(one, Problem)
                else self._predicted(one, asked.explain, decide, named)
                for place, one in enumerate(asked.histories)
            ],
            other_models=self._other_models,
        )

    @cached_property
    def _usual(self) -> UsualReader | None:
        return _usual_reader(self._scorers, self._reader)

    def _predicted(
        self, history: Timed, explain: int, decide: Decide | None, named: Named | None
    ) -> HistoryPrediction:
        standings = [(one, one.predict(history, explain=explain)) for one in self._scorers]
        key = history.customer_id
        journeys = [
            each.prediction if decide is None else decide(one, each, history)
            for one, each in standings
            if each.prediction is not None
        ]
        return HistoryPrediction(
            index=history.index,
            customer_id=key if named is None or key is None else named(key),
            as_of=utc_text(history.as_of),
            journeys=[journey for journey in journeys if journey is not None],
            note=None if journeys else " ".join(each.note for _, each in standings),
            # A value is unknown when no journey's model has seen it.
            unknown_values=min(each.unknown_values for _, each in standings),
        )


def answer_to(bundles: Sequence[Bundle], request: Mapping[str, object]) -> ScoreAnswer:
    """Answer a scoring request given as plain data, just as ``POST /v1/score`` does."""
    scoring = Scoring([Scorer(bundle) for bundle in bundles])
    return scoring.answer(scoring.read_plainly(msgspec.json.encode(request)))


def answer_as_dict(answer: ScoreAnswer) -> dict[str, object]:
    """Return an answer as the plain data that its JSON holds."""
    written: dict[str, object] = msgspec.to_builtins(answer)
    return written


def self_test(scorer: Scorer) -> None:
    """Score the example, which compiles the kernel, too.

    Raises
    ------
    BundleError
        If the bundle cannot predict, or predicts what is not a probability.
    """
    scoring = Scoring([scorer])
    request = msgspec.json.encode(example_request(scorer.bundle))
    try:
        (answer,) = scoring.answer(scoring.read(request)).predictions
        found = scorer.of_nothing()
    except Exception as error:
        _logger.debug("the self-test failed", exc_info=True)
        raise BundleError(_failed(scorer.bundle, f"{type(error).__name__}: {error}")) from error
    found += [p for journey in answer.journeys for p in journey.p.values()]
    if not all(0.0 <= p <= 1.0 for p in found):
        raise BundleError(_failed(scorer.bundle, f"it predicts {found}, not probabilities"))


def _usual_reader(scorers: Sequence[Answers], reader: Reader) -> UsualReader | None:
    """Return what scans usual requests; None for several journeys, for which nothing is usual."""
    (first, *others) = scorers
    if others or not isinstance(first, Scorer):
        return None
    return UsualReader(first.events, reader)


def _refuse_all(problems: Sequence[Problem]) -> Refused:
    """Return the first history's problem, with all of them where there are several."""
    first = problems[0]
    if len(problems) == 1:
        return Refused(first)
    faults = [Fault(index, problem.detail) for index, problem in enumerate(problems)]
    detail = f"None of the {len(faults):,} histories can be scored. The first: {first.detail}"
    status = max(problem.status for problem in problems)
    kind = "bad-history" if status == problem_of("bad-history", "").status else "not-json"
    return Refused(replace(problem_of(kind, detail), errors=faults))


def _failed(bundle: Bundle, found: str) -> str:
    return (
        f"The bundle {str(bundle.manifest.get('name'))!r} fails its self-test: {found}. "
        "Fetch it again, or train it again with this version of Offramp."
    )
