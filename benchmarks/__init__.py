"""Benchmarks: every number we claim, one command each.

``make benchmark-NAME`` runs ``python -m benchmarks.NAME`` and leaves ``out/benchmark-NAME.json``
and a Markdown table beside it.  Compare within one run, never across machines or days.
"""

__all__: list[str] = []
