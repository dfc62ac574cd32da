"""Hold-out: customers of a list who are not to be approached, so that its good can be measured.

Chosen by a keyed hash of customer and audience: the same customer is held out today and tomorrow,
whatever their score and whoever else is on the list, and in another audience it is others. A larger
share holds out the same customers and more.
"""

import hashlib
from collections.abc import Iterable

import numpy as np

from journeys.errors import OfframpError
from rootcause.last_known import Flags

_LARGEST_SHARE = 0.5


def held_out_of(customers: Iterable[str], audience: str, share: float) -> Flags:
    """Return which customers an audience holds out, shape (n,).

    Raises
    ------
    OfframpError
        If the share is not between 0 and one half.
    """
    if not 0.0 <= share <= _LARGEST_SHARE:
        raise OfframpError(
            f"A hold-out of {share:g} is no share from 0 to {_LARGEST_SHARE}; "
            "write --hold-out 0.1 to approach nine customers in ten."
        )
    key = hashlib.blake2b(audience.encode(), digest_size=32).digest()
    places = [
        int.from_bytes(hashlib.blake2b(str(each).encode(), key=key, digest_size=8).digest())
        for each in customers
    ]
    return np.array(places, dtype=np.float64) / 2.0**64 < share
