"""Pages: what makes the site beyond the text that people write in `docs/`.

The reference of the commands, of the API and of the rooms is written when the site is built, from
the code itself, so that it cannot differ from it.  The fenced blocks of every page are found,
sorted into those that can be run here and those that cannot, and run: by a test, or by
`make docs-try`.
"""

__all__: list[str] = []
