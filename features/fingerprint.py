"""The fingerprint of a plan: it moves with what is computed, not with how it is worded.

Code is taken as its tokens, so that neither a comment, a docstring, the layout nor the version of
Python moves it.  (Python 3.12 reads f-strings otherwise: there are none in `FILES`.)
"""

import hashlib
import io
import json
import token
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from features.columns import CodeColumns
from features.feature import Feature

# What turns events into codes, and codes into features.
FILES = ("columns.py", "encode.py", "experience.py", "kernel.py", "keys_around.py", "look_up.py",
         "observe.py", "operations.py", "surroundings.py", "vocabulary.py", "write.py")  # fmt: skip
_LAYOUT = {token.NEWLINE, token.INDENT, token.DEDENT}
_NOTHING = {tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, token.ENDMARKER}


def fingerprint(
    rows: list[list[int]],
    initial: list[float],
    features: list[Feature],
    codes: CodeColumns,
) -> str:
    """Return a hash that moves with the list, the vocabulary or the code, not with its words."""
    kept = [str(at) for at in initial]
    written = [[one.name, one.unit] for one in features]
    looked_up = [codes.labels, codes.known, codes.steps.tolist(), codes.codes.tolist()]
    paths = [codes.back.tolist(), codes.pairs.tolist(), codes.triples.tolist()]
    everything = json.dumps([rows, kept, written, looked_up, paths, code_of_room()])
    return hashlib.sha256(everything.encode()).hexdigest()[:16]


@cache
def code_of_room() -> tuple[str, ...]:
    """Return the tokens of the files that every feature depends on: what this process runs."""
    folder = Path(__file__).parent
    return tuple(tokens_of((folder / name).read_text(encoding="utf-8")) for name in FILES)


def tokens_of(source: str) -> str:
    r"""Return Python source as tokens, without comments and docstrings.

    >>> tokens_of("def f(x):  # why\n    'Say.'\n    return x\n")
    'def f ( x ) : \n > return x \n <'
    """
    marks = {token.NEWLINE: "\n", token.INDENT: ">", token.DEDENT: "<"}
    return " ".join(marks.get(kind, text) for kind, text in _without_docstrings(source))


def _without_docstrings(source: str) -> Iterator[tuple[int, str]]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    found = [(one.type, one.string) for one in tokens if one.type not in _NOTHING]
    before, skip = token.NEWLINE, False
    for place, (kind, text) in enumerate(found):
        after = found[place + 1][0] if place + 1 < len(found) else token.NEWLINE
        alone = kind == token.STRING and before in _LAYOUT and after == token.NEWLINE
        if not alone and not skip:
            yield kind, text
        skip = alone  # the end of a docstring's line goes with it
        before = kind
