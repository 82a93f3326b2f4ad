"""Each number of the model has a plausible range or a reason why it isn't drawn, and worlds can have any draw."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sim.model.gestures import GestureRow
from sim.model.parameters import NEW_PARAMETERS, Parameters
from sim.model.plausible import NOT_DRAWN, PLAUSIBLE, Plausible, not_drawn, ranges
from sim.model.strategies import StrategyRow

DEFAULTS = Parameters()
ALL_ASSUMED = "assumed"  # what the ladders say of their numbers


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def numbers_of(table: BaseModel, above: str) -> Iterator[tuple[str, float, str]]:
    """The numbers of a row with their paths and what says whether they are assumed."""
    for name, value in table.model_dump().items():
        if is_number(value):
            field = type(table).model_fields.get(name)
            meaning = field.description or "" if field else ""
            yield f"{above}{name}", value, f"{getattr(table, 'source', ALL_ASSUMED)}; {meaning}"


def shipped() -> Iterator[tuple[str, float, str]]:
    """Every single number of the model: its path, its value, and what says whether it is assumed."""
    for name, field in Parameters.model_fields.items():
        if field.annotation in (int, float):
            assert isinstance(field.json_schema_extra, dict)
            yield name, getattr(DEFAULTS, name), str(field.json_schema_extra["source"])
    for table in ("gestures", "strategies"):
        for name, row in getattr(DEFAULTS, table).items():
            yield from numbers_of(row, f"{table}.{name}.")
    yield from numbers_of(DEFAULTS.ladders, "ladders.")


NUMBERS = {path: (value, source) for path, value, source in shipped()}


def field_of(path: str) -> FieldInfo | None:
    """The field that limits a number; None for own numbers of strategies, which are probabilities."""
    table, _, rest = path.partition(".")
    if not rest:
        return Parameters.model_fields[path]
    models: dict[str, type[BaseModel]] = {"gestures": GestureRow, "strategies": StrategyRow}
    model = models.get(table, type(DEFAULTS.ladders))
    return model.model_fields.get(rest.rpartition(".")[2])


def limits_of(path: str) -> tuple[float, float]:
    field = field_of(path)
    if field is None:
        return 0.0, 1.0
    low = [float(rule.ge) for rule in field.metadata if hasattr(rule, "ge")]
    high = [float(rule.le) for rule in field.metadata if hasattr(rule, "le")]
    return low[0], high[0]


def with_values(values: Mapping[str, float]) -> Parameters:
    """Parameters with these numbers, each by its path."""
    data: dict[str, Any] = {}
    for path, value in values.items():
        *above, last = path.split(".")
        table = data
        for part in above:
            table = table.setdefault(part, {})
        table[last] = value
    return Parameters(**data)


def value_at(parameters: Any, path: str) -> float:
    for part in path.split("."):
        parameters = parameters[part] if isinstance(parameters, dict) else getattr(parameters, part)
    return float(parameters)


def drawn(path: str, u: float) -> float:
    """The value at this share of the range."""
    one = PLAUSIBLE[path]
    value = (
        math.exp(math.log(one.low) * (1 - u) + math.log(one.high) * u) if one.log else one.low * (1 - u) + one.high * u
    )
    value = min(max(value, one.low), one.high)
    return round(value) if isinstance(NUMBERS[path][0], int) else value


def test_there_are_as_many_numbers_as_there_should_be() -> None:
    assert len(NUMBERS) > 220
    assert {path.split(".")[0] for path in NUMBERS if "." in path} == {"gestures", "strategies", "ladders"}
    assert "strategies.check_in.message_share" in NUMBERS
    assert "strategies.handwritten_notes.sessions" in NUMBERS


@pytest.mark.parametrize("path", NUMBERS)
def test_each_number_is_drawn_or_there_is_a_reason(path: str) -> None:
    patterns = [pattern for pattern in NOT_DRAWN if fnmatchcase(path, pattern)]
    assert len(patterns) + (path in PLAUSIBLE) == 1, patterns
    assert not_drawn(path) == (NOT_DRAWN[patterns[0]] if patterns else None)


def test_every_assumed_number_is_among_these() -> None:
    """So that a number that somebody adds without a range or a reason is found by its source alone."""
    assumed = [path for path, (_, source) in NUMBERS.items() if "assumed" in source]
    assert len(assumed) > 180
    assert [path for path in assumed if path not in PLAUSIBLE and not_drawn(path) is None] == []


def test_every_name_and_every_pattern_is_that_of_a_number() -> None:
    assert PLAUSIBLE.keys() - NUMBERS.keys() == set()
    names = {*NUMBERS, *Parameters.model_fields}
    assert [pattern for pattern in NOT_DRAWN if not any(fnmatchcase(name, pattern) for name in names)] == []


@pytest.mark.parametrize(("path", "one"), PLAUSIBLE.items())
def test_a_range_is_within_the_hard_limits_and_around_the_default(path: str, one: Plausible) -> None:
    low, high = limits_of(path)
    assert low <= one.low < one.high <= high
    default = NUMBERS[path][0]
    assert one.low <= default <= one.high
    if default == one.low:
        assert default == max(low, 0), "only a logical limit is both default and end"
    if default == one.high:
        assert default == 1.0, "only a logical limit is both default and end"


@pytest.mark.parametrize(("path", "one"), PLAUSIBLE.items())
def test_whole_numbers_have_whole_ends(path: str, one: Plausible) -> None:
    if isinstance(NUMBERS[path][0], int):
        assert one.low == round(one.low)
        assert one.high == round(one.high)


@pytest.mark.parametrize(("path", "one"), PLAUSIBLE.items())
def test_only_ranges_above_zero_are_drawn_in_the_logarithm(path: str, one: Plausible) -> None:
    assert one.low > 0 or not one.log
    assert one.high / one.low > 1.9 if one.log else True, "a narrow range needs no logarithm"


@pytest.mark.parametrize("reason", [*(one.reason for one in PLAUSIBLE.values()), *NOT_DRAWN.values()])
def test_a_reason_is_one_short_sentence(reason: str) -> None:
    assert 5 <= len(reason) <= 200
    assert not reason.endswith(".")
    assert ". " not in reason.replace("et al. ", "")


CORNERS: dict[str, Callable[[Plausible], float]] = {"low": lambda one: one.low, "high": lambda one: one.high}


@pytest.mark.parametrize("corner", CORNERS)
def test_parameters_can_have_all_ends(corner: str) -> None:
    chosen = {path: CORNERS[corner](one) for path, one in PLAUSIBLE.items()}
    parameters = with_values(chosen)
    assert parameters.playbook  # the rows are read
    assert parameters.packed["closeness_gain"] == chosen["closeness_gain"]
    assert all(value_at(parameters, path) == value for path, value in chosen.items())


@pytest.mark.parametrize("seed", range(200))
def test_parameters_can_have_any_joint_draw(seed: int) -> None:
    random_shares = random.Random(seed)
    chosen = {path: drawn(path, random_shares.random()) for path in PLAUSIBLE}
    parameters = with_values(chosen)
    assert parameters.playbook
    assert all(value_at(parameters, path) == value for path, value in chosen.items())


@settings(max_examples=100)
@given(high=st.fixed_dictionaries({path: st.booleans() for path in PLAUSIBLE}))
def test_parameters_can_have_any_corner(high: dict[str, bool]) -> None:
    chosen = {path: one.high if high[path] else one.low for path, one in PLAUSIBLE.items()}
    parameters = with_values(chosen)
    assert parameters.encounter_known + parameters.encounter_community <= 1
    assert parameters.minutes_low <= parameters.minutes_high


@pytest.mark.parametrize("channel", ["feed", "private", "in_person"])
def test_perceived_risks_keep_their_order_in_most_draws(channel: str) -> None:
    """Of neighbours on a ladder; its order is that of its fields in any case."""
    steps = [name for name in type(DEFAULTS.ladders).model_fields if name.startswith(f"{channel}_")]
    shares = random.Random(1)
    kept = 0
    for _ in range(1_000):
        risks = [drawn(f"ladders.{one}", shares.random()) if f"ladders.{one}" in PLAUSIBLE else 0.0 for one in steps]
        pairs = list(pairwise(risks))
        kept += sum(lower < higher for lower, higher in pairs) / len(pairs) / 1_000
    assert kept > 0.7


@given(leave=st.lists(st.sampled_from(["ladders", "gestures", "gestures.note", "strategies.check_in", *PLAUSIBLE])))
def test_what_is_left_out_and_what_is_below_it(leave: list[str]) -> None:
    found = ranges(leave)
    for path, one in PLAUSIBLE.items():
        parts = path.split(".")
        above = {".".join(parts[: count + 1]) for count in range(len(parts))}
        assert (path in found) == (not above & set(leave))
        assert found.get(path, one) is one


def test_a_name_leaves_out_no_longer_name() -> None:
    """``gestures.note`` is no part of ``gestures.notes``, and ``reticence_sd`` not of ``reticence_sd_of``."""
    assert {"minutes_low", "minutes_high"} <= ranges(["minutes", "gestures.c", "ladders.feed"]).keys()
    assert ranges(["gestures.c", "ladders.feed", "weekly"]) == ranges() == dict(PLAUSIBLE)


def test_ranges_can_be_changed_without_changing_those_of_the_model() -> None:
    found = ranges()
    found.clear()
    assert len(PLAUSIBLE) > 100


def test_closeness_is_drawn_from_none_on_and_other_mechanisms_that_are_off_stay_off() -> None:
    closeness = {name for name in NEW_PARAMETERS if name.startswith("closeness")}
    assert closeness <= PLAUSIBLE.keys()
    assert PLAUSIBLE["closeness_gain"].low == PLAUSIBLE["closeness_meeting"].low == 0
    assert [name for name in NEW_PARAMETERS if name not in closeness and name in PLAUSIBLE] == []


@pytest.mark.parametrize(
    ("path", "hours", "together"), [("closeness_meeting", 2.0, 43.0), ("closeness_gain", 1.0, 50.0)]
)
def test_the_steps_of_closeness_are_those_of_hours_together(path: str, hours: float, together: float) -> None:
    """The upper end gives half of closeness after as many hours as Hall (2019) has for casual friends."""
    meetings = together / hours
    assert 1 - (1 - PLAUSIBLE[path].high) ** meetings == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("path", "low", "high"), [("answer_openness", 1.24, 1.92), ("answer_second", 1.22, 1.70)])
def test_published_intervals_are_taken_as_they_are(path: str, low: float, high: float) -> None:
    one = PLAUSIBLE[path]
    assert (math.exp(one.low), math.exp(one.high)) == (pytest.approx(low, abs=0.005), pytest.approx(high, abs=0.005))
