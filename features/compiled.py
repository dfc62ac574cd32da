"""How functions are compiled, and when they are compiled anew.

Nothing is allocated in compiled code, so nothing needs numba's reference counts (nrt); without them
the fold takes a third of the time.  What is inlined
is compiled with its caller, what is called is not.

numba's disk cache looks at the file of the function it keeps, not at those it calls.  It also looks
at the numbers that a function closes over: `SOURCES` changes with any file of this room.
"""

import zlib
from pathlib import Path
from typing import Any

from numba import config, njit, types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array

inlined = njit(nogil=True, _nrt=False, forceinline=True)
called = njit(nogil=True, _nrt=False)
compiled = njit(cache=True, nogil=True, _nrt=False)


def sources_beside(file: str) -> int:
    """Return a number that changes with any file of the room in which a file stands."""
    room = sorted(Path(file).parent.glob("*.py"))
    return zlib.crc32(b"".join(path.read_bytes() for path in room))


SOURCES = sources_beside(__file__)


def _slice(values: Any, start: int, length: int) -> Any:
    return values[start : start + length]


def _view(_typing: Any, values: Any, start: Any, length: Any) -> Any:  # noqa: ARG001 - typed by numba
    """Compile a slice that trusts its bounds, which are the plan's.

    numba's own corrects negative, swapped and too far bounds, a sixth of the fold's time.
    """

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        whole = make_array(signature.args[0])(context, builder, arguments[0])
        part = make_array(signature.return_type)(context, builder)
        populate_array(
            part,
            data=builder.gep(whole.data, [arguments[1]]),
            shape=[arguments[2]],
            strides=[whole.itemsize],
            itemsize=whole.itemsize,
            meminfo=whole.meminfo,
            parent=whole.parent,
        )
        return part._getvalue()

    return values(values, types.int64, types.int64), build


# Both give ``values[start : start + length]``; without the compiler there is only the slice.
view = _slice if config.DISABLE_JIT else intrinsic(_view)
