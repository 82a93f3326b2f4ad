"""Are numbers and worlds the same to the last bit without fused multiply-add, and with other vector instructions?

    python -m verification.last_bits

The same program runs several times: on the machine as it is; with the C library's functions for processors without
fused multiply-add; with NumPy's plain loops; with those of OpenBLAS, which helps to fit the memory kernel; and with
code that Numba compiles for any processor of the family. The script prints how many of a million values differ in
their last bits, and whether the worlds and measures of twelve runs do. It needs x86-64 Linux with glibc.
"""

from __future__ import annotations

import hashlib
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

VARIANTS = {
    "as the machine is": {},
    "glibc without FMA": {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-AVX2,-FMA4,-AVX512F"},
    "NumPy without AVX2 and AVX-512": {
        "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX2 FMA3"
    },
    "OpenBLAS without AVX": {"OPENBLAS_CORETYPE": "Nehalem"},
    "Numba for any x86-64": {"NUMBA_CPU_NAME": "generic"},
}
FUNCTIONS = ("exp(x)", "log(u)", "2**x", "u**y", "cos(2 pi u)", "x*u + x")


@njit
def compiled(x: Any, u: Any) -> Any:
    """The functions that the model uses, as Numba compiles them, shape (functions, values)."""
    out = np.empty((6, len(x)))
    for k in range(len(x)):
        out[0, k], out[1, k], out[2, k] = math.exp(x[k]), math.log(u[k]), 2.0 ** x[k]
        out[3, k], out[4, k] = u[k] ** (1.0 + abs(x[k])), math.cos(2.0 * math.pi * u[k])
        out[5, k] = x[k] * u[k] + x[k]
    return out


def worlds() -> list[str]:
    """Digests of worlds and measures after runs of two strategies in six worlds."""
    import sim

    digests = []
    for seed in range(6):
        world = sim.worlds.generated(people=400, burn_in_years=0.3, seed=seed, cache=False)
        for strategy in ("check_in", "host_event"):
            run = sim.simulate(world, days=120, strategy=strategy, adopters=40, seed=seed)
            digest = hashlib.sha256(repr(sorted(run.measures.scalars.items())).encode())
            for name in run.world.ARRAYS:
                for column in (array := getattr(run.world, name)).dtype.names:
                    digest.update(np.ascontiguousarray(array[column]).data)
            digests.append(digest.hexdigest())
    return digests


def compute(path: str) -> None:
    """Write the numbers and digests of one variant to a file."""
    draw = np.random.default_rng(1)
    x, u = draw.uniform(-20, 5, 1_000_000), draw.uniform(0, 1, 1_000_000)
    of_numpy = np.stack([np.exp(x), np.log(u), 2.0**x, u ** (1.0 + abs(x)), np.cos(2.0 * np.pi * u), x * u + x])
    np.savez(path, compiled=compiled(x, u), numpy=of_numpy, worlds=worlds())


def main() -> bool:
    """Compute every variant and print the differences; returns whether all worlds are the same."""
    results = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name, settings in VARIANTS.items():
            path = str(Path(scratch, f"{len(results)}.npz"))
            command = [sys.executable, "-m", "verification.last_bits", path]
            subprocess.run(command, env={**os.environ, **settings}, check=True)
            with np.load(path) as arrays:
                results[name] = dict(arrays)
    first = results["as the machine is"]
    same = True
    for variant_name, variant in list(results.items())[1:]:
        same &= bool((variant["worlds"] == first["worlds"]).all())
        runs_differ = (variant["worlds"] != first["worlds"]).sum()
        print(f"{variant_name}: {runs_differ} of {len(first['worlds'])} runs differ")
        for source in ("compiled", "numpy"):
            steps = np.abs(variant[source].view(np.int64) - first[source].view(np.int64))
            differing = [f"{name} {(row > 0).sum():,}" for name, row in zip(FUNCTIONS, steps, strict=True) if row.any()]
            print(f"    {source}, different values: {', '.join(differing) or 'none'}; at most {steps.max()} last bits")
    return same


if __name__ == "__main__":
    if sys.argv[1:]:
        compute(sys.argv[1])
    else:
        sys.exit(0 if main() else 1)
