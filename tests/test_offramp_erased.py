"""The next training leaves erased customers out, whatever they are called in its log."""

import json
from pathlib import Path

import pytest

from journeys.errors import OfframpError, TooLittleDataError
from journeys.log import CUSTOMER, event_log, log_without
from journeys.shards import HeldShards
from offramp.erased import without_erased
from serving.erased_list import ErasedList, erased_among, read_erased
from serving.pseudonym import KEY, Pseudonym
from serving.store import Store
from tests.offramp_run import Run
from tests.serving_bundle import definition_named, random_events
from tests.serving_events import event

DEFINITION = definition_named("loan")
EVENTS = random_events(5, seed=3)
LOG = event_log(EVENTS, DEFINITION)
SHARDS = HeldShards(DEFINITION, LOG)
NAMES = list(LOG.events[CUSTOMER].cat.categories)
SECRET = "s" * 32


@pytest.fixture
def listed(tmp_path: Path, run: Run) -> Path:
    """The list of a store that has erased two customers of the log and one of no log."""
    store = Store.open(str(tmp_path / "events.db"))
    store.append([event(NAMES[0], 1)])
    for name in (NAMES[0], NAMES[3], "nobody"):
        store.erase(name, 2)
    store.close()
    out = tmp_path / "erased.json"
    code, words = run("erased", "--database", tmp_path / "events.db", "--out", out)
    assert (code, "3 keys of erased customers" in words) == (0, True)
    return out


def test_the_log_is_as_if_they_had_never_been_in_it(listed: Path) -> None:
    left, left_out = without_erased(SHARDS, str(listed))
    log = left.some(len(NAMES))
    others = EVENTS[~EVENTS["customer_id"].isin([NAMES[0], NAMES[3]])]
    assert left_out == 2
    assert log.events.equals(event_log(others, DEFINITION).events)
    assert log.ends == LOG.ends


def test_the_list_shows_nobody(listed: Path) -> None:
    text = listed.read_text()
    assert not any(name in text for name in (*NAMES, "nobody"))
    assert len(json.loads(text)["digests"]) == 3


def test_pseudonyms_are_compared_with_the_same_secret(tmp_path: Path) -> None:
    hidden = Pseudonym(SECRET.encode())
    store = Store.open(str(tmp_path / "events.db"))
    store.erase(hidden(NAMES[1]), 1)
    erased = ErasedList(*store.erased())
    store.close()
    assert erased_among(NAMES, erased, hidden) == {NAMES[1]}
    assert erased_among(map(hidden, NAMES), erased, Pseudonym()) == {hidden(NAMES[1])}
    with pytest.raises(OfframpError, match=f"Set {KEY}"):
        erased_among(NAMES, erased, Pseudonym())


def test_without_a_list_nothing_is_left_out_and_with_all_nothing_is_left() -> None:
    assert without_erased(SHARDS, "") == (SHARDS, None)
    with pytest.raises(TooLittleDataError, match="nobody remains"):
        log_without(LOG, set(NAMES))


def test_a_list_that_is_none_is_one_clear_message(tmp_path: Path, run: Run) -> None:
    events, journey, file = (tmp_path / name for name in ("e.csv", "j.yaml", "list.json"))
    EVENTS.to_csv(events, index=False)
    journey.write_text("name: loan\nstart: {activity: begun}\nsuccess: {activity: funded}\n")
    file.write_text("{}")
    code, words = run("train", "--events", events, "--journey", journey, "--leave-out", file)
    assert (code, "that `offramp erased --out FILE` wrote" in words) == (1, True)
    file.write_text('{"salt": "", "digests": [], "format": 2}')
    with pytest.raises(OfframpError, match="format 2"):
        read_erased(file)
