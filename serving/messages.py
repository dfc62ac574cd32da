"""What is asked and answered over HTTP: typed, and read and written by msgspec.

A history is read on its own (`read_history`), so that one bad history in a batch is its own
problem and not everybody's.  Times are ISO 8601; without a zone they are UTC.
"""

from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from models import Reason
from serving.advice import Action, KnownIssue, NextStep
from serving.problems import Problem, refused

MOST_HISTORIES = 1_000
MOST_EVENTS = 10_000
MOST_REASONS = 20
STARTED = "started"

Value = str | int | float | bool | None
Message = TypeVar("Message")
CustomerKey = Annotated[str, Meta(min_length=1, max_length=512)] | int

_EVENT = {
    "type": "object",
    "properties": {
        "time": {"type": "string", "description": "ISO 8601; without a zone it is UTC."},
        "activity": {"type": "string", "minLength": 1},
        "channel": {"type": ["string", "null"]},
    },
    "required": ["time", "activity"],
    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
}
Event = Annotated[
    dict[str, Value],
    Meta(
        description="One thing that happened to the customer; any further key is an attribute.",
        extra_json_schema=_EVENT,
    ),
]


class History(Struct, forbid_unknown_fields=True, frozen=True):
    """One customer's events, in any order; those of one instant in the order given.

    ``as_of`` is the instant at which we predict, not before the last event; later means silence.
    Without it, it is the time of the last event: the answer depends on the request alone.
    """

    customer_id: CustomerKey
    events: Annotated[list[Event], Meta(min_length=1, max_length=MOST_EVENTS)]
    as_of: str | None = None


class ScoreRequest(Struct, forbid_unknown_fields=True, frozen=True):
    """Histories to score; ``explain`` is how many reasons each prediction gets, 0 for none."""

    histories: Annotated[list[History], Meta(min_length=1, max_length=MOST_HISTORIES)]
    explain: Annotated[int, Meta(ge=0, le=MOST_REASONS)] = 5


class Envelope(Struct, forbid_unknown_fields=True, frozen=True):
    """A `ScoreRequest` whose histories have not been read yet."""

    histories: Annotated[list[Raw], Meta(min_length=1, max_length=MOST_HISTORIES)]
    explain: Annotated[int, Meta(ge=0, le=MOST_REASONS)] = 5


class ModelInfo(Struct, frozen=True):
    """Which fitted models answer.

    ``version`` is the registry's, or of a folder the start of a hash over its files; ``trained_to``
    is the UTC instant up to which they have learnt, ``surroundings_until`` the one up to which they
    know what other customers lived through: how old a release's rates are.
    """

    name: str
    version: str
    journey: str
    outcomes: list[str]
    spec_hash: str
    code_version: str
    trained_to: str | None
    surroundings_until: str | None = None


class JourneyPrediction(Struct, frozen=True):
    """One open journey at its cutoff.

    ``step`` is the last activity, ``stage`` the milestone reached last, or ``started``; ``p`` the
    calibrated probability of each outcome, with its 90 % ``interval``; ``base_rate`` its share in
    the log learnt from.  An outcome in ``happened`` is past: its ``p`` says nothing.  ``points`` of
    a reason are what it adds to ``p``: an association, not a cause.  ``action`` is what is worth
    doing, if anything is, and ``action_note`` why nothing is; ``abstain`` says why the prediction
    is no ground to act on; ``next`` is what customers who stood here did next.
    """

    journey: str
    step: str
    started: str
    age_hours: float
    p: dict[str, float]
    interval: dict[str, tuple[float, float]]
    base_rate: dict[str, float | None]
    happened: list[str]
    reasons: dict[str, list[Reason]]
    stage: str = STARTED
    known_issue: KnownIssue | None = None
    action: Action | None = None
    action_note: str | None = None
    abstain: str | None = None
    next: list[NextStep] = []


class HistoryPrediction(Struct, frozen=True):
    """The open journeys of one history, or why it has none, or what is wrong with it.

    ``index`` is its place in the request; ``unknown_values`` counts activities, channels and
    attribute values that were never seen in training: they are accepted.
    """

    index: int
    customer_id: str | int | None = None
    as_of: str | None = None
    journeys: list[JourneyPrediction] = []
    note: str | None = None
    unknown_values: int = 0
    error: Problem | None = None


class ScoreAnswer(Struct, omit_defaults=True, frozen=True):
    """Predictions in the order of the histories; ``as_of`` is the latest of theirs.

    ``other_models`` is there only where several journeys are served.
    """

    as_of: str
    model: ModelInfo
    degraded: Annotated[bool, Meta(description="Whether base rates stand in for a model.")]
    predictions: list[HistoryPrediction]
    other_models: list[ModelInfo] = []


class Health(Struct, frozen=True):
    """Whether the process lives (``ok``), or can answer (``ready``)."""

    status: str


_ENVELOPE = msgspec.json.Decoder(Envelope)
_HISTORY = msgspec.json.Decoder(History)


def read_envelope(body: bytes) -> Envelope:
    """Read the outer part of a request.

    Raises
    ------
    Refused
        422 if the body is not JSON or is something else than a request.
    """
    return read_as(_ENVELOPE, body)


def read_as(decoder: msgspec.json.Decoder[Message], body: bytes) -> Message:
    """Read a body as a message; raise `Refused` (422) if it is not JSON or something else."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise refused("bad-request", _located(str(error), "")) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refused("not-json", _syntax(body, error)) from None


def read_history(raw: Raw, index: int) -> History:
    """Read one history; raise `Refused` (422)."""
    try:
        return _HISTORY.decode(raw)
    except msgspec.ValidationError as error:
        raise refused("bad-request", _located(str(error), f"histories[{index}]")) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refused("not-json", _syntax(b"...", error)) from None


def _located(message: str, within: str) -> str:
    """Say msgspec's ``Expected `array`, got `str` - at `$.events` `` as a place and a fault."""
    fault, _, path = message.partition(" - at `")
    place = within + (path.rstrip("`").removeprefix("$") if path else "")
    place = place.removeprefix(".") or "the body"
    return (
        f"At {place}: {fault.replace('`', '')}. "
        "See /docs for the form of a request and an example that works."
    )


def _syntax(body: bytes, error: Exception) -> str:
    if not body:
        return "The body is empty. Send a JSON object with histories; see /docs for an example."
    found = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
    return (
        f"The body is not JSON: {found[:200]}. Send one JSON object in UTF-8; NaN and Infinity are "
        "not JSON, a missing value is null. See /docs for an example."
    )
