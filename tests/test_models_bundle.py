"""The bundle: every bit comes back, a changed byte is told, no code and no customer is in it."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from journeys.errors import BundleError
from models import Bundle, load_bundle, save_bundle
from models.bundle import _json, _own_sha256
from tests.trained_model import customers_of
from training.train import Trained

PARTS = {
    "ahead.json",
    "calibration.json",
    "manifest.json",
    "models.json",
    "surroundings.npz",
    "vocabulary.json",
}


def files_of(bundle: Bundle) -> set[str]:
    """Return the names of the files that the bundle must have, and no more."""
    members = {
        f"{outcome}.{name}.{'json' if name == 'linear' else 'txt'}"
        for outcome, model in bundle.outcomes.items()
        for name in model.blend.members
    }
    return PARTS | members


@pytest.fixture(scope="module")
def saved(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_bundle(trained.bundle, tmp_path_factory.mktemp("saved") / "bundle")


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """Return a copy that a test may harm."""
    return Path(shutil.copytree(saved, tmp_path / "copy"))


def restate(folder: Path, **changed: object) -> None:
    """Write the manifest as another version of the code would have: whole, but different."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8")) | changed
    manifest["sha256"] = _own_sha256(manifest)
    (folder / "manifest.json").write_bytes(_json(manifest).encode())


def test_what_is_read_predicts_the_same_to_the_bit(trained: Trained, saved: Path) -> None:
    read, X = load_bundle(saved), trained.data.X[::50]
    assert list(read.outcomes) == list(trained.bundle.outcomes)
    for outcome, model in trained.bundle.outcomes.items():
        before, after = model.predict(X), read.outcomes[outcome].predict(X)
        assert np.array_equal(before.p, after.p)
        assert np.array_equal(before.low, after.low)
        assert np.array_equal(before.high, after.high)


def test_the_manifest_comes_back_as_it_was_said(trained: Trained, saved: Path) -> None:
    read = load_bundle(saved)
    said = {name: read.manifest[name] for name in trained.bundle.manifest}
    assert said == trained.bundle.manifest
    assert read.plan.spec_hash == trained.bundle.plan.spec_hash
    assert read.plan.definition == trained.bundle.plan.definition
    assert read.journey == "mortgage_refinance"


def test_what_is_read_and_saved_again_is_the_same_to_the_byte(saved: Path, tmp_path: Path) -> None:
    again = save_bundle(load_bundle(saved), tmp_path / "again")
    assert {file.name: file.read_bytes() for file in again.iterdir()} == {
        file.name: file.read_bytes() for file in saved.iterdir()
    }


def test_one_changed_byte_anywhere_in_a_file_is_told(folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        for place in np.linspace(0, len(whole) - 1, 7).astype(int):
            harmed = bytearray(whole)
            harmed[place] ^= 1
            path.write_bytes(bytes(harmed))
            told = f"{path.name}.* (train|fetch)|has format .* train"
            with pytest.raises(BundleError, match=told):
                load_bundle(folder)
        path.write_bytes(whole)


def test_a_nicer_number_in_the_manifest_is_told(folder: Path) -> None:
    """The metrics stand in the manifest alone: its hash must hold them too."""
    text = (folder / "manifest.json").read_text(encoding="utf-8")
    assert '"seed": 1' in text
    (folder / "manifest.json").write_text(text.replace('"seed": 1', '"seed": 2'), encoding="utf-8")
    with pytest.raises(BundleError, match=r"manifest.json of the bundle .* sha256 differs"):
        load_bundle(folder)


@pytest.mark.parametrize("content", [b"", b"[1]", b"null", b"\xff", b"[" * 9999, b'{"format": 2}'])
def test_a_manifest_that_is_none_is_told(content: bytes, folder: Path) -> None:
    (folder / "manifest.json").write_bytes(content)
    with pytest.raises(BundleError, match=r"manifest\.json"):
        load_bundle(folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    for path in sorted(set(folder.iterdir()) - {folder / "manifest.json"}):
        content = path.read_bytes()
        path.unlink()
        with pytest.raises(BundleError, match=f"lacks {path.name}"):
            load_bundle(folder)
        path.write_bytes(content)


def test_a_folder_that_is_no_bundle_is_told(tmp_path: Path) -> None:
    for nothing in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(BundleError, match="There is no bundle at"):
            load_bundle(nothing)


def test_a_bundle_of_another_format_is_refused(folder: Path) -> None:
    restate(folder, format=99)
    with pytest.raises(BundleError, match="format 99, this code reads format 2; train it again"):
        load_bundle(folder)


def test_a_bundle_with_other_features_is_refused(folder: Path, trained: Trained) -> None:
    restate(folder, spec_hash="0123456789abcdef")
    ours = trained.bundle.plan.spec_hash
    with pytest.raises(BundleError, match=f"0123456789abcdef, this code computes {ours}"):
        load_bundle(folder)


def test_nothing_is_written_over(trained: Trained, tmp_path: Path) -> None:
    bundle = trained.bundle
    folder = save_bundle(bundle, tmp_path / "bundle")
    with pytest.raises(BundleError, match="exists already"):
        save_bundle(bundle, folder)
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_place_that_cannot_be_written_to_is_told(trained: Trained, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BundleError, match="cannot be written to"):
        save_bundle(trained.bundle, tmp_path / "file" / "bundle")


def test_a_bundle_that_cannot_be_written_leaves_nothing(trained: Trained, tmp_path: Path) -> None:
    """NaN is not JSON: a manifest that holds it is refused, not half-saved."""
    bundle: Bundle = trained.bundle
    with pytest.raises(ValueError, match="JSON"):
        save_bundle(replace(bundle, manifest=bundle.manifest | {"x": float("nan")}), tmp_path / "b")
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_of_the_first_format_is_refused(folder: Path) -> None:
    restate(folder, format=1)
    with pytest.raises(BundleError, match="format 1, this code reads format 2; train it again"):
        load_bundle(folder)


def test_a_bundle_holds_its_members_and_no_more(trained: Trained, saved: Path) -> None:
    assert {file.name for file in saved.iterdir()} == files_of(trained.bundle)


def test_what_is_no_text_is_numbers_and_no_pickle(saved: Path) -> None:
    with np.load(saved / "surroundings.npz", allow_pickle=False) as arrays:
        assert {arrays[name].dtype.kind for name in arrays} == {"i", "f", "u"}


def test_no_customer_stands_in_a_bundle(trained: Trained, saved: Path) -> None:
    texts = [file.read_text(encoding="utf-8") for file in saved.iterdir() if file.suffix != ".npz"]
    with np.load(saved / "surroundings.npz", allow_pickle=False) as arrays:
        texts += [arrays["said"].tobytes().decode()]
    text = "".join(texts)
    assert [key for key in customers_of(trained.data.log) if key in text] == []
