"""Whether the GPU engine compiles and assembles, on a machine without a GPU.

    python -m verification.card [--capability 9.0]

You need the packages of the extra `gpu`, and nvidia-cuda-nvcc for the assembler. The script prints the number of
registers per thread of each kernel, and fails if a kernel does not compile or assemble.
"""

from __future__ import annotations

import argparse
import inspect
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numba import cuda

from sim.gpu import core as gpu
from sim.model.parameters import SETTINGS
from sim.runtime.installation import install_command
from sim.state.population import ACTIVITY, PERSON, TIE

STATE: dict[str, Any] = {
    "settings": SETTINGS,
    "people": PERSON,
    "showable": np.bool_,
    "activity": ACTIVITY,
    "ties": TIE,
    "contact_ids": np.int32,
    "weight_bounds": np.float32,
    "empty_tie": TIE,
    "community_first": np.int64,
    "community_people": np.int32,
}
TWO_DIMENSIONAL = ("heads", "links", "pairs")


def kernels() -> Iterator[tuple[str, Any]]:
    """Yield each kernel with its name: the functions that use their position in the grid."""
    for name, function in vars(gpu).items():
        if hasattr(function, "py_func") and "cuda.grid" in inspect.getsource(function.py_func):
            yield name, function.py_func


def types_of_arguments() -> dict[str, Any]:
    """The type of each argument by name; an argument has the same name in every kernel."""
    from numba.cuda.np.numpy_support import from_dtype  # part of numba-cuda, but not of the simulator

    def array(name: str, dtype: Any) -> Any:
        dimensions = 2 if name in TWO_DIMENSIONAL else 1
        return cuda.types.Array(from_dtype(np.dtype(dtype)), dimensions, "C", aligned=True)

    state = cuda.types.NamedTuple([array(name, STATE[name]) for name in gpu.GpuState._fields], gpu.GpuState)
    scratch = cuda.types.Tuple([array("", buffer.dtype) for buffer in gpu._new_scratch(1)])
    buffers = [array(name, gpu.BUFFERS[name]) if name in gpu.BUFFERS else scratch for name in gpu.DayBuffers._fields]
    pool = cuda.types.Tuple([array(name, STATE[name]) for name in gpu.POOL])
    day, seed = cuda.types.int64, cuda.types.uint64
    return {
        "state": state,
        "buffers": cuda.types.NamedTuple(buffers, gpu.DayBuffers),
        "pool": pool,
        "seed": seed,
        **dict.fromkeys(("day", "arriving", "left_over"), day),
    }


def pretend(capability: tuple[int, int]) -> None:
    """Make Numba believe that there is a GPU with this compute capability."""
    import numba.cuda.compiler
    import numba.cuda.dispatcher

    for module in (numba.cuda.compiler, numba.cuda.dispatcher):
        module.get_current_device = lambda: SimpleNamespace(compute_capability=capability)
    cuda.is_available = lambda: True
    gpu._empty = np.empty  # only the types matter


def capability_of(text: str) -> tuple[int, int]:
    """A compute capability such as ``"9.0"`` as two numbers."""
    match = re.fullmatch(r"(\d+)\.(\d)", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a compute capability such as 9.0 (H100)")
    return int(match[1]), int(match[2])


def find_assembler() -> str:
    """The path of the assembler; exits if it or the package numba-cuda is missing."""
    if find_spec("numba_cuda") is None:
        raise SystemExit(f"The package numba-cuda is not installed. To install it: {install_command('gpu')}")
    packaged = next(Path(sysconfig.get_path("purelib")).glob("nvidia/*/bin/ptxas"), None)
    path = str(packaged) if packaged else shutil.which("ptxas")
    if path is None:
        raise SystemExit("The assembler ptxas was not found. To install it: pip install nvidia-cuda-nvcc")
    return path


def registers(assembler: str, name: str, text: str, capability: tuple[int, int], folder: Path) -> int:
    """Assemble a kernel; returns its number of registers per thread."""
    (folder / name).write_text(text, encoding="utf-8")
    target = f"-arch=sm_{capability[0]}{capability[1]}"
    done = subprocess.run(
        [assembler, target, "-v", str(folder / name), "-o", str(folder / "out")],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"The kernel {name} cannot be assembled: {done.stderr[:300]}")
    return int(re.findall(r"Used (\d+) registers", done.stderr)[0])


def main(arguments: list[str]) -> None:
    """Compile, assemble, print."""
    parser = argparse.ArgumentParser(prog="python -m verification.card")
    parser.add_argument(
        "--capability", type=capability_of, default="9.0", help="compute capability of the GPU; 9.0 is an H100"
    )
    capability = parser.parse_args(arguments).capability
    assembler = find_assembler()
    pretend(capability)
    gpu._compile_for_gpu()
    kinds = types_of_arguments()
    with tempfile.TemporaryDirectory() as folder:
        for name, function in kernels():
            signature = cuda.types.void(*(kinds[argument] for argument in inspect.signature(function).parameters))
            text, _ = cuda.compile_ptx(function, signature, cc=capability)
            print(f"{name[1:]:16}{registers(assembler, name, text, capability, Path(folder)):4} registers", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
