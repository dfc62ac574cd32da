"""Reading a definition, and saying by line what in it cannot hold."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import numpy as np
import yaml
from pydantic import BaseModel, ValidationError

from journeys.actions import PlannedAction, Routing
from journeys.constraints import Constraints
from journeys.definition import Attributes, Beside, Definition, Rule, Values
from journeys.errors import DefinitionError, with_closest
from journeys.known_event import KnownEvent
from journeys.log import EventLog
from journeys.survey import ScoreWeights, Survey

_EXAMPLE = "see docs/definition.md, or start from the file that `offramp simulate` writes"


def load_definition(path: str | Path) -> Definition:
    """Read and check a journey definition.

    Raises
    ------
    DefinitionError
        If the file is missing, is not YAML, or says something that cannot hold; the message names
        the line, the closest known key and the way out.
    """
    path = Path(path)
    if not path.is_file():
        raise DefinitionError(f"There is no journey definition at {str(path)!r}; {_EXAMPLE}.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(
            f"The journey definition {path.name!r} cannot be read as UTF-8 text ({error}); save it "
            f"as plain text; {_EXAMPLE}."
        ) from None
    return parse_definition(text, source=path.name)


def parse_definition(text: str, *, source: str) -> Definition:
    """Check the text of a definition; ``source`` names it in messages."""
    try:
        written = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{source}, line {mark.line + 1}" if mark is not None else source
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise DefinitionError(f"{where}: this is not YAML ({problem}); {_EXAMPLE}.") from None
    except ValueError as error:  # a date such as 2026-13-45
        raise DefinitionError(
            f"{source}: a value cannot be read ({error}); write it in quotes."
        ) from None
    if not isinstance(written, dict):
        raise DefinitionError(f"{source}: a definition is a set of keys; {_EXAMPLE}.")
    try:
        return Definition.model_validate(written)
    except ValidationError as error:
        raise DefinitionError(_explained(error, text, source)) from None


def definition_text(definition: Definition) -> str:
    """Return the definition as YAML, in the order of its keys."""
    return yaml.safe_dump(definition.as_dict(), sort_keys=False, allow_unicode=True)


def hold_against_log(definition: Definition, log: EventLog) -> list[str]:
    """Return what the definition asks for that this log never shows, as sentences.

    An empty list says that every rule and milestone occurs and no event is both success and
    leakage, failure or churn.
    """
    milestones = [f"The milestone {name} never occurs." for name in strangers(definition, log)]
    return [*milestones, *unseen_values(definition, log), *contradictions(definition, log)]


def require_definition_holds(definition: Definition, log: EventLog) -> None:
    """Raise a `DefinitionError` when a milestone never occurs or two outcomes are one event.

    A rule that merely never held yet (no churn so far) is left to whoever needs that outcome.
    """
    wrong = contradictions(definition, log)
    unknown = strangers(definition, log)
    if unknown:
        wrong.append(
            f"The milestone {', '.join(unknown)} never occurs in the log; correct the name under "
            "`milestones:` or take it out."
        )
    if wrong:
        raise DefinitionError(f"Journey {definition.name!r}: " + " ".join(wrong))


def strangers(definition: Definition, log: EventLog) -> list[str]:
    """Return the milestones that never occur, quoted, each with the closest activity."""
    known = list(log.events["activity"].cat.categories)
    return [with_closest(name, known) for name in definition.milestones if name not in known]


def unseen_values(
    definition: Definition, log: EventLog, *, met: Collection[str] | None = None
) -> list[str]:
    """Return the values that the rules ask for and no event has, as sentences.

    ``met`` names the rules that some event meets, where others than this log's count, too.
    """
    asked = definition.asked
    if definition.survey is not None:
        asked = asked | {"survey": definition.survey.rule}
    if met is None:
        met = [key for key, rule in asked.items() if rule.holds(log.events).any()]
    return [text for key, rule in asked.items() for text in _unseen(key, rule, log, key in met)]


def _unseen(key: str, rule: Rule, log: EventLog, met: bool) -> Iterator[str]:
    for field, values in rule.where.items():
        column = log.events[field]
        known = list(column.cat.categories) if hasattr(column, "cat") else []
        for value in values:
            if known and value not in known:
                yield f"{key}: {field} is never {with_closest(value, known)}."
    if rule.where and not met:
        yield f"{key}: no event meets the rule {rule.model_dump()}."


def contradictions(definition: Definition, log: EventLog) -> list[str]:
    """Return which outcomes hold for one and the same event, as sentences."""
    return contradictions_among(held_at_once(definition, log))


def held_at_once(definition: Definition, log: EventLog) -> dict[str, int]:
    """Return how many events are a success and, at once, each of the other outcomes."""
    held = {key: rule.holds(log.events) for key, rule in definition.rules.items()}
    others = [key for key in ("leakage", "failure", "churn") if "success" in held and key in held]
    return {other: int(np.sum(held["success"] & held[other])) for other in others}


def contradictions_among(both: Mapping[str, int]) -> list[str]:
    """Return the counts of `held_at_once` that are not zero as sentences."""
    return [
        f"{many:,} events are a success and a {other} at once; no event can be both: "
        f"make the rule of `success:` or `{other}:` narrower."
        for other, many in both.items()
        if many
    ]


def _explained(error: ValidationError, text: str, source: str) -> str:
    """Turn the first validation fault into a sentence with line, closest key and way out."""
    # A key that does not exist first: a misspelt one may be what is missing.
    fault = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
    path = tuple(part for part in fault["loc"] if part not in ("where", "[key]"))
    reason = fault["msg"].removeprefix("Value error, ")
    if not path:  # a fault between keys: the message begins with the one to look at
        line = _line_of(yaml.compose(text), tuple(reason.split()[0].split(".")))
        return f"{source}, line {line}: {reason}; {_EXAMPLE}."
    line = _line_of(yaml.compose(text), path)
    key = ".".join(map(str, path))
    if fault["type"] == "extra_forbidden":
        parts: dict[str, type[BaseModel]] = {
            "attributes": Attributes,
            "beside": Beside,
            "values": Values,
            "constraints": Constraints,
            "calendar": KnownEvent,
            "survey": Survey,
            "score": ScoreWeights,
            "actions": PlannedAction,
            "routing": Routing,
        }
        whole = parts.get(str(path[0]), Definition).model_fields
        keys = [field.alias or name for name, field in whole.items()]
        reason = f"{with_closest(str(path[-1]), keys)} is not a key of a definition"
    elif fault["type"] == "missing":
        reason = f"the key {key!r} is missing"
    else:
        reason = f"{key}: {reason}"
    return f"{source}, line {line}: {reason}; {_EXAMPLE}."


def _line_of(node: yaml.Node | None, path: tuple[object, ...]) -> int:
    """Return the line (from 1) of the deepest key of the path that the YAML holds."""
    line = node.start_mark.line + 1 if node is not None else 1
    for part in path:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
            continue
        if not isinstance(node, yaml.MappingNode):
            break
        pairs = {key.value: (key, value) for key, value in node.value}
        if str(part) not in pairs:
            break
        key, node = pairs[str(part)]
        line = key.start_mark.line + 1
    return line
