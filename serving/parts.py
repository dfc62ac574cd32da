"""Stand-ins for parts whose owners have not merged yet."""

from typing import Any

KnownIssues = Any
NONE = None
