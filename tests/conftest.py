from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings

from tests.compiled_in_two import in_two

ROOT = Path(__file__).parents[1]  # of the repository
DATA = ROOT.parent / "shared" / "data"  # real contact logs, which may be missing

# The same examples every time, so that a change alone can break the tests. `make explore` looks for new ones.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile("repeatable")


def examples(many: int) -> int:
    """How many examples a costly property gets: all under `make explore`, a third of them where they never change."""
    return many // 3 if settings.default.derandomize else many  # type: ignore[union-attr]


def pytest_configure(config: pytest.Config) -> None:
    """Compile the model once, before the workers of pytest-xdist (and the processes of sweeps) all wait for it."""
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        from experiments.terminal import compiling
        from sim.runtime import fingerprint

        # Tests give each command a cache of its own, but the compiled code is that of all.
        compiled = fingerprint.compiled_folder()
        os.environ.setdefault("NUMBA_CACHE_DIR", str(compiled))
        with pytest.MonkeyPatch.context() as patched:
            work = partial(in_two, compiling._live_a_little, Path(os.environ["NUMBA_CACHE_DIR"]))
            patched.setattr(compiling, "_live_a_little", work)
            compiling.compile_model()
