"""The claims of the essay: the experiment that tests each, how its result is judged, and what it depends on.

`CLAIMS` lists them. `rekindle essay` runs their sweeps, `judged` gives the verdicts, and `experiments.essay.report` writes
the report.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from experiments.analysis.plausible import ERROR
from experiments.analysis.sequential import LEAST_WORLDS, nominal_errors, schedule
from experiments.analysis.verdicts import Ruling, Verdict
from experiments.config import shipped
from experiments.config.errors import ConfigError
from experiments.config.reading import load
from experiments.config.settings import Experiment
from experiments.essay.findings import (
    ClaimFinding,
    FigureSpec,
    Sweeps,
    barrier,
    built_slowly,
    in_touch,
    naturals,
    nine_strategies,
    one_like,
    online_to_person,
    showing_up,
    smallest_gestures,
    zero_to_connected,
)
from experiments.essay.findings.effects import Effect, MainEffect
from experiments.figures import save
from experiments.figures.page import Style
from experiments.provenance import run_hash
from experiments.sweeps import store
from experiments.sweeps.design import draws_in
from experiments.sweeps.sweep_result import SweepResult, fewest_worlds
from experiments.terminal.names import write_csv
from experiments.terminal.numbers import counted
from sim.model.spelling import nearest
from sim.runtime.fingerprint import model_fingerprint

CONFIGS = Path(shipped.FOLDER)  # without this folder, the files that ship with the program are read
_VERSIONS = ("matplotlib", "numba", "numpy", "pandas", "rekindle")


class Claim(NamedTuple):
    """A claim of the essay, and how it is tested.

    Attributes:
        name: the experiment's name on the command line.
        essay: what the essay claims, in short, mostly in its own words.
        question: the question that the experiment answers.
        design: arms, worlds, outcome and when it is counted, in a sentence or two.
        rule: the effect that plausible worlds are judged by, with placeholders for the thresholds of its sweeps.
        sweeps: names of files in configs/, the main one first.
        finding: computes the finding from the results of these sweeps.
        evidence: published measurements with their sources, and what is assumed instead.
    """

    name: str
    essay: str
    question: str
    design: str
    rule: str
    sweeps: tuple[str, ...]
    finding: Callable[[Sweeps], ClaimFinding]
    evidence: str


_ONE_LIKE = (
    "In each world, dormant ties (no two-way contact for 90 days) that are far apart get nothing or one like on day 0, with the same "
    "random draws, while likes open doors and while no like does. Counted by intention to treat, on the {days}."
)
CLAIMS = (
    Claim(
        "in_touch",
        "How many friends do you interact with regularly? … That number is very small.",
        "With how many of the people they know do people exchange words in a month?",
        "A year of ordinary life of people who are given 30, 115 or 250 names, of whom they know 28, 83 and 114 when their world begins, three years earlier. "
        "Counted at its end: people with words both ways in the last 30 days.",
        "The number is below {most:g} among people who know 83 others when their world begins.",
        ("in_touch",),
        in_touch.finding,
        "In a month, people have two-way contact with 2% to 5% of their Facebook friends, and a smaller share if the list is longer "
        "(Marlow 2009; Yau et al. 2018).",
    ),
    Claim(
        "liked_back",
        "A like from somebody who was silent is noticed and feels good, and it is liked back.",
        "Is a like from somebody who was silent liked back?",
        _ONE_LIKE.format(days="14th and 60th day: whether the receiver liked anything of the sender, and the sender noticed"),
        "One like makes at least {focal_liked_back_60:g} of the receivers like something back who would not have otherwise.",
        ("one_like",),
        one_like.liked_back,
        "No log at hand has likes. People feel closer to those whose words they get, not to those whose likes they get (Burke & Kraut 2014).",
    ),
    Claim(
        "open_door",
        "Because that person had initiated, it was now totally ok.",
        "What does a like do through the door that it opens?",
        _ONE_LIKE.format(days="60th day: whether the receiver wrote, and whether the two talk again")
        + " The effect is that of one like over nothing while likes open doors, less the same while none does.",
        "At least {focal_answered:g} of the receivers write because the door is open.",
        ("one_like",),
        one_like.open_door,
        "Giving notice before a request raises the odds of an answer 1.54 times (Edwards et al. 2002). That a like opens a door is an "
        "assumption, drawn from not at all to fully.",
    ),
    Claim(
        "one_like",
        "… and we started sending messages back and forth.",
        "Does one like make two people talk again?",
        _ONE_LIKE.format(days="60th day: whether the two exchanged three worded gestures in turn"),
        "One like makes at least {focal_reconnected:g} of the pairs talk again that would not have otherwise: one for 500 likes.",
        ("one_like",),
        one_like.talk_again,
        "In three real logs, later contact is 1.0 to 1.2 times as frequent after one answered gesture. Likes without words do not change "
        "closeness (Burke & Kraut 2014).",
    ),
    Claim(
        "smallest_gestures",
        "The smallest initiation opens the door: a like, a smile, a hello, an introduction, a question, a compliment.",
        "Does any smallest gesture open the door, online and in person?",
        "In each world, dormant ties that are far apart get nothing or one gesture on day 0, with the same random draws. Counted on the "
        "60th day: whether the receiver wrote, and whether the two talk again.",
        "The gesture makes at least {focal_answered:g} of the receivers write who would not have otherwise, for each gesture.",
        ("smallest_gestures",),
        smallest_gestures.finding,
        "Givers underestimate how much a compliment (Boothby & Bohns 2021), a talk with a stranger (Epley & Schroeder 2014) or a message "
        "out of the blue (Liu et al. 2023) is welcome. How often smiles, hellos and compliments are answered among old friends is assumed.",
    ),
    Claim(
        "barrier",
        "Almost no effort or risk, but in the moment they seem monumental.",
        "How many old friends would come back if people knew how welcome they are?",
        "A year of ordinary life in which people believe in a part of their welcome, or know it. Counted at its end.",
        "Knowing brings back at least {everyone_reconnected:g} old tie per person and year.",
        ("knowing_welcome",),
        barrier.finding,
        "People believe in about half of their real welcome (Epley & Schroeder 2014; Flynn & Lake 2008; Bohns 2016). A rejection costs "
        "nothing in the model, so whether the risk is real is not tested.",
    ),
    Claim(
        "naturals",
        "Those who are naturals at this are people who initiate.",
        "Do people who begin easily end up better connected?",
        "Two years of ordinary life of people from the boldest and from the most hesitant third, with equal sociability. Counted at the "
        "end: ties with two-way contact in the last 90 days.",
        "The boldest third is in touch with at least {active_ties:g} more than the most hesitant third, and so is the half that begins more "
        "among people who send equally many gestures.",
        ("naturals",),
        naturals.finding,
        "How much strangeness deters people, and how much people differ in it, is assumed.",
    ),
    Claim(
        "built_slowly",
        "Relationships are built slowly, by consistent interaction and shared experience.",
        "Does the same time leave more if it is spread out, and if it is spent together?",
        "Dormant ties that are far apart get four hours: eight talks of half an hour or 80 messages of three minutes, on one day or over "
        "half a year. Counted: two-way contact in the last 90 days, 420 days after the first, which is about 270 after the last of those over "
        "half a year; those on one day are counted after 270 days, too.",
        "Spreading the talks, spreading the messages (all counted about 270 days after the last of them), and talking instead of writing each "
        "keep at least {focal_kept:g} of the ties more.",
        ("built_slowly",),
        built_slowly.finding,
        "It takes 40 to 60 hours together to make a casual friend and over 200 for a close one (Hall 2019). How much of induced contact "
        "lasts is unmeasured.",
    ),
    Claim(
        "showing_up",
        "They need to keep showing up before they can expect a sale.",
        "Does the same time sell more when it is spread out, and when does the first sale come?",
        "24 conversations of half an hour with a stranger from the industry, all on one day or spread out, from daily to fortnightly, or "
        "only the first four of the weekly ones. Counted after 365 days. The chance of a sale is proportional to the square of the tie's "
        "strength for the buyer.",
        "At least {focal_sold_365:g} of the strangers more buy within a year than after as long on one day.",
        ("showing_up",),
        showing_up.finding,
        "That sales depend on strength squared is an assumption.",
    ),
    Claim(
        "zero_to_connected",
        "From zero relationships to the most connected person in your industry.",
        "How far does an hour a week take a newcomer who knows nobody, in three years?",
        "Newcomers without ties join burnt-in worlds and follow one of ten strategies. Counted after three years, while they "
        "still follow it: their rank in the industry by ties in touch.",
        "The newcomers' mean rank is {most:g} or better with the strategy that is best in another world of the same draw.",
        ("zero_to_connected",),
        zero_to_connected.finding,
        "At events, the odds of meeting an acquaintance rather than a stranger are about two to one (Ingram & Morris 2007). The places, "
        "and what people do there, are assumptions.",
    ),
    Claim(
        "nine_strategies",
        "Engage regularly on social media, send handwritten notes, show up, join, host, go, share, start, check in.",
        "What is left of the nine strategies after they stop?",
        "Each strategy with the same time budget for two years, followed by 240 days of ordinary life. Counted 240 days after it stopped: "
        "ties that were dormant at the start and have two-way contact in the last 90 days, beyond waiting (kept). Ties kept up while it "
        "runs, new ties that are kept and tie ends in the whole world are reported too, as are 15 and 120 minutes a week and a town.",
        "The strategy keeps at least {kept:g} more ties per adopter than waiting, for each of the nine. A strategy is called the best only "
        "if it is in at least 90% of the plausible worlds.",
        ("strategies_draws", "strategies_effort", "strategies_town", "nine_strategies"),
        nine_strategies.finding,
        "People write to an old friend more readily after a warm-up (Aknin & Sandstrom 2024), a voice does more than text (Kumar & Epley "
        "2021), and hours together count (Hall 2019). What each strategy's minutes achieve is an assumption.",
    ),
    Claim(
        "online_to_person",
        "Both online and offline.",
        "How many reconnections begin in the feed, and have words in person, too?",
        "Two years and 240 days of ordinary life, and of people who engage regularly on social media. Counted at the end: ties that came "
        "back, whose silence was broken in the feed, and that had a worded gesture in person after that.",
        "At least {everyone_feed_to_person:g} ties per person begin in the feed and then have words in person.",
        ("strategies_draws",),
        online_to_person.finding,
        "Circles of contacts online are as large as offline (Dunbar et al. 2015). How often contact moves from one to the other is unmeasured.",
    ),
)  # fmt: skip
BY_NAME: Mapping[str, Claim] = {claim.name: claim for claim in CLAIMS}


@dataclass(frozen=True, eq=False)
class JudgedClaim:
    """A claim with its results and its verdict.

    Attributes:
        claim: an entry of `CLAIMS`.
        finding: computed from the results.
        ruling: the verdict, after the gate.
        sweeps: the results, by the name of their sweep.
    """

    claim: Claim
    finding: ClaimFinding
    ruling: Ruling
    sweeps: Sweeps

    @property
    def rule(self) -> str:
        """The rule of the verdict, with the thresholds from the configuration."""
        thresholds = [one.verdict for one in self.sweeps.values()]
        smallest = {name: least for one in reversed(thresholds) for name, least in one.smallest.items()}
        most = next((one.most for one in thresholds if one.most is not None), float("nan"))
        return self.claim.rule.format(most=most, **smallest)


def chosen(names: Iterable[str]) -> tuple[Claim, ...]:
    """Claims by the name of their experiment, in the order of the essay; all of them if no name is given.

    Raises:
        ConfigError: a name is not that of an experiment.
    """
    wanted = list(names)
    for name in wanted:
        if name not in BY_NAME:
            close = nearest(name, BY_NAME)
            hint = f"did you mean {close}?" if close else f"choose from {', '.join(BY_NAME)}."
            raise ConfigError(f"--only {name}: the essay has no experiment of this name; {hint}")
    return tuple(claim for claim in CLAIMS if not wanted or claim.name in wanted)


def experiments_of(
    claims: Iterable[Claim],
    configs: Path,
    changes: Iterable[str] = (),
    *,
    full: bool = False,
    times: float = 1.0,
    full_of: Collection[str] = (),
) -> dict[str, Experiment]:
    """The experiments that test these claims, by the name of their file.

    Args:
        claims: the claims.
        configs: the folder of the files.
        changes: settings that differ from the files, as PATH=VALUE.
        full: whether to use the sizes in [full] of each file.
        times: factor on the number of worlds of each experiment, above 0.
        full_of: names of experiments, of these or other claims, that have the sizes in [full], whatever the factor.

    Raises:
        ConfigError: no claim needs an experiment with one of these names.
    """
    claims = list(claims)
    names = dict.fromkeys(name for claim in claims for name in claim.sweeps)
    known = dict.fromkeys(name for claim in (*CLAIMS, *claims) for name in claim.sweeps)
    for name in full_of:
        if name not in known:
            close = nearest(name, known)
            hint = f"did you mean {close}?" if close else f"expected one of {', '.join(known)}."
            raise ConfigError(f"--full-of {name}: no claim needs an experiment of that name; {hint}")
    found = {}
    for name in names:
        whole = load(shipped.found(configs / f"{name}.toml", tell=False), list(changes), full=full or name in full_of)
        found[name] = whole if name in full_of else resized(whole, times)
    return found


def resized(experiment: Experiment, times: float) -> Experiment:
    """The experiment with this many times its worlds, rounded up, so that each draw has all of its worlds."""
    assert experiment.sweep is not None
    if times == 1.0:
        return experiment
    together = experiment.sweep.plausible.worlds if experiment.sweep.plausible else 1
    replicates = together * math.ceil(experiment.sweep.replicates * times / together)
    return experiment.model_copy(update={"sweep": experiment.sweep.model_copy(update={"replicates": replicates})})


def looks(experiment: Experiment, most: Experiment) -> tuple[int, ...]:
    """The numbers of replicates after which an experiment is judged: doubled up to those of a larger one.

    If both have the same number, there is one look.
    """
    assert experiment.sweep is not None
    assert most.sweep is not None
    first, last = experiment.sweep.replicates, most.sweep.replicates
    return (first,) if last <= first or first < LEAST_WORLDS else schedule(first, 2.0, last)


def at_look(experiment: Experiment, planned: tuple[int, ...], turn: int) -> Experiment:
    """The experiment with the replicates of a look; after the last one, of that."""
    assert experiment.sweep is not None
    replicates = planned[min(turn, len(planned) - 1)]
    return experiment.model_copy(update={"sweep": experiment.sweep.model_copy(update={"replicates": replicates})})


def error_at(planned: tuple[int, ...], turn: int) -> float:
    """The error of the intervals of a look, with which all planned looks miss the truth with a chance of 5% together.

    See `experiments.analysis.sequential`.
    """
    if len(planned) == 1:
        return ERROR
    return float(nominal_errors(planned, ERROR)[min(turn, len(planned) - 1)])


def judged(claim: Claim, swept: Mapping[str, SweepResult]) -> JudgedClaim:
    """Judge a claim by the results of its sweeps."""
    mine = {name: swept[name] for name in claim.sweeps}
    finding = claim.finding(mine) if mine[claim.sweeps[0]].worlds else _without_draws(claim, mine[claim.sweeps[0]])
    ruling = _gated(finding, mine)
    if _too_few(finding, mine):
        finding = replace(finding, pictures=tuple(_of_too_few(picture) for picture in finding.pictures))
    return JudgedClaim(claim, finding, ruling, mine)


def _without_draws(claim: Claim, main: SweepResult) -> ClaimFinding:
    """The finding if no draw of the main sweep passes the gate, so that none of its runs was made."""
    tried = counted(len(draws_in(main.experiment)), "draw")
    said = f"Nothing was run: of {tried} of the assumed numbers none passes the gate. More may (--times, or sweep.replicates)."
    nothing = MainEffect(claim.sweeps[0], Effect(claim.name, np.zeros((0, 1))))
    return ClaimFinding(Ruling(Verdict.UNDECIDED, "no draw passes the gate"), said, nothing, (), {}, claim.sweeps[:1])


def _of_too_few(picture: FigureSpec) -> FigureSpec:
    """The figure, with a subtitle that says that there are too few worlds for a verdict."""
    words = picture.words
    return replace(picture, words=words._replace(subtitle=f"Too few worlds for a verdict. {words.subtitle}"))


def _too_few(finding: ClaimFinding, sweeps: Sweeps) -> str:
    """How many worlds or plausible draws there are, and how many are needed, if there are too few; otherwise nothing."""
    behind = [sweeps[name] for name in finding.checked]
    found, needed = fewest_worlds(behind), max((one.verdict.worlds for one in behind), default=0)
    what = "world" if all(one.passing is None for one in behind) else "draw"
    return f"{counted(found, what)}, and {needed} are needed" if found < needed else ""


def _gated(finding: ClaimFinding, sweeps: Sweeps) -> Ruling:
    """The ruling, if its sweeps have enough worlds and pass their gates."""
    behind = [sweeps[name] for name in finding.checked]
    shut = [f"{one.experiment.name} {gate.name}".strip() for one in behind for gate in one.gates if not gate.passed]
    if any(not one.gates and one.passing is None for one in behind):
        return Ruling(Verdict.CLOSED, "its configuration has no [verdict.gate]")
    few = _too_few(finding, sweeps)
    if few and finding.ruling.verdict is not Verdict.BY_CONSTRUCTION:  # which no number of worlds could change
        return Ruling(Verdict.UNDECIDED, few)
    return Ruling(Verdict.CLOSED, "; ".join(shut)) if shut else finding.ruling


def drawn(picture: FigureSpec, style: Style) -> Figure:
    """Draw a figure."""
    return picture.draw(picture.data, picture.words, style)


def saved(of: Sequence[JudgedClaim], picture: FigureSpec, style: Style, folder: Path) -> list[Path]:
    """Draw a figure of some claims and save it as PNG, SVG and PDF, with all that draws it again in its metadata."""
    return save(drawn(picture, style), folder, picture.name, _origin(of, picture, style), style.settings)


def _origin(of: Sequence[JudgedClaim], picture: FigureSpec, style: Style) -> dict[str, Any]:
    """A figure's metadata, without date and path, so that the same results give the same bytes."""
    sweeps = {name: swept for one in of for name, swept in one.sweeps.items()}
    return {
        "run_hash": run_hash(swept.origin["run_hash"] for swept in sweeps.values()),
        "figure": picture.name,
        "claims": [one.claim.name for one in of],
        "style": style.name,
        "configs": {name: swept.experiment.model_dump(mode="json") for name, swept in sweeps.items()},
        "model": model_fingerprint(),
        "versions": {name: version(name) for name in _VERSIONS},
    }


def write_data(picture: FigureSpec, folder: Path) -> Path:
    """Write the plotted values as CSV and return the path."""
    path = folder / f"{picture.name}.csv"
    store.write_whole(path, lambda temporary: write_csv(picture.data, temporary, index=False, float_format="%.8g"))
    return path
