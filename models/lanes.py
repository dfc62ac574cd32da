"""Eight numbers at once, for compiled code: the vectors that the processor itself adds and divides.

LLVM makes such code of a loop only where it can prove that what is written is not what is read
next; in a walk over places of one array it never can.  So the vectors are a type of their own.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, overload, register_model
from numba.np.arrayobj import make_array

LANES = 8

_DOUBLES = ir.VectorType(ir.DoubleType(), LANES)
_SIGNS = {
    operator.add: "fadd",
    operator.sub: "fsub",
    operator.mul: "fmul",
    operator.truediv: "fdiv",
}


class _Lanes(types.Type):  # type: ignore[misc]  # numba says nothing of its types
    def __init__(self) -> None:
        super().__init__("Lanes")


_LANES = _Lanes()


@register_model(_Lanes)
class _AsVector(models.PrimitiveModel):  # type: ignore[misc]  # the same
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _DOUBLES)


@intrinsic
def lanes_of(_typing: Any, _x: Any) -> Any:
    """Return a number in every lane."""
    return _LANES(types.float64), lambda _, builder, __, given: _spread(builder, given[0])


@intrinsic
def lanes_at(_typing: Any, rows: Any, row: Any) -> Any:
    """Return a row of an array of float64, (…, LANES), contiguous; nobody checks its bounds."""

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        found = builder.load(_place(context, builder, signature, given))
        found.align = 8
        return found

    return _LANES(rows, row), build


@intrinsic
def put_lanes(_typing: Any, rows: Any, row: Any, _lanes: Any) -> Any:
    """Write a row of such an array."""

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        builder.store(given[2], _place(context, builder, signature, given)).align = 8
        return context.get_dummy_value()

    return types.void(rows, row, _LANES), build


def _spread(builder: Any, x: Any) -> Any:
    nothing, index = ir.Constant(_DOUBLES, ir.Undefined), ir.IntType(32)
    one = builder.insert_element(nothing, x, ir.Constant(index, 0))
    everywhere = ir.Constant(ir.VectorType(index, LANES), [0] * LANES)
    return builder.shuffle_vector(one, nothing, everywhere)


def _place(context: Any, builder: Any, signature: Any, given: Any) -> Any:
    kind = signature.args[0]
    if kind.dtype != types.float64 or kind.layout != "C":
        raise TypeError(f"lanes are rows of contiguous float64, not {kind}")
    data = make_array(kind)(context, builder, given[0]).data
    row = context.cast(builder, given[1], signature.args[1], types.int64)
    first = builder.gep(data, [builder.mul(row, ir.Constant(ir.IntType(64), LANES))])
    return builder.bitcast(first, _DOUBLES.as_pointer())


def _signed(name: str) -> Callable[..., Any]:
    """Return a function that numba asks what an operator does with these types."""

    @intrinsic
    def calculated(_typing: Any, x: Any, y: Any) -> Any:
        def build(_context: Any, builder: Any, signature: Any, given: Any) -> Any:
            both = [
                one if kind == _LANES else _spread(builder, one)
                for one, kind in zip(given, signature.args, strict=True)
            ]
            # Contracted: a product that is added may be rounded once instead of twice.
            return getattr(builder, name)(*both, flags=("contract",))

        return _LANES(x, y), build

    def result(x: Any, y: Any) -> Any:
        return calculated(x, y)

    def asked(x: Any, y: Any) -> Any:
        return result if _LANES in (x, y) and {x, y} <= {_LANES, types.float64} else None

    return asked


for _operator, _name in _SIGNS.items():
    overload(_operator)(_signed(_name))
