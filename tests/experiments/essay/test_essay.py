"""Every claim of the essay at toy size: runs, verdict, figures, report; and what must be true of each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from experiments.analysis import plausible
from experiments.analysis.verdicts import Ruling, Verdict
from experiments.commands.drawing import PICTURES
from experiments.commands.essaying import command_of
from experiments.config.errors import ConfigError
from experiments.config.reading import load
from experiments.essay import essay, report
from experiments.essay.essay import BY_NAME, CLAIMS, Claim, JudgedClaim
from experiments.essay.findings import ClaimFinding
from experiments.essay.findings.effects import Effect, MainEffect, level
from experiments.figures.page import STYLES, provenance_in
from experiments.logs.gate import Gate
from experiments.sweeps import histories, store
from experiments.sweeps.design import described, runs_of
from experiments.sweeps.runner import run_one
from experiments.sweeps.sweep_result import SweepResult, by_histories, collected, of_the_gates, sweep_plan
from tests.conftest import ROOT

CONFIGS = ROOT / "configs"
TINY = ["world.people=40", "world.burn_in_years=0", "sweep.replicates=2"]
TINY += ["verdict.gate.worlds=1", "verdict.gate.days=370", "verdict.gate.factor=100"]
TINY += ["verdict.gate.reactivated_low=0", "verdict.gate.reactivated_high=1"]
# Days of the strategy and afterwards, as short as what is told of them allows.
DAYS = {"showing_up": (366, 0), "one_like": (61, 0), "smallest_gestures": (61, 0), "built_slowly": (20, 241)}
STRATEGIES = ('sweep.strategies=["wait", "check_in", "show_up", "engage_regularly"]', "run.adopters=6")
# What makes a sweep smaller, and yet has all that is told of it.
FEWER = {
    **dict.fromkeys(("nine_strategies", "strategies_draws", "strategies_effort", "strategies_town"), STRATEGIES),
    "one_like": ("sweep.grid.run.seed=[1, 2]",),
    "smallest_gestures": ("sweep.grid.run.seed=[1]",),
    "built_slowly": ("inject.ties=5",),
    "showing_up": ("world.people=100",),
    "naturals": ("run.adopters=6",),
    "zero_to_connected": ('sweep.strategies=["wait", "check_in", "show_up"]',),
}


def changes_of(name: str) -> list[str]:
    strategy, after = DAYS.get(name, (60, 241 if "strategies" in name else 0))
    return [*TINY, f"run.strategy_days={strategy}", f"run.follow_up_days={after}", *FEWER.get(name, ())]


def at_toy_size(claim: Claim, folder: Path) -> JudgedClaim:
    """A claim judged from runs that are made here, in this process."""
    sweeps = {name: sweep_plan(load(CONFIGS / f"{name}.toml", changes_of(name))) for name in claim.sweeps}
    store.prepare(folder, [])
    store.add(folder, [run_one(run).row for run in of_the_gates(list(sweeps.values()))])
    for kept, runs in by_histories(list(sweeps.values()), folder).items():
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
    by_rule = one.finding.ruling.verdict is Verdict.BY_CONSTRUCTION  # as it would be with any number of worlds
    assert one.ruling.verdict in (Verdict.UNDECIDED, Verdict.CLOSED) or (by_rule and one.ruling == one.finding.ruling)
    assert by_rule or "are needed" in one.ruling.on
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
    written = essay.saved([one], one.finding.pictures[0], STYLES["talk"], tmp_path)
    with Image.open(written[0]) as image:
        assert image.size == (1920, 1080)
    said = provenance_in(written[0])
    assert (said["figure"], said["claims"], said["style"]) == ("one_like", ["one_like"], "talk")
    assert set(said["configs"]) == set(one.claim.sweeps)
    assert said["run_hash"]
    assert said["versions"]["matplotlib"] == matplotlib.__version__
    assert all(b"focal_reconnected" in path.read_bytes() for path in written[:2])


@pytest.mark.parametrize("name", ["barrier"])
def test_a_figure_is_the_same_to_the_byte_whatever_was_drawn_before(
    name: str, told: Callable[[str], JudgedClaim], tmp_path: Path
) -> None:
    one = told(name)
    picture = one.finding.pictures[0]
    for style in STYLES.values():
        first = [path.read_bytes() for path in essay.saved([one], picture, style, tmp_path / style.name)]
        with matplotlib.rc_context({"font.size": 3}):
            again = [path.read_bytes() for path in essay.saved([one], picture, style, tmp_path / style.name)]
        assert first == again


def test_the_report_is_the_same_to_the_byte_and_needs_no_other_file(
    told: Callable[[str], JudgedClaim], tmp_path: Path
) -> None:
    some = [told(name) for name in ("naturals", "in_touch")]
    pages = []
    for turn in ("first", "second"):
        for of, picture in report.pictures(some):
            essay.saved(of, picture, STYLES["talk"], tmp_path / turn / "figures")
        pages.append([path.read_bytes() for path in report.write(some, tmp_path / turn, "rekindle essay")])
    assert pages[0] == pages[1]
    html = pages[0][0].decode()
    assert html.count("data:image/png;base64,") == len(report.pictures(some))
    assert 'src="figures' not in html
    for one in some:
        assert one.claim.question in html
        assert f"rekindle essay --only {one.claim.name}" in html


def test_without_a_draw_that_passes_the_gate_there_is_no_verdict(told: Callable[[str], JudgedClaim]) -> None:
    one = told("one_like")
    supported = replace(one.finding, ruling=Ruling(Verdict.HOLDS))
    claim = one.claim._replace(finding=lambda _: supported)
    draws = range(40)
    runs = pd.DataFrame({"replicate": draws, "people": 40})
    for passing, verdict in ((draws, Verdict.HOLDS), (draws[:38], Verdict.UNDECIDED), ((), Verdict.UNDECIDED)):
        judged = {
            name: replace(swept, runs=runs, passing=frozenset(passing), experiment=load(CONFIGS / f"{name}.toml"))
            for name, swept in one.sweeps.items()
        }
        assert essay.judged(claim, judged).ruling.verdict is verdict, "twenty draws are needed"
    without = {name: replace(swept, passing=None) for name, swept in one.sweeps.items()}
    assert essay.judged(claim, without).ruling.verdict is Verdict.CLOSED


@pytest.mark.parametrize("name", BY_NAME)
def test_if_no_draw_passes_the_gate_no_run_is_made_and_there_is_still_a_report(
    told: Callable[[str], JudgedClaim], name: str
) -> None:
    one = told(name)
    for missing, swept in one.sweeps.items():
        if swept.passing is None:  # nothing is drawn, so nothing is left out
            continue
        nothing = replace(swept, runs=_without_runs(swept), passing=frozenset())
        judged = essay.judged(one.claim, {**one.sweeps, missing: nothing})
        if missing == one.claim.sweeps[0]:
            assert judged.ruling.verdict is Verdict.UNDECIDED
            assert "none passes the gate" in judged.finding.effect
        for picture in judged.finding.pictures:
            assert essay.drawn(picture, STYLES["talk"]).axes
        names = {picture.name: "" for _, picture in report.pictures([judged])}
        assert judged.finding.effect in report.rendered([judged], report.MARKDOWN, "rekindle essay", names)


def _without_runs(swept: SweepResult) -> pd.DataFrame:
    """A table without rows and measures, as `collected` makes it if nothing was run."""
    return swept.runs.loc[:, [*described(runs_of(swept.experiment)), "people"]].iloc[:0]


GATE = Gate("", {}, True, ())
NO_EFFECT = MainEffect("none", Effect("none", np.zeros((0, 2))))


def with_made_up_runs(
    name: str, *, worlds: int = 20, gates: Sequence[Gate] = (GATE,), checked: tuple[str, ...] | None = None
) -> tuple[Claim, dict[str, SweepResult]]:
    """A claim that is supported, and its sweeps with this many worlds."""
    claim = BY_NAME[name]
    runs = pd.DataFrame({"replicate": range(worlds), "people": 40})
    sweeps = {one: SweepResult(load(CONFIGS / f"{one}.toml"), runs, list(gates), {}, Path()) for one in claim.sweeps}
    finding = ClaimFinding(Ruling(Verdict.HOLDS), "An effect.", NO_EFFECT, (), {}, checked or claim.sweeps)
    return claim._replace(finding=lambda _: finding), sweeps


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("one_like", ["at least 0.002 of the pairs"]),
        ("liked_back", ["at least 0.05 of the receivers"]),
        ("zero_to_connected", ["mean rank is 6 or better"]),
        ("in_touch", ["The number is below 15 among"]),
        ("nine_strategies", ["at least 0.5 more ties"]),
    ],
)
def test_a_rule_has_the_thresholds_of_its_files(name: str, said: list[str]) -> None:
    rule = essay.judged(*with_made_up_runs(name)).rule
    assert [words for words in said if words not in rule] == []


def test_every_sweep_that_a_ruling_rests_on_needs_its_gate_and_enough_worlds() -> None:
    """Sweeps without draws have a gate for each set of parameters."""
    names = BY_NAME["nine_strategies"].sweeps
    claim, sweeps = with_made_up_runs("nine_strategies", checked=names[-1:])
    assert essay.judged(claim, sweeps).ruling == Ruling(Verdict.HOLDS)
    name = names[-1]
    without = {**sweeps, name: replace(sweeps[name], gates=[])}
    assert essay.judged(claim, without).ruling == Ruling(Verdict.CLOSED, "its configuration has no [verdict.gate]")
    shut = {**sweeps, name: replace(sweeps[name], gates=[GATE, GATE._replace(name="shut", passed=False)])}
    assert essay.judged(claim, shut).ruling == Ruling(Verdict.CLOSED, f"{name} shut")
    few = {**sweeps, name: replace(sweeps[name], runs=sweeps[name].runs[:19])}
    assert essay.judged(claim, few).ruling == Ruling(Verdict.UNDECIDED, "19 worlds, and 20 are needed")
    aside, others = with_made_up_runs("nine_strategies", checked=(names[0],))
    assert essay.judged(aside, {**others, name: without[name]}).ruling == Ruling(Verdict.HOLDS)


# What stands in the files ----------------------------------------------------------------------------------------


SWEEPS = list(dict.fromkeys(name for claim in CLAIMS for name in claim.sweeps))


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("name", SWEEPS)
def test_the_files_can_be_read_and_give_enough_worlds_for_a_verdict(name: str, full: bool) -> None:
    experiment = load(CONFIGS / f"{name}.toml", full=full)
    assert experiment.name == name
    assert experiment.verdict is not None
    assert experiment.verdict.gate is not None
    assert experiment.sweep is not None
    draws = experiment.sweep.replicates // (experiment.sweep.plausible.worlds if experiment.sweep.plausible else 1)
    if any(name in claim.sweeps[:1] for claim in CLAIMS):
        assert draws >= (300 if full else experiment.verdict.worlds)
    runs = runs_of(load(CONFIGS / f"{name}.toml", ["sweep.replicates=24"], full=full))
    assert len({run.id for run in runs}) == len(runs)


def test_full_size_is_larger() -> None:
    for name, experiment in essay.experiments_of(CLAIMS, CONFIGS).items():
        assert experiment == load(CONFIGS / f"{name}.toml"), "not at full size unless it is asked for"
        sizes = [load(CONFIGS / f"{name}.toml", full=full).sweep.replicates for full in (False, True)]  # type: ignore[union-attr]
        assert sizes[0] < sizes[1]


def test_some_files_can_have_their_full_size_whatever_the_others_have(rekindle: Callable[..., Any]) -> None:
    claims = [BY_NAME["one_like"], BY_NAME["naturals"]]
    sizes = {
        name: one.sweep for name, one in essay.experiments_of(claims, CONFIGS, times=2, full_of=["one_like"]).items()
    }
    doubled = {name: one.sweep for name, one in essay.experiments_of(claims, CONFIGS, times=2).items()}
    assert sizes == doubled | {"one_like": load(CONFIGS / "one_like.toml", full=True).sweep}
    assert sizes["one_like"] != doubled["one_like"]
    assert essay.experiments_of(claims, CONFIGS, full_of=["strategies_town"]) == essay.experiments_of(claims, CONFIGS)
    said = command_of(False, [], essay.CONFIGS, times=2, full_of=["one_like"])
    assert said == "rekindle essay --times 2 --full-of one_like"
    wrong = " ".join(rekindle("essay", "--full-of", "one_lik").err.split())
    assert "--full-of one_lik: no claim needs an experiment of that name; did you mean one_like?" in wrong


@given(times=st.floats(0.001, 1_000), replicates=st.integers(1, 10_000), worlds=st.integers(1, 5))
def test_times_the_worlds_are_at_least_so_many_and_whole_draws(times: float, replicates: int, worlds: int) -> None:
    changes = [f"sweep.replicates={replicates}", f"sweep.plausible.worlds={worlds}"]
    experiment = load(CONFIGS / "naturals.toml", changes)
    found = essay.resized(experiment, times)
    assert found.sweep is not None
    assert experiment.sweep is not None
    assert found.sweep.replicates % worlds == 0 or times == 1
    assert replicates * times <= found.sweep.replicates < replicates * times + worlds + 1
    assert found.model_copy(update={"sweep": experiment.sweep}) == experiment
    assert essay.resized(experiment, 1.0) == experiment


def test_claims_are_tested_in_the_same_worlds() -> None:
    """Burnt-in worlds are shared, which makes the essay affordable; only the town is another one."""
    found = set()
    for name, experiment in essay.experiments_of(CLAIMS, CONFIGS).items():
        if name != "strategies_town":
            found.add(experiment.world.model_copy(update={"newcomers": 0}).model_dump_json())
    assert len(found) == 1


def test_all_draws_are_the_same_and_leave_only_what_a_claim_holds_equal() -> None:
    found = {
        name: experiment.sweep.plausible
        for name, experiment in essay.experiments_of(CLAIMS, CONFIGS).items()
        if experiment.sweep is not None and experiment.sweep.plausible is not None
    }
    assert {one.seed for one in found.values()} == {1}
    left = {name: one.leave for name, one in found.items() if one.leave}
    assert left == {"built_slowly": ("gestures.message.minutes", "gestures.conversation.minutes")}
    once = {name for name, one in found.items() if one.worlds < 2}
    assert once == {"in_touch"}, "chance within worlds is estimated from pairs, where it matters"


def test_the_gate_holds_worlds_against_the_log_that_it_names() -> None:
    ledger = json.loads((ROOT / "docs" / "ledgers" / "facebook_wall.json").read_text(encoding="utf-8"))["real"]
    for experiment in essay.experiments_of(CLAIMS, CONFIGS).values():
        gate = experiment.verdict.gate  # type: ignore[union-attr]
        assert gate is not None
        assert gate.log == "facebook_wall"
        for name in ("hazard_per_day_90_180", "hazard_per_day_180_365"):
            assert getattr(gate, name) == pytest.approx(ledger[name], rel=0.005)
        assert (gate.factor, gate.reactivated_low, gate.reactivated_high) == (2.0, 0.18, 0.44)


def test_the_files_that_ship_with_the_program_are_read_without_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert list(essay.experiments_of([BY_NAME["barrier"]], essay.CONFIGS)) == ["knowing_welcome"]
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
    changes = [word for change in changes_of("naturals") for word in ("--set", change)]
    return [*changes, "--configs", str(CONFIGS)]


def test_the_command_makes_what_is_missing_and_its_figure_can_be_checked(
    essay_here: list[str], rekindle: Callable[..., Any], in_threads: None
) -> None:
    asked_for = ("essay", "--only", "naturals", *essay_here)
    first = rekindle(*asked_for, "--data")
    assert first.code == 0, first.err
    assert "undecided" in first.out
    page = Path("results/essay/report.html").read_bytes()
    assert re.search(r"\b0 already done", first.out)
    again = rekindle(*asked_for)
    assert not re.search(r"\b0 already done", again.out)
    assert Path("results/essay/report.html").read_bytes() == page
    figure = Path("results/essay/figures/naturals.png")
    assert figure.with_suffix(".csv").read_text().startswith("panel,row,value,low,high,least,most,smallest,share")
    checked = rekindle("figure", "--check", figure)
    assert checked.code == 0, checked.out + checked.err
    assert "reproduced to the byte" in checked.out
    other = figure.with_suffix(".svg")
    other.write_text(other.read_text() + "\n")
    checked = rekindle("figure", "--check", figure)
    assert checked.code == 1
    assert "naturals.svg differs" in checked.out


def test_a_figure_can_be_made_again_whatever_the_order_of_its_factors(
    config: Path, rekindle: Callable[..., Any], in_threads: None
) -> None:
    """Drawn settings are many; and the style of the pages is none that one can ask for."""
    changes = [word for change in changes_of("naturals") for word in ("--set", change)]
    Path("docs").mkdir()
    made = rekindle("essay", "--only", "barrier", *changes, "--configs", CONFIGS, "--docs", "docs")
    assert made.code == 0, made.err
    for figure in (Path("results/essay/figures/barrier.png"), Path("docs/essay/barrier.png")):
        checked = rekindle("figure", "--check", figure)
        assert checked.code == 0, checked.out + checked.err


def test_one_world_is_too_few_for_an_interval(essay_here: list[str], rekindle: Callable[..., Any]) -> None:
    asked_for = ("essay", "--only", "naturals", *essay_here, "--set", "sweep.replicates=1")
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


# Draws are added until claims are decided ------------------------------------------------------------------------


def test_looks_double_up_to_the_full_size_and_err_together_as_one_look_does() -> None:
    few, many = (load(CONFIGS / "naturals.toml", [f"sweep.replicates={count}"]) for count in (20, 150))
    planned = essay.looks(few, many)
    assert planned == (20, 40, 80, 150)
    assert [essay.at_look(few, planned, turn).sweep.replicates for turn in range(6)] == [20, 40, 80, 150, 150, 150]  # type: ignore[union-attr]
    errors = [essay.error_at(planned, turn) for turn in range(4)]
    assert errors == sorted(errors)
    assert max(errors) < essay.ERROR < sum(errors)
    assert essay.looks(few, few) == (20,)
    assert essay.error_at((20,), 0) == essay.ERROR


def test_an_interval_of_a_share_holds_at_all_looks_at_once() -> None:
    """Shares of draws that hold with a chance of 80%, looked at four times; in 95% of experiments all contain it."""
    looks, random = (20, 40, 80, 150), np.random.default_rng(1)
    errors = [essay.error_at(looks, turn) for turn in range(len(looks))]
    cached: dict[tuple[int, int], tuple[float, float]] = {}
    missed = 0
    for _ in range(2_000):
        hits = random.random(looks[-1]) < 0.8
        for turn, count in enumerate(looks):
            found = int(hits[:count].sum())
            if (turn, found) not in cached:
                one = plausible.share_above((np.arange(count) < found)[:, None] * 1.0, 0.5, 0.0, errors[turn])
                cached[turn, found] = one.deconvolved.low, one.deconvolved.high
            if not cached[turn, found][0] <= 0.8 <= cached[turn, found][1]:
                missed += 1
                break
    assert 0.01 < missed / 2_000 < 0.055


def test_draws_are_added_while_a_claim_is_undecided(
    config: Path, rekindle: Callable[..., Any], in_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def finding(sweeps: Any) -> ClaimFinding:
        swept = sweeps["naturals"]
        seen.append((swept.runs["replicate"].nunique(), swept.error))
        verdict = Verdict.HOLDS if len(seen) == 2 else Verdict.UNDECIDED
        main = MainEffect("naturals", level(swept, "none", pd.Series(0.0, swept.draws.index)))
        return ClaimFinding(Ruling(verdict), "An effect.", main, (), {}, ())

    monkeypatch.setattr(essay, "CLAIMS", (BY_NAME["naturals"]._replace(finding=finding),))
    changes = [word for change in changes_of("naturals") for word in ("--set", change)]
    text = (CONFIGS / "naturals.toml").read_text(encoding="utf-8")
    Path("own").mkdir()
    Path("own/naturals.toml").write_text(text.replace('"sweep.replicates" = 600', '"sweep.replicates" = 16'))
    made = rekindle("essay", "--decide", *changes, "--set", "sweep.replicates=4", "--configs", "own")
    assert made.code == 0, made.err
    assert "Undecided after look 1, so draws are added: naturals." in made.out
    assert [count for count, _ in seen] == [4, 8], "not 16, because it is decided"
    assert seen[0][1] < seen[1][1] < 0.05
    assert "use one of the two" in rekindle("essay", "--decide", "--full", "--configs", str(CONFIGS)).err
    assert "--times 0: expected a number above 0" in rekindle("essay", "--times", "0").err
    assert command_of(False, [], essay.CONFIGS, times=0.5) == "rekindle essay --times 0.5"
