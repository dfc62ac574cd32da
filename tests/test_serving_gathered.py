"""What is written in one turn of the event loop goes out in one piece, and nothing is lost."""

import asyncio
from asyncio import Transport

from hypothesis import given
from hypothesis import strategies as st

from serving.gathered import Gathered

TURNS = st.lists(st.lists(st.binary(max_size=40), max_size=4), max_size=4)


class Wire(Transport):
    """Keeps every piece that reaches the system."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed
        self.pieces.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


async def written(wire: Wire, turns: list[list[bytes]]) -> None:
    gathered = Gathered(wire, asyncio.get_running_loop())
    for turn in turns:
        for piece in turn:
            gathered.write(piece)
        await asyncio.sleep(0)


@given(TURNS)
def test_each_turn_is_one_piece_and_all_of_it_comes_in_order(turns: list[list[bytes]]) -> None:
    wire = Wire()
    asyncio.run(written(wire, turns))
    assert wire.pieces == [b"".join(turn) for turn in turns if turn]


def test_what_is_held_goes_before_the_connection_is_closed() -> None:
    async def written_and_closed() -> list[bytes]:
        wire = Wire()
        gathered = Gathered(wire, asyncio.get_running_loop())
        gathered.write(b"goodbye")
        gathered.close()
        await asyncio.sleep(0)
        return wire.pieces

    assert asyncio.run(written_and_closed()) == [b"goodbye"]


def test_much_does_not_wait_for_the_end_of_the_turn() -> None:
    async def written_at_once() -> list[bytes]:
        wire = Wire()
        gathered = Gathered(wire, asyncio.get_running_loop())
        gathered.write(b"x" * 100_000)
        return wire.pieces

    assert asyncio.run(written_at_once()) == [b"x" * 100_000]
