"""The state of a page: an experiment with changes, up to a day, as an address and as a configuration file."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from experiments.config.catalogue import SETTINGS, range_of, written
from experiments.config.errors import ConfigError, wrong_option
from experiments.config.reading import load, option_text
from experiments.config.settings import Experiment, Strategy
from experiments.watch.questions import QUESTIONS, EssayQuestion
from sim.run import Gesture

OPENING = {"world.people": "300"}  # settings of a page without a configuration
OPENING_BESIDE = "engage_regularly"
SEEDS = ("world.seed", "run.seed")
MOST_PEOPLE = 20_000  # drawn at most, newcomers included
LATEST = 5_475  # the last day that a link can set
MOST_BY_HAND = 200  # gestures that a link or a tab can send
MOST_FIELDS = 2 * MOST_BY_HAND  # of a link's query
LONGEST_VALUE = 1_000  # characters of a setting
VIEWS = ("circle", "everyone")
BY_HAND = ("like", "comment", "message", "call", "note", "invitation")


@dataclass(frozen=True)
class Control:
    """A setting on the page.

    Attributes:
        path: path in a configuration file.
        low, high, step: range of its slider; None if it has no slider. Typed values can use the setting's whole range.
    """

    path: str
    label: str
    low: float | None = None
    high: float | None = None
    step: float | None = None

    @property
    def live(self) -> bool:
        """Whether a change applies from today on, without a restart."""
        return self.path.startswith("parameters.")


CONTROLS: dict[str, tuple[Control, ...]] = {
    "Who does what": (
        Control("run.adopters", "adopters", 1, 100, 1),
        Control("run.strategy_days", "days of the strategy", 30, 1_460, 10),
        Control("parameters.effort_minutes", "planned effort", 0, 300, 5),
        Control("parameters.follow_through", "follow-through", 0, 3, 0.1),
    ),
    "Willingness to reach out": (
        Control("parameters.ease", "ease", -2, 6, 0.1),
        Control("parameters.acceptance_ratio", "believed welcome", 0.05, 1, 0.01),
        Control("parameters.practice_effect", "practice", 0, 4, 0.1),
    ),
    "The open door": (
        Control("parameters.openness_half_life", "door stays open", 0, 90, 1),
        Control("parameters.gestures.like.opens_door", "a like opens it", 0, 1, 0.05),
        Control("parameters.answer_openness", "it helps an answer", -1, 3, 0.05),
    ),
    "Memory and daily life": (
        Control("parameters.memory_decay", "memory fades", 0.2, 1.5, 0.05),
        Control("parameters.routine_rate", "occasions to write", 0, 0.5, 0.005),
        Control("parameters.feed_rate", "feed items looked at", 0, 3, 0.05),
        Control("parameters.feed_boost", "the feed’s own taste", 0, 0.5, 0.01),
    ),
    "The world": (
        Control("world.people", "people", 50, 2_000, 10),
        Control("world.burn_in_years", "ordinary life before", 0, 5, 0.5),
        Control("world.seed", "seed of the world"),
    ),
}

SETTABLE = {"run.strategy", "run.seed"} | {
    row.path for rows in CONTROLS.values() for row in rows
}  # by a page or a link


@dataclass(frozen=True)
class PageState:
    """What a tab shows.

    Attributes:
        config: configuration file; None for the defaults.
        changes: changed settings by path, as TOML text.
        question: name of a question of the essay, which says what the two worlds are; None if there is none.
        beside: strategy of a second world; None if there is none, or a question says what it is.
        hand: gestures sent by hand, in order of day.
        forked: whether the last of them is in only one of the two worlds.
        day: day to start at.
        followed: id of the followed person, or None.
        differences: whether only differences are drawn, if there are two worlds.
        view: one of `VIEWS`: the circle of the followed person, or a map of everyone. Without a followed person,
            everyone is shown.
    """

    config: Path | None = None
    changes: dict[str, str] = field(default_factory=dict)
    question: str | None = None
    beside: str | None = None
    hand: tuple[Gesture, ...] = ()
    forked: bool = False
    day: int = 0
    followed: int | None = None
    differences: bool = True
    view: str = "circle"

    def experiment(self) -> Experiment:
        """The experiment: the configuration file with the changes.

        Raises:
            ConfigError: it is not valid; the message is about the changed setting.
        """
        experiment = self._loaded({})
        if experiment.world.log is None:
            require_few(experiment.world.people, experiment.world.newcomers)
        elif experiment.world.newcomers > MOST_PEOPLE:
            require_few(0, experiment.world.newcomers)
        return experiment

    def experiments(self) -> list[Experiment]:
        """The experiment of each world.

        Raises:
            ConfigError: one is not valid; the message is about the changed setting.
        """
        first = self.experiment()
        if self.forked:  # the second is the first without a gesture
            return [first]
        if self.question is not None:
            return [first, self._loaded(self.asked().right)]
        if self.beside is None:
            return [first]
        return [first, with_strategy(first, self.strategy_of(self.beside))]

    def asked(self) -> EssayQuestion:
        """The question."""
        assert self.question is not None
        return QUESTIONS[self.question]

    def _loaded(self, last: Mapping[str, str]) -> Experiment:
        """The experiment with the changes and, after them, others."""
        config, both = self.config, dict[str, str]()
        if self.question is not None:
            config, both = self.asked().file, dict(self.asked().both)
        return load(config, [f"{path}={value}" for path, value in {**both, **self.changes, **last}.items()])

    def without_seeds(self) -> PageState:
        """This state with the seeds of its configuration, which those of a sweep count up from."""
        return dataclasses.replace(
            self, changes={path: text for path, text in self.changes.items() if path not in SEEDS}
        )

    def strategy_of(self, text: str) -> Strategy:
        """Parse a typed strategy: a name, or a mixture in TOML. Names are those that the experiment has.

        Raises:
            ConfigError: it is not a strategy; the message says what to write.
        """
        try:
            return self._loaded({"run.strategy": text}).run.strategy
        except ConfigError as error:
            raise ConfigError(_about("run.strategy", text, error)) from None

    def changed(self, path: str, value: str) -> PageState:
        """This state with another value of a setting, from the first day.

        Raises:
            ConfigError: the setting does not allow the value; the message says what it expects.
        """
        page_state = dataclasses.replace(self, changes={**self.changes, path: value.strip()})
        try:
            page_state.experiment()
        except ConfigError as error:
            raise ConfigError(_about(path, value.strip(), error)) from None
        return page_state

    def query(self) -> str:
        """The query part of an address that encodes this state."""
        pairs: list[tuple[str, str]] = [("config", str(self.config))] if self.config else []
        pairs += [("set", f"{path}={value}") for path, value in self.changes.items()]
        pairs += [("question", self.question)] if self.question else []
        pairs += [("beside", self.beside)] if self.beside else []
        pairs += [("sent", f"{g.day}.{g.kind}.{g.sender}.{g.receiver}") for g in self.hand]
        pairs += [(name, str(number)) for name, number in (("fork", int(self.forked)), ("day", self.day)) if number]
        pairs += [] if self.differences else [("differences", "0")]
        pairs += [] if self.view == VIEWS[0] else [("view", self.view)]
        pairs += [("follow", str(self.followed))] if self.followed is not None else []
        return urlencode(pairs)


def with_strategy(experiment: Experiment, strategy: Strategy) -> Experiment:
    """The experiment with another strategy of its adopters, which it must have."""
    return experiment.model_copy(update={"run": experiment.run.model_copy(update={"strategy": strategy})})


def require_few(people: int, newcomers: int) -> None:
    """Check that a world is small enough to be drawn.

    Raises:
        ConfigError: it is too large.
    """
    if newcomers and people + newcomers > MOST_PEOPLE:
        raise wrong_option(
            f"--set world.newcomers={newcomers}", f"at most {MOST_PEOPLE:,} people can be watched, newcomers included"
        )
    if people > MOST_PEOPLE:
        raise wrong_option(f"--set world.people={people}", f"at most {MOST_PEOPLE:,} can be watched")


def page_state_from(query: str, opening: PageState, presets: dict[str, Path]) -> PageState:
    """The state that an address encodes. It can set what the page can set, and what the page was opened with.

    Args:
        query: query part of the address; if empty, the state is the opening.
        opening: state for an address without a query.
        presets: files that an address can name, by their name in it.

    Raises:
        ConfigError: the address is not valid.
    """
    if not query:
        return opening
    try:
        given = parse_qsl(query.removeprefix("?"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise ConfigError(f"The address has more than {MOST_FIELDS} parts.") from None
    one = dict(given)
    by_hand = [text for name, text in given if name == "sent"]
    require_few_by_hand(len(by_hand))
    page_state = PageState(
        config=_preset(one["config"], presets) if "config" in one else None,
        changes=dict(_setting(text, opening) for name, text in given if name == "set"),
        question=_question(one["question"]) if "question" in one else None,
        beside=_short(one["beside"]) if "beside" in one else None,
        hand=tuple(map(_gesture, by_hand)),
        forked=one.get("fork") == "1",
        day=_number("day", one.get("day", "0"), LATEST),
        followed=_number("follow", one["follow"], MOST_PEOPLE) if "follow" in one else None,
        differences=one.get("differences") != "0",
        view=_view(one.get("view", VIEWS[0])),
    )
    if page_state.question and (page_state.config or page_state.beside):
        raise ConfigError("The address has a question, which says what both worlds are, and also config or beside.")
    page_state.experiments()
    return page_state


def _question(name: str) -> str:
    if name not in QUESTIONS:
        raise ConfigError(f"The address has question={name[:60]}; expected one of {', '.join(QUESTIONS)}.")
    return name


def _preset(name: str, presets: dict[str, Path]) -> Path:
    if name not in presets:
        raise ConfigError(f"The address names the file {name}; a link can only name {', '.join(presets) or 'no file'}.")
    return presets[name]


def require_few_by_hand(gestures: int) -> None:
    """Check that this many gestures can be sent by hand.

    Raises:
        ConfigError: there are too many.
    """
    if gestures > MOST_BY_HAND:
        raise ConfigError(f"at most {MOST_BY_HAND} gestures can be sent by hand")


def _setting(text: str, opening: PageState) -> tuple[str, str]:
    path, _, value = _short(text).partition("=")
    if path not in SETTABLE and opening.changes.get(path) != value:
        raise ConfigError(
            f"A link cannot set {path}. If you trust this value, start `rekindle watch --set {path}={value}`."
        )
    return path, value


def _view(name: str) -> str:
    if name not in VIEWS:
        raise ConfigError(f"The address has view={name[:60]}; expected {' or '.join(VIEWS)}.")
    return name


def _short(text: str) -> str:
    if len(text) > LONGEST_VALUE:
        raise ConfigError(f"The address has a part of {len(text):,} characters; at most {LONGEST_VALUE:,} can be read.")
    return text


def _gesture(text: str) -> Gesture:
    parts = text.split(".")
    if len(text) > LONGEST_VALUE or len(parts) != 4 or parts[1] not in BY_HAND:
        raise ConfigError(
            f"The address has sent={text[:60]}; write day.kind.sender.receiver, as in 3.like.5.17, with one of "
            f"{', '.join(BY_HAND)}."
        )
    day, kind, sender, receiver = parts
    one, other = (_number("sent", person, MOST_PEOPLE) for person in (sender, receiver))
    return Gesture(_number("sent", day, LATEST), kind, one, other)


def _number(name: str, text: str, most: int) -> int:
    if not re.fullmatch("[0-9]{1,9}", text) or int(text) > most:
        raise ConfigError(f"The address has {name}={text[:60]}; expected a whole number from 0 to {most:,}.")
    return int(text)


def _about(path: str, value: str, error: ConfigError) -> str:
    """What is wrong with one setting, without the option that the user did not type."""
    typed = option_text(f"{path}={value}")
    own = next((mistake for mistake in error.mistakes if mistake.is_option and mistake.place == typed), None)
    if own is not None:
        return own.problem
    return str(error.mistakes[0] if len(error.mistakes) == 1 else error).replace("--set ", "")


def controls(experiment: Experiment) -> list[dict[str, object]]:
    """The page's settings with values, ranges, units and descriptions, for the browser."""
    found = []
    for group, rows in CONTROLS.items():
        for control in rows:
            meant = SETTINGS[tuple(control.path.split("."))]
            extra = meant.json_schema_extra
            described = {
                "group": group,
                "value": _value_at(experiment, control.path),
                "live": control.live,
                "unit": extra["unit"] if isinstance(extra, dict) else "",
                "meaning": meant.description,
                "range": range_of(meant) or "",
                "source": extra["source"] if isinstance(extra, dict) else "",
            }
            found.append(dataclasses.asdict(control) | described)
    return found


def _value_at(experiment: Experiment, path: str) -> object:
    value: object = experiment
    for part in path.split("."):
        value = value[part] if isinstance(value, dict) else getattr(value, part)
    return list(value) if isinstance(value, tuple) else value


def as_config(page_state: PageState, drifted: int | None = None, command: str = "watch") -> str:
    """A TOML file from which the command line makes the same runs. Comments say what it cannot express.

    Args:
        page_state: the state.
        drifted: day on which parameters were changed; None if they were not.
        command: command that writes it.
    """
    experiment, several = page_state.experiment(), len(page_state.experiments()) > 1
    head = [f"# Written by `rekindle {command}`. `rekindle run` makes the run" + " of the first world" * several]
    if several:
        head[0] += ", `rekindle sweep` those of both"
        experiment = Experiment.model_validate({**experiment.model_dump(exclude={"sweep"}), "sweep": None})
        tail = _both_worlds(page_state)
    else:
        experiment, tail = experiment.model_copy(update={"sweep": None}), ""
    head[0] += "."
    if drifted is not None:
        head.append(
            f"# Parameters were changed on day {drifted}; here they hold from day 0. Reset the page to see that run."
        )
    head += [
        f"# Sent by hand, and not part of it: a {g.kind} from {g.sender} to {g.receiver} on day {g.day}."
        for g in page_state.hand
    ]
    return "\n".join(head) + "\n\n" + written(experiment) + tail


def _both_worlds(page_state: PageState) -> str:
    """The table [sweep] of two worlds: as rows of settings, or as strategies."""
    from experiments.config.toml_text import show

    if page_state.question is not None and page_state.asked().right.keys() != {"run.strategy"}:
        asked = page_state.asked()
        right = ", ".join(f"{show(path)} = {value}" for path, value in asked.right.items())
        left, other = map(show, asked.worlds)
        return f"\n[sweep]\nreplicates = 1\n\n[sweep.rows]\n{left} = {{}}\n{other} = {{ {right} }}\n"
    strategies = [each.run.strategy for each in page_state.experiments()]
    arms = ["wait", *strategies]
    unique = [each for place, each in enumerate(arms) if each not in arms[:place]]
    return f"\n[sweep]\nstrategies = [{', '.join(map(show, unique))}]\nreplicates = 1\n"
