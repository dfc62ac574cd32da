"""Readings of a group's level: what its past says of it, and what evidence is worth of either."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootcause.conditions import Lead, seen_only_with
from rootcause.likelihood import mixed
from rootcause.onset import Onset, find_onset
from rootcause.step_rows import StepRows
from rootcause.tally import Tally, members, tally_of
from rootcause.usual import parts_of, usual_excess
from tests.rootcause_rows import CAUSE, ONSET, rows_with


@given(nats=st.lists(st.floats(0, 300), min_size=2, max_size=2), share=st.floats(0.001, 0.999))
def test_evidence_of_several_readings_lies_between_theirs(nats: list[float], share: float) -> None:
    table = np.array(nats)[:, None]
    (found,) = mixed(np.array([[share], [1 - share]]), table)
    assert min(nats) - 1e-6 <= found <= max(nats) + 1e-6
    (sure,) = mixed(np.array([[1.0], [0.0]]), table)
    assert sure == pytest.approx(nats[0], abs=1e-6)


def with_level(off: float, *, since: int = 0) -> Tally:
    """Return a tally of which the cause's rows lie so far off what is expected, from a day on."""
    rows = rows_with(0.0)
    usual = rows.bad.mean()
    here = members(rows, CAUSE) & (rows.day >= since)
    bad = np.where(here, np.clip(usual + off, 0, 1), usual)
    return tally_of(replace(rows, bad=bad), np.full(len(rows), usual))


def test_a_group_is_read_as_apart_only_if_its_past_is() -> None:
    apart = []
    for off in (0.0, 0.02, 0.1, 0.2):
        tally = with_level(off)
        parts = parts_of(tally, CAUSE)
        since = np.array([20_000 + ONSET])
        usual = usual_excess(tally, tally.of(CAUSE), since=since, parts=parts)
        near, free = usual.readings
        assert near.weight + free.weight == pytest.approx(1.0)
        assert near.chance < free.chance
        apart.append(float(free.weight[0]))
    assert apart == sorted(apart)
    assert apart[0] < 0.05
    assert apart[-1] > 0.5
    single = CAUSE[:1]
    usual = usual_excess(tally, tally.of(single), since=since)
    assert usual.readings[1].weight == 1.0  # of one value alone no model tells what it is worth


@pytest.mark.parametrize("off", [0.1, 0.2, 0.3])
def test_a_group_that_was_always_worse_has_hardly_changed(off: float) -> None:
    always, changed = (
        find_onset(with_level(off, since=since), CAUSE) for since in (0, 20_000 + ONSET)
    )
    assert changed is not None
    assert always is None or always.deflated < changed.deflated / 2


def test_what_others_explained_away_is_not_claimed_of_those_they_took() -> None:
    whole = rows_with(0.35)
    taken = (whole.codes[:, 2] == 1) & (whole.day >= 20_000 + ONSET - 7)
    taken |= (whole.codes[:, 2] == 2) & (whole.day >= 20_000 + ONSET - 7)
    left = kept(whole, ~taken)
    onset = Onset(20_000 + ONSET, 0, 0, 30.0, 30.0, 0.3, at_birth=False)
    lead = Lead(0, CAUSE, onset, 0.0)
    assert seen_only_with(left, whole, lead, {2}) == (*CAUSE, (2, 0))
    assert seen_only_with(left, whole, lead, set()) == CAUSE
    assert seen_only_with(whole, whole, lead, {0, 1, 2}) == CAUSE


def kept(rows: StepRows, here: np.ndarray) -> StepRows:
    """Return some of the rows."""
    names = ("codes", "numbers", "day", "n", "bad", "fold")
    places = np.arange(here.sum())
    return replace(
        rows, index=places, row=places, **{name: getattr(rows, name)[here] for name in names}
    )


def test_rows_of_which_nothing_can_be_expected_otherwise_are_told_without_a_fault() -> None:
    rows = rows_with(0.0)
    never = tally_of(replace(rows, bad=np.zeros(len(rows))), np.zeros(len(rows)))
    parts = parts_of(never, CAUSE)
    since = np.array([never.of(CAUSE).first_day])  # nothing of them is known before
    usual = usual_excess(never, never.of(CAUSE), since=since, parts=parts)
    assert usual.level.tolist() == [0.0]
