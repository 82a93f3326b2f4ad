from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from experiments.figures.page import STYLES, Words
from experiments.figures.story import draw, named, placed

DAYS = 61
COLUMNS = ["world", "day", "second", "sender", "receiver", "kind", "worded", "noticed"]


def between(*rows: tuple[str, int, int, str, str]) -> pd.DataFrame:
    told = [
        (world, day, second, sender, "B" if sender == "A" else "A", kind, kind != "like", True)
        for world, day, second, sender, kind in rows
    ]
    return pd.DataFrame(told, columns=COLUMNS)


def drawn(rows: pd.DataFrame) -> Figure:
    return draw(rows, pd.Series(0, index=range(DAYS)), Words("Title", "Subtitle", "Footer"), STYLES["talk"])


@given(st.lists(st.tuples(st.floats(0, 60), st.floats(0.1, 5)), min_size=1, max_size=12))
def test_days_stand_in_order_with_the_room_that_they_take(days: list[tuple[float, float]]) -> None:
    wanted = sorted(day for day, _ in days)
    room = [each for _, each in days]
    found = placed(wanted, room, 61.0)
    ends = [*found[1:], 61.0]
    assert all(begin + takes <= end + 1e-9 for begin, takes, end in zip(found, room, ends, strict=True))
    if found[-1] + room[-1] < 60.9:
        assert all(begin >= day - 1e-9 for begin, day in zip(found, wanted, strict=True)), "nothing comes too early"
    if all(one + takes <= other for one, takes, other in zip(wanted, room, [*wanted[1:], 61.0], strict=True)):
        assert found == pytest.approx(wanted), "where there is room for all, nothing moves"


def test_gestures_of_one_day_stand_together_and_are_named_once() -> None:
    rows = between(
        ("with", 0, 100, "A", "like"),
        ("with", 15, 300, "B", "question"),
        ("with", 15, 301, "A", "question"),
        ("with", 15, 900, "B", "message"),
        ("with", 16, 100, "A", "message"),
        ("without", 30, 100, "A", "note"),
    )
    first, second, _ = (figure := drawn(rows)).axes
    arrows = [text for text in first.texts if isinstance(text, Annotation)]
    at = [float(arrow.xy[0]) for arrow in arrows]
    assert at[:2] == [0, 15]
    assert at == sorted(at)
    gaps = [one - other for one, other in zip(at[1:], at, strict=False)]
    assert max(gaps[1:3]) < gaps[3] / 2, "those of one day are closer to each other than to the next day"
    assert [arrow.xy[1] for arrow in arrows] == [0, 1, 0, 1, 0]
    names = [text.get_text() for text in first.texts if not isinstance(text, Annotation)]
    assert names == ["like", "question × 2\nmessage", "message"]
    assert [text.get_text() for text in second.texts if not isinstance(text, Annotation)] == ["note"]
    plt.close(figure)


@pytest.mark.parametrize(
    ("kinds", "name"), [(["note"], "note"), (["voice_memo"] * 3 + ["like"], "voice memo × 3\nlike")]
)
def test_kinds_of_a_day_are_counted(kinds: list[str], name: str) -> None:
    assert named(between(*[("with", 3, second, "A", kind) for second, kind in enumerate(kinds)])) == name
