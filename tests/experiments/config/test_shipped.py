"""The experiments that ship, and where they are found; `tests/test_wheel.py` builds a wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.commands import watching
from experiments.config import shipped
from experiments.config.errors import ConfigError
from experiments.config.reading import load
from experiments.essay import essay
from experiments.sweeps import cluster
from sim.runtime import installation
from tests.conftest import ROOT
from tests.experiments.conftest import Rekindle

NAMES = sorted(path.stem for path in (ROOT / "configs").glob("*.toml"))


def test_all_that_ships_is_listed_in_a_line_or_two(config: Path, rekindle: Rekindle) -> None:
    assert shipped.names() == NAMES
    listed = rekindle("configs")
    assert listed.code == 0
    for name in NAMES:
        assert name in listed.out
        assert 10 < len(shipped.about(name)) < 200, name
    assert "Does one like reopen a dormant tie?" in listed.out


def test_one_is_printed_and_copied_and_nothing_is_written_over(config: Path, rekindle: Rekindle) -> None:
    text = (ROOT / "configs" / "one_run.toml").read_text()
    assert rekindle("configs", "one_run").out == text
    assert rekindle("configs", "configs/one_run.toml", "--out", "mine").code == 0
    assert Path("mine/one_run.toml").read_text() == text
    Path("mine/one_run.toml").write_text("mine")
    again = rekindle("configs", "--out", "mine")
    assert again.code == 2
    assert "mine/one_run.toml already exists" in again.err
    assert Path("mine/one_run.toml").read_text() == "mine"
    assert list(Path("mine").iterdir()) == [Path("mine/one_run.toml")]
    assert rekindle("configs", "--out", "all").code == 0
    assert sorted(path.stem for path in Path("all").iterdir()) == NAMES
    assert "There is no bundled experiment one_rum; did you mean one_run?" in rekindle("configs", "one_rum").err
    assert "is a file; give a folder" in rekindle("configs", "--out", "tiny.toml").err


@pytest.mark.parametrize("name", ["one_run", "one_run.toml", "configs/one_run.toml"])
def test_a_name_that_ships_is_read_where_no_such_file_is(
    config: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    shipped._tell.cache_clear()
    assert load(Path(name)) == load(ROOT / "configs" / "one_run.toml")
    load(Path(name))
    assert capsys.readouterr().err.count(f"There is no file {name}; using the bundled experiment") == 1
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text("[world]\npeople = 77\n")
    assert load(Path(name)).world.people == 77


def test_a_file_elsewhere_is_not_taken_for_one_that_ships(config: Path) -> None:
    with pytest.raises(ConfigError, match=r"There is no file mine/one_run\.toml; did you mean one_run\?"):
        load(Path("mine/one_run.toml"))
    with pytest.raises(ConfigError, match=r"There is no file one_run\.yaml"):
        load(Path("one_run.yaml"))


def test_what_a_wheel_has_is_read_from_the_package(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = Path("site-packages/experiments/configs").absolute()
    wheel.mkdir(parents=True)
    (wheel / "only_there.toml").write_text("# Of a wheel. And more.\n[world]\npeople = 78\n")
    monkeypatch.setattr(shipped, "_OF_A_WHEEL", wheel)
    assert shipped.names() == ["only_there"]
    assert shipped.about("only_there") == "Of a wheel."
    assert load(Path("only_there")).world.people == 78


def test_the_essay_and_the_page_find_what_ships(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = essay.experiments_of([essay.BY_NAME["nine_strategies"]], essay.CONFIGS)
    assert set(found) == {"strategies_draws", "strategies_effort", "strategies_town", "nine_strategies"}
    assert capsys.readouterr().err == "", "the essay's own files need no word"
    presets = watching._presets(None)
    assert sorted(presets) == [f"configs/{name}.toml" for name in NAMES]
    assert load(presets["configs/one_run.toml"]).run.strategy_days == 365
    Path("configs").mkdir()
    Path("configs/mine.toml").write_text("")
    assert list(watching._presets(None)) == ["configs/mine.toml"]


def test_advice_on_optional_parts_works_where_the_program_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert installation.checkout() == ROOT
    monkeypatch.chdir(ROOT)
    assert installation.install_command("watch") == "pip install --editable '.[watch]'"
    monkeypatch.chdir(tmp_path)
    assert installation.install_command("watch") == f"pip install --editable '{ROOT}[watch]'"
    for module in (installation, cluster, watching):
        monkeypatch.setattr(module, "install_command", lambda extra="": f"pip install 'rekindle[{extra}]'")
    monkeypatch.setattr(installation, "checkout", lambda: None)
    with pytest.raises(ConfigError, match=r"needs more packages; install them with `pip install 'rekindle\[watch\]'"):
        watching._require("watch", "no_such_module")


def test_a_stray_project_beside_a_wheel_is_not_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "sim").mkdir()
    monkeypatch.setattr(installation, "__file__", str(tmp_path / "sim" / "installation.py"))
    installation.checkout.cache_clear()
    try:
        for text in (None, "", "[project]\nname = 'other'\n", "not TOML"):
            if text is not None:
                (tmp_path / "pyproject.toml").write_text(text)
            installation.checkout.cache_clear()
            assert installation.checkout() is None
        assert installation.install_command("gpu") == "pip install 'rekindle[gpu]'"
        assert installation.install_command() == "pip install 'rekindle'"
    finally:
        installation.checkout.cache_clear()


def test_a_command_without_a_configuration_names_what_ships(config: Path, rekindle: Rekindle) -> None:
    for command in ("run", "sweep", "plan"):
        ended = rekindle(command)
        assert ended.code == 2
        assert "a bundled experiment (`rekindle configs` lists them)." in ended.err
