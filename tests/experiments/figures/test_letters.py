"""Names of users in figures: no mathematics, no boxes, no warning, no end of the page."""

from __future__ import annotations

import unicodedata
import warnings
from pathlib import Path

import matplotlib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image

from experiments.figures import STYLE, letters, save
from experiments.figures.contact_log import words
from experiments.figures.letters import drawable, make_drawable
from experiments.provenance import environment

ODD = [
    "a$^$b",
    "pay$roll$x",
    "$\\frac{1}{",
    "_x^2",
    "中文日志",
    "😀 smile",
    "مرحبا",
    "\ufffe\x1b",
    "x" * 300,
    "\n",
    "\udce9",
]


@pytest.mark.parametrize("name", ODD)
def test_any_name_can_be_drawn_and_saved_without_a_warning(name: str, tmp_path: Path) -> None:
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = Figure(figsize=(4, 2))
        axes = figure.subplots()
        axes.set_title(drawable(name))
        axes.set_xlabel(name.replace("\udce9", ""))  # as it would be if somebody forgot
        axes.set_yticks([0, 1], [words(name), "y"])
        paths = save(figure, tmp_path, "odd", {"run_hash": "0", "log": name})
    assert all(path.stat().st_size > 1_000 for path in paths)
    assert axes.get_title() == drawable(name)
    assert not axes.title.get_parse_math()


@settings(max_examples=200)
@given(name=st.text(min_size=1, max_size=80))
def test_a_drawable_name_is_one_line_of_letters_that_are_there(name: str) -> None:
    said = drawable(name, 30)
    assert len(said) <= 30
    assert "\n" not in said
    assert not any(unicodedata.category(one) in ("Cc", "Cs", "Cn") for one in said)
    assert letters._legible(said) == said


def test_what_the_font_has_stays_as_it_is() -> None:
    """So figures without odd names are the same to the byte as they were."""
    text = Figure().text(0, 0, "Zoë – “größer” ± ½ × мир ελλάδα مرحبا\n2 lines")
    before, family = text.get_text(), text.get_fontfamily()
    make_drawable(text)
    assert (text.get_text(), text.get_fontfamily()) == (before, family)


def test_a_font_of_the_system_is_preferred_to_an_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    letters._fonts_for.cache_clear()
    real = letters._letters
    monkeypatch.setattr(letters, "_installed", lambda: (("Some Kanji", "kanji.ttf"),))
    monkeypatch.setattr(letters, "_path", lambda font: "kanji.ttf" if font == "Some Kanji" else DEJAVU)
    monkeypatch.setattr(letters, "_letters", lambda path: frozenset("日本") if path == "kanji.ttf" else real(path))
    text = Figure().text(0, 0, "日本 中")
    make_drawable(text)
    letters._fonts_for.cache_clear()
    assert text.get_text() == r"日本 \u4e2d"
    assert text.get_fontfamily() == ["DejaVu Sans", "Some Kanji"]


DEJAVU = letters._path(letters.FONT)


def test_a_long_name_keeps_both_ends() -> None:
    said = drawable(f"begin{'x' * 300}end")
    assert (said[:5], said[-3:]) == ("begin", "end")
    assert "…" in said
    assert max(map(len, words("x" * 300).split("\n"))) <= 11


def test_no_figure_says_where_its_maker_lives(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = [
        f"{home}/mine.toml",
        f"{home}/desk/log.csv",
        "--results",
        f"{home}/out",
        "--set",
        f"world.log={home}/a b.csv",
    ]
    monkeypatch.setattr("sys.argv", ["rekindle", "sweep", *given])
    origin = {"run_hash": "0", "config": {"world": {"log": f"{home}/wall.csv"}}, **environment()}
    for path in save(Figure(), Path("figures"), "x", origin):
        assert home.name.encode() not in path.read_bytes(), path
    said = Image.open("figures/x.png").info["Description"]
    assert "~/wall.csv" in said
    assert origin["command"] == (
        """rekindle sweep ~/mine.toml log.csv --results ~/out --set world.log="$HOME"/'a b.csv'"""
    )
