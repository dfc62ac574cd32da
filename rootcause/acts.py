"""Acts: what a person does with a case of the watch, from the command line or over the API.

Each is written under the lock of the state folder, whole or not at all.
"""

from dataclasses import dataclass
from pathlib import Path

from journeys.errors import FindingsError, RequestError, listed
from rootcause.life import Case, acknowledged, closed, fix_released, reopened
from rootcause.register import locked, read_register, write_register

ACTS = ("acknowledge", "fix", "close", "reopen")


@dataclass(frozen=True)
class Said:
    """What a person says about a case: every text may be empty.

    ``fixed_at``: UTC instant at which a fix reached customers, as 2026-03-20T08:00:00Z.
    """

    owner: str = ""
    ticket: str = ""
    fixed_at: str = ""
    reason: str = ""
    by: str = ""


def act_on(folder: str | Path, finding: str, act: str, said: Said, *, at: str) -> Case:
    """Do one of `ACTS` with a case of a state folder, at a UTC instant; return what became of it.

    Raises
    ------
    FindingsError
        If there is no such case, or it cannot be done with it.
    RequestError
        If there is no such act.
    OfframpError
        If another process holds the folder, or it cannot be written to.
    """
    with locked(folder):
        register = read_register(folder)
        case = _after(register.case(finding), act, said, at)
        write_register(register.with_cases([case]), folder)
    return case


def _after(case: Case, act: str, said: Said, at: str) -> Case:
    by = said.by or said.owner or "a person"
    if act == "acknowledge":
        taken = {"owner": said.owner, "ticket": said.ticket, "reason": said.reason}
        return acknowledged(case, at=at, by=by, **taken)
    if act == "fix":
        if not said.fixed_at:
            raise FindingsError(
                f"When did the fix of {case.id} reach customers? Give --fixed-at 2026-03-20, or "
                "2026-03-20T08:00:00Z."
            )
        return fix_released(case, at=at, fixed_at=said.fixed_at, reason=said.reason, by=by)
    if act == "close":
        return closed(case, at=at, reason=said.reason, by=by)
    if act == "reopen":
        return reopened(case, at=at, reason=said.reason, by=by)
    raise RequestError(f"A finding cannot be {act!r}; choose one of {listed(ACTS)}.")
