"""Questions of the essay that a page asks: each opens two worlds that differ in what the question is about.

Both worlds begin on the same morning and have the same random draws. What is the same in both is an experiment of the
essay, with the settings of `EssayQuestion.both`; the right world has those of `EssayQuestion.right`, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from experiments.config import shipped


class EssayQuestion(NamedTuple):
    """A question of the essay as two worlds.

    Attributes:
        asks: the question, as the essay's report asks it.
        config: the name of the bundled experiment.
        worlds: what the left and the right world are called.
        both: settings of both worlds, by path, as TOML text.
        right: settings of the right world only.
        outcome: the outcome to look at, by its name in `experiments.watch.outcomes`.
        day: the day on which it is counted.
    """

    asks: str
    config: str
    worlds: tuple[str, str]
    both: Mapping[str, str]
    right: Mapping[str, str]
    outcome: str
    day: int

    @property
    def file(self) -> Path:
        """The file of its experiment."""
        return shipped.folder() / f"{self.config}.toml"

    @property
    def of_pairs(self) -> bool:
        """Whether outcomes are counted over pairs of people to whom gestures are injected, instead of adopters."""
        return any(path.startswith("inject.") for path in self.both)


_LIKE = {"inject.kind": '"like"'}
_TALKS = {"inject.kind": '"conversation"', "inject.times": "8"}
_WAIT = {"run.strategy": '"wait"'}
# By the name of the claim. “Liked back” has the two worlds of “one like”; “in touch” and “naturals” look at one world.
QUESTIONS: Mapping[str, EssayQuestion] = {
    "open_door": EssayQuestion(
        "What does a like do through the door that it opens?",
        "one_like",
        ("a like opens no door", "a like opens a door"),
        {**_LIKE, "parameters.gestures.like.opens_door": "0.0"},
        {"parameters.gestures.like.opens_door": "1.0"},
        "answered",
        60,
    ),
    "one_like": EssayQuestion(
        "Does one like make two people talk again?",
        "one_like",
        ("nothing", "one like"),
        {"inject.kind": '"nothing"'},
        _LIKE,
        "talking",
        60,
    ),
    "smallest_gestures": EssayQuestion(
        "Does any smallest gesture open the door, online and in person?",
        "smallest_gestures",
        ("nothing", "an introduction"),
        {"inject.kind": '"nothing"'},
        {"inject.kind": '"introduction"'},
        "answered",
        60,
    ),
    "barrier": EssayQuestion(
        "How many old friends would come back if people knew how welcome they are?",
        "knowing_welcome",
        ("as people believe", "as they are welcome"),
        {"run.adopters": "60"},
        {"parameters.acceptance_ratio": "1.0"},
        "reconnected",
        365,
    ),
    "built_slowly": EssayQuestion(
        "Does the same time leave more if it is spread out, and if it is spent together?",
        "built_slowly",
        ("eight talks on one day", "eight talks over half a year"),
        {**_TALKS, "inject.every_days": "0"},
        {"inject.every_days": "21"},
        "in_touch",
        420,
    ),
    "showing_up": EssayQuestion(
        "Does the same time sell more when it is spread out, and when does the first sale come?",
        "showing_up",
        ("24 visits on one day", "24 visits, one a week"),
        {"inject.every_days": "0"},
        {"inject.every_days": "7"},
        "sold",
        365,
    ),
    "zero_to_connected": EssayQuestion(
        "How far does an hour a week take a newcomer who knows nobody, in three years?",
        "zero_to_connected",
        ("waiting", "checking in"),
        _WAIT,
        {"run.strategy": '"check_in"'},
        "active_ties",
        1_095,
    ),
    "nine_strategies": EssayQuestion(
        "What is left of the nine strategies after they stop?",
        "nine_strategies",
        ("showing up", "checking in"),
        {"run.strategy": '"show_up"'},
        {"run.strategy": '"check_in"'},
        "old_back",
        970,
    ),
    "online_to_person": EssayQuestion(
        "How many reconnections begin in the feed, and have words in person, too?",
        "strategies_draws",
        ("waiting", "engaging online"),
        _WAIT,
        {"run.strategy": '"engage_regularly"'},
        "feed_to_person",
        970,
    ),
}
# Experiments of the essay that a page offers as questions, instead of as files that say nothing of what they compare.
OF_THE_ESSAY = frozenset(
    (
        "in_touch",
        "naturals",
        "strategies_effort",
        "strategies_town",
        *(question.config for question in QUESTIONS.values()),
    )
)
