"""A transport that writes an answer at once: its head and its body in one packet, by one call.

uvicorn writes the head, then the body; each write is a call of the system and wakes the caller up,
who can do nothing with the head alone.
"""

from asyncio import AbstractEventLoop, Transport
from typing import Any

_MOST_HELD = 64 * 1024


class Gathered(Transport):
    """Hands on what was written within one turn of the event loop, at its end, in one piece.

    What is much is handed on at once, so that the transport can say when it has had enough.
    """

    def __init__(self, transport: Transport, loop: AbstractEventLoop) -> None:
        super().__init__()
        self._transport, self._loop = transport, loop
        self._held: list[bytes] = []
        self._bytes = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write soon, in the order given."""
        if not self._held:
            self._loop.call_soon(self._hand_on)
        self._held.append(bytes(data))
        self._bytes += len(data)
        if self._bytes > _MOST_HELD:
            self._hand_on()

    def close(self) -> None:
        """Write what is held, and close once it has gone."""
        self._hand_on()
        self._transport.close()

    def abort(self) -> None:
        """Close at once; what is held is lost."""
        self._transport.abort()

    def is_closing(self) -> bool:
        """Whether it is closed or will be."""
        return self._transport.is_closing()

    def pause_reading(self) -> None:
        """Read nothing for now."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what the transport knows of itself."""
        return self._transport.get_extra_info(name, default)

    def _hand_on(self) -> None:
        held, self._held, self._bytes = self._held, [], 0
        if held and not self._transport.is_closing():
            self._transport.write(b"".join(held))
