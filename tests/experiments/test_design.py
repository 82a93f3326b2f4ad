from __future__ import annotations

from pathlib import Path

import pytest

from experiments.config.settings import load
from experiments.sweeps import design
from experiments.sweeps.design import label, runs_of


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
        "parameters.memory_decay=0.9",
        "parameters.gestures.like.opens_door=0.5",
    ],
)
def test_an_id_tells_all_that_determines_a_run(config: Path, change: str) -> None:
    before = [run.id for run in runs_of(load(config))]
    after = [run.id for run in runs_of(load(config, [change]))]
    assert len(set(before)) == 9
    assert before[0] != after[0]


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
