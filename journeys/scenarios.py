"""What is planted in each simulated world, and what would be true without it.

A **planted cause** makes one step of one journey worse for those who meet its conditions from an
onset on, for ever or until it ends, when it was fixed.  Its true effect is the difference between
this world and the same world without it: every draw but the planted one is the same, and the
futures after the exposure are replayed, so that the effect is that of the hazards and not of one
throw of the dice.
"""

from dataclasses import dataclass, replace
from typing import Literal

from journeys.scripts import MORTGAGE


@dataclass(frozen=True)
class PlantedCause:
    """A conjunction that adds a probability, as one more independent reason (noisy-or)."""

    journey: str
    activity: str
    conditions: dict[str, str]  # of the session (os, app_version, device) and of the region
    onset: str  # date
    hits: Literal["failure", "contact"]  # an attempt fails, or the customer turns to the centre
    probability: float
    ended: str | None = None  # date: the first day without it


@dataclass(frozen=True)
class Scenario:
    """A world: what it is for, what is planted in it, and what else makes it hard to read."""

    about: str
    causes: tuple[PlantedCause, ...] = ()
    step_change: float = 0.0  # logits of contact for everybody, from a day on
    skewed_partner: bool = False


IOS_UPLOAD_BUG = PlantedCause(
    journey=MORTGAGE.name,
    activity="document_upload",
    conditions={"os": "iOS", "app_version": "8.2.0"},
    onset="2026-03-03",
    hits="failure",
    probability=0.5,
)
IOS_UPLOAD_BUG_FIXED = replace(IOS_UPLOAD_BUG, ended="2026-03-31")
SOUTH_APPRAISALS = PlantedCause(
    journey=MORTGAGE.name,
    activity="appraisal_scheduled",
    conditions={"region": "south", "os": "Android"},
    onset="2026-01-27",
    hits="contact",
    probability=0.26,
)

PLANNED = {
    "ios_upload_bug": Scenario(
        "from iOS app 8.2.0 on, document upload often fails: calls, abandonment, churn",
        causes=(IOS_UPLOAD_BUG,),
    ),
    "ios_upload_bug_fixed": Scenario(
        "the same bug, and on 31 March 2026 the fault behind it is mended, without a new release",
        causes=(IOS_UPLOAD_BUG_FIXED,),
    ),
    "clean": Scenario(
        "nothing is planted; releases, a campaign, trends and a step change for everybody are",
        step_change=0.22,
    ),
    "two_causes": Scenario(
        "the iOS bug, and appraisals in the south scheduled on Android from January on",
        causes=(IOS_UPLOAD_BUG, SOUTH_APPRAISALS),
    ),
    "confounded": Scenario(
        "nothing is planted, but a partner begins to bring the difficult applications",
        step_change=0.22,
        skewed_partner=True,
    ),
}
