"""Strategies, gestures and places of one's own in experiment files: both spellings, every field, and every mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from experiments.config.catalogue import (
    SETTINGS,
    full_name,
    is_whole,
    range_of,
    settings_of,
    short_name,
    value_at,
    written,
)
from experiments.config.errors import ConfigError
from experiments.config.reading import load, place_of, place_of_factor
from experiments.config.rows import AT_THE_TOP, number_field
from experiments.config.settings import Experiment
from experiments.config.toml_text import show
from experiments.sweeps import runner
from experiments.sweeps.design import at, points_of, runs_of
from sim.model.grammar import MEASURED
from sim.model.parameters import Parameters

OWN = """\
[strategies.birthday_calls]
whom = "ties, birthday within {ahead} days"
what = "voice_memo {memos} or call"
session_minutes = 15
ahead = 3
memos = 0.5
gap_days = 30
most_people = 4
[strategies.gym_visits]
place = "gym"
what = "question if a contact and time allows, else hello"
session_minutes = 60.0
overhead_minutes = 10.0
weekdays = ["mon", "thu"]
for_days = 10
then = "birthday_calls"
[strategies.check_in]
message_share = 0.4
sessions = 3
[gestures.voice_memo]
based_on = "message"
minutes = 2.0
[places.gym]
based_on = "hangout"
regulars = 20
attendance = 0.4
every_days = 2
meets = 5
[ladders]
private_voice_memo = 1.0
"""


def long(text: str) -> str:
    """A text of TOML in which tables that stand at the top are tables of parameters."""
    for table in AT_THE_TOP:
        text = text.replace(f"[{table}", f"[parameters.{table}").replace(f'"{table}.', f'"parameters.{table}.')
    return text


def loaded(text: str, *changes: str) -> Experiment:
    Path("own.toml").write_text(text)
    return load(Path("own.toml"), changes)


def problem(text: str, *changes: str) -> str:
    with pytest.raises(ConfigError) as raised:
        loaded(text, *changes)
    return str(raised.value)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


# Both spellings --------------------------------------------------------------------------------------------------


FACTORS = [
    '[sweep.grid]\n"strategies.check_in.message_share" = [0.3, 0.7]',
    '[sweep.grid]\n"strategies.gym_visits.weekdays" = [["mon"], ["tue", "sat"]]',
    '[sweep.zip]\n"gestures.voice_memo.minutes" = [1, 2]\n"ladders.private_voice_memo" = [0, 1]',
    '[sweep.rows.quick]\n"gestures.voice_memo.minutes" = 1\n[sweep.rows.strategies]\n"places.gym.regulars" = 3',
    '[sweep.sample]\npoints = 3\n[sweep.sample.ranges]\n"strategies.birthday_calls.ahead" = [0, 10]',
    '[full]\n"strategies.check_in.sessions" = 2',
]


@pytest.mark.parametrize("factors", ["", *FACTORS])
def test_tables_at_the_top_are_tables_of_parameters(factors: str) -> None:
    short = loaded(OWN + factors)
    assert short.parameters.strategies["birthday_calls"].numbers == {"ahead": 3, "memos": 0.5}
    in_full = loaded(long(OWN + factors))
    assert in_full.model_copy(update={"full": {}}) == short.model_copy(update={"full": {}})


@pytest.mark.parametrize(
    ("short", "in_full"),
    [
        ("strategies.check_in.message_share=0.3", "parameters.strategies.check_in.message_share=0.3"),
        ("strategies={check_in={message_share=0.3}}", "parameters={strategies={check_in={message_share=0.3}}}"),
        ("ladders.private_note=3", "parameters.ladders.private_note=3"),
        ('sweep.grid."gestures.like.mass"=[0.1]', "sweep.grid.parameters.gestures.like.mass=[0.1]"),
        ("sweep.grid={gestures={like={mass=[0.1]}}}", "sweep.grid.parameters.gestures.like.mass=[0.1]"),
        ("sweep.rows.a.strategies.check_in.sessions=1", "sweep.rows.a.parameters.strategies.check_in.sessions=1"),
        ('strategies.x={what="call",whom="ties",session_minutes=9}', ""),
    ],
)
def test_options_have_both_spellings(short: str, in_full: str) -> None:
    assert load(None, [short]) == load(None, [in_full or f"parameters.{short}"]) != load(None)


def test_an_option_replaces_what_the_file_gives_in_either_spelling() -> None:
    for text in (OWN, long(OWN)):
        for above in ("", "parameters."):
            experiment = loaded(text, f"{above}strategies.check_in.message_share=0.9")
            assert experiment.parameters.strategies["check_in"].numbers == {"message_share": 0.9}
    factor = FACTORS[0]
    for above in ("", "parameters."):
        experiment = loaded(OWN + factor, f"sweep.grid.{above}strategies.check_in.message_share=[0.1]")
        assert [list(point.values()) for point in points_of(experiment)] == [[0.1]]


def test_full_settings_may_be_short() -> None:
    Path("own.toml").write_text(OWN + FACTORS[-1])
    assert load(Path("own.toml"), full=True).parameters.strategies["check_in"].sessions == 2


def test_a_setting_in_both_spellings_is_refused_and_others_are_merged() -> None:
    both = "[strategies.check_in]\nsessions = 2\n[parameters.strategies.check_in]\nmessage_share = 0.3\n"
    row = loaded(both).parameters.strategies["check_in"]
    assert (row.sessions, row.numbers) == (2, {"message_share": 0.3})
    message = problem(both + "sessions = 3")
    assert message.startswith("own.toml, line 2, strategies.check_in.sessions = 2: this is given under parameters too")
    grid = '[sweep.grid]\n"strategies.check_in.sessions" = [1]\nparameters.strategies.check_in.sessions = [2]'
    assert "is given twice" in problem(grid)


def test_names_and_their_short_forms_are_opposites() -> None:
    for name in (".".join(path) for path in SETTINGS):
        assert full_name(short_name(name)) == name
    assert short_name("parameters.strategies.check_in.sessions") == "strategies.check_in.sessions"
    assert short_name("world.parameters.strategies.x") == full_name("world.parameters.strategies.x")


def test_places_of_short_settings() -> None:
    loaded(OWN + FACTORS[0])
    path, key = Path("own.toml"), ("parameters", "strategies", "birthday_calls", "ahead")
    assert place_of(path, [], key).startswith("own.toml, line 5")
    assert place_of(path, ["strategies.birthday_calls.ahead=2"], key).endswith(
        "--set strategies.birthday_calls.ahead=2"
    )
    factor = "parameters.strategies.check_in.message_share"
    assert place_of_factor(path, [], factor).startswith(f"own.toml, line {OWN.count(chr(10)) + 2}")


# Every field -----------------------------------------------------------------------------------------------------


def _numbers() -> list[str]:
    """The numbers of all rows in `OWN` and of the shipped ones, by path."""
    known = settings_of(loaded(OWN))
    paths = [path for path in known if path[0] == "parameters" and path[1:2] in [(table,) for table in AT_THE_TOP]]
    return [".".join(path) for path in paths if range_of(known[path])]


def _ends(experiment: Experiment, name: str) -> tuple[float, float]:
    field = settings_of(experiment)[tuple(name.split("."))]
    low, high = (next(getattr(rule, end) for rule in field.metadata if hasattr(rule, end)) for end in ("ge", "le"))
    return low, high


def _tried(experiment: Experiment, name: str) -> float | None:
    """A value that a number can have besides the present one; None if there is none in this experiment."""
    path, (low, high) = tuple(name.split(".")), _ends(experiment, name)
    for value in (low + 1, low, high, (low + high) / 2):
        try:
            there = at(experiment, {name: value})
        except ConfigError:
            continue
        if value_at(there, path) == value != value_at(experiment, path):
            return int(value) if value == int(value) else value
    return None


def test_every_number_of_every_row_can_be_set_varied_and_drawn() -> None:
    experiment, never = loaded(OWN), set[str]()
    names = _numbers()
    assert len(names) > 220
    for name in names:
        level = _tried(experiment, name)
        if level is None:
            never.add(name)
            continue
        assert loaded(OWN, f"{short_name(name)}={level}").parameters == at(experiment, {name: level}).parameters, name
    # People are for shows, and a gesture without mass wants no answer. Nothing is done while waiting.
    others = {"parameters.places.gym.people", "parameters.gestures.like.answer"}
    assert {name for name in never if ".wait." not in name} == others


def test_all_numbers_of_all_rows_can_be_drawn_at_once() -> None:
    ends = {name: _ends(loaded(OWN), name) for name in _numbers()}
    ranges = "".join(f'"{short_name(name)}" = [{low}, {high}]\n' for name, (low, high) in ends.items())
    experiment = loaded(f"{OWN}[sweep.sample]\npoints = 8\n[sweep.sample.ranges]\n{ranges}")
    known = settings_of(experiment)
    for point in points_of(experiment):
        assert point.keys() == ends.keys()
        for name, level in point.items():
            assert ends[name][0] <= level <= ends[name][1]
            assert isinstance(level, int) == is_whole(known[tuple(name.split("."))]), name


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("strategies.birthday_calls.whom", "acquaintances, birthday within {ahead} days"),
        ("strategies.birthday_calls.whom", ["ties, birthday within {ahead} days", "acquaintances"]),
        ("strategies.birthday_calls.what", "note"),
        ("strategies.check_in.what", "call"),
        ("strategies.gym_visits.place", "meetup"),
        ("strategies.gym_visits.then", "wait"),
        ("strategies.gym_visits.weekdays", ["sun"]),
        ("strategies.gym_visits.sessions", 2),
        ("strategies.check_in.weekdays", ["sun", "mon"]),
        ("gestures.voice_memo.answered_with", "call"),
        ("gestures.voice_memo.channel", "in_person"),
        ("gestures.voice_memo.worded", False),
        ("places.gym.based_on", "hangout"),
        ("ladders.private_note", 2.5),
        ("ladders.feed_voice_memo", 2.5),
    ],
)
def test_texts_and_steps_are_set_and_varied_alike(name: str, level: Any) -> None:
    """A number goes with the phrase that named it, and weekdays replace sessions, however they are given."""
    experiment = loaded(OWN)
    given = loaded(OWN, f"{name}={show(level)}")
    varied = loaded(OWN + f'[sweep.grid]\n"{name}" = [{show(level)}]')
    there = at(varied, points_of(varied)[0])
    assert there.parameters == given.parameters
    assert (there.parameters != experiment.parameters) == (name != "places.gym.based_on")


@pytest.mark.parametrize(("before", "after", "low", "high"), [(b, a, lo, hi) for b, a, _, lo, hi in MEASURED])
def test_a_named_number_has_the_range_of_its_condition(before: str, after: str, low: float, high: float) -> None:
    """It is the one that the model accepts; also whether the number is whole."""
    whom = f"ties, {before or 'at least'} {{n}} {after}"
    field = number_field("n", whom)
    assert range_of(field) == f"from {low:,} to {high:,}"

    def accepts(value: float) -> bool:
        try:
            Parameters(strategies={"x": {"whom": whom, "what": "call", "session_minutes": 9.0, "n": value}})
        except ValueError:
            return False
        return True

    assert [accepts(value) for value in (low, high, low - 1, high + 1)] == [True, True, False, False]
    assert is_whole(field) is not accepts(0.5)


def test_a_named_number_is_found_wherever_the_phrase_has_it() -> None:
    for text in ("ties, openness of at least {n}", "ties, not silent for {n} to 90 days", "ties, Silent for {n} Days"):
        high = 1 if "openness" in text else 16_383
        assert range_of(number_field("n", text)) == f"from 0 to {high:,}", text
        assert Parameters(strategies={"x": {"whom": text, "what": "call", "session_minutes": 9.0, "n": 1}})


def test_a_named_share_is_a_probability_or_a_percentage() -> None:
    assert range_of(number_field("n", "ties", "message {n} or call")) == "from 0 to 1"
    assert range_of(number_field("n", "ties", "note if dormant, else message {n}% or call")) == "from 0 to 100"
    assert range_of(number_field("n", "ties", "note if silent for {n} days, else call")) == "from 0 to 16,383"


def test_what_is_written_is_read_as_the_same() -> None:
    for text in (
        OWN,
        OWN + '[world.parameters.gestures.wave]\nbased_on = "smile"\n',
        "[strategies.check_in]\nwhat = 'call'",
    ):
        first = loaded(text)
        Path("written.toml").write_text(written(first))
        again = load(Path("written.toml"))
        assert again == first
        assert again.parameters.strategy_names == first.parameters.strategy_names


def test_one_experiment_leaves_nothing_for_the_next() -> None:
    before = dict(SETTINGS)
    loaded(OWN)
    assert "did you mean" not in problem("[run]\nstrategy = 'birthday_calls'")
    assert "there is no strategy birthday_calls" in problem("[sweep.grid]\n'strategies.birthday_calls.ahead' = [1]")
    assert dict(SETTINGS) == before


# Worlds and runs -------------------------------------------------------------------------------------------------


WORLD = """\
[world]
people = 30
burn_in_years = 0.02
[world.parameters.gestures.wave]
based_on = "smile"
[world.parameters.ladders]
in_person_wave = 0.2
[world.parameters.strategies.wave_round]
place = "hangout"
what = "wave"
session_minutes = 5
[run]
strategy_days = 2
follow_up_days = 0
adopters = 3
strategy = "voice_round"
[gestures.voice_memo]
based_on = "message"
[strategies.wave_round]
session_minutes = 9
[strategies.voice_round]
whom = "ties"
what = "voice_memo"
session_minutes = 5
"""


def test_runs_have_the_rows_of_their_world_first_and_may_change_them() -> None:
    experiment = loaded(WORLD)
    world, run = experiment.world.parameters, experiment.parameters
    assert run.kinds == (*world.kinds, "voice_memo")
    assert run.strategy_names == (*world.strategy_names, "voice_round")
    assert (world.strategies["wave_round"].session_minutes, run.strategies["wave_round"].session_minutes) == (5, 9)
    assert world.ladders == run.ladders != Parameters().ladders


def test_a_gesture_of_the_run_alone_is_sent_in_a_world_that_never_had_it() -> None:
    (run,) = runs_of(loaded(WORLD))
    result = runner.simulate(run, runner.world_of(run.world), threads=1)
    assert result.measures.scalars["sent_voice_memo"] > 0


# Names and mistakes ----------------------------------------------------------------------------------------------


def test_names_are_those_of_the_rows_at_hand() -> None:
    experiment = loaded(OWN + '[run]\nstrategy = { gym_visits = 0.5, wait = 0.5 }\n[inject]\nkind = "voice_memo"\n')
    assert experiment.run.strategy == {"gym_visits": 0.5, "wait": 0.5}
    for name in ("strategy", "mixture"):
        run = {"strategy": "nope"} if name == "strategy" else {"strategy": {"nope": 1.0}}
        with pytest.raises(ValueError, match="nope"):
            Experiment.model_validate({"name": "x", "run": run})
    with pytest.raises(ValueError, match=r"inject\.kind"):
        Experiment.model_validate({"name": "x", "inject": {"kind": "nope"}})


CALL = '[strategies.x]\nwhat = "call"\nwhom = "ties"\nsession_minutes = 15\n'
OTHER = '[strategies.birthday_calls]\nbased_on = "check_in"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[strategies.chek_in]\nsession_minutes = 20",
            ["line 1, [strategies.chek_in]: there is no strategy chek_in; did you mean check_in? To add one,"],
        ),
        (
            "[parameters.strategies.chek_in]\nsessions = 1",
            ["line 1, [parameters.strategies.chek_in]: there is no strategy chek_in;"],
        ),
        (
            "[strategies.foo]\nsession_minutes = 20",
            ["line 1", "there is no strategy foo. To add one, give based_on, or say what it does"],
        ),
        (CALL.replace("ties", "tis"), ['line 3, strategies.x.whom = "tis": "tis" names nobody; did you mean "ties"?']),
        (CALL.replace('"call"', '"cal"'), ['line 2, strategies.x.what = "cal"', 'did you mean "call"?']),
        (CALL.replace('"ties"', "3"), ["line 3, strategies.x.whom = 3: expected phrases such as"]),
        (CALL + "sesions = 2", ["line 5, strategies.x.sesions = 2", "did you mean strategies.x.sessions?"]),
        (CALL + 'basedon = "check_in"', ["line 5, strategies.x.basedon", "did you mean strategies.x.based_on?"]),
        (CALL + "zzz = 2", ["line 5, strategies.x.zzz = 2", "the fields are whom, what,", "source, based_on; for a"]),
        (CALL + "ahead = 2", ["line 5, strategies.x.ahead = 2", "write {ahead} in whom or what"]),
        (
            CALL.replace("ties", "ties, silent for {days} days") + "days = 1e9",
            ["line 5, strategies.x.days = 1000000000.0: expected a whole number from 0 to 16,383 (days)"],
        ),
        (
            CALL.replace("ties", "ties, silent for {days} days") + 'days = "9"',
            ['line 5, strategies.x.days = "9": expected a whole number from 0 to 16,383 (days)'],
        ),
        (
            CALL.replace("ties", "ties, silent for {days} days"),
            ["line 3, strategies.x.whom", "there is no number days in this row; add days = … to the row"],
        ),
        (CALL + 'weekdays = ["monday"]', ["line 5, strategies.x.weekdays", "the days are mon, tue"]),
        (CALL + 'colour = "red"', ["line 5, strategies.x.colour", "#3366cc"]),
        (CALL + "sessions = 8", ["line 5, strategies.x.sessions = 8: expected a whole number from 0 to 7"]),
        (CALL + 'then = "chek_in"\nfor_days = 3', ["line 5, strategies.x.then", 'did you mean "check_in"?']),
        (
            CALL + "[strategies.x]\nsessions = 2",
            ["line 5: this is not TOML (Cannot declare", "under one header, or give one of them another name"],
        ),
        ('[strategies.x]\nbased_on = "chek_in"', ["line 1, [strategies.x]", "did you mean check_in?"]),
        (
            '[strategies.x]\nbased_on = 3\nwhat = "call"\nwhom = "ties"\nsession_minutes = 5',
            ["line 2, strategies.x.based_on = 3: expected the row"],
        ),
        ("[strategies]\ncheck_in = 3", ["line 2, strategies.check_in = 3: expected a table, [strategies.check_in]"]),
        ("gestures = 3", ["line 1, gestures = 3: expected a table, [gestures]"]),
        (
            "[gestures.mesage]\nminutes = 2",
            ["line 1, [gestures.mesage]", "did you mean message? To add one, give based_on"],
        ),
        (
            '[gestures.a]\nbased_on = "message"\nminute = 2',
            ["line 3, gestures.a.minute", "did you mean gestures.a.minutes?"],
        ),
        (
            '[gestures.a]\nbased_on = "message"\nchannel = "pivate"',
            ["line 3, gestures.a.channel", 'did you mean "private"?'],
        ),
        ("[places.gym]\nregulars = 20", ["line 1, [places.gym]: there is no place gym. To add one, give based_on"]),
        ("[places.hangout]\nregulars = 20", ["line 1, [places.hangout]: is a place already"]),
        (
            '[places.gym]\nbased_on = "hangout"\npeople = 20',
            ["line 3, places.gym.people = 20: a place based on a hangout has no people"],
        ),
        ("[ladders]\nprivate_mesage = 1", ["line 2, ladders.private_mesage", "did you mean ladders.private_message?"]),
        ("[ladders]\nhouse_of_cards = 1", ["line 2, ladders.house_of_cards", "expected a channel and a gesture"]),
        (OTHER + '[run]\nstrategy = "birthday_cals"', ["line 4, run.strategy", "did you mean 'birthday_calls'?"]),
        (
            OTHER + '[sweep]\nstrategies = ["wait", "birthday_cals"]',
            ["line 4, sweep.strategies", "did you mean 'birthday_calls'?"],
        ),
        (
            '[gestures.memo]\nbased_on = "message"\n[inject]\nkind = "mmemo"',
            ["line 4, inject.kind", "did you mean memo?"],
        ),
        (
            '[sweep.grid]\n"strategies.chek_in.sessions" = [1]',
            ["line 2", "there is no strategy chek_in; did you mean check_in?"],
        ),
        ('[sweep.grid]\n"strategies.check_in.sesions" = [1]', ["line 2", "did you mean strategies.check_in.sessions?"]),
        (
            '[sweep.grid]\n"strategies.check_in.message_share" = [0.3, 1.7]',
            ["line 2", "the level 1.7: expected a number from 0 to 1 (probability)"],
        ),
        ('[sweep.grid]\n"strategies.check_in.based_on" = ["wait"]', ["line 2", "cannot be varied"]),
        ('[sweep.grid]\n"strategies.check_in" = [1]', ["line 2", "is a table; give a setting in it"]),
        ("[sweep.sample.ranges]\nstrategies.check_in.whom = [1, 2]", ["line 2", "is not a number, so it has no range"]),
        ('[full]\n"strategies.chek_in.sessions" = 1', ["line 2", "there is no setting strategies.chek_in.sessions"]),
        (
            CALL.replace("ties", "tis").replace("[", "[world.parameters.") + "[strategies.x]\nsessions = 2",
            ["line 3, world.parameters.strategies.x.whom"],
        ),
    ],
)
def test_each_mistake_names_its_line_and_the_remedy(text: str, said: list[str]) -> None:
    message = problem(text)
    assert message.startswith("own.toml, line "), "one mistake, in one line"
    assert "\n" not in message
    assert [part for part in said if part not in message] == []


def test_a_phrase_that_is_wrong_at_a_level_is_refused_with_its_row() -> None:
    experiment = loaded(OWN + '[sweep.grid]\n"strategies.check_in.whom" = ["ties", "tis"]')
    with pytest.raises(ConfigError, match=r'check_in.whom = "tis": strategies.check_in.whom: "tis" names nobody'):
        runs_of(experiment)
