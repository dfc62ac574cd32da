"""The list of erased customers: digests, by which the next training leaves them out."""

from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from journeys.errors import OfframpError
from journeys.writing import whole_file
from serving.erasure import OF_PSEUDONYM, digest_of
from serving.pseudonym import KEY, Pseudonym, is_pseudonym
from serving.store import Store

FORMAT = 1


class ErasedList(Struct, frozen=True):
    """Digests of erased customers and their salt; no key can be read from it.

    Someone who holds a list of keys could digest them as well: keep the file to yourself.
    """

    salt: str
    digests: list[str]
    format: int = FORMAT


def write_erased(store: Store, path: str | Path) -> ErasedList:
    """Write the list of a store's erased customers, and return it.

    Raises
    ------
    OfframpError
        If the file cannot be written.
    """
    found = ErasedList(*store.erased())
    with whole_file(path) as beside:
        beside.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    return found


def read_erased(path: str | Path) -> ErasedList:
    """Read a list that `write_erased` wrote.

    Raises
    ------
    OfframpError
        If it cannot be read, or is none.
    """
    try:
        found = msgspec.json.decode(Path(path).read_bytes(), type=ErasedList)
    except (OSError, ValueError) as fault:
        raise OfframpError(
            f"The list of erased customers {str(path)!r} cannot be read ({fault}). Give the file "
            "that `offramp erased --out FILE` wrote."
        ) from fault
    if found.format != FORMAT:
        raise OfframpError(
            f"The list of erased customers {str(path)!r} has the format {found.format}, this "
            f"version of Offramp reads {FORMAT}. Write it again with `offramp erased`."
        )
    return found


def erased_among(keys: Iterable[str], erased: ErasedList, pseudonym: Pseudonym) -> set[str]:
    """Return the customers of a log who were erased; their keys may be pseudonyms already.

    Raises
    ------
    OfframpError
        If pseudonyms were erased, the log holds keys, and no secret is there to compare them.
    """
    given, digests = list(keys), set(erased.digests)
    hidden = any(digest.startswith(OF_PSEUDONYM) for digest in digests)
    if hidden and not pseudonym.hides and not all(map(is_pseudonym, given)):
        raise OfframpError(
            "The list of erased customers holds pseudonyms, and the log holds keys: whom to leave "
            f"out cannot be known. Set {KEY} to the secret that `offramp serve` has."
        )
    return {
        key
        for key in given
        if not digests.isdisjoint({digest_of(erased.salt, one) for one in (key, pseudonym(key))})
    }
