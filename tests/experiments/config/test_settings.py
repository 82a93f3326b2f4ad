from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.config.catalogue import SETTINGS, TABLES, expected, range_of, written
from experiments.config.errors import ConfigError
from experiments.config.reading import load, place_of, place_of_factor
from experiments.config.settings import checked_adopters, checked_name
from experiments.config.toml_text import TextError, lines_of, parsed
from experiments.terminal.names import LONGEST_FILE_NAME
from sim.model.gestures import DEFAULT_GESTURES
from sim.model.parameters import Parameters
from sim.model.spelling import nearest
from sim.model.strategies import NAMES
from tests.conftest import ROOT


def problem(path: Path, *changes: str, world: Path | None = None) -> str:
    with pytest.raises(ConfigError) as raised:
        load(path, changes, world)
    return str(raised.value)


def test_defaults_are_those_of_the_model(config: Path) -> None:
    experiment = load(config)
    assert experiment.name == "tiny"
    assert experiment.parameters.gestures == DEFAULT_GESTURES
    assert experiment.parameters.effort_minutes == 240
    assert experiment.world.parameters.effort_minutes == 60
    assert experiment.sweep is not None
    assert experiment.sweep.strategies == ("wait", "check_in", {"handwritten_notes": 0.5, "show_up": 0.5})
    assert experiment.run.days == 25


def test_an_empty_file_is_an_experiment(config: Path) -> None:
    config.write_text("")
    assert load(config).world.people == 2_000


@pytest.mark.parametrize("path", sorted(ROOT.glob("configs/*.toml")), ids=lambda path: path.stem)
def test_the_configurations_that_we_ship(path: Path) -> None:
    load(path)


@pytest.mark.parametrize("key", ['"parameters.ease"', "parameters.ease"])
def test_an_option_replaces_the_level_of_a_row_however_its_path_is_written(config: Path, key: str) -> None:
    config.write_text(f"{config.read_text()}\n[sweep.rows.shy]\n{key} = 1.0\nparameters.group_pull = 2.0\n")
    sweep = load(config, ["sweep.rows.shy.parameters.ease=3.0"]).sweep
    assert sweep is not None
    assert sweep.rows == {"shy": {"parameters.ease": 3.0, "parameters.group_pull": 2.0}}


@pytest.mark.parametrize(
    ("file", "change", "is_option"),
    [
        ("[wrold]\npeople = 40", "run.adopters=4", False), ("[world]\npeople = -1", "run.adopters=4", False),
        ("[world]\npeople = 40", "run.adopters=-4", True), ("[world]\npeople = 40", "wrold.people=4", False),
    ],
)  # fmt: skip
def test_a_mistake_is_an_option_if_its_place_is_the_whole_option(
    config: Path, file: str, change: str, is_option: bool
) -> None:
    config.write_text(file)
    with pytest.raises(ConfigError) as raised:
        load(config, [change])
    (mistake,) = raised.value.mistakes
    assert mistake.is_option is is_option


def test_a_table_of_factors_expects_levels_or_a_range() -> None:
    for table, example in (("grid", "[1.0, 2.0]"), ("zip", "[1.0, 2.0]"), ("sample.ranges", "[0.0, 1.0]")):
        said = expected(("sweep", *table.split(".")))
        assert said == f"expected a table of settings, such as parameters.ease = {example}"


@pytest.mark.parametrize("value", [1, 0.5, 1.0, [0, 3], [0], "newcomers"])
def test_adopters_are_a_count_a_share_ids_or_newcomers(value: object) -> None:
    assert checked_adopters(value) == (tuple(value) if isinstance(value, list) else value)


@pytest.mark.parametrize("value", [0, -1, 0.0, 1.5, [], [-1], [0, -1], [0, 1.0], [True], "everyone", True])
def test_what_are_no_adopters_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        checked_adopters(value)


@pytest.mark.parametrize("third", ["any", "low", "high"])
def test_adopters_are_chosen_from_a_third_of_the_people_or_from_all(config: Path, third: str) -> None:
    run = load(config, [f"run.sociability={third}", f"run.reticence={third}"]).run
    assert (run.sociability, run.reticence) == (third, third)


def test_morris_needs_two_trajectories_and_others_one_point(config: Path) -> None:
    ranges = 'sweep.sample.ranges={"parameters.ease" = [0.5, 2.0]}'
    for method, least in (("morris", 2), ("latin_hypercube", 1), ("sobol", 1)):
        load(config, [ranges, f"sweep.sample.method={method}", f"sweep.sample.points={least}"])
    said = problem(config, ranges, "sweep.sample.method=morris", "sweep.sample.points=1")
    assert "must be at least 2 for morris" in said


def test_the_nine_and_waiting_are_all_in_their_sweep() -> None:
    experiment = load(ROOT / "configs" / "nine_strategies.toml")
    assert experiment.sweep is not None
    assert set(experiment.sweep.strategies) == set(NAMES)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("people = 40", "peple = 40", ["line 2, world.peple = 40", "did you mean world.people?"]),
        ("people = 40", "people = 1", ["line 2, world.people = 1:", "whole number from 2 to"]),
        ("people = 40", 'people = "40"', ['line 2, world.people = "40"', "whole number from 2 to"]),
        ("people = 40", "people = true", ["line 2, world.people = true", "whole number from 2 to"]),
        ("[world]", "[wrold]", ["line 1, [wrold]", "did you mean world?"]),
        ("seed = 5", "memory_decay = 0.9", ["line 4", "did you mean parameters.memory_decay?"]),
        ("adopters = 4", "adopters = 0", ["line 7, run.adopters = 0", "a share such as 0.05"]),
        ("adopters = 4", "adopters = 1.5", ["line 7, run.adopters = 1.5", "a count such as 20"]),
        ("adopters = 4", "adopters = 41", ["line 7, run.adopters = 41", "41 of 40 people"]),
        ("adopters = 4", "adopters = [3, 40]", ["line 7, run.adopters = [3, 40]", "ids go from 0 to 39"]),
        ("adopters = 4", "adopters = [3, 3]", ["line 7, run.adopters = [3, 3]", "twice"]),
        ("adopters = 4", "adopters = [3, 3, 99]", ["names person 99; ids go from 0 to 39", "names person 3 twice"]),
        ("adopters = 4", 'strategy = "chek_in"', ["line 7, run.strategy", "did you mean 'check_in'?"]),
        ("adopters = 4", "strategy = 7", ["line 7, run.strategy = 7", "a mixture such as"]),
        ("effort_minutes = 240", "effort_minutes = -1", ["line 12", "from 0 to 10,000 (minutes per week)"]),
        ("effort_minutes = 240", "effort_minutes = nan", ["line 12", "from 0 to 10,000 (minutes per week)"]),
        ("effort_minutes", "efort_minutes", ["line 12", "did you mean parameters.effort_minutes?"]),
        ("effort_minutes = 240", "gestures.lik.mass = 1", ["line 12", "no gesture lik; did you mean like?"]),
        ("effort_minutes = 240", "gestures.like.mas = 1", ["line 12", "did you mean parameters.gestures.like.mass?"]),
        ("effort_minutes = 240", "gestures.note.mass = 0", ["line 12, parameters.gestures.note.mass", "above 0"]),
        ("effort_minutes = 240", "encounter_known = 0.9", ["line 12, parameters.encounter_known", "must be 1 or less"]),
        ("show_up = 0.5", "show_up = 0.4", ["line 15, sweep.strategies", "add up to 0.9"]),
        ("show_up = 0.5", "sho_up = 0.5", ["line 15, sweep.strategies", "did you mean 'show_up'?"]),
        ("show_up = 0.5", "show_up = -0.5", ["line 15, sweep.strategies", "share of show_up"]),
        ('"wait", ', "", ["line 15, sweep.strategies", '"wait" is missing; add it']),
        ('"wait", ', '"wait", "wait", ', ["line 15, sweep.strategies", "twice"]),
        (
            "replicates = 3",
            'sample = { method = "lhs", ranges.parameters.ease = [1, 2] }',
            ['expected one of "latin_hypercube", "sobol"'],
        ),
        ("replicates = 3", 'sample = { method = "sobl", ranges.parameters.ease = [1, 2] }', ['did you mean "sobol"?']),
        ("replicates = 3", "replicates = 0", ["line 16, sweep.replicates = 0", "from 1 to"]),
        ("people = 40", 'log = "a.csv"', ["line 3, world.burn_in_years", "leave it out"]),
        ("people = 40", "people 40", ["tiny.toml, line 2", "not TOML"]),
        ("people = 40", "people = 40\npeople = 41", ["tiny.toml, line 3", "not TOML"]),
    ],
)
def test_each_error_names_line_value_and_remedy(config: Path, old: str, new: str, said: list[str]) -> None:
    text = config.read_text()
    assert old in text
    config.write_text(text.replace(old, new))
    message = problem(config)
    assert message.startswith("tiny.toml")
    assert [part for part in said if part not in message] == []
    assert "\n" not in message


def test_all_errors_at_once_in_the_order_of_the_file(config: Path) -> None:
    config.write_text("[sweep]\nreplicates = 0\n[world]\npeple = 3\nseed = -1\n[rnu]\n")
    lines = problem(config, "run.adopters=0").splitlines()
    assert lines[0] == "tiny.toml has 5 errors:"
    assert [line.split(",")[0].strip() for line in lines[1:5]] == ["line 2", "line 4", "line 5", "line 6"]
    assert lines[5].startswith("  --set run.adopters=0: expected a count")


def test_every_number_has_a_range_that_is_named(config: Path) -> None:
    numbers = {
        path: field for path, field in SETTINGS.items() if path not in TABLES and field.annotation in (int, float)
    }
    assert len(numbers) > 150
    for path, field in numbers.items():
        assert range_of(field) is not None, path
        message = problem(config, f"{'.'.join(path)}=1e300")
        assert f"--set {'.'.join(path)}=1e300: expected a" in message
        assert f"number {range_of(field)} (" in message


# The default of each number that is no parameter of the model, and its range; ... means that there is no default.
NUMBERS: dict[str, tuple[object, str]] = {
    "world.people": (2000, "2 to 10,000,000"),
    "world.burn_in_years": (3.0, "0 to 20"),
    "world.seed": (1, "0 to 1,000,000,000,000,000"),
    "world.newcomers": (0, "0 to 100,000"),
    "run.strategy_days": (730, "1 to 5,475"),
    "run.follow_up_days": (240, "0 to 3,600"),
    "run.seed": (1, "0 to 1,000,000,000,000,000"),
    "run.checkpoint_minutes": (10.0, "0 to 525,600"),
    "run.timeout_minutes": (0.0, "0 to 525,600"),
    "inject.ties": (50, "1 to 100,000"),
    "inject.silent_from": (0, "0 to 16,383"),
    "inject.silent_to": (16383, "1 to 16,383"),
    "inject.times": (1, "1 to 1,000"),
    "inject.every_days": (0, "0 to 365"),
    "sweep.plausible.worlds": (1, "1 to 1,000"),
    "sweep.plausible.seed": (1, "0 to 2,147,483,648"),
    "sweep.replicates": (20, "1 to 1,000,000"),
    "sweep.sample.points": (64, "1 to 1,000,000"),
    "sweep.sample.seed": (1, "0 to 2,147,483,648"),
    "sweep.series_days": (0, "0 to 36,500"),
    "verdict.worlds": (20, "2 to 1,000,000"),
    "verdict.most": (None, "0 to 1,000,000"),
    "verdict.gate.hazard_per_day_90_180": (..., "1e-06 to 1"),
    "verdict.gate.hazard_per_day_180_365": (..., "1e-06 to 1"),
    "verdict.gate.factor": (2.0, "1 to 100"),
    "verdict.gate.reactivated_low": (0.18, "0 to 1"),
    "verdict.gate.reactivated_high": (0.44, "0 to 1"),
    "verdict.gate.worlds": (3, "1 to 1,000"),
    "verdict.gate.days": (730, "370 to 3,650"),
}


def test_numbers_of_an_experiment_have_these_defaults_and_ranges() -> None:
    """A default decides what a file without the setting means, and the thresholds of verdicts are settings too."""
    found = {".".join(path): field for path, field in SETTINGS.items() if "parameters" not in path}
    found = {name: field for name, field in found.items() if range_of(field) is not None}
    assert {name: range_of(field) for name, field in found.items()} == {
        name: f"from {ends}" for name, (_, ends) in NUMBERS.items()
    }
    defaults = {name: ... if field.is_required() else field.default for name, field in found.items()}
    assert defaults == {name: default for name, (default, _) in NUMBERS.items()}


def test_a_name_is_as_long_as_those_of_a_configuration_and_of_a_log() -> None:
    longest = "é" * LONGEST_FILE_NAME + "-"
    assert checked_name(longest) == longest
    assert len(longest.encode()) == 2 * LONGEST_FILE_NAME + 1
    with pytest.raises(ValueError, match=f"at most {2 * LONGEST_FILE_NAME + 1} bytes"):
        checked_name(longest + "-")


def test_logs_of_different_names_have_different_folders(config: Path) -> None:
    names = ["wall.csv", "wall.2009.csv", "wall.2010.csv.gz", "wall 2009.csv", "wall_2009.parquet"]
    names += ["ö.csv", "ü.csv", "?.csv", "!.csv"]
    folders = [load(config, world=Path("logs") / name).name for name in names]
    assert len(set(folders)) == len(names)
    assert folders[:3] == ["tiny-wall", "tiny-wall.2009", "tiny-wall.2010"]
    assert folders[4:7] == ["tiny-wall_2009", "tiny-ö", "tiny-ü"]
    assert load(config, world=Path("ö.csv")) == load(config, world=Path("ö.csv"))
    for name in ("größe.toml", "a b.toml", "a_b.toml", "-.toml"):
        Path(name).write_text("")
    assert load(Path("größe.toml")).name == "größe"
    assert load(Path("a b.toml")).name != load(Path("a_b.toml")).name == "a_b"
    assert load(Path("-.toml")).name.startswith("_-")


def test_what_looks_like_toml_and_is_not_is_refused(config: Path) -> None:
    for text in ("{check_in=0.5", '["wait", "check_in"', '"check_in', "[wait, check_in]"):
        assert f"--set run.strategy={text}: this is not TOML" in problem(config, f"run.strategy={text}")


def test_mixtures_are_spoken_of_in_the_words_of_toml(config: Path) -> None:
    message = problem(config, "run.strategy={ check_in = 0.5, wait = 0.6 }")
    assert message.endswith("The shares of the mixture add up to 1.1; they must add up to 1.")
    assert "'" not in message


def test_the_place_of_a_setting(config: Path) -> None:
    assert place_of(config, [], ("world", "seed")) == "tiny.toml, line 4, world.seed"
    assert place_of(config, ["run.seed=3", "world.seed=2"], ("world", "seed")) == "tiny.toml, --set world.seed=2"
    assert place_of(config, [], ("world", "log")) == "tiny.toml, world.log"


def test_missing_files_name_the_nearest(config: Path) -> None:
    assert problem(Path("tinny.toml")) == "There is no file tinny.toml; did you mean tiny.toml?"
    assert "is a folder" in problem(Path())
    Path("bytes.toml").write_bytes(b"\xff\xfe\x00")
    assert problem(Path("bytes.toml")).startswith("bytes.toml is in UTF-16, which is not supported; save it as UTF-8")
    assert problem(Path("one_rum")) == "There is no file one_rum; did you mean one_run?"
    assert "`rekindle configs` lists" in problem(Path("x"))


def test_set_takes_toml_or_text(config: Path) -> None:
    changes = [
        "world.people=50",
        "run.strategy=check_in",
        "run.adopters=[1, 2]",
        "parameters.gestures.like.opens_door=0",
        "parameters.ladders.feed_comment=3",
        "name=other",
    ]
    experiment = load(config, changes)
    assert (experiment.world.people, experiment.run.strategy, experiment.run.adopters) == (50, "check_in", (1, 2))
    assert experiment.parameters.gestures["like"].opens_door == 0
    assert experiment.parameters.gestures["like"].noticed == DEFAULT_GESTURES["like"].noticed
    assert experiment.parameters.ladders.feed_comment == 3
    assert experiment.name == "other"


def test_set_names_itself_in_errors(config: Path) -> None:
    assert "--set world.peple=3: there is no such setting; did you mean world.people?" in problem(
        config, "world.peple=3"
    )
    assert "expected path=value" in problem(config, "world.people")
    assert "expected path=value" in problem(config, "world..people=3")
    assert "expected a table, [world]" in problem(config, "world=3")
    assert "letters, digits" in problem(config, "name=../elsewhere")


def test_a_log_takes_the_place_of_a_generated_world(config: Path) -> None:
    experiment = load(config, world=Path("logs/wall posts.csv.gz"))
    assert (experiment.world.log, experiment.world.seed) == ("logs/wall posts.csv.gz", 5)
    assert experiment.name.startswith("tiny-wall_posts-")
    message = problem(config, "world.people=50", "world.burn_in_years=1", world=Path("a.csv"))
    assert (
        "--set world.people=50: this does not apply to a replayed log, which has its own people; leave it out."
        in message
    )
    assert (
        "--set world.burn_in_years=1: this does not apply to a replayed log, which has its own past; leave it out."
        in message
    )


def test_a_log_in_a_file_counts_from_its_folder(config: Path) -> None:
    Path("below").mkdir()
    below = Path("below/one.toml")
    below.write_text('[world]\nlog = "wall.csv"\n')
    assert load(below).world.log == "below/wall.csv"


def test_runs_go_on_with_the_parameters_of_their_world(config: Path) -> None:
    experiment = load(config, ["world.parameters.memory_decay=0.9", "world.parameters.gestures.note.mass=2"])
    assert experiment.world.parameters.memory_decay == 0.9
    assert experiment.parameters.memory_decay == 0.9
    assert experiment.parameters.gestures["note"].mass == 2
    assert experiment.parameters.effort_minutes == 240
    assert load(config, ["parameters.memory_decay=0.9"]).world.parameters.memory_decay == Parameters().memory_decay


def test_newcomers_are_among_the_people_who_can_adopt(config: Path) -> None:
    """40 people and 5 newcomers have the ids 0 to 44."""
    assert load(config, ["world.newcomers=5", "run.adopters=[44]"]).run.adopters == (44,)
    assert load(config, ["world.newcomers=5", "run.adopters=45"]).run.adopters == 45
    assert "names person 45; ids go from 0 to 44" in problem(config, "world.newcomers=5", "run.adopters=[45]")
    assert "needs 46 of 45 people" in problem(config, "world.newcomers=5", "run.adopters=46")


def test_lines_of_tables_arrays_and_long_text() -> None:
    text = '# first\n[a]\nb = [\n  1,\n  2,\n]\nc = """\nb = 1\n"""\n\nd = { e = 1 }\n[a.f]\n"g h" = 2\n'
    assert lines_of(text) == {
        ("a",): 2,
        ("a", "b"): 3,
        ("a", "c"): 7,
        ("a", "d"): 11,
        ("a", "d", "e"): 11,
        ("a", "f"): 12,
        ("a", "f", "g h"): 13,
    }


@given(keys=st.lists(st.from_regex(r"[a-z]{1,5}", fullmatch=True), unique=True, max_size=8), gaps=st.data())
def test_a_key_is_found_wherever_it_stands(keys: list[str], gaps: st.DataObject) -> None:
    lines: list[str] = []
    where = {}
    for key in keys:
        lines += ["# a comment"] * gaps.draw(st.integers(0, 3))
        lines.append(f"{key} = 1")
        where[key,] = len(lines)
    assert lines_of("\n".join(lines)) == where


DEEP = "[" * 5_000 + "]" * 5_000
MANY = "9" * 5_000  # digits


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"[world]\n\nlog = {DEEP}", "line 3: tables or arrays are nested more than 32 deep"),
        (
            "[world]\nlog = " + "{ a = " * 3_000 + "1" + " }" * 3_000,
            "line 2: tables or arrays are nested more than 32 deep",
        ),
        ("\n" + ".".join("a" * 5_000) + " = 1", "line 2: tables or arrays are nested more than 32 deep"),
        ("[" + ".".join("a" * 5_000) + "]", "line 1: tables or arrays are nested more than 32 deep"),
        (f"[world]\npeople = {MANY}", "line 2: this number or date is too large"),
        (f"[world]\nlog = [1,\n  {MANY}]", "line 2: this number or date is too large"),
        (
            "[world]\npeople = 0x" + "f" * 6_000,
            "line 2: a whole number in TOML must be from -9,223,372,036,854,775,808 to",
        ),
        ("[world]\nseed = 9223372036854775808", "line 2: a whole number in TOML must be from"),
        ("[world]\nseed = inf", "line 2, world.seed = inf: expected a whole number"),
        ("[run]\nadopters = nan", "line 2, run.adopters = nan: expected a count"),
        ("[sweep.grid]\nparameters.ease = {}", "line 2, [sweep.grid.parameters.ease]: expected a list of levels"),
        (
            "[sweep.sample.ranges]\nparameters.ease = {}",
            "line 2, [sweep.sample.ranges.parameters.ease]: expected a range",
        ),
        ("[sweep.sample]\nranges = {}", "line 2, [sweep.sample.ranges]: is empty"),
        ("[sweep.rows.a]\nparameters.ease = {}", "line 2, [sweep.rows.a.parameters.ease]: the level {}"),
        ("[sweep.sample.ranges]\nrun.adopters = [1, inf]", "line 2, sweep.sample.ranges.run.adopters = [1, inf]"),
        (
            "[sweep.grid]\nrun.adopters = { from = 1, to = inf, count = 2 }",
            "line 2, [sweep.grid.run.adopters]: expected",
        ),
        (
            "[sweep.grid]\nrun.adopters = { from = -1e308, to = 1e308, count = 3 }",
            "line 2, [sweep.grid.run.adopters]: expected",
        ),
        ("[world]\nlog = 'a'\nlog = 'b'", "line 3: this is not TOML (Cannot overwrite a value); define each key"),
        ("[world]\n[world]", "line 2: this is not TOML"),
        ("[[world]]\npeople = 40", "line 1, world = [{ people = 40 }]: expected a table, [world]"),
        ("world.people.x = 3", "line 1, world.people = { x = 3 }: expected a whole number"),
        ("full = 3", "line 1, full = 3: expected a table of settings"),
        ("[world]\r\npeople = 1\r\n", "line 2, world.people = 1: expected a whole number"),
        ("[world]\rpeople = 40\r", "some lines end with a carriage return only"),
        ("[world]\n\0people = 1", "line 2: this is not text"),
        ("[world]\nlog = ''", 'line 2, world.log = "": expected a file'),
        ('[world]\nlog = "a\\u0000b"', "line 2, world.log"),
        (f"name = '{'x' * 300}'", "line 1, name = "),
        ("# café".encode("latin-1"), "line 1: byte 0xe9 is not UTF-8, so the file may be in Windows-1252 or Latin-1"),
        ("[world]".encode("utf-16"), "odd.toml is in UTF-16"),
        ("[world]".encode("utf-16-be"), "this is not text, or is text in UTF-16"),
        (b"PAR1\0\xff", "odd.toml is not a text file"),
        (b"#" * 1_000_001, "odd.toml has 1,000,001 bytes; an experiment file may have at most 1,000,000"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(tmp_path: Path, text: str | bytes, said: str) -> None:
    path = tmp_path / "odd.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    for full in (False, True):
        with pytest.raises(ConfigError) as raised:
            load(path, full=full)
        assert said in str(raised.value)
        assert str(path) in str(raised.value)
        assert len(str(raised.value)) < 1_000


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (f"world.people={MANY}", "this number or date is too large"),
        (f"world.log={DEEP}", "tables or arrays are nested more than 32 deep"),
        (".".join("a" * 5_000) + "=1", "expected path=value"),
        ("run.adopters=1\nseed = 2", "this sets several settings"),
        ("world.seed=18446744073709551616", "a whole number in TOML must be from"),
        ("sweep.sample.ranges.parameters.ease={}", "expected a range"),
        ("parameters.gestures.like.source=\udcff", "this is not valid UTF-8"),
    ],
)
def test_an_option_that_cannot_be_read_is_refused(config: Path, change: str, said: str) -> None:
    message = problem(config, change)
    assert said in message
    assert f"--set {change[:60]}" in message
    assert len(message) < 1_000


def test_a_byte_order_mark_is_passed_over(config: Path) -> None:
    before = load(config)
    config.write_bytes(b"\xef\xbb\xbf" + config.read_bytes())
    assert load(config) == before


def test_a_file_may_have_a_million_bytes(config: Path) -> None:
    config.write_text("#" * 999_999 + "\n")
    assert load(config).world.people == 2_000
    config.write_text("#" * 1_000_000 + "\n")
    assert "has 1,000,001 bytes; an experiment file may have at most 1,000,000" in problem(config)


def test_a_wrong_level_in_a_table_of_an_option_names_the_option(config: Path) -> None:
    change = "sweep.grid.run={adopters=[0]}"
    assert problem(config, change).startswith(f"{config}, --set {change}: the level 0: expected a count")


def test_a_factor_in_a_table_of_an_option_has_the_option_as_its_place(config: Path) -> None:
    change = "sweep.grid.run={adopters=[2, 3]}"
    assert place_of_factor(config, [change], "run.adopters") == f"{config}, --set {change}"
    assert place_of_factor(config, [], "run.adopters") == str(config)


def test_a_pipe_and_a_device_are_refused_and_not_waited_for(config: Path) -> None:
    os.mkfifo("pipe.toml")
    for path in ("pipe.toml", "/dev/zero"):
        assert "is a pipe or a device" in problem(Path(path))


def test_very_many_mistakes_are_counted_and_some_are_shown(config: Path) -> None:
    config.write_text("[world]\n" + "".join(f"key_{n} = 1\n" for n in range(3_000)))
    began = time.process_time()
    lines = problem(config).splitlines()
    assert time.process_time() - began < 5
    assert lines[0] == "tiny.toml has 3,000 errors:"
    assert lines[1].startswith("  line 2, world.key_0 = 1: there is no such setting")
    assert lines[-1] == "  and 2,980 more."
    assert len(lines) == 22


def test_lines_are_found_in_time_that_grows_with_the_text_alone() -> None:
    def seconds(keys: int) -> float:
        text = "".join(f"[t{n}]\nkey = [\n  1,\n]\n" for n in range(keys))
        began = time.process_time()
        assert lines_of(text)[f"t{keys - 1}", "key"] == 4 * keys - 2
        return time.process_time() - began

    assert min(seconds(4_000) for _ in range(3)) < 10 * max(seconds(1_000) for _ in range(3))


def test_a_key_may_have_32_parts() -> None:
    assert parsed(".".join("a" * 32) + " = 1")["a"]
    with pytest.raises(TextError, match="nested more than 32 deep"):
        parsed(".".join("a" * 33) + " = 1")


def test_brackets_side_by_side_are_not_deep() -> None:
    assert len(parsed(f"a = [{'[], ' * 40}]\nb = [{'{}, ' * 40}]")["a"]) == 40


def test_long_lists_are_checked_in_seconds(config: Path) -> None:
    people = ", ".join(map(str, range(30, 60_000)))
    levels = ", ".join(str(1 + n / 1e6) for n in range(20_000))
    began = time.process_time()
    assert "ids go from 0 to 39" in problem(config, f"run.adopters=[{people}]")
    assert len(load(config, [f"sweep.grid.parameters.ease=[{levels}]"]).sweep.grid["parameters.ease"]) == 20_000  # type: ignore[union-attr]
    assert time.process_time() - began < 5


@pytest.mark.parametrize("name", ["x", "se", "12", "1e5", "../results/ease", "wood"])
def test_nothing_is_suggested_where_nothing_is_like_it(config: Path, name: str) -> None:
    assert nearest(name, ["ease", "120", "wait", "seed"]) is None
    assert "did you mean" not in problem(config, f"world.{name.replace('.', '_')}=1")


@pytest.mark.parametrize(
    ("name", "meant"),
    [("peple", "people"), ("eas", "ease"), ("Check-In", "check_in"), ("effort", "effort_minutes"), ("wiat", "wait")],
)
def test_a_misspelling_is_seen_through(name: str, meant: str) -> None:
    assert nearest(name, ["ease", "people", "check_in", "effort_minutes", "wait"]) == meant


def test_an_experiment_without_a_file_has_no_name_of_a_command(config: Path) -> None:
    assert load(None).name == "default"
    assert load(None, world=Path("wall.csv")).name == "default-wall"
    with pytest.raises(ConfigError, match=r"^--set world\.x=1: there is no such setting"):
        load(None, ["world.x=1"])


@pytest.mark.parametrize(
    "changes",
    [
        [],
        ["world.people=50", "run.seed=43", "run.strategy={ check_in = 0.25, show_up = 0.75 }", "run.adopters=[3, 17]"],
        ["world.parameters.ease=3.5", "parameters.memory_decay=0.9"],
        ["world.parameters.ease=3.5", "parameters.ease=2.7"],
        ["parameters.gestures.like.opens_door=0.0", "parameters.gestures.note.mass=2", "run.adopters=0.05"],
        ["parameters.ladders.feed_like=0.5", "parameters.gestures.like.source=a “guess”", "run.checkpoint_minutes=0"],
    ],
)
def test_what_is_written_is_read_as_the_same(tmp_path: Path, changes: list[str]) -> None:
    first = load(None, changes)
    (tmp_path / "written.toml").write_text(written(first))
    assert load(tmp_path / "written.toml") == first
