"""Files, options, tables and worlds with former names of parameters and measures keep working."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sim
from experiments.config.catalogue import present_path
from experiments.config.errors import ConfigError
from experiments.config.reading import load
from experiments.sweeps import results, store
from experiments.sweeps.design import runs_of
from sim.model.former_names import FORMER_NAMES, former_name, lasting_json, present_name, with_present_names
from sim.model.outcomes import MEASURES
from sim.runtime import storage
from sim.runtime.fingerprint import model_fingerprint
from sim.state.population import PERSON, World

FORMER = """\
[world.parameters]
hesitance_mean = 1.5
[run]
hesitance = "high"
[parameters]
backed_out_most = 4
[sweep.grid]
"world.parameters.liking_sd" = [0.7, 1.2]
parameters.mind_sent = [0.5, 1.0]
[sweep.rows.hesitance]
parameters.mind_received = 0.3
"""


def test_every_present_name_exists_and_no_former_one_does() -> None:
    known = {*sim.Parameters.model_fields, *MEASURES, "reticence"}
    assert set(FORMER_NAMES.values()) <= known
    assert not set(FORMER_NAMES) & known
    assert all(former_name(present_name(name)) == name for name in FORMER_NAMES)


def test_a_file_with_former_names_means_the_same_and_is_noted_once(tmp_path: Path) -> None:
    for name, text in (("former", FORMER), ("present", "".join(_renamed(FORMER)))):
        (tmp_path / f"{name}.toml").write_text(f'name = "one"\n{text}')
    with pytest.warns(UserWarning, match="hesitance_mean` is now `reticence_mean`.*former name still works") as noted:
        former = load(tmp_path / "former.toml", ["parameters.backed_out_minutes=2"])
    assert len(noted) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        present = load(tmp_path / "present.toml", ["parameters.backed_out_minutes=2"])
    assert former == present
    assert list(former.sweep.rows) == ["hesitance"], "rows have the names that the user gave"


def _renamed(text: str) -> Iterator[str]:
    for line in text.splitlines(keepends=True):
        is_row = line.startswith("[sweep.rows")
        yield (
            line
            if is_row
            else "".join(present_name(part) for part in line.replace("=", " = ").replace('"', ' " ').split(" ") if part)
        )


def test_the_path_of_a_setting_in_a_row_is_renamed_and_the_row_is_not() -> None:
    row = ("sweep", "rows", "hesitance")
    assert present_path((*row, "parameters", "mind_received")) == (*row, "parameters", present_name("mind_received"))
    assert present_path((*row, "parameters.mind_received")) == (*row, f"parameters.{present_name('mind_received')}")
    assert present_path(row) == row


def test_a_rename_does_not_change_ids_of_runs(tmp_path: Path) -> None:
    """The ids were recorded before the parameters were renamed; they change only with the model's fingerprint."""
    path = tmp_path / "x.toml"
    path.write_text(
        'name = "x"\n[world]\npeople = 50\n[world.parameters]\nreticence_mean = 1.5\naffinity_sd = 0.7\n'
        '[run]\nreticence = "high"\n[parameters]\nbacked_out_most = 4\nencoding_sent = 0.00001\n'
    )
    if model_fingerprint() != "7d0cb92cb5dfe0cf":
        pytest.skip("the model has another version, so all ids are new")
    default = lasting_json(sim.Parameters().identity())  # keys of cached worlds and checkpoints hash it
    assert hashlib.sha256(default.encode()).hexdigest()[:16] == "41f37d30312e7782"
    assert [run.id for run in runs_of(load(Path("one_run"))) + runs_of(load(path))] == [
        "c2ce7f49d403444e",
        "be21e8b9e21258a2",
    ]


def test_a_setting_under_both_names_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "both.toml"
    path.write_text("[parameters]\nhesitance_mean = 1\nreticence_mean = 2\n")
    with pytest.raises(ConfigError, match=r"line 2, .*hesitance_mean = 1: this is the former name of reticence_mean"):
        load(path)
    with pytest.raises(ValueError, match="reticence_mean is set twice"):
        sim.Parameters(hesitance_mean=1, reticence_mean=2)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ("run.hesitance=high", "run.reticence=high"),
        ("parameters={hesitance_mean=0.1}", "parameters.reticence_mean=0.1"),
        ("world={people=40, parameters={liking_sd=0.1}}", "world={people=40, parameters={affinity_sd=0.1}}"),
        ("sweep.grid={parameters={mind_sent=[0.1]}}", 'sweep.grid."parameters.encoding_sent"=[0.1]'),
        ('sweep.grid."parameters.mind_sent"=[0.1]', "sweep.grid.parameters.encoding_sent=[0.1]"),
        ("sweep.rows={a={parameters={mind_sent=0.1}}}", "sweep.rows.a.parameters.encoding_sent=0.1"),
        ('full={"run.hesitance"="low"}', 'full={run={reticence="low"}}'),
    ],
)
def test_options_may_have_former_names_anywhere(change: str, same: str) -> None:
    with pytest.warns(UserWarning, match="former name still works") as noted:
        former = load(None, [change])
    assert len(noted) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert former == load(None, [same])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[sweep.grid]\n"parameters.hesitance_mean" = [0.1]\nparameters.reticence_mean = [0.3]', "is given twice"),
        ('[sweep.grid]\n"parameters.ease" = [0.1]\nparameters.ease = [0.3]', "is given twice"),
        ('[full]\n"run.hesitance" = "high"\nrun.reticence = "low"', "run.reticence is given twice"),
        (
            "[sweep.rows.a]\nparameters.hesitance_mean = 0.1\nparameters.reticence_mean = 0.3",
            "line 2, .*former name of reticence_mean",
        ),
        ("[parameters]\nlikng_sd = 1", r"did you mean parameters\.affinity_sd \(formerly liking_sd\)\?"),
        ("[parameters.gestures.like]\nmind_sent = 1", r"gestures\.like\.mind_sent = 1: there is no such setting"),
    ],
)
def test_a_setting_that_is_given_twice_or_misspelt_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(f"{text}\n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ConfigError, match=problem):
            load(path)


def test_errors_name_the_line_of_a_former_name(tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text('[sweep.grid]\n"parameters.mind_sent" = [0.5, 7.0]\n')
    with (
        pytest.warns(UserWarning, match="mind_sent"),
        pytest.raises(ConfigError, match=r"line 2, sweep\.grid\.parameters\.encoding_sent"),
    ):
        load(path)


def test_parameters_in_python_accept_former_names() -> None:
    with pytest.warns(UserWarning, match="`mind_sent` is now `encoding_sent`"):
        parameters = sim.Parameters(mind_sent=0.4)
    assert parameters == sim.Parameters(encoding_sent=0.4)
    with pytest.warns(UserWarning, match="liking_sd") as noted:
        sim.Parameters(liking_sd=1)
    assert noted[0].filename == __file__
    with pytest.raises(ValueError, match="minutes_spent"):
        sim.Parameters(minutes_spent=1)


def test_tables_with_former_columns_are_read_and_queried(tmp_path: Path) -> None:
    where = tmp_path / "results" / "old"
    design = pd.DataFrame({"id": ["a"], "scenario": ["x"], "point": [0], "parameters.hesitance_sd": [0.7]})
    origin = {"factors": ["parameters.hesitance_sd"], "config": {"sweep": {"grid": {"parameters.hesitance_sd": [0.7]}}}}
    store.write_design(where, design, origin)
    store.add(where, [{"id": "a", "error": None, "traceback": None, "reconnected": 1.0, "minutes_spent": 9.0}])
    runs = results.load(where)
    assert runs["minutes_used"].to_list() == [9.0]
    assert runs["parameters.reticence_sd"].to_list() == [0.7]
    assert store.read_table(where / store.DESIGN)[1]["factors"] == ["parameters.reticence_sd"]
    for_both = "SELECT minutes_used, minutes_spent AS before FROM runs"
    with pytest.warns(UserWarning, match="`minutes_spent` is now `minutes_used`"):
        assert results.query(where, for_both).iloc[0].to_list() == [9.0, 9.0]
    with pytest.warns(UserWarning, match="minutes_spent"):
        assert results.query(where, "SELECT MINUTES_SPENT FROM runs").iloc[0].to_list() == [9.0]
    assert "minutes_spent" not in results.query(where, "SELECT * FROM runs")


VERSIONS = len(list(storage._as_versions_wrote(PERSON)))


@pytest.mark.parametrize("version", range(VERSIONS))
def test_a_world_saved_by_an_earlier_version_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    def former(dtype: np.dtype[np.void]) -> np.dtype[np.void]:
        return list(storage._as_versions_wrote(dtype))[version]

    world = sim.worlds.generated(people=12, burn_in_years=0, seed=1)
    with monkeypatch.context() as earlier:
        earlier.setattr(storage, "_header", lambda dtype, count, of=storage._header: of(former(dtype), count))
        earlier.setattr(World, "__post_init__", lambda self: None)
        arrays = {name: getattr(world, name) for name in World.ARRAYS}
        before = World(**{**vars(world), **{name: a.view(former(a.dtype)) for name, a in arrays.items()}})
        storage.save_world(before, tmp_path / "world")
    text = (tmp_path / "world" / "people.npy").read_bytes()
    first = version == VERSIONS - 1
    assert (b"'hesitance'" in text, b"'reticence'" in text) == (first, not first)
    assert (b"'unobserved'" in text) == (version == 0)
    assert storage.load_world(tmp_path / "world") == world


def test_names_in_other_places_are_left_alone() -> None:
    value = {"name": "hesitance", "factors": ["run.hesitance"], "config": {"parameters": {"liking_sd": 1}}}
    assert with_present_names(value) == {
        "name": "hesitance", "factors": ["run.reticence"], "config": {"parameters": {"affinity_sd": 1}}
    }  # fmt: skip


def test_commands_accept_former_names(rekindle: Callable[..., object]) -> None:
    with pytest.warns(UserWarning, match="`hesitance_mean` is now `reticence_mean`"):
        outcome = rekindle("explain", "hesitance_mean")
    assert outcome.code == 0
    assert "reticence_mean" in outcome.out


@pytest.mark.parametrize("given", ['"parameters.ease" = [1.0, 2.0]', "parameters.ease = [1.0, 2.0]"])
@pytest.mark.parametrize("change", ["sweep.grid.parameters.ease=[3.0]", 'sweep.grid."parameters.ease"=[3.0]'])
def test_an_option_replaces_a_factor_in_either_spelling(tmp_path: Path, given: str, change: str) -> None:
    path = tmp_path / "one.toml"
    path.write_text(f"[sweep.grid]\n{given}\nparameters.practice_gain = [0.2, 0.4]\n")
    sweep = load(path, [change]).sweep
    assert sweep is not None
    assert sweep.grid == {"parameters.practice_gain": (0.2, 0.4), "parameters.ease": (3.0,)}
