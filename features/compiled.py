"""How functions are compiled, and when they are compiled anew.

Nothing is allocated in compiled code, so nothing needs numba's reference counts (nrt); without them
the fold takes a third of the time.  What is inlined
is compiled with its caller, what is called is not.

numba's disk cache looks at the file of the function it keeps, not at those it calls.  It also looks
at the numbers that a function closes over: `SOURCES` changes with any file of this room.
"""

import zlib
from pathlib import Path

from numba import njit

inlined = njit(nogil=True, _nrt=False, forceinline=True)
called = njit(nogil=True, _nrt=False)
compiled = njit(cache=True, nogil=True, _nrt=False)

SOURCES = zlib.crc32(
    b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
)
