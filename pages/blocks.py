"""The fenced blocks of the pages, and which of them are commands that can be run here.

A block of `console` (its lines after `$`), `sh` or `python` is a command, and is run, in the order
of the page, unless a comment that no reader sees stands before it:

    <!-- slow: WHY -->      run by `make docs-try`, not by the tests
    <!-- not run: WHY -->   run by nobody here, for a stated reason
    <!-- run by FILE -->    run by that test
    <!-- fails: WHY -->     run, and each of its commands has to fail
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
LANGUAGES = ("console", "sh", "bash", "python")

_MARK = r"(?:^<!-- (?P<mark>slow|not run|run by|fails)(?:: | )(?P<why>[^>]*?) -->\n+)?"
_FENCE = r"^(?P<indent> *)```(?P<language>\w*)(?P<told>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```$"
_BLOCK = re.compile(_MARK + _FENCE, re.M | re.S)
_HEREDOC = re.compile(r"<<'?(\w+)'?")


@dataclass(frozen=True)
class Block:
    """One fenced block: where it stands, what it holds, and why it is not run, if it is not."""

    page: str
    line: int
    language: str
    told: str
    text: str
    mark: str
    why: str

    @property
    def is_command(self) -> bool:
        """Whether it is something to type, rather than an answer or a file."""
        return self.language in LANGUAGES

    @property
    def commands(self) -> list[str]:
        """What to run: of a console each command line, else the whole block."""
        return list(_typed(self.text)) if self.language == "console" else [self.text]


def pages_of(docs: Path = DOCS) -> list[Path]:
    """Return the pages that people read: README and everything in `docs/`."""
    return [docs.parent / "README.md", *sorted(docs.rglob("*.md"))]


def blocks_of(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    text, name = page.read_text(encoding="utf-8"), page.relative_to(ROOT).as_posix()
    return [_block(found, text, name) for found in _BLOCK.finditer(text)]


def _block(found: re.Match[str], text: str, page: str) -> Block:
    indent = len(found["indent"])
    return Block(
        page=page,
        line=text.count("\n", 0, found.start("language")) + 1,
        language=found["language"],
        told=found["told"].strip(),
        text="".join(line[indent:] or "\n" for line in found["text"].splitlines(keepends=True)),
        mark=found["mark"] or "",
        why=found["why"] or "",
    )


def _typed(text: str) -> Iterator[str]:
    """Yield the command lines of a console, those that go on joined, a heredoc whole."""
    lines = iter(text.splitlines())
    for line in lines:
        if not line.startswith("$ "):
            continue
        command = line[2:]
        while command.endswith("\\"):
            command = f"{command[:-1].rstrip()} {next(lines).strip()}"
        if ends := _HEREDOC.search(command):
            while (further := next(lines)) != ends[1]:
                command += f"\n{further}"
            command += f"\n{ends[1]}"
        yield command
