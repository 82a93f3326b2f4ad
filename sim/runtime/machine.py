"""The kind of machine, as far as the last bit of a computed number may depend on it.

Numba is imported where it is asked, because it takes half a second to load.
"""

from __future__ import annotations

import platform
from functools import cache


@cache
def kind_of_machine() -> str:
    """The processor family, whether it has fused multiply-add, and the C library: ``"x86_64 fma glibc-2.36"``.

    The model uses exp, log and pow of the C library, which has different versions of them for processors with and
    without fused multiply-add. Some results differ in the last bit.
    """
    import numba

    parts = [platform.machine() or "unknown", "fma" if fuses() else "no-fma", libm()]
    settings = (numba.config.CPU_NAME, numba.config.CPU_FEATURES)
    return " ".join([*parts, *(str(setting) for setting in settings if setting)])


def processor() -> str:
    """The compiler's name for the processor, such as ``"znver4"`` or ``"skylake-avx512"``."""
    from llvmlite import binding

    return str(binding.get_host_cpu_name())


def fuses() -> bool:
    """Whether the processor has fused multiply-add, which rounds once."""
    if platform.machine().lower() in ("arm64", "aarch64"):
        return True
    from llvmlite import binding

    return bool(binding.get_host_cpu_features().get("fma", False))


def libm() -> str:
    """The C library that provides the mathematical functions, with its version."""
    name, version = platform.libc_ver()
    if name:
        return f"{name}-{version}"
    return f"{platform.system().lower()}-{platform.mac_ver()[0] or platform.release()}"
