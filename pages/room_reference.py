"""The pages of the rooms: the public names of each, from their docstrings."""

from importlib import import_module

ROOMS = ("journeys", "features", "models", "rootcause", "training", "serving")

# What a front leaves out on purpose, so that importing the room stays light.
BESIDE = {
    "journeys": ("journeys.simulate.simulate", "journeys.simulate.write_simulation"),
    "serving": ("serving.run.serve", "serving.app.create_app", "serving.client.Offramp"),
}


def room_pages() -> dict[str, str]:
    """Return the page of each room by its path; mkdocstrings turns `:::` into a docstring."""
    return {f"reference/python/{room}.md": _page(room) for room in ROOMS}


def _page(room: str) -> str:
    front = import_module(room)
    names = sorted(front.__all__, key=str.lower)
    told = [f"::: {room}.{name}" for name in names]
    told += [f"::: {name}" for name in BESIDE.get(room, ())]
    told_of_it = (front.__doc__ or "").partition(": ")[2]
    head = f"# {room}\n\n{told_of_it[:1].upper()}{told_of_it[1:]}"
    return "\n\n".join([head, *told]) + "\n"
