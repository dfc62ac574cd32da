"""A plan as data: what a bundle keeps of it, and the plan made again from that."""

from features.plan import Plan, plan_of
from features.vocabulary import Vocabulary
from journeys.definition import Definition


def plan_as_dict(plan: Plan) -> dict[str, object]:
    """Return definition, vocabulary and fingerprint; text, lists and numbers only."""
    return {
        "definition": plan.definition.as_dict(),
        "vocabulary": plan.vocabulary.as_dict(),
        "spec_hash": plan.spec_hash,
    }


def plan_from_dict(definition: dict[str, object], vocabulary: dict[str, object]) -> Plan:
    """Return the plan that *this* code makes of a stored definition and vocabulary.

    Its ``spec_hash`` differs from the stored one when the code computes features otherwise.
    """
    return plan_of(Definition.from_dict(definition), Vocabulary.from_dict(vocabulary))
