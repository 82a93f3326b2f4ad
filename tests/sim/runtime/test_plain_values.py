"""Plain values survive, to the bit; nothing else is written or read."""

from __future__ import annotations

import os
import pickle
from collections import Counter, defaultdict, deque
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from sim.runtime.plain_values import NotPlainError, plain_bytes, plain_value
from sim.state.population import GESTURE

keys = st.integers() | st.text() | st.booleans() | st.none()
values = st.recursive(
    keys | st.floats(allow_nan=False) | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(keys, inner) | st.tuples(inner, inner) | st.frozensets(keys),
    max_leaves=20,
)


@given(values)
def test_python_values_survive(value: Any) -> None:
    back = plain_value(plain_bytes(value))
    assert back == value
    assert type(back) is type(value)


@given(
    nps.arrays(
        st.sampled_from(["?", "u1", "i4", "i8", "f4", "f8", "c16", "U3", "S2", "i4,f8"]),
        nps.array_shapes(min_dims=0, min_side=0),
    )
)
def test_arrays_survive(array: np.ndarray) -> None:
    back = plain_value(plain_bytes(array))
    assert (back.dtype, back.shape, back.tobytes()) == (array.dtype, array.shape, array.tobytes())


@pytest.mark.parametrize(
    "value",
    [Counter("abca"), deque([1, 2], maxlen=3), {1, "a"}, np.float32(0.1), np.int64(3), np.bool_(True), range(3)],
)
def test_containers_and_numbers_of_numpy_survive(value: Any) -> None:
    assert plain_value(plain_bytes({"x": value}))["x"] == value


def test_a_dict_with_a_default_keeps_it() -> None:
    counts = plain_value(plain_bytes(defaultdict(int, a=1)))
    counts["b"] += 2
    assert counts == {"a": 1, "b": 2}


def test_gestures_survive() -> None:
    rows = np.ones(3, GESTURE)
    assert (plain_value(plain_bytes([rows[1:], rows]))[0] == rows[1:]).all()


@pytest.mark.parametrize("value", [Path("a"), os.getcwd, lambda: 1, ValueError("x"), np.array([Path("a")], object)])
def test_anything_else_is_not_written(value: Any) -> None:
    with pytest.raises(NotPlainError):
        plain_bytes({"x": value})


class Runs:
    """Runs a command when it is unpickled in the ordinary way."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("made",)


def test_nothing_is_run_by_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    content = pickle.dumps(Runs())
    with pytest.raises(NotPlainError, match=r"posix\.mkdir is not a plain value"):
        plain_value(content)
    assert not Path("made").exists()
    pickle.loads(content)
    assert Path("made").exists()  # so the test could fail


@given(st.binary(max_size=60))
def test_damaged_bytes_are_refused_or_plain(content: bytes) -> None:
    with suppress(NotPlainError):
        plain_value(content)
