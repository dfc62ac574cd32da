"""Events as the store keeps them, made in one line."""

from serving.events import StoredEvent
from serving.messages import Value

SECOND = 1_000_000


def event(
    customer: str = "anna",
    time: int = 0,
    activity: str = "login",
    *,
    id: str | None = None,
    source: str = "app",
    **attributes: Value,
) -> StoredEvent:
    """Return an event at a second; without an id, customer, time and activity are one."""
    named = f"{customer} {time} {activity}" if id is None else id
    return StoredEvent(customer, time * SECOND, activity, "app", attributes, source, named, 0)


def told(history: list[dict[str, Value]]) -> list[tuple[int, str]]:
    """Return a history as (second, activity) pairs."""
    return [(int(one["time"] or 0) // SECOND, str(one["activity"])) for one in history]
