"""Whether an answer has the shape that a page shows."""

from typing import Any


def missing(shown: Any, found: Any, at: str = "") -> list[str]:
    """Return the places where an answer has not the shape, or a short word, that the page shows."""
    if isinstance(shown, dict):
        if not isinstance(found, dict):
            return [f"{at} is no object"]
        return [
            fault
            for name, part in shown.items()
            for fault in (
                missing(part, found[name], f"{at}.{name}")
                if name in found
                else [f"{at}.{name} is missing"]
            )
        ]
    if isinstance(shown, list):
        if not isinstance(found, list) or (shown and not found):
            return [f"{at} is {found!r:.60}"]
        pairs = zip(shown, found, strict=False)
        return [fault for one, other in pairs for fault in missing(one, other, f"{at}[]")]
    number = (int, float)
    alike = type(shown) is type(found) or (isinstance(shown, number) and isinstance(found, number))
    said = not isinstance(shown, str) or "…" in shown or shown == found
    return [] if alike and said else [f"{at} is {found!r:.60}"]
