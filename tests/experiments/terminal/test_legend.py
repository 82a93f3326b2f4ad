"""Arms have the labels and colours of their strategies wherever they are listed."""

from __future__ import annotations

import re

import sim
from experiments.figures import GREY
from experiments.terminal.legend import ADDED, LARGE, SMALL, Legend, _contrast, readable

GIFTS = {"whom": "ties", "what": "note", "session_minutes": 15.0, "label": "Birthday gifts", "colour": "#123abc"}


def test_names_stand_for_themselves_without_rows() -> None:
    legend = Legend()
    assert legend.label("handwritten_notes") == "handwritten notes"
    assert legend.colour("handwritten_notes") is None
    assert legend.notes(["wait", "check_in"]) == []


def test_labels_and_colours_are_those_of_the_rows() -> None:
    legend = Legend(sim.Parameters(strategies={"gifts": GIFTS}).strategies)
    assert legend.label("gifts") == "Birthday gifts"
    assert legend.label("gifts 0.5 + check_in 0.5") == "Birthday gifts 0.5 + check in 0.5"
    assert legend.label("gifts, effort_minutes=60") == "Birthday gifts, effort minutes=60"
    assert legend.colour("gifts") == legend.colour("gifts, effort_minutes 60") == "#123abc"
    assert legend.colour("gifts 0.5 + check_in 0.5") is None
    assert legend.colour("check_in") is None


def test_levels_of_a_rows_field_have_its_label_and_not_their_path() -> None:
    legend = Legend(
        sim.Parameters(strategies={"gifts": {**GIFTS, "whom": "ties, silent for {days} days", "days": 9}}).strategies
    )
    assert legend.label("strategies.gifts.days=30") == "Birthday gifts: days=30"
    assert legend.label("parameters.strategies.check_in.message_share=0.3") == "check in: message share=0.3"
    assert legend.label("wait, gestures.voice_memo.minutes=2") == "wait, voice memo: minutes=2"
    assert legend.label("world.people=30") == "world.people=30"


def test_colours_on_white_can_be_seen_on_it() -> None:
    legend = Legend(
        {name: {"colour": colour} for name, colour in (("a", "#ffffff"), ("b", "#fefeaa"), ("c", "#123abc"))}
    )
    for name in "ab":
        own = legend.on_white(name)
        assert own is not None
        assert _contrast(own, "#ffffff") >= LARGE
    assert legend.on_white("c") == "#123abc"
    assert _contrast(legend.on_white("a") or "", GREY) > LARGE, "grey has a meaning in figures"
    assert legend.on_white("wait") is None


def test_a_stored_configuration_gives_the_same_legend_as_its_parameters() -> None:
    parameters = sim.Parameters(strategies={"gifts": GIFTS, "letters": {**GIFTS, "label": "", "colour": ""}})
    stored = Legend.of_configs([{"parameters": parameters.model_dump(mode="json")}])
    assert (stored.labels, stored.colours) == (
        Legend(parameters.strategies).labels,
        Legend(parameters.strategies).colours,
    )


def test_a_configuration_of_an_earlier_version_has_no_strategies() -> None:
    assert Legend.of_configs([{"name": "old"}, {"parameters": {"ease": 1.0}}]).labels == {}


def test_of_two_configurations_the_first_one_counts() -> None:
    one, other = ({"parameters": {"strategies": {"gifts": {"label": label}}}} for label in ("One", "Other"))
    assert Legend.of_configs([one, other]).label("gifts") == "One"


def test_a_shipped_strategy_can_get_a_label_and_a_colour() -> None:
    legend = Legend(sim.Parameters(strategies={"check_in": {"label": "Phone", "colour": "#00aa00"}}).strategies)
    assert (legend.label("check_in"), legend.colour("check_in")) == ("Phone", "#00aa00")


def test_added_strategies_have_distinct_colours_that_depend_on_names_and_earlier_rows_only() -> None:
    names = [f"added_{number}" for number in range(len(ADDED))]
    colours = Legend({name: {} for name in names}).colours
    assert sorted(colours.values()) == sorted(ADDED)
    assert Legend({name: {} for name in [*names, "one_more"]}).colours.items() >= colours.items()
    assert Legend({names[0]: {}}).colour(names[0]) == colours[names[0]]


def test_a_colour_of_the_users_is_not_given_to_another_strategy() -> None:
    free = Legend({"gifts": {}}).colours["gifts"]
    legend = Legend({"mine": {"colour": free.lower()}, "gifts": {}})
    assert legend.colour("gifts") != free


def test_two_strategies_with_one_label_are_told_apart() -> None:
    legend = Legend(
        {"gifts": {"label": "Check in"}, "check_in": {}, "one": {"label": "same"}, "two": {"label": "Same"}}
    )
    assert [legend.label(name) for name in ("gifts", "check_in", "one", "two")] == [
        "Check in (gifts)", "check in", "same (one)", "Same (two)",
    ]  # fmt: skip


def test_a_note_says_what_labels_stand_for() -> None:
    legend = Legend({"gifts": {"label": "Birthday gifts"}, "plain_name": {}})
    assert legend.notes(["wait", "gifts 0.5 + check_in 0.5", "plain_name"]) == ["Labels: gifts is “Birthday gifts”."]


def test_every_colour_can_be_seen_on_white_and_on_night() -> None:
    for colour in (*ADDED, "#000000", "#ffffff", "#0d1320"):
        for background in ("#ffffff", "#0d1320"):
            seen, small = readable(colour, background), readable(colour, background, SMALL)
            assert re.fullmatch("#[0-9a-fA-F]{6}", seen)
            assert _contrast(seen, background) >= LARGE, (colour, background, seen)
            assert _contrast(small, background) >= SMALL, (colour, background, small)
    assert readable("#7cc4f5", "#0d1320") == "#7cc4f5"
