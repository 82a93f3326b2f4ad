"""What kind of machine this is, as far as the last bit of a computed number may depend on it."""

from __future__ import annotations

import platform
from functools import cache

import numba
from llvmlite import binding


@cache
def kind_of_machine() -> str:
    """Processor family, whether it fuses multiplication and addition, and the C library: ``"x86_64 fma glibc-2.36"``.

    The model's exp, log and powers come from the C library, which has one form of them for processors that fuse and
    another for those that do not. They differ in the last bit of some values.
    """
    parts = [platform.machine() or "unknown", "fma" if fuses() else "no-fma", libm()]
    asked = (numba.config.CPU_NAME, numba.config.CPU_FEATURES)
    return " ".join([*parts, *(str(one) for one in asked if one)])


def processor() -> str:
    """What the compiler calls the processor, such as ``"znver4"`` or ``"skylake-avx512"``."""
    return str(binding.get_host_cpu_name())


def fuses() -> bool:
    """Whether the processor multiplies and adds in one step, with one rounding."""
    if platform.machine().lower() in ("arm64", "aarch64"):
        return True
    return bool(binding.get_host_cpu_features().get("fma", False))


def libm() -> str:
    """The C library whose mathematics is used, with its version."""
    name, version = platform.libc_ver()
    if name:
        return f"{name}-{version}"
    return f"{platform.system().lower()}-{platform.mac_ver()[0] or platform.release()}"
