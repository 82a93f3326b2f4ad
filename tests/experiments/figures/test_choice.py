"""Each kind of design gives its picture, and roles that are asked for are kept."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.figures.choice import DAY, MOST_PANELS, STRATEGY, ChoiceError, Picture, Varied, fitting


def varied(*groups: str, levels: int = 4, words: str = "strategy row kind", **others: object) -> Varied:
    """A sweep with a direction for each text, which lists the factors that change together."""
    directions = tuple(tuple(group.split()) for group in groups)
    names = [name for group in directions for name in group]
    numeric = frozenset(name for name in names if name not in words.split())
    return replace(Varied(directions, dict.fromkeys(names, levels), numeric), **others)  # type: ignore[arg-type]


def drawn(*names: str, method: str) -> Varied:
    return Varied((), dict.fromkeys(names, 40), frozenset(names), names, method)


@pytest.mark.parametrize(
    ("design", "picture"),
    [
        (varied("ease"), Picture("lines", "ease")),
        (varied("strategy", "ease"), Picture("lines", "ease", colour="strategy")),
        (varied("ease", "row a b"), Picture("lines", "ease", colour="row")),
        (varied("ease", "mind"), Picture("map", "ease", "mind")),
        (varied("strategy", "ease", "mind"), Picture("map", "ease", "mind", panel="strategy")),
        (varied("ease", "mind", levels=2), Picture("lines", "ease", colour="mind")),
        (varied("ease", "mind", "decay"), Picture("map", "ease", "mind", panel="decay")),
        (varied("ease", "mind", "decay", levels=9), Picture("map", "ease", "mind", averaged=("decay",))),
        (varied("ease mind"), Picture("lines", "ease")),
        (varied("row ease mind"), Picture("comparison")),
        (varied("kind"), Picture("comparison")),
        (varied("strategy", "row a"), Picture("comparison")),
        (varied("strategy"), Picture("comparison")),
        (varied("strategy", has_baseline=True), Picture("strategies")),
        (varied("strategy", has_baseline=True, has_series=True), Picture("strategies")),
        (varied(has_series=True), Picture("series", DAY)),
        (drawn("ease", "mind", method="morris"), Picture("indices")),
        (drawn("ease", "mind", method="saltelli"), Picture("indices")),
        (drawn("ease", "mind", method="latin_hypercube"), Picture("cloud")),
        (drawn("ease", method="sobol"), Picture("cloud")),
    ],
)
def test_each_kind_of_design_gives_its_picture(design: Varied, picture: Picture) -> None:
    assert fitting(design) == picture


@pytest.mark.parametrize(
    ("design", "asked", "picture"),
    [
        (varied("strategy", has_series=True), {"x": DAY}, Picture("series", DAY, colour="strategy")),
        (
            varied("strategy", has_series=True),
            {"x": DAY, "panel": "strategy"},
            Picture("series", DAY, panel="strategy"),
        ),
        (varied("ease", "mind"), {"x": "mind"}, Picture("lines", "mind", colour="ease")),
        (varied("ease", "mind"), {"x": "mind", "y": "ease"}, Picture("map", "mind", "ease")),
        (varied("ease", "mind", levels=2), {"y": "mind"}, Picture("map", "ease", "mind")),
        (varied("ease", "mind"), {"colour": "mind"}, Picture("lines", "ease", colour="mind")),
        (varied("ease mind"), {"x": "mind"}, Picture("lines", "mind")),
        (varied("row ease mind"), {"x": "mind"}, Picture("lines", "mind")),
        (varied("strategy", "row a"), {"panel": "row"}, Picture("lines", "strategy", panel="row")),
        (varied("strategy", "kind"), {"x": "kind"}, Picture("lines", "kind", colour="strategy")),
        (drawn("ease", "mind", method="morris"), {"x": "mind"}, Picture("cloud", "mind")),
    ],
)
def test_what_is_asked_for_is_drawn(design: Varied, asked: dict[str, str], picture: Picture) -> None:
    assert fitting(design, asked) == picture


def test_one_outcome_of_strategies_is_a_comparison() -> None:
    assert fitting(varied("strategy", has_baseline=True), measure=True) == Picture("comparison")


@pytest.mark.parametrize(
    ("design", "asked", "said"),
    [
        (varied(), {}, "one arm and saved no days"),
        (varied("ease"), {"x": DAY}, "it saved no days"),
        (varied("ease", has_series=True), {"x": DAY, "y": "ease"}, "--y can only be a measure"),
        (varied("ease", has_series=True), {"panel": DAY}, "only be on the x-axis"),
        (varied("ease", "mind"), {"x": "ease", "y": "ease"}, "--x and --y are both ease"),
        (varied("ease mind", "decay"), {"x": "ease", "colour": "mind"}, "change together"),
        (varied("ease", "kind"), {"y": "kind"}, "needs two factors with levels that are numbers"),
        (varied("ease", "kind"), {"y": "ease"}, "needs two factors with levels that are numbers"),
        (varied("ease", "mind", "kind"), {"x": "kind", "y": "ease"}, "needs two factors"),
        (varied("ease", "mind", "kind"), {"x": "mind", "y": "ease", "colour": "kind"}, "use --panel"),
        (varied("ease", levels=MOST_PANELS + 1), {"panel": "ease"}, "has 9 levels, and a page 8 panels"),
        (varied("ease"), {"colour": "ease"}, "nothing is left for the x-axis"),
        (drawn("ease", method="sobol"), {"panel": "ease"}, "--panel ease has 40 levels"),
        (drawn("ease", "mind", method="sobol"), {"x": "ease", "colour": "mind"}, "has no levels"),
        (drawn("ease", "mind", method="sobol"), {"x": "ease", "y": "mind"}, "needs two factors"),
        (varied("strategy", "ease mind"), {"y": "mind"}, "needs two factors"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_way_out(design: Varied, asked: dict[str, str], said: str) -> None:
    with pytest.raises(ChoiceError, match=said):
        fitting(design, asked)


@given(st.data())
def test_each_direction_is_shown_once_or_averaged(data: st.DataObject) -> None:
    """Whatever was varied and asked for, if it can be drawn."""
    names = data.draw(st.lists(st.sampled_from(["strategy", "row", "a", "b", "c d", "e"]), min_size=1, unique=True))
    levels = {name: data.draw(st.integers(2, 12)) for name in " ".join(names).split()}
    design = replace(varied(*names), levels=levels, has_series=data.draw(st.booleans()))
    roles = ("x", "y", "colour", "panel")
    asked = data.draw(
        st.dictionaries(st.sampled_from(roles), st.sampled_from([*levels, DAY]), max_size=3), label="asked"
    )
    try:
        picture = fitting(design, asked)
    except ChoiceError:
        return
    for role, name in asked.items():
        assert getattr(picture, role) == name
    if picture.kind in ("comparison", "strategies"):
        return
    shown = [name for name in (picture.x, picture.y, picture.colour, picture.panel) if name and name != DAY]
    for group in design.directions:
        assert sum(name in group for name in (*shown, *picture.averaged)) == 1
    assert picture.panel is None or levels[picture.panel] <= MOST_PANELS
    assert picture.y is None or {picture.x, picture.y} <= design.numeric
    assert all(one != other for one, other in itertools.combinations(shown, 2))
    assert STRATEGY not in (picture.y,)
