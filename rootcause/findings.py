"""Findings: what the search says, and `findings.json`, the contract with everybody else.

The shape of the file is that of `Findings` and `Finding`; an empty list of findings is an answer,
and ``smallest_detectable_effect`` says what could have hidden.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any, get_args

from journeys.definition import Outcome
from journeys.errors import FindingsError, listed
from journeys.writing import whole_file
from rootcause.association import Association
from rootcause.early import EarlyWarning


@dataclass(frozen=True)
class Finding:
    """A tested, dated conjunction of conditions with its effect, interval and evidence.

    Dates are YYYY-MM-DD (UTC). ``effect`` is the additional probability of the bad outcome;
    ``rate`` = ``expected_rate`` + ``effect``, over ``exposed_with_known_outcome`` journeys.
    ``exposed_journeys`` counts all that met the conditions since the onset (`exposed_to` lists
    them); ``exposed_at_risk`` those of them of whom the outcome could still be asked, decided or
    not; ``harmed_journeys`` = effect x exposed at risk. ``also_indistinguishable``: conditions that
    hold for exactly the same journeys. ``evidence``: pseudonyms of exposed journeys that ended
    badly.

    ``effect_robust``: of `rootcause.robust`, None where nobody is comparable;
    ``effect_disagreement`` says so, or that the estimates disagree. ``siblings``, ``stability``: of
    `rootcause.stability`; ``excess_shap``: of `rootcause.excess`; ``instrumentation``: what changed
    in the measuring at the onset; ``mechanism``: cause, symptom and outcome in a sentence;
    ``ticket``: the text for IT. Empty where there is nothing to say.
    """

    id: str
    conditions: dict[str, str]
    onset: str
    onset_interval: tuple[str, str]
    effect: float
    effect_interval: tuple[float, float]
    q_value: float
    rate: float
    expected_rate: float
    exposed_journeys: int
    harmed_journeys: int
    exposed_with_known_outcome: int = 0
    also_indistinguishable: tuple[dict[str, str], ...] = ()
    symptoms: tuple[dict[str, object], ...] = ()
    evidence: tuple[str, ...] = ()
    effect_by_week: tuple[dict[str, object], ...] = ()
    kind: str = "onset"
    state: str = "open"
    exposed_at_risk: int | None = None
    harmed_interval: tuple[int, int] | None = None
    effect_robust: float | None = None
    effect_robust_interval: tuple[float, float] | None = None
    effect_disagreement: str = ""
    siblings: tuple[dict[str, object], ...] = ()
    stability: dict[str, object] = field(default_factory=dict)
    excess_shap: dict[str, object] = field(default_factory=dict)
    instrumentation: str = ""
    mechanism: str = ""
    ticket: str = ""

    def as_dict(self) -> dict[str, object]:
        """Return the finding as it stands in the file: text, numbers, lists and objects only."""
        return {name: _plain(value) for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, written: object) -> "Finding":
        """Return the finding that `as_dict` gave; raises as `Findings.from_dict` does."""
        return _finding(written)


@dataclass(frozen=True)
class Searched:
    """How far the search looked: steps, attributes, slices, and how strictly."""

    steps: int
    attributes: int
    conditions: int
    false_discovery_rate: float


@dataclass(frozen=True)
class Findings:
    """All findings about one outcome of one journey, strongest first.

    ``smallest_detectable_effect``: had a single condition begun to do harm of this size in the last
    third of the log, it would have been found for half of all exposures; None where nothing could
    be searched, and then ``note`` says why. ``smallest_by_step``: the same, per step. ``chronic``:
    what has always been worse, apart from the findings because nothing says that it is a cause.
    ``warnings``: early symptoms of what is too young for its outcomes to be known, no findings.
    ``placebo``: how many ``runs`` of the search on attributes dealt anew, and their ``findings``;
    of how many random ``onsets`` in the log's past how many are ``surpassing`` what chance
    admits, and by what that multiplies the misfit ``allowance`` (`rootcause.allowance`).
    ``customers``: where only some were searched, how many were ``searched``, ``of`` how many.
    """

    journey: str
    outcome: Outcome
    log_ends: str
    searched: Searched
    smallest_detectable_effect: float | None
    findings: tuple[Finding, ...]
    smallest_by_step: dict[str, float] = field(default_factory=dict)
    note: str = ""
    chronic: tuple[Association, ...] = ()
    warnings: tuple[EarlyWarning, ...] = ()
    placebo: dict[str, float] = field(default_factory=dict)
    customers: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Return what `write_findings` writes."""
        shown = {name: _plain(value) for name, value in asdict(self).items()}
        return shown | {
            "findings": [finding.as_dict() for finding in self.findings],
            "chronic": [association.as_dict() for association in self.chronic],
            "warnings": [warning.as_dict() for warning in self.warnings],
        }

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> "Findings":
        """Return the findings that `as_dict` gave; what was added by others is left out.

        Raises
        ------
        FindingsError
            If a key is missing or holds something else than it should.
        """
        given = _given(cls, written, "the findings")
        if given["outcome"] not in get_args(Outcome):
            raise FindingsError(
                f"The findings are about the outcome {given['outcome']!r}, which is none of "
                f"{listed(get_args(Outcome))}. Write the file anew with `offramp findings`."
            )
        given["searched"] = Searched(**_given(Searched, given["searched"], "searched"))
        if not isinstance(given["findings"], list):
            raise FindingsError(
                f"The findings hold {given['findings']!r} under `findings`, which is not a list. "
                "Write the file anew with `offramp findings`."
            )
        given["findings"] = tuple(_finding(one) for one in given["findings"])
        given["chronic"] = tuple(map(Association.from_dict, given.get("chronic", ())))
        given["warnings"] = tuple(map(EarlyWarning.from_dict, given.get("warnings") or ()))
        return cls(**given)

    def finding(self, id_: str) -> Finding:
        """Return the finding of an id, or of its unmistakable beginning.

        Raises
        ------
        FindingsError
            If no finding, or more than one, has it.
        """
        found = [finding for finding in self.findings if id_ and finding.id.startswith(id_)]
        if len(found) != 1:
            problem = "No finding has" if not found else "Several findings begin with"
            known = listed(finding.id for finding in self.findings)
            raise FindingsError(f"{problem} the id {id_!r}; the file holds {known}.")
        return found[0]


def finding_id(journey: str, outcome: str, conditions: Mapping[str, str]) -> str:
    """Return a name that stays the same while journey, outcome and conditions do."""
    told = json.dumps([journey, outcome, sorted(conditions.items())], ensure_ascii=False)
    return f"f_{hashlib.blake2b(told.encode(), digest_size=6).hexdigest()}"


def write_findings(findings: Findings, path: str | Path) -> None:
    """Write findings.json, whole or not at all.

    Raises
    ------
    OfframpError
        If the place cannot be written to.
    """
    text = json.dumps(findings.as_dict(), indent=1, ensure_ascii=False, allow_nan=False)
    with whole_file(path) as beside:
        beside.write_text(text + "\n", encoding="utf-8")


def read_findings(path: str | Path) -> Findings:
    """Return the findings of a file.

    Raises
    ------
    FindingsError
        If the file is missing, is not JSON or does not hold findings.
    """
    try:
        written = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as fault:
        raise FindingsError(
            f"The findings {str(path)!r} cannot be read: {fault.strerror}. "
            "Give the file that `offramp findings --json FILE` wrote."
        ) from fault
    except ValueError as fault:
        raise FindingsError(
            f"The file {str(path)!r} is not JSON ({fault}). "
            "Give the file that `offramp findings --json FILE` wrote."
        ) from fault
    return Findings.from_dict(written)


def _finding(written: object) -> Finding:
    given = _given(Finding, written, "a finding")
    for name in ("onset_interval", "effect_interval"):
        if not isinstance(given[name], list) or len(given[name]) != 2:
            raise FindingsError(
                f"A finding holds {given[name]!r} under {name!r}, which is not a pair of limits. "
                "Write the file anew with `offramp findings`."
            )
    _check_conditions(given["conditions"])
    try:
        date.fromisoformat(given["onset"])
    except (ValueError, TypeError) as fault:
        raise FindingsError(
            f"A finding began on {given['onset']!r}, which is no date; write it as 2026-03-03."
        ) from fault
    frozen: dict[str, Any] = {name: _frozen(value) for name, value in given.items()}
    return Finding(**frozen)


def _check_conditions(conditions: object) -> None:
    if not isinstance(conditions, dict) or "activity" not in conditions:
        raise FindingsError(
            f"A finding has the conditions {conditions!r}; they are an object that names at least "
            'the step, as in {"activity": "document_upload"}.'
        )


def _given(kind: type[Any], written: object, what: str) -> dict[str, Any]:
    """Return the keys that the class knows; those without a default must be there."""
    if not isinstance(written, Mapping):
        raise FindingsError(
            f"Where {what} should stand there is {str(written)[:60]!r}, not a JSON object. "
            "Give the file that `offramp findings --json FILE` wrote."
        )
    needed = {
        field.name
        for field in fields(kind)
        if field.default is MISSING and field.default_factory is MISSING
    }
    missing = sorted(needed - set(written))
    if missing:
        raise FindingsError(
            f"In {what} the file lacks {listed(missing)}; it holds {listed(sorted(written))}. "
            "Write it anew with `offramp findings --json FILE`."
        )
    return {field.name: written[field.name] for field in fields(kind) if field.name in written}


def _frozen(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
