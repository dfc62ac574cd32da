"""The three simulated journeys as tables: their steps, and what makes people fail, call and leave.

Every hazard of the simulation stands here, as a logit of a step plus `Weights` on what the
journey is like and what it has lived; `journeys.walk` only plays the tables out.
"""

from dataclasses import dataclass

import numpy as np

NEVER = -np.inf  # the logit of what cannot happen


@dataclass(frozen=True)
class Attempt:
    """Trying a step: it succeeds or fails, and may be tried again."""

    fails: float  # logit
    done: str
    failed: str
    seconds: float  # median until the answer


@dataclass(frozen=True)
class Step:
    """One step of a script: what happens, where, how long after the step before."""

    activity: str
    channel: str  # "own": the app or the web, whichever the customer is using
    hours: float  # median of the wait before it
    spread: float  # sigma of its logarithm
    quits: float = NEVER  # logit of giving up before it
    contact: float = NEVER  # logit of turning to the contact centre after it
    chance: float = 1.0  # share of the journeys that see it
    refused: float = NEVER  # logit of being turned down after it
    attempt: Attempt | None = None


@dataclass(frozen=True)
class Script:
    """One kind of journey: who sets out how often, its steps, and its unhappy ends."""

    name: str
    steps: tuple[Step, ...]
    takers: float  # share of the customers who set out at least once
    more: float  # mean number of further times, Poisson
    apart_days: float  # the least time between two of one customer
    products: tuple[str, ...]
    shares: tuple[float, ...]
    difficulty: tuple[float, ...]  # of each product, in standard deviations
    amount: float  # median, 0 for none
    withdrawn: str
    refusal: str
    says_so: float  # share of those who give up who say so
    reminder_hours: float  # after which those who give up are reminded
    regained: float  # share of those who take up the journey again then
    contact_hours: float  # mean time from the reason to the contact
    retry_hours: float  # median time to the next attempt of those who do not retry at once
    after_failure: float  # logit of a contact after a failed attempt
    closing: float  # logit of closing the account afterwards


@dataclass(frozen=True)
class Weights:
    """Logits per unit of what a journey is like (the first four) and has lived (the others)."""

    complexity: float = 0.0
    caller: float = 0.0
    patience: float = 0.0
    loyalty: float = 0.0  # tenure band, 0 to 3
    friction: float = 0.0  # failed attempts and unresolved contacts, about one each
    late: float = 0.0  # how far beyond its median the bank's last step took, in sigmas
    contacts: float = 0.0
    failed: float = 0.0  # 1 if the journey did not succeed


FAIL = Weights(complexity=0.3, friction=0.25)
CONTACT = Weights(complexity=1.0, caller=0.9, loyalty=-0.35, friction=0.8, late=0.6, contacts=0.35)
QUIT = Weights(complexity=0.35, patience=-0.45, loyalty=-0.15, friction=0.5, late=0.55)
RETRY = Weights(patience=0.4, friction=-0.3)
CLOSE = Weights(patience=-0.2, loyalty=-0.9, friction=0.9, late=0.3, contacts=0.5, failed=3.0)
OLD_DEVICE_FAILS = 0.6  # logits more on a device that gets no new release
WEB_FAILS = -0.25
CHRONIC_CONTACT = {  # benign: they always ask more, and nothing is wrong
    ("north", "interest_only"): 0.9,
    ("centre", "variable"): -0.6,
    ("west", "family_plan"): 0.6,
    ("east", "international"): 0.5,
}

MORTGAGE = Script(
    name="mortgage_refinance",
    steps=(
        Step("refinance_started", "own", 0.0, 0.0, contact=-4.3),
        Step("rates_viewed", "own", 0.4, 1.2, chance=0.7, contact=-4.9),
        Step("application_submitted", "own", 14.0, 1.1, quits=-2.0, contact=-3.8),
        Step("documents_requested", "email", 12.0, 0.6, contact=-3.7),
        Step(
            *("document_upload", "own", 26.0, 0.9, -1.9),
            contact=-3.3,
            attempt=Attempt(-2.7, "document_uploaded", "upload_failed", 45.0),
        ),
        Step("application_reviewed", "email", 40.0, 0.5, contact=-3.0, refused=-2.8),
        Step("information_requested", "email", 10.0, 0.6, chance=0.2, contact=-1.9),
        Step("appraisal_scheduled", "own", 26.0, 0.8, quits=-2.4, contact=-3.5),
        Step("appraisal_done", "email", 62.0, 0.4, contact=-3.6),
        Step("offer_sent", "email", 30.0, 0.5, contact=-3.1, refused=-4.2),
        Step("offer_signed", "own", 30.0, 0.9, quits=-2.5, contact=-4.1),
        Step("loan_funded", "email", 26.0, 0.4),
    ),
    takers=0.92,
    more=0.05,
    apart_days=60.0,
    products=("fixed_10", "fixed_20", "variable", "interest_only", "bridge_loan"),
    shares=(0.34, 0.28, 0.20, 0.12, 0.06),
    difficulty=(-0.5, -0.2, 0.2, 0.6, 1.2),
    amount=190_000.0,
    withdrawn="application_withdrawn",
    refusal="application_declined",
    says_so=0.3,
    reminder_hours=72.0,
    regained=0.3,
    contact_hours=26.0,
    retry_hours=15.0,
    after_failure=-1.8,
    closing=-3.7,
)
PHONE = Script(
    name="phone_activation",
    steps=(
        Step("activation_started", "own", 0.0, 0.0, contact=-4.1),
        Step("identity_verified", "own", 0.4, 1.0, quits=-1.7, contact=-3.9),
        Step(
            *("sim_activation", "own", 1.2, 1.3, -1.7),
            contact=-3.5,
            attempt=Attempt(-2.1, "sim_activated", "activation_failed", 40.0),
        ),
        Step("number_ported", "email", 9.0, 0.7, chance=0.6, contact=-2.6, refused=-4.5),
        Step("first_call_made", "own", 3.0, 1.1, quits=-2.5, contact=-3.9),
        Step("line_active", "email", 3.0, 0.6),
    ),
    takers=0.32,
    more=0.05,
    apart_days=20.0,
    products=("prepaid", "sim_only", "family_plan", "handset_plan"),
    shares=(0.2, 0.38, 0.17, 0.25),
    difficulty=(-0.5, -0.2, 0.8, 0.3),
    amount=0.0,
    withdrawn="order_cancelled",
    refusal="porting_refused",
    says_so=0.35,
    reminder_hours=20.0,
    regained=0.35,
    contact_hours=7.0,
    retry_hours=5.0,
    after_failure=-1.6,
    closing=-3.9,
)
TRANSFER = Script(
    name="money_transfer",
    steps=(
        Step("transfer_started", "own", 0.0, 0.0, contact=-5.1),
        Step("recipient_added", "own", 0.06, 0.6, quits=-1.8, chance=0.45, contact=-4.3),
        Step(
            *("transfer_submitted", "own", 0.05, 0.8, -1.6),
            contact=-4.1,
            attempt=Attempt(-2.3, "transfer_accepted", "transfer_failed", 12.0),
        ),
        Step("transfer_checked", "email", 2.0, 0.8, chance=0.25, contact=-2.5, refused=-2.9),
        Step("transfer_completed", "email", 0.7, 1.3),
    ),
    takers=0.5,
    more=1.2,
    apart_days=3.0,
    products=("domestic", "instant", "international"),
    shares=(0.55, 0.27, 0.18),
    difficulty=(-0.4, 0.1, 1.1),
    amount=420.0,
    withdrawn="transfer_cancelled",
    refusal="transfer_rejected",
    says_so=0.25,
    reminder_hours=5.0,
    regained=0.25,
    contact_hours=0.8,
    retry_hours=1.2,
    after_failure=-1.7,
    closing=-4.3,
)
SCRIPTS = (MORTGAGE, PHONE, TRANSFER)
