"""The command that makes API keys for the service, lists them and takes them back."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from offramp.console import out, write_json
from offramp.options import Json

if TYPE_CHECKING:
    from serving.keys import Key, Scope


def keys(
    act: Annotated[Literal["add", "list", "remove"], typer.Argument(help="What to do.")],
    file: Annotated[
        str, typer.Option("--file", help="The file that `offramp serve --keys` reads.")
    ],
    name: Annotated[str, typer.Option(help="add, remove: whose key it is, such as chat.")] = "",
    scope: Annotated[
        list[str],
        typer.Option(
            help="add: what it is good for: read (ask), ingest (send events and outcomes), admin "
            "(erase, change findings); repeat it, or separate by ;."
        ),
    ] = [],  # noqa: B006 - typer takes a list and never changes it
    rate: Annotated[
        str, typer.Option(help="add: at most so many requests per second, such as 100/s.")
    ] = "",
    json: Json = "",
) -> None:
    """Make an API key for the service, list them, or take one back.

    - `offramp keys add --file keys.json --name chat --scope read --scope ingest --rate 100/s` shows
      the key, once: the file holds only a digest of it.

    - `offramp keys list --file keys.json` shows whose keys there are, and what they are good for.

    - `offramp keys remove --file keys.json --name chat`: a running service knows within seconds.
    """
    from serving.keys import add_key, read_keys, remove_key

    if act == "add":
        text = add_key(file, _named(name), _scopes(scope), _per_second(rate))
        out().print(f"The key of {name}, shown this once: keep it as you keep a password.\n{text}")
    elif act == "remove":
        remove_key(file, _named(name))
        out().print(f"The key of {name} is no longer good. A running service knows within seconds.")
    else:
        there = read_keys(file)
        for key in there:
            out().print(_line(key), markup=False)
        if not there:
            out().print(f"There is no key in {file!r}. Make one: offramp keys add --file {file}")
        write_json(json, {"keys": [_plain(key) for key in there]})


def _named(name: str) -> str:
    if not name:
        raise typer.BadParameter("say whose key it is, such as --name chat")
    return name


def _scopes(given: list[str]) -> "list[Scope]":
    from serving.keys import SCOPES

    asked = [part.strip() for one in given for part in one.split(";") if part.strip()]
    unknown = sorted(set(asked) - set(SCOPES))
    if unknown or not asked:
        found = f"{unknown[0]!r} is none of them" if unknown else "nothing was given"
        raise typer.BadParameter(f"--scope is read, ingest or admin, one or several; {found}")
    return [scope for scope in SCOPES if scope in asked]


def _per_second(rate: str) -> float | None:
    if not rate:
        return None
    try:
        number = float(rate.removesuffix("/s"))
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise typer.BadParameter(f"--rate is a number per second, such as 100/s, not {rate!r}")
    return number


def _line(key: "Key") -> str:
    rate = "any rate" if key.rate is None else f"{key.rate:g}/s"
    return f"{key.name}: {', '.join(key.scopes)}; {rate}; since {key.created}"


def _plain(key: "Key") -> dict[str, object]:
    return {
        "name": key.name,
        "scopes": list(key.scopes),
        "rate": key.rate,
        "created": key.created,
    }
