"""What the model in MLflow says of itself: its columns, its parameters, an example, what it needs.

Columns go in as *any*: a type would refuse pandas' categories, whole numbers as keys and times with
a zone, all of which an event log has (docs/adr/0027).
"""

import re
from collections.abc import Iterator
from importlib.metadata import requires, version

import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema
from mlflow.types.schema import AnyType

from journeys.log import CUSTOMER, TIME
from models.bundle import Bundle
from training.predicted import Asked, Predictor, columns_read, columns_required

_NUMBERS = ("p_", "age_hours")
_MADE_UP = ("2026-03-02T09:30:00Z", "2026-03-02T09:41:30Z")
_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?P<extras>\[[^]]*\])?")


def signature_of(bundle: Bundle) -> ModelSignature:
    """Return the columns of a frame of events and of the answer, and the parameters."""
    inputs = [ColSpec(AnyType(), name, needed) for name, needed in _columns(bundle)]
    outputs = [
        ColSpec(DataType.double if name.startswith(_NUMBERS) else DataType.string, name)
        for name in Predictor(bundle).columns()
    ]
    usual = Asked()
    params = [
        ParamSpec("every_event", DataType.boolean, usual.every_event),
        ParamSpec("reasons", DataType.long, usual.reasons),
        ParamSpec("as_of", DataType.string, usual.as_of),
    ]
    return ModelSignature(Schema(inputs), Schema(outputs), ParamSchema(params))


def example_of(bundle: Bundle) -> pd.DataFrame:
    """Return two events of a made-up customer with which a journey begins."""
    definition = bundle.plan.definition
    said: dict[str, object] = {}
    for rule in definition.rules.values():
        said |= {field: values[0] for field, values in rule.where.items()}
    columns = bundle.plan.vocabulary.as_dict()["values"]
    assert isinstance(columns, dict)
    said |= {name: values[0] for name, values in columns.items() if values}
    if definition.start is not None:
        said |= {field: values[0] for field, values in definition.start.where.items()}
    told = {name: said[name] for name in columns_read(definition) if name in said}
    events = [{CUSTOMER: "customer-1", TIME: at} | told for at in _MADE_UP]
    frame = pd.DataFrame(events)
    return frame.rename(columns={name: definition.column(name) for name in frame.columns})


def requirements(wheel: str) -> list[str]:
    """Return what an environment must hold to load the model: Offramp itself, from the model.

    The libraries that Offramp asks for stand at the versions that made the model.
    """
    return [wheel, *(f"{name}=={version(name.partition('[')[0])}" for name in _libraries())]


def _libraries() -> Iterator[str]:
    for line in requires("offramp") or ():
        found = _REQUIREMENT.match(line)
        if found and "extra ==" not in line:
            yield found[0]


def _columns(bundle: Bundle) -> Iterator[tuple[str, bool]]:
    """Yield each column with whether it is required; one that goes by two names cannot be."""
    definition = bundle.plan.definition
    required = columns_required(definition)
    names = dict[str, bool]()
    for name in columns_read(definition):
        theirs = definition.column(name)
        for one in (theirs, name):
            names.setdefault(one, theirs == name and name in required)
    yield from names.items()
