"""Pseudonyms: what a customer is called inside, so that nobody's key is ever kept.

At the door a customer's key becomes an HMAC of it.  Without the secret nobody can tell whose it is,
not even by trying all the keys there are; with it, everybody's pseudonym is the same every day.
"""

import os
import re
from hmac import digest

from journeys.errors import OfframpError

KEY = "OFFRAMP_PSEUDONYM_KEY"

_LEAST_BYTES = 32
_BYTES = 20
_PSEUDONYM = re.compile(rf"p_[0-9a-f]{{{2 * _BYTES}}}")


class Pseudonym:
    """Turns a customer's key into the name that is kept: ``p_`` and 40 hexadecimal digits.

    It is HMAC-SHA-256, cut to 160 bits.  A pseudonym stays as it is, so that a customer can be
    asked for by it, too: the members of an audience are.  Without a secret every key stays as it
    is.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key

    @classmethod
    def from_environment(cls) -> "Pseudonym":
        """Return the pseudonyms of the secret in ``OFFRAMP_PSEUDONYM_KEY``, if it is set.

        Raises
        ------
        OfframpError
            If the secret is shorter than 32 bytes.
        """
        secret = os.environ.get(KEY, "").encode()
        if not secret:
            return cls()
        if len(secret) < _LEAST_BYTES:
            raise OfframpError(
                f"{KEY} has {len(secret)} bytes; a secret that cannot be guessed has at least "
                f"{_LEAST_BYTES}. Make one, and keep it: `openssl rand -hex 32`."
            )
        return cls(secret)

    @property
    def hides(self) -> bool:
        """Whether there is a secret, so that keys are hidden."""
        return self._key is not None

    def __call__(self, raw: str) -> str:
        """Return what a customer is called inside.

        >>> Pseudonym()("4711")
        '4711'
        >>> len(Pseudonym(bytes(32))("4711"))
        42
        """
        if self._key is None or is_pseudonym(raw):
            return raw
        return "p_" + digest(self._key, raw.encode(errors="surrogatepass"), "sha256")[:_BYTES].hex()

    def answered(self, raw: str | int) -> str | int:
        """Return what a caller is answered whom a prediction is about; a number stays one."""
        return raw if self._key is None else self(str(raw))


def is_pseudonym(key: str) -> bool:
    """Return whether a key has the form of a pseudonym."""
    return _PSEUDONYM.fullmatch(key) is not None
