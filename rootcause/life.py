"""The life of a finding: opened, taken over, fixed, proven fixed, closed; or opened again.

A **case** is a finding and what has become of it. Its id stays that of the finding as it was first
named, also when a later search names it a little otherwise (`rootcause.recognition`)::

    open, reopened ─► acknowledged ─► fix released ─► cannot tell yet ─► fixed ─► closed
           └───────────────┴── closed, expired             └► not fixed      └► not fixed

People acknowledge, release fixes, close and reopen; verdicts, closing what is proven, expiring what
is stale and reopening what returns are the watch's.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args

from journeys.definition import Outcome
from journeys.errors import FindingsError, listed
from rootcause.findings import Finding
from rootcause.wording import condition_words

State = Literal[
    "open",
    "acknowledged",
    "fix released",
    "cannot tell yet",
    "not fixed",
    "fixed",
    "closed",
    "expired",
    "reopened",
]

DONE: tuple[State, ...] = ("closed", "expired")
SOUGHT: tuple[State, ...] = ("open", "reopened", "acknowledged")
UNDER_TEST: tuple[State, ...] = ("fix released", "cannot tell yet", "not fixed", "fixed")

_BY_HAND: dict[State, tuple[State, ...]] = {
    "acknowledged": ("open", "reopened", "acknowledged", "not fixed"),
    "fix released": ("open", "reopened", "acknowledged", *UNDER_TEST),
    "closed": ("open", "reopened", "acknowledged", *UNDER_TEST),
    "reopened": ("fixed", "closed", "expired"),
}
_COMMANDS: dict[State, str] = {
    "acknowledged": "acknowledge",
    "fix released": "fix",
    "closed": "close",
    "reopened": "reopen",
}


@dataclass(frozen=True)
class Entry:
    """One line of a case's history: since when (UTC) it is in a state, why, and who says so.

    ``by`` is empty where the watch itself has said it. A line that keeps the state tells what was
    noticed: worse, better, named otherwise.
    """

    at: str
    state: State
    reason: str
    by: str = ""

    def as_dict(self) -> dict[str, object]:
        """Return the line as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Case:
    """A finding and its life so far.

    Attributes
    ----------
    finding : as last found, with the id under which it was first found; frozen once a fix is
        released, for a verdict compares with the effect before it
    history : oldest first, never empty; its last line holds ``state``
    fixed_at : UTC instant at which the last fix reached customers
    verdict : of `rootcause.verify.was_it_fixed` on that fix, as last asked
    last_found : the day (YYYY-MM-DD) on which a search last named it
    missing_since : the first day since then on which a search looked for it in vain; may be empty
    also_known_as : ids under which later searches have named the same fault
    told : effect and interval as last said to be news; moves inside it are none
    """

    finding: Finding
    outcome: Outcome
    journey: str
    state: State
    history: tuple[Entry, ...]
    owner: str = ""
    ticket: str = ""
    fixed_at: str | None = None
    verdict: dict[str, object] | None = None
    last_found: str = ""
    missing_since: str = ""
    also_known_as: tuple[str, ...] = ()
    told: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def id(self) -> str:
        """The finding's id, which no later search changes."""
        return self.finding.id

    @property
    def is_done(self) -> bool:
        """Whether nobody needs to care any more: closed or expired."""
        return self.state in DONE

    @property
    def since(self) -> str:
        """The instant at which the state began."""
        began = self.history[-1].at
        for entry in reversed(self.history):
            if entry.state != self.state:
                break
            began = entry.at
        return began

    @property
    def words(self) -> str:
        """The conditions as a person would say them."""
        return condition_words(self.finding.conditions)

    def as_finding(self) -> Finding:
        """Return the finding with the case's state, as `findings.json` holds it."""
        return replace(self.finding, state=self.state)

    def as_dict(self) -> dict[str, object]:
        """Return the case as plain data: text, numbers, lists and objects only."""
        return {
            "id": self.id,
            **{name: getattr(self, name) for name in _PLAIN},
            "also_known_as": list(self.also_known_as),
            "told": list(self.told),
            "history": [entry.as_dict() for entry in self.history],
            "finding": self.as_finding().as_dict(),
        }

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> "Case":
        """Return the case that `as_dict` gave.

        Raises
        ------
        FindingsError
            If a key is missing or holds something else than it should.
        """
        try:
            given = {name: written[name] for name in _PLAIN}
            history = tuple(Entry(**entry) for entry in written["history"])
            case = cls(
                finding=Finding.from_dict(written["finding"]),
                history=history,
                also_known_as=tuple(written["also_known_as"]),
                told=tuple(written["told"]),
                **given,
            )
        except (KeyError, TypeError) as fault:
            raise FindingsError(
                f"A case of the state folder lacks what it must hold ({fault}). "
                "Restore the folder from a copy, or watch into a new one."
            ) from fault
        if case.state not in get_args(State) or not history or history[-1].state != case.state:
            raise FindingsError(
                f"The case {case.id} is {case.state!r}, which its history does not bear out. "
                "Restore the folder from a copy, or watch into a new one."
            )
        return case


_NOT_PLAIN = {"finding", "history", "also_known_as", "told"}
_PLAIN = tuple(field.name for field in fields(Case) if field.name not in _NOT_PLAIN)


def opened(finding: Finding, *, journey: str, outcome: Outcome, day: str, at: str) -> Case:
    """Return a new case of what a search named on a day."""
    return Case(
        finding=finding,
        outcome=outcome,
        journey=journey,
        state="open",
        history=(Entry(at, "open", "found by the search"),),
        last_found=day,
        told=told_of(finding),
    )


def told_of(finding: Finding) -> tuple[float, float, float]:
    """Return effect and interval: what is compared with later on."""
    return finding.effect, *finding.effect_interval


def noted(case: Case, *, at: str, reason: str, by: str = "") -> Case:
    """Return the case with one line more in its history, in the same state."""
    return moved(case, case.state, at=at, reason=reason, by=by)


def moved(case: Case, state: State, *, at: str, reason: str, by: str = "") -> Case:
    """Return the case in another state, its history saying when and why; nothing is checked."""
    return replace(case, state=state, history=(*case.history, Entry(at, state, reason, by)))


def acknowledged(
    case: Case, *, at: str, owner: str, ticket: str = "", reason: str = "", by: str = ""
) -> Case:
    """Return the case with somebody who has taken it over, under a ticket.

    Raises
    ------
    FindingsError
        If the case is being tested or done, or nobody is named.
    """
    _may_become(case, "acknowledged")
    if not owner:
        raise FindingsError(
            f"Nobody is named who takes over the finding {case.id}; give --owner, and --ticket "
            "where there is one."
        )
    told = [f"taken over by {owner}", f"ticket {ticket}" if ticket else "", reason]
    taken = replace(case, owner=owner, ticket=ticket or case.ticket)
    said = "; ".join(part for part in told if part)
    return moved(taken, "acknowledged", at=at, reason=said, by=by)


def fix_released(case: Case, *, at: str, fixed_at: str, reason: str = "", by: str = "") -> Case:
    """Return the case with a fix that reached customers at ``fixed_at`` (UTC instant).

    Raises
    ------
    FindingsError
        If the case is done, or the fix is dated on or before the onset.
    """
    _may_become(case, "fix released")
    if fixed_at[:10] <= case.finding.onset:
        raise FindingsError(
            f"The fix is dated {fixed_at[:10]}, but the finding {case.id} began on "
            f"{case.finding.onset}; give the day on which the fix reached customers."
        )
    released = replace(case, fixed_at=fixed_at, verdict=None)
    said = f"a fix reached customers on {fixed_at}" + (f"; {reason}" if reason else "")
    return moved(released, "fix released", at=at, reason=said, by=by)


def closed(case: Case, *, at: str, reason: str, by: str = "") -> Case:
    """Return the case closed by a person, who says why.

    Raises
    ------
    FindingsError
        If the case is done, or no reason is given.
    """
    return _with_reason(case, "closed", at=at, reason=reason, by=by)


def reopened(case: Case, *, at: str, reason: str, by: str = "") -> Case:
    """Return the case opened again by a person, who says why; the fix it had counts no more.

    Raises
    ------
    FindingsError
        If the case is not closed, expired or fixed, or no reason is given.
    """
    again = _with_reason(case, "reopened", at=at, reason=reason, by=by)
    return replace(again, fixed_at=None, verdict=None, missing_since="")


def _with_reason(case: Case, state: State, *, at: str, reason: str, by: str) -> Case:
    _may_become(case, state)
    if not reason:
        raise FindingsError(
            f"The finding {case.id} cannot be {state} without a reason; give --reason: it stands "
            "in the history for whoever asks later."
        )
    return moved(case, state, at=at, reason=reason, by=by)


def _may_become(case: Case, state: State) -> None:
    if case.state in _BY_HAND[state]:
        return
    raise FindingsError(
        f"The finding {case.id} is {case.state} (since {case.since[:10]}: "
        f"{case.history[-1].reason}) and cannot become {state!r}. What can be done with it now: "
        f"offramp finding {listed(acts_possible(case))}."
    )


def acts_possible(case: Case) -> list[str]:
    """Return what a person can do with a case now, in the words of the command line."""
    return [
        _COMMANDS[to]
        for to, possible in _BY_HAND.items()
        if case.state in possible and to != case.state
    ]
