"""What kind of machine this is: the same for as long as it stays the same, another where bits might differ."""

from __future__ import annotations

from collections.abc import Callable

import numba
import pytest
from llvmlite import binding

from sim.runtime import machine
from sim.runtime.machine import kind_of_machine

FUSES = machine.fuses()


def fresh() -> str:
    return kind_of_machine.__wrapped__()


CHANGES: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "another family": lambda patch: patch.setattr(machine.platform, "machine", lambda: "riscv64"),
    "no fused multiplication": lambda patch: patch.setattr(machine, "fuses", lambda: not FUSES),
    "another C library": lambda patch: patch.setattr(machine.platform, "libc_ver", lambda: ("glibc", "2.17")),
    "no C library that tells": lambda patch: patch.setattr(machine.platform, "libc_ver", lambda: ("", "")),
    "compiled for another processor": lambda patch: patch.setattr(numba.config, "CPU_NAME", "generic"),
    "compiled without features": lambda patch: patch.setattr(numba.config, "CPU_FEATURES", "-fma"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_may_change_a_bit_makes_another_kind(monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    here = fresh()
    assert fresh() == here == kind_of_machine()
    CHANGES[change](monkeypatch)
    assert fresh() != here


@pytest.mark.parametrize(
    ("name", "features", "expected"),
    [("x86_64", {"fma": True}, True), ("x86_64", {"fma": False}, False), ("x86_64", {}, False), ("arm64", {}, True)],
)
def test_who_fuses(monkeypatch: pytest.MonkeyPatch, name: str, features: dict[str, bool], expected: bool) -> None:
    monkeypatch.setattr(machine.platform, "machine", lambda: name)
    monkeypatch.setattr(binding, "get_host_cpu_features", lambda: features)
    assert machine.fuses() == expected
