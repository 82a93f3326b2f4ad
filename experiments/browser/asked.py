"""What a tab shows: an experiment, changed here and there, up to a day; as an address and as a configuration file."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from experiments.config import SETTINGS, ConfigError, Experiment, Strategy, checked_strategy, load, range_of, written
from sim.run import Gesture

OPENING = {"world.people": "300"}  # of a page without a configuration
OPENING_BESIDE = "engage_regularly"
MOST_PEOPLE = 20_000  # drawn
LATEST = 5_475  # the last day that a link can ask for


@dataclass(frozen=True)
class Control:
    """A setting on the page.

    Attributes:
        path: as in a configuration file.
        low, high, step: of its slider; None where it is typed. What is typed may go as far as the setting allows.
    """

    path: str
    label: str
    low: float | None = None
    high: float | None = None
    step: float | None = None

    @property
    def live(self) -> bool:
        """Whether a change acts from today on, and not by a new beginning."""
        return self.path.startswith("parameters.")


CONTROLS: dict[str, tuple[Control, ...]] = {
    "Who does what": (
        Control("run.adopters", "adopters", 1, 100, 1),
        Control("run.strategy_days", "days of the strategy", 30, 1_460, 10),
        Control("parameters.effort_minutes", "planned effort", 0, 300, 5),
        Control("parameters.follow_through", "follow-through", 0, 3, 0.1),
    ),
    "What people dare": (
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


@dataclass(frozen=True)
class Asked:
    """What a tab was asked to show.

    Attributes:
        config: the file that it began with; None: the defaults.
        changes: setting by path, as text of TOML, on top of it.
        beside: strategy of a second world; None: there is none.
        hand: gestures sent by hand, in order of day.
        forked: whether the last of them is in one world and not in the other.
        day: to begin at.
        followed: id of somebody, or None.
        differences: whether only what differs is drawn.
    """

    config: Path | None = None
    changes: dict[str, str] = field(default_factory=dict)
    beside: str | None = None
    hand: tuple[Gesture, ...] = ()
    forked: bool = False
    day: int = 0
    followed: int | None = None
    differences: bool = False

    def experiment(self) -> Experiment:
        """What the file says, with the changes.

        Raises:
            ConfigError: that can not be; the message is about what was changed.
        """
        experiment = load(self.config, [f"{path}={value}" for path, value in self.changes.items()])
        if experiment.world.log is None and experiment.world.people > MOST_PEOPLE:
            raise ConfigError(f"--set world.people={experiment.world.people}: at most {MOST_PEOPLE:,} can be watched")
        return experiment

    def strategies(self, experiment: Experiment) -> list[Strategy]:
        """Of each world."""
        second = [] if self.beside is None else [strategy_of(self.beside)]
        return [experiment.run.strategy, *second]

    def changed(self, path: str, value: str) -> Asked:
        """The same with another value of a setting, from the first day.

        Raises:
            ConfigError: the setting does not allow the value; the message says what it expects.
        """
        asked = dataclasses.replace(self, changes={**self.changes, path: value.strip()})
        try:
            asked.experiment()
        except ConfigError as error:
            raise ConfigError(_about(path, value.strip(), str(error))) from None
        return asked

    def query(self) -> str:
        """The part of an address that says all this."""
        pairs: list[tuple[str, str]] = [("config", str(self.config))] if self.config else []
        pairs += [("set", f"{path}={value}") for path, value in self.changes.items()]
        pairs += [("beside", self.beside)] if self.beside else []
        pairs += [("sent", f"{g.day}.{g.kind}.{g.sender}.{g.receiver}") for g in self.hand]
        numbers = {"fork": int(self.forked), "day": self.day, "differences": int(self.differences)}
        pairs += [(name, str(number)) for name, number in numbers.items() if number]
        pairs += [("follow", str(self.followed))] if self.followed is not None else []
        return urlencode(pairs)


def asked_by(query: str, opening: Asked, presets: dict[str, Path]) -> Asked:
    """What an address asks for.

    Args:
        query: of the address, without the question mark; what is not given is as at the opening, if nothing is given.
        opening: what an address without a query shows.
        presets: files that an address may name, by their name in it.

    Raises:
        ConfigError: it asks for what can not be.
    """
    if not query:
        return opening
    given = parse_qsl(query.removeprefix("?"), keep_blank_values=True)
    one = dict(given)
    asked = Asked(
        config=_preset(one["config"], presets) if "config" in one else None,
        changes=dict(_setting(text) for name, text in given if name == "set"),
        beside=one.get("beside"),
        hand=tuple(_gesture(text) for name, text in given if name == "sent"),
        forked=one.get("fork") == "1",
        day=_number("day", one.get("day", "0"), LATEST),
        followed=_number("follow", one["follow"], MOST_PEOPLE) if "follow" in one else None,
        differences=one.get("differences") == "1",
    )
    asked.strategies(asked.experiment())
    return asked


def _preset(name: str, presets: dict[str, Path]) -> Path:
    if name not in presets:
        raise ConfigError(f"The address names {name}, which is none of {', '.join(presets) or 'no files'}.")
    return presets[name]


def _setting(text: str) -> tuple[str, str]:
    path, _, value = text.partition("=")
    return path, value


def _gesture(text: str) -> Gesture:
    try:
        day, kind, sender, receiver = text.split(".")
        return Gesture(int(day), kind, int(sender), int(receiver))
    except ValueError:
        raise ConfigError(f"The address says sent={text}; write day.kind.sender.receiver, as in 3.like.5.17.") from None


def _number(name: str, text: str, most: int) -> int:
    if not text.isdecimal() or int(text) > most:
        raise ConfigError(f"The address says {name}={text}; it takes a whole number from 0 to {most:,}.")
    return int(text)


def strategy_of(text: str) -> Strategy:
    """A strategy as it is typed: a name, or a mixture in TOML.

    Raises:
        ConfigError: it is none; the message says what to write.
    """
    try:
        changed = load(None, [f"run.strategy={text}"])
        return checked_strategy(changed.run.strategy)
    except ConfigError as error:
        raise ConfigError(_about("run.strategy", text, str(error))) from None


def _about(path: str, value: str, message: str) -> str:
    """What an error says of one setting, without naming an option that nobody typed."""
    _, found, said = message.partition(f"--set {path}={value}: ")
    return said if found else re.sub(r"^.*?, (?=line|--set|\w+\.)", "", message).replace("--set ", "")


def controls(experiment: Experiment) -> list[dict[str, object]]:
    """The settings on the page, with their values, ranges, units and meaning, for the browser."""
    found = []
    for group, rows in CONTROLS.items():
        for control in rows:
            meant = SETTINGS[tuple(control.path.split("."))]
            extra = meant.json_schema_extra
            told = {
                "group": group,
                "value": _value_at(experiment, control.path),
                "live": control.live,
                "unit": extra["unit"] if isinstance(extra, dict) else "",
                "meaning": meant.description,
                "range": range_of(meant) or "",
                "source": extra["source"] if isinstance(extra, dict) else "",
            }
            found.append(dataclasses.asdict(control) | told)
    return found


def _value_at(experiment: Experiment, path: str) -> object:
    value: object = experiment
    for part in path.split("."):
        value = value[part] if isinstance(value, dict) else getattr(value, part)
    return list(value) if isinstance(value, tuple) else value


def as_config(asked: Asked, drifted: int | None) -> str:
    """A TOML file of which the command line makes the same runs; what it can not say is in its comments."""
    experiment = asked.experiment()
    strategies = asked.strategies(experiment)
    head = [
        "# Written by `rekindle watch`. `rekindle run` makes the run" + (" of the first world" if asked.beside else "")
    ]
    if len(strategies) > 1:
        head[0] += ", `rekindle sweep` those of both"
        arms = [each for each in ("wait", *strategies) if each != "wait" or "wait" in strategies or len(strategies) > 1]
        unique = [each for place, each in enumerate(arms) if each not in arms[:place]]
        experiment = Experiment.model_validate({**experiment.model_dump(exclude={"sweep"}), "sweep": None})
        tail = f"\n[sweep]\nstrategies = {_list(unique)}\nreplicates = 1\n"
    else:
        experiment, tail = experiment.model_copy(update={"sweep": None}), ""
    head[0] += "."
    if drifted is not None:
        head.append(
            f"# Parameters were changed on day {drifted}; here they hold from day 0. Reset the page to see that run."
        )
    head += [
        f"# Sent by hand, and not part of it: a {g.kind} from {g.sender} to {g.receiver} on day {g.day}."
        for g in asked.hand
    ]
    return "\n".join(head) + "\n\n" + written(experiment) + tail


def _list(strategies: list[Strategy]) -> str:
    from experiments.config import show

    return "[" + ", ".join(show(each) for each in strategies) + "]"
