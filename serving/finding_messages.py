"""What is asked and answered about findings and whom they concern."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from serving.advice import Between, Chance

Short = Annotated[str, Meta(max_length=200)]
Long = Annotated[str, Meta(max_length=2_000)]


class FindingCard(Struct, frozen=True):
    """A finding in short: under which conditions, since when, how much, and who has it.

    ``state`` since ``since``; ``effect`` is the additional probability of the bad ``outcome`` with
    its 95 % interval; ``exposed`` journeys met the conditions since the onset, ``harmed`` of them
    ended badly because of it; ``tag`` is its ETag.
    """

    id: str
    journey: str
    outcome: str
    state: str
    since: str
    words: str
    conditions: dict[str, str]
    onset: str
    onset_interval: tuple[str, str]
    effect: float
    effect_interval: Between
    exposed: int
    harmed: int
    owner: str
    ticket: str
    fixed_at: str | None
    tag: str


class FindingPage(Struct, frozen=True):
    """Findings in the order of their ids; ``next`` is the cursor of the page behind, if any."""

    findings: list[FindingCard]
    next: str | None


class FindingDetail(Struct, frozen=True):
    """A finding with all that is known of it: ``finding`` as in ``findings.json``, its ``history``.

    ``acts`` are what can be done with it now; ``verdict`` is that on its last fix.
    """

    card: FindingCard
    finding: dict[str, Any]
    history: list[dict[str, str]]
    verdict: dict[str, Any] | None
    also_known_as: list[str]
    acts: list[str]


class FindingAct(Struct, forbid_unknown_fields=True, frozen=True):
    """What somebody does with a finding.

    ``acknowledge`` takes an ``owner``, ``fix`` the UTC instant ``fixed_at`` at which it reached
    customers, ``close`` and ``reopen`` a ``reason``.  ``by`` stands in its history.
    """

    act: Literal["acknowledge", "fix", "close", "reopen"]
    owner: Short = ""
    ticket: Short = ""
    fixed_at: Short = ""
    reason: Long = ""
    by: Short = ""


class Member(Struct, frozen=True):
    """A customer's journey in an audience, as the list of ``as_of`` says it.

    ``probability`` is that of a bad outcome because of the finding that is still to come, with its
    95 % interval; ``held_out`` customers are not to be approached.
    """

    customer_id: str
    journey: str
    state: str
    probability: Chance
    interval: Between
    since: str | None
    reason: str
    held_out: bool


class MemberPage(Struct, frozen=True):
    """Members of an audience by customer, from the list of ``as_of`` (UTC)."""

    finding: str
    as_of: str
    members: list[Member]
    next: str | None


class Move(Struct, frozen=True):
    """Who came into an audience, left it, or moved from one state to the other."""

    change: Literal["entered", "left", "moved"]
    member: Member


class Delta(Struct, frozen=True):
    """Who came and went between the list of ``compared_with`` and that of ``as_of`` (UTC).

    ``compared_with`` is the latest list not after ``since``; None where there is none so old: then
    all have entered.
    """

    finding: str
    since: str
    compared_with: str | None
    as_of: str
    moves: list[Move]
    next: str | None


class Suppressed(Struct, frozen=True):
    """What not to send to a customer, why, and until when (UTC)."""

    customer_id: str
    what: str
    journey: str
    reason: str
    until: str


class SuppressionPage(Struct, frozen=True):
    """Suppressions as of an instant (UTC), by customer.

    A page looks at a number of customers; it may be empty while ``next`` is there.
    """

    as_of: str
    suppressions: list[Suppressed]
    next: str | None
