"""Every claim of the essay at toy size: runs, verdict, figures, report; and what must be true of each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib
import pandas as pd
import pytest
from PIL import Image

from experiments.analysis.verdicts import Ruling, Verdict
from experiments.commands.drawing import PICTURES
from experiments.config.errors import ConfigError
from experiments.config.reading import load
from experiments.essay import essay, report
from experiments.essay.essay import BY_NAME, CLAIMS, Claim, JudgedClaim
from experiments.essay.findings import ClaimFinding
from experiments.explain import explained
from experiments.figures.page import STYLES, provenance_in
from experiments.logs.gate import Gate
from experiments.sweeps import histories, store
from experiments.sweeps.design import runs_of
from experiments.sweeps.runner import run_one
from experiments.sweeps.sweep_result import SweepResult, by_histories, collected, sweep_plan
from tests.conftest import ROOT

CONFIGS = ROOT / "configs"
TINY = ["world.people=40", "world.burn_in_years=0", "sweep.replicates=2"]
TINY += ["verdict.gate.worlds=1", "verdict.gate.days=370"]
# Days of the runs, as short as what is told of them allows.
DAYS = {"showing_up": 366, "one_like_gestures": 242, "one_like": 61, "one_like_silence": 61, "no_door_like": 61}
TOLD_LATE = ("nine_strategies", "nine_strategies_effort", "mixtures")


# What makes a sweep smaller, and yet has all that is told of it.
FEWER = {
    "nine_strategies": ['sweep.strategies=["wait", "check_in", "show_up"]'],
    "mixtures": [
        'sweep.strategies=["wait", "check_in", "show_up", "handwritten_notes", { check_in = 0.5, show_up = 0.5 }]'
    ],
    "barrier": ["sweep.grid.world.parameters.reticence_mean=[1.4, 2.15]"],
    "showing_up": ["world.people=100", "sweep.grid.inject.every_days=[0, 1, 14]"],
}


def changes_of(name: str) -> list[str]:
    late = ["run.follow_up_days=242"] if name in TOLD_LATE else []
    few = ["run.adopters=6"] if name not in ("zero_to_connected", "everyone_does_it", "how_many_friends") else []
    group = "nine_strategies" if name.startswith("nine_strategies") else name
    return [*TINY, f"run.strategy_days={DAYS.get(name, 60)}", *late, *few, *FEWER.get(group, [])]


def at_toy_size(claim: Claim, folder: Path) -> JudgedClaim:
    """A claim judged from runs that are made here, in this process."""
    sweeps = {name: sweep_plan(load(CONFIGS / f"{name}.toml", changes_of(name))) for name in claim.sweeps}
    for kept, runs in by_histories(list(sweeps.values())).items():
        store.prepare(folder, [history.table for history in kept])
        ended = [run_one(run, histories=kept) for run in runs]
        assert [one.row["error"] for one in ended if one.row["error"]] == []
        histories.add(folder, ended)
        store.add(folder, [one.row for one in ended])
    return essay.judged(claim, {name: collected(one, folder) for name, one in sweeps.items()})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("essay")


@pytest.fixture(scope="module")
def told(folder: Path) -> Callable[[str], JudgedClaim]:
    """Sentences at toy size, each made once."""
    made: dict[str, JudgedClaim] = {}

    def of(name: str) -> JudgedClaim:
        if name not in made:
            made[name] = at_toy_size(BY_NAME[name], folder / name)
        return made[name]

    return of


NAMES = [claim.name for claim in CLAIMS]


@pytest.mark.parametrize("name", NAMES)
def test_two_worlds_give_no_verdict_and_every_figure_can_be_drawn(
    name: str, told: Callable[[str], JudgedClaim]
) -> None:
    one = told(name)
    assert one.ruling.verdict in (Verdict.UNDECIDED, Verdict.CLOSED)
    assert one.finding.effect.endswith(".")
    assert "{" not in one.rule
    assert [picture.name for picture in one.finding.pictures] == list(PICTURES.get(name, (name,)))
    for picture in one.finding.pictures:
        figure = essay.drawn(picture, STYLES["talk"])
        assert tuple(figure.get_size_inches()) == (16, 9)
        assert figure.texts[0].get_text() == picture.words.title
        assert picture.words.title.count("\n") <= 1
        assert len(picture.data) > 0


def test_a_figure_says_what_it_was_made_from(told: Callable[[str], JudgedClaim], tmp_path: Path) -> None:
    one = told("one_like")
    written = essay.saved(one, one.finding.pictures[0], STYLES["talk"], tmp_path)
    with Image.open(written[0]) as image:
        assert image.size == (1920, 1080)
    said = provenance_in(written[0])
    assert (said["figure"], said["sentence"], said["style"]) == ("one_like", "one_like", "talk")
    assert set(said["configs"]) == set(one.claim.sweeps)
    assert said["run_hash"]
    assert said["versions"]["matplotlib"] == matplotlib.__version__
    assert all(b"openness_half_life" in path.read_bytes() for path in written[:2])


@pytest.mark.parametrize("name", ["barrier"])
def test_a_figure_is_the_same_to_the_byte_whatever_was_drawn_before(
    name: str, told: Callable[[str], JudgedClaim], tmp_path: Path
) -> None:
    one = told(name)
    picture = one.finding.pictures[0]
    for style in STYLES.values():
        first = [path.read_bytes() for path in essay.saved(one, picture, style, tmp_path / style.name)]
        with matplotlib.rc_context({"font.size": 3}):
            again = [path.read_bytes() for path in essay.saved(one, picture, style, tmp_path / style.name)]
        assert first == again


def test_the_report_is_the_same_to_the_byte_and_needs_no_other_file(
    told: Callable[[str], JudgedClaim], tmp_path: Path
) -> None:
    some = [told(name) for name in ("temperaments", "how_many_friends")]
    pages = []
    for turn in ("first", "second"):
        for one in some:
            for picture in one.finding.pictures:
                essay.saved(one, picture, STYLES["talk"], tmp_path / turn / "figures")
        pages.append([path.read_bytes() for path in report.write(some, tmp_path / turn, "rekindle essay")])
    assert pages[0] == pages[1]
    html = pages[0][0].decode()
    assert html.count("data:image/png;base64,") == sum(len(one.finding.pictures) for one in some)
    assert 'src="figures' not in html
    for one in some:
        assert one.claim.question in html
        assert f"rekindle essay --only {one.claim.name}" in html


def test_a_shut_gate_takes_the_verdict_away(told: Callable[[str], JudgedClaim]) -> None:
    one = told("one_like")
    sweeps = dict(one.sweeps)
    supported = replace(one.finding, ruling=Ruling(Verdict.HOLDS))
    claim = one.claim._replace(finding=lambda _: supported)
    few = {name: swept.verdict.model_copy(update={"worlds": 2}) for name, swept in sweeps.items()}
    asked_for = {
        name: replace(swept, experiment=swept.experiment.model_copy(update={"verdict": few[name]}))
        for name, swept in sweeps.items()
    }
    for passed, verdict in ((True, Verdict.HOLDS), (False, Verdict.CLOSED)):
        gated = {
            name: replace(swept, gates=[gate._replace(passed=passed) for gate in swept.gates])
            for name, swept in asked_for.items()
        }
        assert essay.judged(claim, gated).ruling.verdict is verdict
    without = {name: replace(swept, gates=[]) for name, swept in asked_for.items()}
    assert essay.judged(claim, without).ruling.verdict is Verdict.CLOSED


GATE = Gate("", {}, {}, True, [])


def with_made_up_runs(
    name: str, *, worlds: int = 20, gates: Sequence[Gate] = (GATE,), checked: tuple[str, ...] | None = None
) -> tuple[Claim, dict[str, SweepResult]]:
    """A claim that is supported, and its sweeps with this many worlds."""
    claim = BY_NAME[name]
    runs = pd.DataFrame({"replicate": range(worlds), "people": 40})
    sweeps = {one: SweepResult(load(CONFIGS / f"{one}.toml"), runs, list(gates), {}, Path()) for one in claim.sweeps}
    finding = ClaimFinding(Ruling(Verdict.HOLDS), "An effect.", (), {}, checked or claim.sweeps)
    return claim._replace(finding=lambda _: finding), sweeps


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("one_like", ["risk ratio is above 1.05 at every", "between 0.95 and 1.05."]),
        ("zero_to_connected", ["mean rank is better than 6."]),
        ("how_many_friends", ["the share is below 5%."]),
        ("everyone_does_it", ["between 0.95 and 1.05 or lower", "is above 1.05 for each"]),
        ("mixtures", ["a probability of at least 0.9 over"]),
    ],
)
def test_a_rule_has_the_thresholds_of_the_main_file(name: str, said: list[str]) -> None:
    rule = essay.judged(*with_made_up_runs(name)).rule
    assert [words for words in said if words not in rule] == []


@pytest.mark.parametrize("at", [0, 1])
def test_every_sweep_that_a_ruling_rests_on_needs_its_gate_and_enough_worlds(at: int) -> None:
    claim, sweeps = with_made_up_runs("no_door")
    assert essay.judged(claim, sweeps).ruling == Ruling(Verdict.HOLDS)
    name = claim.sweeps[at]
    without = {**sweeps, name: replace(sweeps[name], gates=[])}
    assert essay.judged(claim, without).ruling == Ruling(Verdict.CLOSED, "its configuration has no [verdict.gate]")
    shut = {**sweeps, name: replace(sweeps[name], gates=[GATE, GATE._replace(name="shut", passed=False)])}
    assert essay.judged(claim, shut).ruling == Ruling(Verdict.CLOSED, f"{name} shut")
    few = {**sweeps, name: replace(sweeps[name], runs=sweeps[name].runs[:19])}
    assert essay.judged(claim, few).ruling == Ruling(Verdict.UNDECIDED)
    stricter = sweeps[name].verdict.model_copy(update={"worlds": 21})
    experiment = sweeps[name].experiment.model_copy(update={"verdict": stricter})
    strict = {**sweeps, name: replace(sweeps[name], experiment=experiment)}
    assert essay.judged(claim, strict).ruling == Ruling(Verdict.UNDECIDED), "the strictest file counts"
    aside, others = with_made_up_runs("no_door", checked=(claim.sweeps[1 - at],))
    assert essay.judged(aside, {**others, name: without[name]}).ruling == Ruling(Verdict.HOLDS)


def test_under_twenty_worlds_there_is_no_verdict(told: Callable[[str], JudgedClaim]) -> None:
    one = told("temperaments")
    supported = replace(one.finding, ruling=Ruling(Verdict.HOLDS))
    claim = one.claim._replace(finding=lambda _: supported)
    open_gates = {
        name: replace(swept, gates=[gate._replace(passed=True) for gate in swept.gates])
        for name, swept in one.sweeps.items()
    }
    assert essay.judged(claim, open_gates).ruling.verdict is Verdict.UNDECIDED


# What stands in the files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("claim", CLAIMS, ids=NAMES)
def test_the_files_can_be_read_and_give_enough_worlds_for_a_verdict(claim: Claim, full: bool) -> None:
    for name, experiment in essay.experiments_of([claim], CONFIGS, full=full).items():
        assert experiment.name == name
        assert experiment.verdict is not None
        assert experiment.verdict.gate is not None
        assert experiment.sweep is not None
        runs = runs_of(experiment)
        assert len({run.id for run in runs}) == len(runs)
        assert experiment.sweep.replicates >= experiment.verdict.worlds


def test_full_size_is_larger() -> None:
    for name, experiment in essay.experiments_of(CLAIMS, CONFIGS).items():
        assert experiment == load(CONFIGS / f"{name}.toml"), "not at full size unless it is asked for"
        sizes = [load(CONFIGS / f"{name}.toml", full=full).sweep.replicates for full in (False, True)]  # type: ignore[union-attr]
        assert sizes[0] < sizes[1]


def test_all_claims_are_tested_in_the_same_worlds() -> None:
    """Burnt-in worlds are shared, which makes the essay affordable; reticence alone is a trait of the people."""
    found = set()
    for name, experiment in essay.experiments_of(CLAIMS, CONFIGS).items():
        if name != "barrier":
            found.add(experiment.world.model_copy(update={"newcomers": 0}).model_dump_json())
    assert len(found) == 1


def test_the_gate_holds_worlds_against_the_log_that_it_names() -> None:
    ledger = json.loads((ROOT / "docs" / "ledgers" / "facebook_wall.json").read_text(encoding="utf-8"))["real"]
    for experiment in essay.experiments_of(CLAIMS, CONFIGS).values():
        gate = experiment.verdict.gate  # type: ignore[union-attr]
        assert gate is not None
        assert gate.log == "facebook_wall"
        for name in ("hazard_per_day_90_180", "hazard_per_day_180_365"):
            assert getattr(gate, name) == pytest.approx(ledger[name], rel=0.005)
        assert (gate.factor, gate.reactivated_low, gate.reactivated_high) == (2.0, 0.18, 0.44)


def test_what_a_claim_rests_on_can_be_explained() -> None:
    for claim in CLAIMS:
        assert all(explained(name) for name in claim.rests), claim.name


def test_the_files_that_ship_with_the_program_are_read_without_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert list(essay.experiments_of([BY_NAME["barrier"]], essay.CONFIGS)) == ["barrier"]
    assert capsys.readouterr() == ("", "")


def test_an_unknown_experiment_gets_a_hint() -> None:
    with pytest.raises(ConfigError, match="did you mean one_like"):
        essay.chosen(["one_lik"])
    assert essay.chosen([]) == CLAIMS
    assert [one.name for one in essay.chosen(["showing_up", "one_like"])] == ["one_like", "showing_up"]


# The commands ----------------------------------------------------------------------------------------------------


@pytest.fixture
def essay_here(config: Path) -> list[str]:
    """What makes the essay cheap, in a folder of its own."""
    changes = [word for change in changes_of("everyone_does_it") for word in ("--set", change)]
    return [*changes, "--configs", str(CONFIGS)]


def test_the_command_makes_what_is_missing_and_its_figure_can_be_checked(
    essay_here: list[str], rekindle: Callable[..., Any], in_threads: None
) -> None:
    asked_for = ("essay", "--only", "everyone_does_it", *essay_here)
    first = rekindle(*asked_for, "--data")
    assert first.code == 0, first.err
    assert "undecided" in first.out
    page = Path("results/essay/report.html").read_bytes()
    assert re.search(r"\b0 already done", first.out)
    again = rekindle(*asked_for)
    assert not re.search(r"\b0 already done", again.out)
    assert Path("results/essay/report.html").read_bytes() == page
    figure = Path("results/essay/figures/everyone_does_it.png")
    assert figure.with_suffix(".csv").read_text().startswith("strategy,share,value,low,high,worlds")
    checked = rekindle("figure", "--check", figure)
    assert checked.code == 0, checked.out + checked.err
    assert "reproduced to the byte" in checked.out
    other = figure.with_suffix(".svg")
    other.write_text(other.read_text() + "\n")
    checked = rekindle("figure", "--check", figure)
    assert checked.code == 1
    assert "everyone_does_it.svg differs" in checked.out


def test_a_figure_can_be_made_again_whatever_the_order_of_its_factors(
    config: Path, rekindle: Callable[..., Any], in_threads: None
) -> None:
    """Those of temperaments are not in that of the alphabet; nor is the style of the pages one that is asked for."""
    changes = [word for change in changes_of("temperaments") for word in ("--set", change)]
    Path("docs").mkdir()
    made = rekindle("essay", "--only", "temperaments", *changes, "--configs", CONFIGS, "--docs", "docs")
    assert made.code == 0, made.err
    for figure in (Path("results/essay/figures/temperaments.png"), Path("docs/essay/temperaments.png")):
        checked = rekindle("figure", "--check", figure)
        assert checked.code == 0, checked.out + checked.err


def test_one_world_is_too_few_for_an_interval(essay_here: list[str], rekindle: Callable[..., Any]) -> None:
    asked_for = ("essay", "--only", "everyone_does_it", *essay_here, "--set", "sweep.replicates=1")
    assert "sweep.replicates = 1 is too small for an interval" in rekindle(*asked_for).err


def test_figures_that_are_not_there_get_a_hint(config: Path, rekindle: Callable[..., Any]) -> None:
    assert "did you mean one_like" in rekindle("figure", "one_lik", "--configs", CONFIGS).err
    assert "Give either a figure" in rekindle("figure").err
    Path("made_up.png").write_bytes(b"no picture")
    assert "not a PNG figure made by rekindle" in rekindle("figure", "--check", "made_up.png").err
    assert "this file does not exist" in rekindle("figure", "--check", "nothing.png").err
    for command in (("essay",), ("figure", "one_like")):
        assert "--style film" in rekindle(*command, "--style", "film", "--configs", CONFIGS).err


def test_every_number_of_the_main_finding_in_the_readme_is_one_of_the_report() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    finding = readme.partition("One like makes")[2].partition("[docs/essay.md]")[0]
    numbers = re.findall(r"\d+\.\d+", finding)
    said = (ROOT / "docs" / "essay.md").read_text(encoding="utf-8")
    assert len(numbers) > 8
    assert [number for number in numbers if number not in said] == []
