"""The command that says how good a model is on journeys that began after its training."""

from offramp.console import out, working, write_json
from offramp.options import Events, Journey, Json, Model
from offramp.reading import read_log


def evaluate(events: Events, journey: Journey, model: Model, json: Json = "") -> None:
    """Say how good a model is on journeys that began after its training."""
    from offramp.show import evaluated
    from serving.registry import fetch_bundle
    from training.later import evaluate_later

    bundle = fetch_bundle(model)
    log, _ = read_log(events, journey, bundle)
    with working("Evaluating") as tell:
        found = evaluate_later(log, bundle, progress=tell)
    out().print(evaluated(found))
    write_json(json, {"model": model, "journey": bundle.journey, "evaluation": found})
