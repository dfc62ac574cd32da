"""One thread for the linear algebra, for as long as a block lasts."""

from contextlib import AbstractContextManager

from threadpoolctl import threadpool_limits


def one_thread() -> AbstractContextManager[object]:
    """Keep BLAS and OpenMP to one thread inside a ``with`` block.

    Small problems on busy cores took four times as long with two threads as with one.
    """
    limits: AbstractContextManager[object] = threadpool_limits(limits=1)
    return limits
