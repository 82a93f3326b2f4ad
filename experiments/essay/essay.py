"""The claims of the essay: the experiment that tests each, how its result is judged, and what it depends on.

`CLAIMS` lists them. `rekindle essay` runs their sweeps, `judged` gives the verdicts, and `experiments.essay.report` writes
the report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.figure import Figure

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
    everyone_does_it,
    how_many_friends,
    mixtures,
    nine_strategies,
    no_door,
    one_like,
    showing_up,
    temperaments,
    zero_to_connected,
)
from experiments.figures import save
from experiments.figures.page import Style
from experiments.provenance import run_hash
from experiments.sweeps import store
from experiments.sweeps.sweep_result import SweepResult, fewest_worlds
from experiments.terminal.names import write_csv
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
        design: arms, worlds and outcome, in a sentence or two.
        rule: how the verdict is made, with placeholders for the thresholds of the claim's first sweep.
        sweeps: names of files in configs/, the main one first.
        finding: computes the finding from the results of these sweeps.
        evidence: published measurements with their sources, and what is assumed instead.
        rests: settings that nobody has measured and that the result depends on; `rekindle explain` describes each.
    """

    name: str
    essay: str
    question: str
    design: str
    rule: str
    sweeps: tuple[str, ...]
    finding: Callable[[Sweeps], ClaimFinding]
    evidence: str
    rests: tuple[str, ...]


CLAIMS = (
    Claim(
        "one_like",
        "I liked their picture. … Because that person had initiated, it was now totally ok.",
        "Does one like reopen a dormant tie?",
        "In each world, dormant ties that are far apart get either nothing or one like on day 0, with the same random draws. The "
        "outcome, by intention to treat, is whether the two people exchange three worded gestures within 60 days. Other gestures and "
        "lasting effects are reported too.",
        "Holds if the whole interval of the risk ratio is above {above:g} at every half-life of the door, with and without a feed "
        "that favors people who opened a door. Fails if the interval is between {below:g} and {above:g}.",
        ("one_like", "one_like_gestures", "one_like_silence"),
        one_like.finding,
        "Likes without words do not change closeness (Burke & Kraut 2014). In three real logs, later contact is 1.0 to 1.2 times as "
        "frequent after one answered gesture. Giving notice before a request raises the odds of an answer 1.54 times (Edwards et al. "
        "2002). That a like opens a door is an assumption.",
        ("gestures.like.opens_door", "openness_half_life", "feed_boost", "answer_openness"),
    ),
    Claim(
        "nine_strategies",
        "Engage regularly on social media, send handwritten notes, show up, join, host, go, share, start, check in.",
        "What is left of the nine strategies after they stop, and does it depend on numbers that nobody has measured?",
        "Each strategy with the same time budget for two years, followed by 240 days of ordinary life. Outcome: ties that were dormant "
        "at the start and are active 240 days after the strategy stopped, beyond waiting (kept). Ties kept up while it runs and new ties "
        "that are kept are reported too. Each world has a joint draw of all assumed numbers within their plausible ranges; draws whose "
        "worlds do not pass the gate are left out. At the default numbers, ties kept up are also reported at 15, 60 and 120 minutes a week.",
        "A strategy works if it keeps at least {kept:g} more ties than waiting in over 90% of the plausible worlds, with the whole "
        "interval, and does not if in under 10%. Holds if each of the nine works; fails if none does. A strategy is called the best only "
        "if it is in at least 90% of the plausible worlds.",
        ("nine_strategies", "nine_strategies_effort", "strategies_draws"),
        nine_strategies.finding,
        "People write to an old friend more readily after a warm-up (Aknin & Sandstrom 2024), a voice does more than text (Kumar & Epley "
        "2021), and hours together count (Hall 2019). What each strategy's minutes achieve is an assumption. The order of the "
        "strategies changes without closeness and in worlds of 1,200 people (README).",
        ("follow_through", "once_strong", "usable_share", "gestures.call.mass", "gestures.conversation.mass", "gestures.note.answer"),
    ),
    Claim(
        "zero_to_connected",
        "From zero relationships to the most connected person in your industry.",
        "How far does an hour a week take a newcomer who knows nobody, in three years?",
        "Newcomers without ties join burnt-in worlds and follow one of ten strategies. Outcome: their rank in the industry by active "
        "ties. The rank by people within two steps is reported too.",
        "Holds if the whole interval of the mean rank is better than {most:g}.",
        ("zero_to_connected",),
        zero_to_connected.finding,
        "At events, the odds of meeting an acquaintance rather than a stranger are about two to one (Ingram & Morris 2007). The places, "
        "and what people do there, are assumptions.",
        ("group_members", "show_meets", "meetup_brings", "mutual_odds"),
    ),
    Claim(
        "showing_up",
        "They need to keep showing up before they can expect a sale.",
        "Does the same time sell more when it is spread out?",
        "24 conversations of half an hour with a stranger from the industry, either all on one day or spread out, from daily to "
        "fortnightly. The hazard of a sale is proportional to the square of the tie's strength for the buyer.",
        "Holds if the ratio of the chances of a sale, daily over all on one day, has its whole interval above {above:g} within 90 "
        "days and within 365 days, with and without saturation of warm ties.",
        ("showing_up",),
        showing_up.finding,
        "Memory fades as a power of age (Anderson & Schooler 1991), so spaced contacts last longer. That sales depend on strength "
        "squared is an assumption.",
        ("sale_hazard", "saturation", "half_strength", "memory_decay"),
    ),
    Claim(
        "barrier",
        "Almost no effort or risk, but in the moment they seem monumental.",
        "How many old friends would come back if people knew how welcome they are?",
        "A year of ordinary life, at several weights of strangeness and several shares of their real welcome that people believe in.",
        "Holds if the ratio of reconnections, knowing one's welcome over believing as people do, has its whole interval above "
        "{above:g} at each weight of strangeness that passes the gate.",
        ("barrier",),
        barrier.finding,
        "People believe in about half of their real welcome (Epley & Schroeder 2014; Flynn & Lake 2008; Bohns 2016).",
        ("reticence_mean", "reticence_sd", "ease"),
    ),
    Claim(
        "temperaments",
        "It works for extroverts and introverts alike.",
        "Do quiet and hesitant people gain from the hour, too?",
        "Adopters from the lowest or highest third in sociability and in reticence spend the same hour a week for a year, compared with "
        "waiting.",
        "Holds if each of four temperaments gains over waiting with each strategy (with Holm's correction over all).",
        ("temperaments",),
        temperaments.finding,
        "Sociability was fitted to activity on the Facebook wall. Two things are assumptions: that sociability sets how often others "
        "come to mind, and that reticence sets how much strangeness weighs.",
        ("reticence_sd", "follow_through"),
    ),
    Claim(
        "how_many_friends",
        "How many friends do you interact with regularly? … That number is very small.",
        "What share of the people they know are people in contact with within a month?",
        "Four years of ordinary life with no factor varied. The same code computes the shares in three real logs.",
        "Holds if the whole interval of the share is below {most:.0%}.",
        ("how_many_friends",),
        how_many_friends.finding,
        "In a month, people have two-way contact with 2% to 5% of their Facebook friends, and a smaller share if the list is longer "
        "(Marlow 2009; Yau et al. 2018).",
        ("ties_at_start", "tie_capacity"),
    ),
    Claim(
        "everyone_does_it",
        "Anybody can do this.",
        "What if everyone follows the advice?",
        "The share of adopters varies from a few people to everyone. Outcome: the gain per adopter over the same people waiting, for a "
        "year.",
        "The ratio compares the gain per adopter if few adopt with the gain if everyone does. Holds, meaning that the advice keeps "
        "its value, if the ratio is between {below:g} and {above:g} or lower for each strategy. Fails if the whole interval is "
        "above {above:g} for each.",
        ("everyone_does_it",),
        everyone_does_it.finding,
        "People who receive many messages answer a smaller share of them (Kooti et al. 2015).",
        ("load_scale", "weekly_minutes"),
    ),
    Claim(
        "mixtures",
        "Do several of these things.",
        "Is a blend of the best strategies worth more than any one of them?",
        "One hour a week, split in quarters between three strategies, for two years and 240 days. Outcome: ties kept up while the plan "
        "runs, beyond waiting.",
        "Holds if some blend is the best with a probability of at least {best:g} over worlds, at the default parameters. Fails "
        "if a single strategy is.",
        ("mixtures",),
        mixtures.finding,
        "None. The split of effort is part of the question.",
        ("follow_through", "once_strong"),
    ),
    Claim(
        "no_door",
        "A week earlier I would have kept scrolling. … I would have felt weird.",
        "Which conclusions depend on the open door, which nobody has measured?",
        "All headline outcomes with the doors of small gestures shut, with all doors shut, and with a feed that uses them. Each change "
        "has to pass the gate.",
        "Holds (robust) if every conclusion stays the same under every change. Otherwise it depends on an assumption, and the "
        "verdict says which.",
        ("no_door", "no_door_like"),
        no_door.finding,
        "None. That is why the question is asked.",
        ("gestures.like.opens_door", "gestures.post.opens_door", "openness_half_life", "feed_boost"),
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
        thresholds = self.sweeps[self.claim.sweeps[0]].verdict
        most = float("nan") if thresholds.most is None else thresholds.most
        return self.claim.rule.format(
            above=1 + thresholds.margin,
            below=1 - thresholds.margin,
            best=thresholds.best,
            most=most,
            error=thresholds.family_error,
            kept=max(one.verdict.least("kept") for one in self.sweeps.values()),
        )


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
    claims: Iterable[Claim], configs: Path, changes: Iterable[str] = (), *, full: bool = False
) -> dict[str, Experiment]:
    """The experiments that test these claims, by the name of their file."""
    names = dict.fromkeys(name for claim in claims for name in claim.sweeps)
    return {name: load(shipped.found(configs / f"{name}.toml", tell=False), list(changes), full=full) for name in names}


def judged(claim: Claim, swept: Mapping[str, SweepResult]) -> JudgedClaim:
    """Judge a claim by the results of its sweeps."""
    mine = {name: swept[name] for name in claim.sweeps}
    finding = claim.finding(mine)
    ruling = _gated(finding, mine)
    if ruling == Ruling(Verdict.UNDECIDED):
        finding = replace(finding, pictures=tuple(_of_too_few(picture) for picture in finding.pictures))
    return JudgedClaim(claim, finding, ruling, mine)


def _of_too_few(picture: FigureSpec) -> FigureSpec:
    """The figure, with a subtitle that says that there are too few worlds for a verdict."""
    words = picture.words
    return replace(picture, words=words._replace(subtitle=f"Too few worlds for a verdict. {words.subtitle}"))


def _gated(finding: ClaimFinding, sweeps: Sweeps) -> Ruling:
    """The ruling, if its sweeps have enough worlds and pass their gates."""
    behind = [sweeps[name] for name in finding.checked]
    shut = [f"{one.experiment.name} {gate.name}".strip() for one in behind for gate in one.gates if not gate.passed]
    if any(not one.gates and one.passing is None for one in behind):
        return Ruling(Verdict.CLOSED, "its configuration has no [verdict.gate]")
    if behind and fewest_worlds(behind) < max(one.verdict.worlds for one in behind):
        return Ruling(Verdict.UNDECIDED)
    return Ruling(Verdict.CLOSED, "; ".join(shut)) if shut else finding.ruling


def drawn(picture: FigureSpec, style: Style) -> Figure:
    """Draw a figure."""
    return picture.draw(picture.data, picture.words, style)


def saved(one: JudgedClaim, picture: FigureSpec, style: Style, folder: Path) -> list[Path]:
    """Draw a figure and save it as PNG, SVG and PDF, with everything needed to draw it again in its metadata."""
    return save(drawn(picture, style), folder, picture.name, _origin(one, picture, style), style.settings)


def _origin(one: JudgedClaim, picture: FigureSpec, style: Style) -> dict[str, Any]:
    """A figure's metadata, without date and path, so that the same results give the same bytes."""
    return {
        "run_hash": run_hash(swept.origin["run_hash"] for swept in one.sweeps.values()),
        "figure": picture.name,
        "sentence": one.claim.name,
        "style": style.name,
        "configs": {name: swept.experiment.model_dump(mode="json") for name, swept in one.sweeps.items()},
        "model": model_fingerprint(),
        "versions": {name: version(name) for name in _VERSIONS},
    }


def write_data(picture: FigureSpec, folder: Path) -> Path:
    """Write the plotted values as CSV and return the path."""
    path = folder / f"{picture.name}.csv"
    store.write_whole(path, lambda temporary: write_csv(picture.data, temporary, index=False, float_format="%.8g"))
    return path
