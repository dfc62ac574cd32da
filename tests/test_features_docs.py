"""docs/features.md is kept: its example runs, and it names every primitive."""

import re
from pathlib import Path

from features import primitives as p

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "features.md").read_text()


def test_the_example_runs() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
    assert blocks
    for block in blocks:
        exec(compile(block, "docs/features.md", "exec"), {})


def test_every_primitive_is_in_the_table() -> None:
    named = set(re.findall(r"^\| `(\w+)\(", PAGE, re.M))
    assert named == {primitive.__name__ for primitive in p.Primitive.__subclasses__()}
