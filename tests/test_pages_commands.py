"""Every command on every page is run, in the order of the page, or is known not to be, and why."""

import os
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pages.blocks import LANGUAGES, ROOT, Block, blocks_of, pages_of
from pages.running import CommandError, Reader, environment_of
from tests.pages_world import offramp, prepare
from tests.test_readme import OFFRAMP, command_lines, unknown_words

PAGES = {path.relative_to(ROOT).as_posix(): blocks_of(path) for path in pages_of()}
BLOCKS = [block for blocks in PAGES.values() for block in blocks if block.is_command]
# Run elsewhere, every block of a language: by tests of their own, with what these pages need.
ELSEWHERE = {
    ("README.md", "python"): "tests/test_readme.py",
    ("docs/api.md", "sh"): "tests/test_serving_live.py",
    ("docs/data.md", "console"): "tests/test_data_page.py",
    ("docs/data.md", "python"): "tests/test_data_page.py",
    ("docs/features.md", "python"): "tests/test_features_docs.py",
}


def is_run_here(block: Block) -> bool:
    elsewhere = (block.page, block.language) in ELSEWHERE
    return block.mark in ("", "fails") and not elsewhere


TRIED = [
    page for page, blocks in PAGES.items() if any(b.is_command and is_run_here(b) for b in blocks)
]


@pytest.fixture(scope="module")
def prepared(
    tmp_path_factory: pytest.TempPathFactory, mlflow_store: str
) -> Iterator[tuple[Path, dict[str, str]]]:
    """Return the folder in which pages are tried, and an environment to type in."""
    folder = tmp_path_factory.mktemp("pages")
    own = folder / "mlflow.db"  # the models of the pages are champions only there
    shared = Path(mlflow_store.removeprefix("sqlite:///"))
    if shared.exists():  # a copy spares the seconds in which a new store is made
        shutil.copy(shared, own)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{own}")
        patch.chdir(folder)
        prepare(folder)
        yield folder, {**environment_of(folder), "OFFRAMP_SOURCES": str(ROOT)}


@pytest.mark.slow
@pytest.mark.parametrize("page", TRIED)
def test_a_page_does_what_it_says(
    page: str, prepared: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is slow is left to `make docs-try`; the folder holds what it would have made."""
    folder, environment = prepared
    if "/tutorials/" in page:  # they begin with nothing, but for the models of the registry
        folder = folder / Path(page).stem
        folder.mkdir()
    monkeypatch.chdir(folder)
    reader = Reader(folder, dict(environment), offramp)
    typed = read_through(page, reader, [b for b in PAGES[page] if b.is_command and is_run_here(b)])
    assert typed == sum(block.is_command and is_run_here(block) for block in PAGES[page]) > 0


def read_through(page: str, reader: Reader, wanted: list[Block]) -> int:
    """Type the wanted blocks of a page; return how many there were."""
    blocks = PAGES[page]
    typed = 0
    try:
        for block, following in zip(blocks, [*blocks[1:], None], strict=True):
            if block in wanted:
                shown = following if following is not None and following.told.isdigit() else None
                reader.run(block, shown)
                typed += 1
    finally:
        reader.stop()
    return typed


def test_what_is_not_run_here_has_a_reason() -> None:
    for block in BLOCKS:
        if block.mark == "run by":
            assert (ROOT / block.why).exists(), f"{block.page}:{block.line}"
        elif block.mark:
            assert len(block.why) > 12, f"{block.page}:{block.line} does not say why"
    for (page, language), test in ELSEWHERE.items():
        assert any(block.language == language for block in PAGES[page]), page
        assert Path(page).name in (ROOT / test).read_text()


def test_every_command_line_of_the_pages_exists(commands: dict[str, set[str]]) -> None:
    """Also of those that are not run: a word that is no option is found without waiting."""
    faults = [
        f"{page}: {fault}"
        for page in PAGES
        for line in command_lines((ROOT / page).read_text(), OFFRAMP)
        for fault in unknown_words(without_the_shell(line), commands)
    ]
    assert faults == []


def without_the_shell(line: str) -> str:
    """Return a command line up to the first pipe, redirection or further command."""
    words = shlex.split(line, comments=True)
    ends = [place for place, word in enumerate(words) if word in ("|", ">", ">>", "&", ";", "&&")]
    return shlex.join(words[: ends[0] if ends else None])


def test_no_block_that_looks_like_a_command_is_called_something_else() -> None:
    """A block without a language is an answer, a drawing or a file: nothing after a `$`."""
    strange = [
        f"{block.page}:{block.line}"
        for blocks in PAGES.values()
        for block in blocks
        if block.language not in LANGUAGES
        and any(line.startswith("$ ") for line in block.text.splitlines())
    ]
    assert strange == []


SAMPLE = """
<!-- slow: it takes an hour -->
```console
$ offramp check \\
    --events a
fine
$ cat > b <<'END'
$ no command
END
```

```json 200
{"a": 1}
```
"""


def test_blocks_are_read_as_they_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.blocks.ROOT", tmp_path)
    (tmp_path / "page.md").write_text(SAMPLE)
    first, second = blocks_of(tmp_path / "page.md")
    assert (first.mark, first.why, first.line) == ("slow", "it takes an hour", 3)
    assert first.commands == ["offramp check --events a", "cat > b <<'END'\n$ no command\nEND"]
    assert (second.told, second.is_command) == ("200", False)


@pytest.mark.parametrize(
    ("language", "text", "mark"),
    [("sh", "false\n", ""), ("sh", "true\n", "fails"), ("console", "$ offramp chekc\n", "")],
)
def test_a_page_that_errs_is_seen(language: str, text: str, mark: str, tmp_path: Path) -> None:
    block = Block("a page", 1, language, "", text, mark, "")
    with pytest.raises(CommandError, match="a page:1"):
        Reader(tmp_path, dict(os.environ), offramp).run(block)


def test_an_answer_of_another_shape_or_status_is_seen(tmp_path: Path) -> None:
    asked = Block("a page", 1, "sh", "", "printf '{\"a\": 1}\\n200'\n", "", "")
    reader = Reader(tmp_path, dict(os.environ))
    reader.run(asked, Block("a page", 4, "json", "200", '{"a": 2}', "", ""))
    for told, shape in (("404", '{"a": 2}'), ("200", '{"b": 1}')):
        with pytest.raises(CommandError, match="a page:4"):
            reader.run(asked, Block("a page", 4, "json", told, shape, "", ""))
