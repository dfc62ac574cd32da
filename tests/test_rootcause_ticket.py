"""The ticket is plain, short, complete, and names no customer."""

from dataclasses import replace

import numpy as np
import pytest

from journeys.find import journey_ids
from rootcause.certainty import certainty_of, doubts_about
from rootcause.exposure import Exposures, Ints, exposures_of
from rootcause.findings import Finding
from rootcause.mechanism import mechanism_of
from rootcause.paths import typical_paths
from rootcause.ticket import ticket_of
from tests.rootcause_world import DEFINITION, SmallWorld, small_world


@pytest.fixture(scope="module")
def world() -> SmallWorld:
    return small_world()


@pytest.fixture(scope="module")
def harmed(world: SmallWorld) -> tuple[Exposures, Ints]:
    exposures = exposures_of(world.log, world.journeys, DEFINITION, "leakage")
    met = exposures.meets(world.finding.conditions) & (exposures.bad == 1.0)
    return exposures, np.flatnonzero(met)[-20:]


@pytest.fixture(scope="module")
def full(world: SmallWorld) -> Finding:
    one = replace(
        world.finding,
        effect_robust=0.44,
        effect_robust_interval=(0.36, 0.52),
        siblings=(
            {
                "other_than": {"os": "iOS"},
                "effect": 0.01,
                "low": -0.03,
                "high": 0.05,
                "known": 700,
                "clean": True,
            },
        ),
        stability={"holds_in": 2, "words": "holds in both halves of the customers", "halves": []},
        excess_shap={
            "agrees": True,
            "words": "SHAP on the excess agrees: it names os and version.",
        },
        symptoms=(
            {
                "feature": "upload_failed_count",
                "words": "“upload failed”",
                "ratio": 9.1,
                "low": 7.0,
                "high": 11.0,
                "share": 0.9,
                "share_low": 0.75,
                "share_high": 1.0,
            },
        ),
        also_indistinguishable=({"build": "b9"},),
    )
    return replace(one, mechanism=mechanism_of(one, "leakage"))


def paths_of(world: SmallWorld, harmed: tuple[Exposures, Ints]) -> tuple[str, ...]:
    return typical_paths(world.log, world.journeys, DEFINITION, ("leakage", *harmed))


def test_paths_run_from_before_the_step_to_the_outcome(
    world: SmallWorld, harmed: tuple[Exposures, Ints]
) -> None:
    paths = paths_of(world, harmed)
    exposures, rows = harmed
    ids = set(journey_ids(world.log, world.journeys.iloc[exposures.journey[rows]], DEFINITION))
    assert len(paths) == 3
    for path in paths:
        name, _, told = path.partition(": ")
        assert name in ids
        assert told.startswith("started (-")
        assert "upload (the step), upload failed (+" in told
        assert told.split(", ")[-1].startswith("call (+")


def test_it_says_what_where_since_how_sure_how_many_and_what_to_do(
    world: SmallWorld, harmed: tuple[Exposures, Ints], full: Finding
) -> None:
    text = ticket_of(full, "loan", "leakage", paths_of(world, harmed))
    for said in (
        "Where      activity = upload; os = iOS; version = 8.2",
        "Since      2026-02-10",
        "45 points (39 to 51 points) more reaching the contact centre",
        "doubly robust: 44 points (36 to 52 points)",
        "holds in both halves of the customers",
        "SHAP on the excess agrees",
        "“upload failed”: 9.1 times as often (7.0 to 11.0); 90 % of the effect passes through it",
        "version 8.2, os other than iOS: not affected",
        "NOT told apart: build b9",
        "logs and error rates of “upload failed”",
        "offramp verify --finding f_5c1e00000000",
    ):
        assert said in text
    assert len(text.splitlines()) <= 40
    assert "secret" not in text


def test_names_of_the_log_cannot_break_its_lines(
    world: SmallWorld, harmed: tuple[Exposures, Ints], full: Finding
) -> None:
    hostile = replace(full, conditions={"activity": "up\nload", "os": "a\r\nDoubt: b"})
    text = ticket_of(hostile, "loan", "leakage", paths_of(world, harmed))
    assert not any(line.startswith("Doubt") for line in text.splitlines())


def test_the_mechanism_names_the_symptom_that_carries_most(full: Finding) -> None:
    assert full.mechanism == (
        "os iOS and version 8.2, at the step “upload” → “upload failed” (9.1 times as often) → "
        "reaching the contact centre: 90 % of the effect (75 to 100 %) passes through it."
    )
    weak = {**full.symptoms[0], "share": 0.1, "share_low": 0.0}
    assert mechanism_of(replace(full, symptoms=(weak,)), "leakage") == ""
    assert mechanism_of(replace(full, symptoms=()), "leakage") == ""


def test_doubts_are_said_before_one_acts_and_not_where_there_are_none(full: Finding) -> None:
    assert doubts_about(full) == []
    doubted = replace(
        full,
        instrumentation="may be a tracking artefact: the whole log is silent",
        stability={"holds_in": 1, "words": "holds in one half of the customers", "halves": []},
        excess_shap={"agrees": False, "words": "SHAP on the excess disagrees: it names region."},
        effect_disagreement="The two estimates disagree: 45 points.",
    )
    assert doubts_about(doubted) == [
        "The two estimates disagree: 45 points.",
        "It may be a tracking artefact: the whole log is silent.",
        "It holds in one half of the customers.",
        "SHAP on the excess disagrees: it names region.",
    ]
    assert "tracking artefact" in ticket_of(doubted, "loan", "leakage")


def test_what_was_not_asked_is_not_answered(world: SmallWorld, full: Finding) -> None:
    assert certainty_of(world.finding) == []
    labels = [row["label"] for row in certainty_of(full)]
    assert labels == [
        "Measured another way",
        "Half of the customers each",
        "Who meets all but one condition",
        "SHAP on the excess",
        "Measuring",
    ]


def test_a_symptom_through_which_nothing_passes_is_not_how_it_shows(full: Finding) -> None:
    idle = {**full.symptoms[0], "words": "“idle”", "ratio": 3.0}
    passed = {"share": 0.004, "share_low": 0.0, "share_high": 0.01}
    assert "“idle”" not in ticket_of(
        replace(full, symptoms=(*full.symptoms, {**idle, **passed})), "loan", "leakage"
    )
    unknown = {**idle, "share": None}
    shown = ticket_of(replace(full, symptoms=(unknown,)), "loan", "leakage")
    assert "“idle”: 3.0 times as often" in shown
