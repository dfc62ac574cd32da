"""The command that lists erased customers, and what leaves them out of a log."""

from typing import TYPE_CHECKING, Annotated

from typer import Option

from offramp.console import out, working

if TYPE_CHECKING:
    from journeys.shards import Shards

LeaveOut = Annotated[
    str,
    Option(
        "--leave-out", help="Learn without these customers: the file that `offramp erased` wrote."
    ),
]


def erased(
    database: Annotated[
        str, Option("--database", help="Where `offramp serve` keeps events: a file, or its URL.")
    ],
    out_file: Annotated[str, Option("--out", help="The list to write, a JSON file.")],
) -> None:
    """List the customers who were erased, as digests, for `offramp train --leave-out`.

    The list holds salted digests and no key. Where the service makes pseudonyms, training needs the
    same OFFRAMP_PSEUDONYM_KEY to compare the log with it.
    """
    from serving.erased_list import write_erased
    from serving.store import Store

    with working("Reading the store"):
        store = Store.open(database)
        try:
            found = write_erased(store, out_file)
        finally:
            store.close()
    out().print(f"{len(found.digests):,} keys of erased customers, as digests: {out_file}")


def without_erased(shards: "Shards", leave_out: str) -> "tuple[Shards, int | None]":
    """Return the log without the customers of a list, and how many they were; None: no list."""
    if not leave_out:
        return shards, None
    from journeys.left_out import keys_in, shards_without
    from serving.erased_list import erased_among, read_erased
    from serving.pseudonym import Pseudonym

    gone = erased_among(keys_in(shards), read_erased(leave_out), Pseudonym.from_environment())
    out().print(f"{len(gone):,} erased customers of the log are left out.")
    return shards_without(shards, gone), len(gone)
