"""Prefetching of records that are needed soon. Most of a day's time goes into reading ties that are far apart."""

from __future__ import annotations

from typing import Any

from numba.core import cgutils, types
from numba.core.cpu import CPUContext
from numba.extending import intrinsic

AHEAD = 12  # gestures from prefetch to use; twice as many for people, whose records locate their ties


@intrinsic
def fetch(typing_context: Any, array: Any, index: Any) -> Any:
    """Prefetch an element of an array. It changes nothing, and does nothing on a GPU."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if not isinstance(context, CPUContext):
            return context.get_dummy_value()  # a GPU runs other threads while one waits
        array_type = signature.args[0]
        values = context.make_array(array_type)(context, builder, arguments[0])
        position = context.cast(builder, arguments[1], signature.args[1], types.intp)
        address = cgutils.get_item_pointer(context, builder, array_type, values, [position])
        pointer, number = cgutils.voidptr_t, cgutils.ir.IntType(32)
        name = "llvm.prefetch.p0i8"
        kind = cgutils.ir.FunctionType(cgutils.ir.VoidType(), [pointer, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, kind, name)
        for_reading_and_writing, keep, data = number(1), number(3), number(1)
        builder.call(function, [builder.bitcast(address, pointer), for_reading_and_writing, keep, data])
        return context.get_dummy_value()

    return types.void(array, index), generate
