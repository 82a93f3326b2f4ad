from __future__ import annotations

import pytest

from experiments.config.catalogue import SETTINGS
from experiments.explain import Entry, assumed, close_names, entries, explained, within
from sim.model.gestures import KINDS
from sim.model.outcomes import MEASURES
from sim.model.parameters import Parameters
from sim.model.plausible import NOT_DRAWN, PLAUSIBLE
from sim.model.strategies import NAMES

SCALARS = [name for name, field in Parameters.model_fields.items() if field.annotation in (int, float)]


@pytest.mark.parametrize("name", SCALARS)
def test_every_parameter(name: str) -> None:
    (entry,) = explained(name)
    assert entry.sort == "parameter"
    drawn = "Plausible" if name in PLAUSIBLE else "Not drawn"
    assert list(entry.facts) == ["Value", "Unit", "Range", "Meaning", "Source", "Assumed", drawn, "To set it"]
    assert float(entry.facts["Value"]) == pytest.approx(getattr(Parameters(), name))
    assert " … " in entry.facts["Range"]


@pytest.mark.parametrize("name", KINDS)
def test_every_gesture(name: str) -> None:
    (entry,) = explained(name)
    assert (entry.name, entry.sort) == (f"gestures.{name}", "gesture")
    assert {"rung", "minutes", "noticed", "opens_door", "mass", "answer", "Source", "Assumed"} <= entry.facts.keys()


@pytest.mark.parametrize("name", NAMES)
def test_every_strategy(name: str) -> None:
    (entry,) = explained(name)
    assert entry.sort == "strategy"
    assert {"Meaning", "Essay", "Source", "Assumed"} <= entry.facts.keys()


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure(name: str) -> None:
    (entry,) = explained(name)
    assert entry.facts == {"Unit": MEASURES[name].unit, "Meaning": MEASURES[name].definition}


def test_numbers_of_tables_and_settings() -> None:
    (mass,) = explained("parameters.gestures.note.mass")
    assert (mass.facts["Value"], mass.facts["To set it"]) == ("1.5", "--set gestures.note.mass=1.5")
    (risk,) = explained("ladders.feed_comment")
    assert (risk.facts["Value"], risk.facts["Assumed"]) == ("2.2", "yes: nobody has measured this")
    (people,) = explained("world.people")
    assert people.sort == "setting"


@pytest.mark.parametrize("path", PLAUSIBLE)
def test_every_plausible_range_is_shown_with_its_reason(path: str) -> None:
    (entry,) = explained(path)
    one = PLAUSIBLE[path]
    assert entry.facts["Plausible"].startswith(f"{one.low:g} to {one.high:g}")
    assert entry.facts["Plausible"].endswith(f": {one.reason}")
    assert "Not drawn" not in entry.facts


def test_a_plausible_range_has_the_unit_of_a_quantity() -> None:
    (days,) = explained("openness_half_life")
    assert days.facts["Plausible"].startswith("7 to 60 days: a small favour")
    (share,) = explained("strategies.check_in.message_share")
    assert share.facts["Plausible"].startswith("0.3 to 0.95: people prefer")


def test_numbers_that_are_not_drawn_say_why() -> None:
    for path in ("two_way_days", "gestures.like.mass", "strategies.show_up.overhead_minutes", "ladders.feed_like"):
        (entry,) = explained(path)
        assert entry.facts["Not drawn"] == NOT_DRAWN[path]
        assert "Plausible" not in entry.facts
    for path in ("gestures.like.source", "strategies.check_in.whom", "world.people"):
        assert not {"Plausible", "Not drawn"} & explained(path)[0].facts.keys()


def test_gestures_and_strategies_show_the_ranges_of_their_numbers() -> None:
    (like,) = explained("like")
    assert like.facts["opens_door"].endswith("; plausible: 0 to 1)")
    assert "plausible" not in like.facts["mass"]
    (comment,) = explained("comment")
    assert comment.facts["risk, feed"].endswith("assumed; plausible: 1.2 to 3.2)")
    (check_in,) = explained("check_in")
    assert check_in.facts["message_share"].endswith("; plausible: 0.3 to 0.95)")
    assert check_in.facts["session_minutes"].endswith("; plausible: 5 to 40)")


def test_every_setting_says_what_may_be_written() -> None:
    settings = [entry for entry in entries() if entry.sort == "setting"]
    assert len(settings) > 10
    for entry in settings:
        assert entry.facts.get("Range") or entry.facts.get("Write"), entry.name


def test_a_setting_has_the_meaning_that_its_description_gives() -> None:
    (days,) = explained("run.follow_up_days")
    assert days.facts["Meaning"] == SETTINGS["run", "follow_up_days"].description
    assert all(entry.facts["Meaning"] for entry in entries() if entry.sort in ("setting", "parameter"))
    for path in (("ease",), ("gestures", "note", "mass")):
        (entry,) = explained(".".join(path))
        assert entry.facts["Meaning"] == SETTINGS["parameters", *path].description


def test_strategies_and_adopters_say_what_may_be_written() -> None:
    (strategy,) = explained("run.strategy")
    assert "a mixture such as { check_in = 0.5" in strategy.facts["Write"]
    assert "handwritten_notes" in strategy.facts["Names"]
    (adopters,) = explained("run.adopters")
    assert "a list of ids such as [3, 17]" in adopters.facts["Write"]


def test_assumed_or_not() -> None:
    assert assumed("assumed; sweep").startswith("yes")
    assert assumed("form: Anderson & Schooler 1991; size assumed").startswith("in part")
    assert assumed("Kooti et al. 2015") == "no"


def test_a_table_lists_what_is_in_it() -> None:
    assert {"world.people", "world.seed"} <= {entry.name for entry in within("world")}
    assert {"sweep.sample.method"} <= {entry.name for entry in within("sweep.sample")}
    assert "ease" in {entry.name for entry in within("parameters")}
    assert "ladders.feed_comment" in {entry.name for entry in within("ladders")}
    assert within("worl") == within("") == []


def test_names_made_of_others_are_told_from_those_of_their_own() -> None:
    made = {
        name: explained(name)[0].made for name in ("gestures.note.mass", "everyone_sent", "sent_like", "sent", "ease")
    }
    assert made == {
        "gestures.note.mass": True, "everyone_sent": True, "sent_like": True, "sent": False, "ease": False,
    }  # fmt: skip
    for name in ("ladders.feed_comment", "world.people", "first_answered_1d"):
        assert not explained(name)[0].made


def test_a_gist_has_value_unit_and_meaning_as_far_as_there_are_any() -> None:
    assert Entry("a", "parameter", {"Value": "2", "Unit": "days", "Source": "b", "Meaning": "How long."}).gist == (
        "2 days How long."
    )
    assert Entry("a", "measure", {"Meaning": "How long.", "Assumed": "no"}).gist == "How long."


def test_names_are_distinguished_and_near_ones_found() -> None:
    names = [entry.name for entry in entries()]
    assert len(set(names)) == len(names)
    assert explained("memory") == []
    assert close_names("memory_deca")[0] == "memory_decay"
    assert close_names("qqqq") == close_names("nope") == []
