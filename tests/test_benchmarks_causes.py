"""The benchmark of causes: its worlds hold what they say, and its score cannot be flattered."""

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.cause_match import is_exact, meets, threshold_of, what_instead
from benchmarks.cause_oracle import seen_by_oracle
from benchmarks.cause_peers import PEERS, Table, decision_tree, mean_shap, odds_ratios
from benchmarks.cause_plan import EVENT, KINDS, plan_of, plans_of
from benchmarks.cause_score import _rank
from benchmarks.cause_shares import f1, wilson
from benchmarks.cause_table import goals_of, methods_of, summary
from benchmarks.cause_worlds import Truth, World, world_of
from journeys.definition_file import parse_definition
from journeys.find import find_journeys
from journeys.log import event_log
from rootcause.exposure import Exposures, exposures_of


@dataclass(frozen=True)
class Said:
    """A finding as far as the score reads it."""

    conditions: dict[str, str]
    also_indistinguishable: tuple[dict[str, str], ...] = ()


def exposed(world: World) -> Exposures:
    definition = parse_definition(world.definition, source="a world")
    log = event_log(world.events, definition)
    assert (log.times == world.events["time"].astype("int64").to_numpy()).all()
    return exposures_of(log, find_journeys(log, definition), definition, world.plan.outcome)


@pytest.fixture(scope="module")
def steps() -> tuple[World, Exposures]:
    """Seed 3: a log of journeys with one cause of three conditions, the step among them."""
    world = world_of(plan_of(3))
    assert world.plan.level == EVENT
    assert len(world.truths) == 1
    return world, exposed(world)


def test_a_hundred_and_four_seeds_hold_every_form_equally_often() -> None:
    plans = list(plans_of("report", 104))
    forms = Counter((plan.kind, plan.level) for plan in plans)
    assert set(forms.values()) == {4}
    assert {kind for kind, _ in forms} == set(KINDS)
    clean = Counter((plan.kind, plan.level) for plan in plans if plan.causes == 0)
    assert clean["none", "case"] == clean["chronic_only", "event"] == 4
    assert clean["release", "case"] == clean["release", "event"] == 2
    assert all(plan.causes == 2 for plan in plans if plan.kind == "two")


def test_the_parts_share_no_seed_and_a_kind_can_be_asked_for_alone() -> None:
    develop, report = (
        [plan.seed for plan in plans_of(part, 300)] for part in ("develop", "report")
    )
    assert not set(develop) & set(report)
    assert {plan.kind for plan in plans_of("develop", 5, ["numeric"])} == {"numeric"}


def test_the_same_seed_is_the_same_world() -> None:
    one, other = (world_of(plan_of(0)) for _ in range(2))
    assert one.events.equals(other.events)
    assert one.truths[0].conditions == other.truths[0].conditions


@pytest.mark.parametrize("seed", [0, 1, 7, 9, 11, 12, 22, 24])
def test_what_a_world_knows_is_what_its_log_shows(seed: int) -> None:
    world = world_of(plan_of(seed))
    found = exposed(world)
    known = np.flatnonzero((world.step[found.row] >= 0) & ~np.isnan(found.bad))
    journey, step = world.journey[found.row[known]], world.step[found.row[known]]
    assert (found.bad[known] == world.bad[journey, step]).all()
    for number in range(len(world.plan.steps)):
        p = world.probability[journey, step][step == number]
        off = (found.bad[known][step == number] - p).sum()
        assert abs(off) < 4.5 * np.sqrt((p * (1 - p)).sum())


def test_a_cause_changes_nothing_before_its_day_and_nobody_else(
    steps: tuple[World, Exposures],
) -> None:
    world, (truth,) = steps[0], steps[0].truths
    added = world.probability[:, truth.cause.step] - truth.without[:, truth.cause.step]
    met = truth.cause.meets(world.people)
    late = np.floor(world.people.start) > truth.cause.day
    assert (added[met & late] > 0.05).all()
    assert (added[~met] == 0).all()
    assert (added[world.people.start < truth.cause.day - 10] == 0).all()


def test_the_oracle_sees_the_cause_that_is_there_and_not_one_that_is_not(
    steps: tuple[World, Exposures],
) -> None:
    world, found = steps
    (truth,) = world.truths
    seen = seen_by_oracle(world, found, truth)
    assert seen.z > 5
    assert seen.effect == pytest.approx(truth.cause.added, abs=0.1)
    assert abs(seen.oracle_onset - seen.onset) <= 3
    known = (found.step == found.steps.index(truth.conditions["activity"])) & ~np.isnan(found.bad)
    assert seen.exposed == round(seen.share * known.sum())
    nobody = replace(truth, without=world.probability)
    assert abs(seen_by_oracle(world, found, nobody).z) < 4


def test_too_few_outcomes_make_a_cause_unidentifiable(steps: tuple[World, Exposures]) -> None:
    world, found = steps
    (truth,) = world.truths
    fewer = np.where(found.day < truth.day + 2, found.bad, np.nan)
    assert not seen_by_oracle(world, replace(found, bad=fewer), truth).identifiable


def test_exact_is_the_whole_cause_and_nothing_else(steps: tuple[World, Exposures]) -> None:
    world, found = steps
    (truth,) = world.truths
    true = truth.conditions
    first = next(name for name in true if name != "activity")
    less = {name: value for name, value in true.items() if name != first}
    other_step = next(step for step in world.plan.steps if step != true["activity"])
    more = true | {"os": "iOS"}
    assert is_exact(Said(true), truth, world, found)
    assert not is_exact(Said(less), truth, world, found)
    assert not is_exact(Said(more), truth, world, found)
    assert not is_exact(Said(true | {"activity": other_step}), truth, world, found)
    assert what_instead([Said(less)], truth, world, found) == "too general"
    assert what_instead([Said(more)], truth, world, found) == "too specific"
    assert (
        what_instead([Said(true | {"activity": other_step})], truth, world, found) == "wrong step"
    )
    assert what_instead([], truth, world, found) == "silence"


def test_what_equals_a_condition_may_stand_for_it(steps: tuple[World, Exposures]) -> None:
    world, found = steps
    web = _truth(steps, {"os": "Web"})
    step = web.conditions["activity"]
    assert is_exact(Said({"activity": step, "app_version": "web"}), web, world, found)
    assert not is_exact(Said({"activity": step, "app_version": "8.3.0"}), web, world, found)
    listed = Said({"activity": step, "region": "north"}, ({"os": "Web"},))
    assert is_exact(listed, web, world, found)
    both = Said({"activity": step, "app_version": "web", "os": "Web"})
    assert not is_exact(both, web, world, found)


def test_a_threshold_is_right_within_a_decile_and_on_its_side() -> None:
    world = world_of(plan_of(12))
    found = exposed(world)
    (truth,) = world.truths
    amount = world.people.amount
    place = float((amount <= truth.cause.above).mean())
    said = {**truth.conditions}
    for off, exact in ((0.04, True), (-0.08, True), (-0.15, False)):
        said["amount"] = f"> {np.quantile(amount, place + off):,.0f}"
        assert is_exact(Said(said), truth, world, found) == exact
    below = truth.conditions["amount"].replace(">", "≤")
    assert not is_exact(Said(said | {"amount": below}), truth, world, found)
    assert threshold_of("> 24,900") == (">", 24_900.0)
    assert threshold_of("<= 3,000.5") == ("<", 3_000.5)
    above = meets(found, {"amount": truth.conditions["amount"]})
    assert 0.02 < above.mean() < 0.35


def test_the_other_cause_before_it_costs_no_rank() -> None:
    assert _rank([False, True], [True, True]) == 1
    assert _rank([False, True], [False, True]) == 2
    assert _rank([False, False], [True, False]) == 0


def test_f1_counts_what_is_identifiable_and_every_false_finding() -> None:
    worlds = [
        {"identifiable": 2, "identifiable_found": 2, "false_findings": 0},
        {"identifiable": 1, "identifiable_found": 0, "false_findings": 1},
    ]
    assert f1(worlds) == pytest.approx(2 * 2 / (2 * 2 + 1 + 1))


def test_wilsons_interval_is_that_of_the_textbook() -> None:
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


def test_tables_count_clean_worlds_apart() -> None:
    clean = dict.fromkeys(("identifiable", "identifiable_found", "false_findings", "causes"), 0)
    worlds = [
        clean | {"seed": 1, "kind": "none", "level": "case", "findings": n, "core_seconds": 1.0}
        for n in (0, 1, 0, 0)
    ]
    answers = {"worlds": worlds, "causes": [], "peers": []}
    assert summary(answers)[0]["false alarms"] == "0.25 (0.05 to 0.70), n=4"
    (alarms,) = goals_of(answers)
    assert alarms["value"] == 0.25
    assert not alarms["met"]
    assert methods_of(answers) == []


@pytest.mark.parametrize("peer", [odds_ratios, decision_tree, mean_shap], ids=lambda p: p.__name__)
def test_a_peer_names_what_shouts(peer) -> None:  # type: ignore[no-untyped-def]
    assert {"os": "iOS"} in peer(_shouting())


@pytest.mark.parametrize(
    ("name", "library"),
    [
        ("pysubgroup, WRAcc beam", "pysubgroup"),
        ("SliceLine on outcomes", "sliceline"),
        ("SliceLine on residuals", "sliceline"),
        ("DivExplorer", "divexplorer"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_an_installed_peer_names_what_shouts(name: str, library: str) -> None:
    pytest.importorskip(library)
    assert {"os": "iOS"} in PEERS[name](_shouting())


def _shouting() -> Table:
    """Return 3,000 rows of which those with iOS nearly all end badly."""
    rng = np.random.default_rng(0)
    columns = pd.DataFrame(
        {
            "os": rng.choice(["iOS", "Android", "Web"], 3_000),
            "region": rng.choice(["north", "south"], 3_000),
        }
    )
    bad = (rng.random(3_000) < np.where(columns["os"] == "iOS", 0.9, 0.1)).astype(np.float64)
    return Table(columns, bad, conditions=1, late=np.ones(3_000, dtype=np.bool_))


def _truth(steps: tuple[World, Exposures], conditions: dict[str, str]) -> Truth:
    (truth,) = steps[0].truths
    cause = replace(truth.cause, conditions=tuple(conditions.items()))
    named = {"activity": truth.conditions["activity"], **conditions}
    return replace(truth, conditions=named, cause=cause)
