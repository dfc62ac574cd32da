"""A file is written whole or not at all."""

from pathlib import Path

import pytest

from journeys.errors import OfframpError
from journeys.writing import whole_file


def test_what_was_written_stands_in_its_place_and_nothing_beside_it(tmp_path: Path) -> None:
    with whole_file(tmp_path / "new" / "a.txt") as beside:
        beside.write_text("all of it")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.txt"]
    assert (tmp_path / "new" / "a.txt").read_text() == "all of it"


def write_half(place: Path) -> None:
    with whole_file(place) as beside:
        beside.write_text("half")
        raise ZeroDivisionError


def test_a_failure_half_way_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    place = tmp_path / "a.txt"
    place.write_text("old")
    with pytest.raises(ZeroDivisionError):
        write_half(place)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert place.read_text() == "old"


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(OfframpError, match="cannot be written"),
        whole_file(tmp_path / "file" / "a"),
    ):
        pass
