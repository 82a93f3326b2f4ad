from __future__ import annotations

from pathlib import Path

import pytest

from experiments.config.errors import ConfigError
from experiments.config.reading import load
from experiments.config.settings import Experiment
from experiments.logs.draws import posterior_draws
from experiments.sweeps import design
from experiments.sweeps.design import PointError, RunSpec, described, label, points_of, runs_of
from sim.model.parameters import Parameters


def test_replicates_are_interleaved_and_paired(config: Path) -> None:
    runs = runs_of(load(config))
    arms = ["wait", "check_in", "handwritten_notes 0.5 + show_up 0.5"]
    assert [(run.replicate, run.scenario) for run in runs] == [(r, arm) for r in range(3) for arm in arms]
    assert {(run.replicate, run.world.seed, run.seed) for run in runs} == {(0, 5, 1), (1, 6, 2), (2, 7, 3)}
    assert {(run.days, run.strategy_days, run.adopters) for run in runs} == {(25, 20, 4)}


def test_without_a_sweep_it_is_one_run(config: Path) -> None:
    experiment = load(config, ["run.strategy=check_in"]).model_copy(update={"sweep": None})
    assert [(run.scenario, run.replicate) for run in runs_of(experiment)] == [("check_in", 0)]


@pytest.mark.parametrize(
    "change",
    [
        "world.people=41",
        "world.burn_in_years=1",
        "world.seed=6",
        "world.parameters.memory_decay=0.9",
        "run.adopters=5",
        "run.adopters=0.1",
        "run.strategy_days=21",
        "run.follow_up_days=6",
        "run.seed=2",
        "run.sociability=low",
        "run.reticence=high",
        "parameters.memory_decay=0.9",
        "parameters.gestures.like.opens_door=0.5",
    ],
)
def test_an_id_tells_all_that_determines_a_run(config: Path, change: str) -> None:
    before = [run.id for run in runs_of(load(config))]
    after = [run.id for run in runs_of(load(config, [change]))]
    assert len(set(before)) == 9
    assert before[0] != after[0]


def test_each_world_has_a_draw_of_its_own_which_factors_override(config: Path) -> None:
    Path("draws.csv").write_text("memory_decay,spell_days\n0.7,30\n0.9,90\n")
    drawn = ["sweep.draws=draws.csv", "sweep.grid={'parameters.memory_decay' = [0.5, 1.1]}"]
    runs = runs_of(load(config, drawn[:1]))
    found = [(run.parameters.memory_decay, run.world.parameters.memory_decay) for run in runs]
    assert found == [(0.7, 0.7)] * 3 + [(0.9, 0.9)] * 3 + [(0.7, 0.7)] * 3
    assert [run.parameters.spell_days for run in runs[::3]] == [30, 90, 30]
    assert not {run.id for run in runs} & {run.id for run in runs_of(load(config))}
    assert all(run.factors == {} for run in runs)
    varied = runs_of(load(config, drawn))[:6]
    assert [(run.parameters.memory_decay, run.world.parameters.memory_decay) for run in varied] == [
        (level, 0.7) for level in (0.5, 1.1) for _ in range(3)
    ]
    assert [run.scenario for run in varied[:2]] == ["wait, memory_decay 0.5", "check_in, memory_decay 0.5"]


def test_draws_that_ship_are_those_of_the_posterior(config: Path) -> None:
    runs = runs_of(load(config, ["sweep.draws=posterior"]))
    for run in runs:
        draw = posterior_draws().loc[run.replicate].to_dict()
        assert {name: getattr(run.world.parameters, name) for name in draw} == pytest.approx(draw)


@pytest.mark.parametrize("text", ["", "memory_decay\n", "memory_decay\n9\n", "memory_dcay\n1\n", "memory_decay\nx\n"])
def test_a_file_without_draws_is_named(config: Path, text: str) -> None:
    Path("draws.csv").write_text(text)
    with pytest.raises(ConfigError, match=r"^draws\.csv has no draws of parameters"):
        runs_of(load(config, ["sweep.draws=draws.csv"]))


def test_an_id_tells_nothing_else(config: Path) -> None:
    before = [run.id for run in runs_of(load(config))]
    more = ["name=other", "sweep.replicates=4", "run.strategy=show_up", "run.checkpoint_minutes=3"]
    assert [run.id for run in runs_of(load(config, more))][:9] == before


def test_an_id_follows_the_content_of_a_log_and_not_its_name(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.csv").write_text("source,target,time\n1,2,0\n")
    Path("b.csv").write_text("source,target,time\n1,2,0\n")
    Path("c.csv").write_text("source,target,time\n2,1,0\n")
    a, b, c = (runs_of(load(config, world=Path(name)))[0].id for name in ("a.csv", "b.csv", "c.csv"))
    assert a == b != c
    monkeypatch.setattr(design, "model_fingerprint", lambda: "another model")
    assert runs_of(load(config, world=Path("a.csv")))[0].id != a


def test_labels() -> None:
    assert label("wait") == "wait"
    assert label({"show_up": 0.25, "check_in": 0.75}) == "check_in 0.75 + show_up 0.25"


def test_points_share_what_they_do_not_change(config: Path) -> None:
    """Or else a hundred thousand of them fill the memory."""
    experiment = load(config)
    there = design.at(experiment, {"parameters.ease": 2.5, "run.adopters": 3})
    assert there.world is experiment.world
    assert (there.parameters.ease, there.run.adopters, there.sweep) == (2.5, 3, None)
    assert there.parameters.gestures["like"] is experiment.parameters.gestures["like"]
    one = design.at(experiment, {"world.parameters.gestures.note.mass": 2.0})
    assert one.world.parameters.gestures["note"].mass == one.parameters.gestures["note"].mass == 2
    assert one.parameters.gestures["like"] == experiment.parameters.gestures["like"]


def test_parameters_that_have_been_used_can_be_varied(config: Path) -> None:
    experiment = load(config)
    assert experiment.parameters.packed is not None
    assert design.at(experiment, {"parameters.ease": 2.5}).parameters.packed["ease"] == 2.5


def test_planning_many_points_tells_how_far_it_is(config: Path) -> None:
    told: list[tuple[int, int]] = []
    levels = "sweep.grid.parameters.ease={from=1, to=3, count=250}"
    runs_of(load(config, [levels]), lambda done, total, *_: told.append((done, total)))
    assert told == [(100, 250), (200, 250)]


def experiment(**tables: object) -> Experiment:
    return Experiment.model_validate({"name": "a", "world": {"people": 40}, "run": {"adopters": 4}, **tables})


SAMPLE = {"method": "latin_hypercube", "points": 3, "ranges": {"parameters.load_scale": (1, 9)}}
ZIP = {"parameters.memory_decay": (0.8, 0.9, 1.0, 1.1), "world.burn_in_years": (0.0, 0.5, 1.0, 1.5)}
ROWS = {"one": {"parameters.feed_boost": 0.5}, "two": {}, "three": {"parameters.feed_boost": 1.0}}


@pytest.mark.parametrize("left_out", [(), ("rows",), ("zip",), ("sample",), ("grid",), ("rows", "zip", "sample")])
def test_runs_are_counted_before_they_are_made(monkeypatch: pytest.MonkeyPatch, left_out: tuple[str, ...]) -> None:
    """As many as there are may be asked for, and not one more."""
    parts = {"grid": {"parameters.ease": (1.0, 2.0)}, "zip": ZIP, "rows": ROWS, "sample": SAMPLE}
    parts = {name: part for name, part in parts.items() if name not in left_out}
    asked = experiment(sweep={"replicates": 2, "strategies": ("wait", "check_in", "show_up"), **parts})
    runs = runs_of(asked)
    monkeypatch.setattr(design, "MOST_RUNS", len(runs))
    assert len(runs_of(asked)) == len(runs)
    monkeypatch.setattr(design, "MOST_RUNS", len(runs) - 1)
    with pytest.raises(ConfigError, match=f"{len(runs):,} runs"):
        runs_of(asked)


def test_rows_are_named_at_each_point_of_a_grid_and_a_sample() -> None:
    """A run that has a row's name has its levels."""
    asked = experiment(sweep={"replicates": 1, "grid": {"parameters.ease": (1.0, 2.0)}, "rows": ROWS, "sample": SAMPLE})
    runs = runs_of(asked)
    boost = {"one": 0.5, "two": asked.parameters.feed_boost, "three": 1.0}
    assert len(runs) == 2 * 3 * 3
    assert [run.point for run in runs] == list(range(18))
    assert all(run.parameters.feed_boost == boost[run.row] for run in runs)
    assert [run.row for run in runs[::3]] == ["one", "two", "three"] * 2


def test_what_two_experiments_run_is_described_together() -> None:
    with_rows = runs_of(experiment(sweep={"replicates": 1, "rows": ROWS}))
    without = runs_of(experiment(sweep={"replicates": 1, "grid": {"run.adopters": (2, 0.5)}}))
    table = described([*with_rows, *without])
    assert table["row"].to_list() == ["one", "two", "three", "", ""]
    assert "row" not in described(without)
    assert described(without)["run.adopters"].to_list() == [2, 0.5]
    assert points_of(experiment()) == [{}]


def test_the_factor_at_fault_is_named_first_and_no_more_than_four_levels() -> None:
    levels = {"parameters.ease": 1.0, "parameters.feed_rate": 0.1, "parameters.load_scale": 2.0}
    for more, named in (({}, 4), ({"parameters.memory_decay": 0.9}, 4)):
        with pytest.raises(PointError) as raised:
            design.at(experiment(), {**levels, **more, "run.adopters": 400})
        said = str(raised.value)
        assert raised.value.factor == "run.adopters"
        assert said.count(" = ") == named
        assert said.index("run.adopters = 400") < said.index("parameters.ease = 1.0")
        assert ("…" in said) == bool(more)
    with pytest.raises(PointError) as raised:
        design.at(experiment(), {"run.adopters": 3, "parameters.ease": 99.0})
    assert raised.value.factor in ("run.adopters", "parameters.ease")
    rows = {"fine": {"run.adopters": 2}, "many": {"run.adopters": 400}}
    with pytest.raises(PointError) as raised:
        runs_of(experiment(sweep={"replicates": 1, "rows": rows}))
    assert (raised.value.factor, raised.value.row) == ("run.adopters", "many")


def test_a_mixture_is_the_same_whatever_the_order_of_its_parts() -> None:
    """And an id is sixteen hexadecimal digits, as is the hash of a log."""
    one = experiment(run={"strategy": {"show_up": 0.5, "check_in": 0.5}, "adopters": 4})
    other = experiment(run={"strategy": {"check_in": 0.5, "show_up": 0.5}, "adopters": 4})
    (first,), (second,) = runs_of(one), runs_of(other)
    assert first.id == second.id
    assert len(first.id) == 16
    assert int(first.id, 16) >= 0
    assert RunSpec.silence is False


def test_the_hash_of_a_log_is_sixteen_digits(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("source,target,time\n1,2,0\n")
    assert len(design.log_hash(str(tmp_path / "a.csv"))) == 16


def test_a_run_has_the_thirds_of_its_settings(config: Path) -> None:
    run = runs_of(load(config, ["run.sociability=low", "run.reticence=high"]))[0]
    assert run.among == ("low", "high")
    ids = {runs_of(load(config, [f"run.{name}=low"]))[0].id for name in ("sociability", "reticence")}
    assert len(ids) == 2


def test_whole_worlds_go_to_a_job_where_there_are_just_enough() -> None:
    runs = runs_of(experiment(sweep={"replicates": 3, "strategies": ("wait", "check_in")}))
    shards = [design.shard_of(runs, number, 3) for number in (1, 2, 3)]
    assert [[run.replicate for run in shard] for shard in shards] == [[0, 0], [1, 1], [2, 2]]
    dealt = [design.shard_of(runs, number, 4) for number in (1, 2, 3, 4)]
    assert [len(shard) for shard in dealt] == [2, 2, 1, 1]


# Strategies of one's own -----------------------------------------------------------------------------------------

OWN = """
[strategies.visits]
place = "gym"
what = "hello"
session_minutes = 60
for_days = 5
then = "calls"
[strategies.calls]
whom = "ties, silent for at least {days} days"
what = "call"
session_minutes = 15
days = 90
[strategies.other]
based_on = "calls"
[places.gym]
based_on = "hangout"
"""
ARMS = 'sweep.strategies=["wait", "visits", "check_in", { calls = 0.5, check_in = 0.5 }]'
FIRST = {"wait", "visits", "check_in", "calls 0.5 + check_in 0.5"}


def ids(config: Path, *changes: str) -> dict[str, str]:
    """The ids of the first replicate, by arm."""
    return {run.scenario: run.id for run in runs_of(load(config, [ARMS, *changes])) if run.replicate == 0}


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ("strategies.other.session_minutes=20", set()),
        ('strategies.new={based_on="check_in"}', set()),
        ("strategies.show_up.session_minutes=20", set()),
        *((f"strategies.{name}.{text}=x", set()) for name in ("visits", "check_in") for text in ("label", "source")),
        ("strategies.calls.colour=#112233", set()),
        ("strategies.calls.essay=x", set()),
        ("strategies.check_in.meaning=x", set()),
        ("strategies.visits.session_minutes=50", {"visits"}),
        ("strategies.visits.then=check_in", {"visits"}),
        ("strategies.calls.days=80", {"visits", "calls 0.5 + check_in 0.5"}),
        ("strategies.calls.whom=ties, silent for at most {days} days", {"visits", "calls 0.5 + check_in 0.5"}),
        ("strategies.check_in.message_share=0.3", {"check_in", "calls 0.5 + check_in 0.5"}),
        ("strategies.check_in.sessions=2", {"check_in", "calls 0.5 + check_in 0.5"}),
        ("places.gym.meets=3", FIRST),
        ("gestures.call.minutes=9", FIRST),
        ('gestures.memo={based_on="message"}', FIRST),
        ("ladders.private_note=3", FIRST),
    ],
)
def test_an_id_tells_of_the_strategies_that_the_run_follows(config: Path, change: str, changed: set[str]) -> None:
    config.write_text(config.read_text() + OWN)
    before, after = ids(config), ids(config, change)
    assert before.keys() == after.keys() == FIRST
    assert {arm for arm in before if before[arm] != after[arm]} == changed


def test_a_row_changes_the_numbers_of_those_below_it_only(config: Path) -> None:
    """A strategy's number is part of the keys of its draws, so runs with another number are other runs."""
    text = config.read_text()
    config.write_text(text + OWN)
    before = ids(config)
    row = '[strategies.new]\nbased_on = "check_in"\n'
    for above, changed in (("visits", {"visits", "calls 0.5 + check_in 0.5"}), ("other", set())):
        config.write_text(text + OWN.replace(f"[strategies.{above}]", f"{row}[strategies.{above}]"))
        after = ids(config)
        assert {arm for arm in before if before[arm] != after[arm]} == changed, above


def test_ids_of_shipped_strategies_are_as_before_there_were_others(config: Path) -> None:
    """The hashes were recorded when strategies were not yet part of the parameters."""
    assert design._hash(Parameters()) == "69587b602155333f"
    changes = {"gestures": {"note": {"mass": 2}}, "ladders": {"feed_like": 0.5}, "memory_decay": 0.9}
    assert design._hash(Parameters(**changes), ["check_in"]) == "4ce822f5877b36bf"
    before = ids(config, 'sweep.strategies=["wait", "check_in"]')
    config.write_text(config.read_text() + OWN.partition("[places")[0].replace('place = "gym"', 'place = "hangout"'))
    assert ids(config, 'sweep.strategies=["wait", "check_in"]') == before


TAGGED = """
[tags]
friends = [3, 17]
investors = [3]
[strategies.ask]
whom = "everyone known, tagged investors"
what = "call"
session_minutes = 15
[strategies.later]
whom = "nobody"
for_days = 5
then = "sort"
[strategies.sort]
whom = "ties"
what = "call if tagged friends, else like"
session_minutes = 15
[strategies.mine]
function = "mine.py:it"
what = "call"
session_minutes = 15
"""


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ("tags.investors=[4]", {"ask", "mine"}),
        ("tags.friends=[4]", {"later", "mine"}),
        ("tags.others=[4]", {"mine"}),
    ],
)
def test_an_id_tells_of_the_tags_that_its_strategies_look_at(config: Path, change: str, changed: set[str]) -> None:
    """Phrases name theirs, also those of later stages; a function sees all."""
    Path("mine.py").write_text("def it(me, ties):\n    pass\n")
    without = config.read_text()
    config.write_text(without + TAGGED)
    arms = 'sweep.strategies=["wait", "check_in", "ask", "later", "mine"]'
    before, after = ids(config, arms), ids(config, arms, change)
    assert {arm for arm in before if before[arm] != after[arm]} == changed
    config.write_text(without)
    shipped = ids(config, 'sweep.strategies=["wait", "check_in"]')
    assert shipped == {arm: before[arm] for arm in shipped}


def test_a_level_that_is_the_value_of_the_file_makes_the_same_run(config: Path) -> None:
    config.write_text(config.read_text() + OWN)
    grid = ["sweep.grid.strategies.calls.days=[90, 80]"]
    varied = {run.scenario: run.id for run in runs_of(load(config, [ARMS, *grid])) if run.replicate == 0}
    for arm, run in ids(config).items():
        assert varied[f"{arm}, days 90"] == run
        assert (varied[f"{arm}, days 80"] != run) == ("calls" in arm or arm == "visits")


def test_strategies_that_no_arm_follows_are_named(config: Path) -> None:
    config.write_text(config.read_text() + OWN)
    assert design.unfollowed(load(config)) == ["visits", "calls", "other"]
    assert design.unfollowed(load(config, [ARMS])) == ["other"], "visits lead to calls"
    assert design.unfollowed(load(config, [ARMS, "sweep.grid.strategies.show_up.sessions=[1]"])) == ["other", "show_up"]
    assert design.unfollowed(load(config, [ARMS, "strategies.show_up.label=Show up"])) == ["other"]
    assert design.unfollowed(load(None)) == []


def test_the_file_of_a_function_is_part_of_the_id_and_must_be_there(config: Path) -> None:
    config.write_text(
        config.read_text() + '[strategies.mine]\nfunction = "mine.py:it"\nwhat = "call"\nsession_minutes = 5\n'
    )
    arms = 'sweep.strategies=["wait", "mine"]'
    with pytest.raises(ConfigError, match=r"^strategies\.mine\.function names mine\.py, and there is no such file"):
        runs_of(load(config, [arms]))
    assert runs_of(load(config)), "no arm follows it"
    ids = list[dict[str, str]]()
    for text in ("def it(me, ties):\n    pass\n", "def it(me, ties):\n    return\n"):
        Path("mine.py").write_text(text)
        ids.append({run.scenario: run.id for run in runs_of(load(config, [arms])) if run.replicate == 0})
    assert ids[0]["wait"] == ids[1]["wait"]
    assert ids[0]["mine"] != ids[1]["mine"]
