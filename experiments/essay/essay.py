"""The essay, sentence by sentence: which experiment asks, how the answer is judged, and what it leans on.

`SENTENCES` is the whole list; `rekindle essay` carries the sweeps out, `told` judges them, `experiments.essay.essay.report` prints it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.figure import Figure

from experiments.analysis.verdicts import Ruling, Word
from experiments.config import shipped
from experiments.config.settings import ConfigError, Experiment, load, nearest
from experiments.essay.findings import (
    Finding,
    Picture,
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
from sim.runtime.fingerprint import model_fingerprint

CONFIGS = Path(shipped.FOLDER)  # where it is not there, the files that ship with the program are read
_VERSIONS = ("matplotlib", "numba", "numpy", "pandas", "rekindle")


class Sentence(NamedTuple):
    """A sentence of the essay and how it is put to the test.

    Attributes:
        name: of the experiment, as on the command line.
        essay: what the essay claims, in short, largely in its words.
        question: what is asked of the model.
        design: arms, worlds and outcome in a sentence or two.
        rule: how the verdict is made, with gaps for the thresholds of the main one of its sweeps.
        sweeps: files in configs/, the main one first.
        finding: from their results to what came of it.
        evidence: what is measured, with source; what is assumed is said there, too.
        rests: settings that nobody has measured and on which it rests; `rekindle explain` tells of each.
    """

    name: str
    essay: str
    question: str
    design: str
    rule: str
    sweeps: tuple[str, ...]
    finding: Callable[[Sweeps], Finding]
    evidence: str
    rests: tuple[str, ...]


SENTENCES = (
    Sentence(
        "one_like",
        "I liked their picture. … Because that person had initiated, it was now totally ok.",
        "Does one like reopen a dormant tie?",
        "Dormant ties far apart in each world get nothing or one like on day 0, with the same luck. By intention to treat: three "
        "worded gestures to and fro within 60 days. Other gestures, and what lasts, beside it.",
        "Supported where the whole interval of the risk ratio lies above {above:g} at every half-life of the door and "
        "strength of a feed that shows who opened one; not supported where it lies within {below:g} to {above:g}.",
        ("one_like", "one_like_gestures", "one_like_silence"),
        one_like.finding,
        "Likes without words leave closeness as it is (Burke & Kraut 2014). One answered gesture goes with 1.0 to 1.2 times the later "
        "contact in three real logs. That a like opens a door is assumed; a notice before a request raises answers, odds ratio "
        "1.54 (Edwards et al. 2002).",
        ("gestures.like.opens_door", "openness_half_life", "feed_boost", "answer_openness"),
    ),
    Sentence(
        "nine_strategies",
        "Engage regularly on social media, send handwritten notes, show up, join, host, go, share, start, check in.",
        "Which of the nine keeps up most ties while it runs, and what is left afterwards?",
        "Ten arms with equal planned minutes for two years, then 240 days of ordinary life. Outcome: ties that an adopter brings back and "
        "keeps up while the plan runs (in two-way contact 150 to 240 days later), beyond waiting, at 15, 60 and 120 minutes a week; and how "
        "many of them are still active 240 days after the plan stopped.",
        "Supported where each of the nine keeps up more ties than waiting while it runs, at each effort (Holm's correction over nine). "
        "The verdict is not about what is left afterwards, and no winner is named.",
        ("nine_strategies", "nine_strategies_effort"),
        nine_strategies.finding,
        "People write to an old friend more readily after a warm-up (Aknin & Sandstrom 2024); a voice does more than text (Kumar & Epley "
        "2021); hours together count (Hall 2019). What each strategy's minutes buy is assumed.",
        ("follow_through", "once_strong", "usable_share", "gestures.call.mass", "gestures.conversation.mass", "gestures.note.answer"),
    ),
    Sentence(
        "zero_to_connected",
        "From zero relationships to the most connected person in your industry.",
        "How far does an hour a week take a newcomer who knows nobody, in three years?",
        "Newcomers without a tie come into burnt-in worlds and follow one of ten strategies. Outcome: rank in the industry by active ties; beside it, the rank by people within two steps.",
        "Supported where the whole interval of the mean rank is better than {most:g}.",
        ("zero_to_connected",),
        zero_to_connected.finding,
        "Odds of meeting somebody known already are about two to one (Ingram & Morris 2007). Places and what is done there are assumed.",
        ("group_members", "show_meets", "meetup_brings", "mutual_odds"),
    ),
    Sentence(
        "showing_up",
        "They need to keep showing up before they can expect a sale.",
        "Does the same time sell more when it is spread out?",
        "24 conversations of half an hour with a stranger of the industry: all on one day, or daily to fortnightly. The hazard of a sale "
        "is that of the buyer's strength squared.",
        "Supported where the chance of a sale, daily over all on one day, has its whole interval above {above:g} within 90 and within 365 "
        "days, with saturation of warm ties and without.",
        ("showing_up",),
        showing_up.finding,
        "Memory fades as a power of age (Anderson & Schooler 1991), so what is spread lasts. That sales follow strength squared is assumed.",
        ("sale_hazard", "saturation", "half_strength", "memory_decay"),
    ),
    Sentence(
        "barrier",
        "Almost no effort or risk, but in the moment they seem monumental.",
        "How many old friends would come back if people knew how welcome they are?",
        "A year of ordinary life, for lighter and heavier strangeness, and for people who believe in more or less of their welcome.",
        "Supported where reconnections, if people knew their welcome, over those as they believe, have their whole interval above {above:g} at "
        "each weight of strangeness whose gate is open.",
        ("barrier",),
        barrier.finding,
        "People believe in about half of their real welcome (Epley & Schroeder 2014; Flynn & Lake 2008; Bohns 2016).",
        ("hesitance_mean", "hesitance_sd", "ease"),
    ),
    Sentence(
        "temperaments",
        "It works for extroverts and introverts alike.",
        "Do the quiet and the hesitant gain from the hour, too?",
        "Adopters from the lowest or highest third in sociability and in hesitance; the same hour for a year, beside waiting.",
        "Supported where each of four temperaments gains over waiting with each strategy (Holm's correction over all).",
        ("temperaments",),
        temperaments.finding,
        "Sociability was fitted to activity on the Facebook wall; that it says how often others come to mind, and hesitance how strangeness "
        "weighs, is assumed.",
        ("hesitance_sd", "follow_through"),
    ),
    Sentence(
        "how_many_friends",
        "How many friends do you interact with regularly? … That number is very small.",
        "With what share of all whom they know are people in contact within a month?",
        "Four years of ordinary life; nothing is varied. The same code takes the same shares of three real logs.",
        "Supported where the whole interval of the share lies under {most:.0%}.",
        ("how_many_friends",),
        how_many_friends.finding,
        "Two-way contact in a month with 2 to 5 % of Facebook friends, less of longer lists (Marlow 2009; Yau et al. 2018).",
        ("ties_at_start", "tie_capacity"),
    ),
    Sentence(
        "everyone_does_it",
        "Anybody can do this.",
        "What if all follow the advice?",
        "Adopters from a few people to everyone; the gain per adopter over the same people waiting, for a year.",
        "Supported where the gain per adopter where few do it, over that where all do, lies within {below:g} to {above:g} or below for each "
        "strategy: the advice keeps its worth. Not supported where the whole interval lies above {above:g} for each.",
        ("everyone_does_it",),
        everyone_does_it.finding,
        "Whoever receives much answers less (Kooti et al. 2015).",
        ("load_scale", "weekly_minutes"),
    ),
    Sentence(
        "mixtures",
        "Do several of these things.",
        "Is a blend of the best strategies worth more than one of them?",
        "An hour split in quarters between three strategies, two years and 240 days; ties kept up while the plan runs, over waiting.",
        "Supported where some blend is the best with probability {best:g} over worlds, with the numbers as given; not supported where some "
        "strategy alone is.",
        ("mixtures",),
        mixtures.finding,
        "None: the split of effort is the question's own.",
        ("follow_through", "once_strong"),
    ),
    Sentence(
        "no_door",
        "A week earlier I would have kept scrolling. … I would have felt weird.",
        "Which conclusions rest on the open door, which nobody has measured?",
        "All headline outcomes with the doors of small gestures shut, with all shut, and with a feed that uses them; each change was asked "
        "for the gate.",
        "Supported (robust) where no conclusion is another one under any change; else it depends, and on what is said.",
        ("no_door", "no_door_like"),
        no_door.finding,
        "None: that is why it is asked.",
        ("gestures.like.opens_door", "gestures.post.opens_door", "openness_half_life", "feed_boost"),
    ),
)  # fmt: skip
BY_NAME: Mapping[str, Sentence] = {sentence.name: sentence for sentence in SENTENCES}


@dataclass(frozen=True, eq=False)
class Told:
    """A sentence with what came of it.

    Attributes:
        sentence: as listed.
        finding: what its results say.
        ruling: the verdict, after the gate.
        sweeps: the results.
    """

    sentence: Sentence
    finding: Finding
    ruling: Ruling
    sweeps: Sweeps

    @property
    def rule(self) -> str:
        """How the verdict is made, with the thresholds of the configuration."""
        asked = self.sweeps[self.sentence.sweeps[0]].verdict
        most = float("nan") if asked.most is None else asked.most
        return self.sentence.rule.format(
            above=1 + asked.margin, below=1 - asked.margin, best=asked.best, most=most, error=asked.family_error
        )


def chosen(names: Iterable[str]) -> tuple[Sentence, ...]:
    """Sentences by the name of their experiment, in the essay's order; all of them where none is named.

    Raises:
        ConfigError: there is no such experiment.
    """
    wanted = list(names)
    for name in wanted:
        if name not in BY_NAME:
            close = nearest(name, BY_NAME)
            hint = f"did you mean {close}?" if close else f"there is {', '.join(BY_NAME)}."
            raise ConfigError(f"--only {name}: the essay has no such experiment; {hint}")
    return tuple(sentence for sentence in SENTENCES if not wanted or sentence.name in wanted)


def experiments_of(
    sentences: Iterable[Sentence], configs: Path, changes: Iterable[str] = (), *, full: bool = False
) -> dict[str, Experiment]:
    """The experiments behind sentences, by the name of their file."""
    names = dict.fromkeys(name for sentence in sentences for name in sentence.sweeps)
    return {name: load(shipped.found(configs / f"{name}.toml", tell=False), list(changes), full=full) for name in names}


def told(sentence: Sentence, swept: Mapping[str, SweepResult]) -> Told:
    """A sentence judged by the results of its sweeps."""
    mine = {name: swept[name] for name in sentence.sweeps}
    finding = sentence.finding(mine)
    ruling = _gated(finding, mine)
    if ruling == Ruling(Word.TOO_FEW):
        finding = replace(finding, pictures=tuple(_of_too_few(picture) for picture in finding.pictures))
    return Told(sentence, finding, ruling, mine)


def _of_too_few(picture: Picture) -> Picture:
    """A figure that says that its title is of too few worlds for a verdict."""
    words = picture.words
    return replace(picture, words=words._replace(subtitle=f"Too few worlds for a verdict. {words.subtitle}"))


def _gated(finding: Finding, sweeps: Sweeps) -> Ruling:
    """The ruling, if there are enough worlds and the gates of the sweeps behind it are open."""
    behind = [sweeps[name] for name in finding.checked]
    shut = [f"{one.experiment.name} {gate.name}".strip() for one in behind for gate in one.gates if not gate.passed]
    if any(not one.gates for one in behind):
        return Ruling(Word.CLOSED, "its configuration has no [verdict.gate]")
    if behind and fewest_worlds(behind) < max(one.verdict.worlds for one in behind):
        return Ruling(Word.TOO_FEW)
    return Ruling(Word.CLOSED, "; ".join(shut)) if shut else finding.ruling


def drawn(picture: Picture, style: Style) -> Figure:
    """The figure."""
    return picture.draw(picture.data, picture.words, style)


def saved(one: Told, picture: Picture, style: Style, folder: Path) -> list[Path]:
    """Draw a figure and keep it as PNG, SVG and PDF, with all that it can be made from again in its metadata."""
    return save(drawn(picture, style), folder, picture.name, _origin(one, picture, style), style.settings)


def _origin(one: Told, picture: Picture, style: Style) -> dict[str, Any]:
    """What a figure says of itself: nothing of when and where, so that the same results give the same bytes."""
    return {
        "run_hash": run_hash(swept.origin["run_hash"] for swept in one.sweeps.values()),
        "figure": picture.name,
        "sentence": one.sentence.name,
        "style": style.name,
        "configs": {name: swept.experiment.model_dump(mode="json") for name, swept in one.sweeps.items()},
        "model": model_fingerprint(),
        "versions": {name: version(name) for name in _VERSIONS},
    }


def write_data(picture: Picture, folder: Path) -> Path:
    """Write the plotted values as CSV; returns its path."""
    path = folder / f"{picture.name}.csv"
    store.write_whole(path, lambda temporary: write_csv(picture.data, temporary, index=False, float_format="%.8g"))
    return path
