"""A replay of one or two worlds in one HTML file, which needs no Python and makes no request.

A playback is recorded day by day: everything that the server would have sent to a page (`experiments.watch.session`).
In the file, `js/recording.js` makes the same messages of it, and the page's own modules draw them.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from experiments.config.errors import ConfigError
from experiments.config.settings import Experiment
from experiments.watch.followed import followed_person
from experiments.watch.layout import FLASH, WorldFrame
from experiments.watch.outcomes import SHOWN_OF_PAIRS, Outcome, OutcomeOfPairs
from experiments.watch.palette import for_browser
from experiments.watch.playback import Arm, Playback
from experiments.watch.scripts import joined
from experiments.watch.tracks import Track, packed
from sim.engine.views import State
from sim.model.outcomes import KEPT_AFTER
from sim.runtime.fingerprint import model_fingerprint
from sim.state.population import GESTURE, NO_ANSWER

MOST_BYTES = 5_000_000  # of a file
STRIDES = (1, 2, 3, 5, 7, 10, 14, 21, 30, 60)  # days between frames; the first that fits is taken
MOST_FLASHES = 90  # of a frame and world; js/messages.js draws no more
NEVER = -(2**30)  # in place of a number that there is not
STATES = tuple(state.name.lower() for state in State)
COUNTED = (*STATES, "rekindled")

# A gesture of the followed person, on a day of the run.
OWN = np.dtype(
    [("day", "i4"), ("other", "i4"), ("kind", "u1"), ("family", "u1"), ("outgoing", "u1"), ("answers", "u1")]
)

Captions = Sequence[tuple[int, str]]

_HERE = Path(__file__).parent


class ReplaySpec(NamedTuple):
    """What a replay shows.

    Attributes:
        days: days to record, from the first morning.
        followed: id of the person whose circle is shown.
        title: title of the page; by default, the names of the worlds.
        captions: texts with the day from which each is shown, or a function that gives them once the days are
            recorded; by default, when the strategy begins and stops.
        names: names of people by id; the others are called by their ids.
        worlds: names of the worlds; by default, those of their strategies.
        chosen: how the people of a story were chosen, see `experiments.watch.anecdote.Anecdote.told`; None without one.
    """

    days: int
    followed: int
    title: str = ""
    captions: Captions | Callable[[Playback], Captions] = ()
    names: Mapping[int, str] = MappingProxyType({})
    worlds: Sequence[str] = ()
    chosen: Mapping[str, Any] | None = None


def replay(
    playback: Playback,
    experiment: Experiment,
    spec: ReplaySpec,
    config: str,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> str:
    """Play worlds from their first morning, and return a page that plays them again.

    Args:
        playback: at its first day; it is played on.
        experiment: its experiment.
        spec: what is shown.
        config: configuration from which the command line makes the same worlds, in TOML, for readers of the page.
        progress: called with the number of days done and the total.

    Raises:
        ConfigError: the page would have more than `MOST_BYTES` bytes, however few days it shows in full.
    """
    recording = record(playback, spec, progress)
    for stride in STRIDES:
        page = _page(recording, experiment, spec, config, stride)
        if len(page.encode()) <= MOST_BYTES:
            return page
    raise ConfigError(
        f"The replay would have {len(page.encode()) / 1e6:.1f} MB, and at most {MOST_BYTES / 1e6:g} MB are allowed; "
        "show fewer people (`--set world.people=300`) or days."
    )


def typical_adopter(playback: Playback) -> int:
    """The adopter whose number of dormant ties is the median; the first person if nobody adopts."""
    adopters = sorted(playback.adopters.tolist(), key=lambda person: (_dormant(playback, person), person))
    return adopters[len(adopters) // 2] if adopters else 0


def _dormant(playback: Playback, person: int) -> int:
    return sum(tie.state == State.DORMANT for tie in playback.ties_of(person))


# Recording -----------------------------------------------------------------------------------------------------------


class Diary:
    """What is drawn of one world, a value for each recorded day.

    Attributes:
        frames: see `WorldFrame`.
        outcomes: its outcomes.
        ties, counts: of the followed person, see `experiments.watch.followed`.
        own: the gestures of that person on the day before, type `OWN`.
    """

    def __init__(self) -> None:
        self.frames: list[WorldFrame] = []
        self.outcomes: list[Outcome | OutcomeOfPairs] = []
        self.ties: list[list[dict[str, Any]]] = []
        self.counts: list[dict[str, int]] = []
        self.own: list[np.ndarray] = []


class Recording(NamedTuple):
    """What was recorded of a playback.

    Attributes:
        playback: the playback, now at its last day.
        pairs: the drawn ties on the first morning, shape (k, 2).
        changes: for each day, rows of these that have another pair from then on, and the pairs.
        diaries: what is drawn of each world.
    """

    playback: Playback
    pairs: np.ndarray
    changes: list[tuple[np.ndarray, np.ndarray]]
    diaries: list[Diary]


def record(playback: Playback, spec: ReplaySpec, progress: Callable[[int, int], None]) -> Recording:
    """Play worlds from their first morning, and record each day."""
    recording = Recording(playback, playback.layout.pairs.copy(), [], [Diary() for _ in playback.arms])
    playback.changed.clear()
    for day in range(spec.days + 1):
        if day:
            playback.step()
        _take(recording, spec)
        progress(day, spec.days)
    return recording


def _take(recording: Recording, spec: ReplaySpec) -> None:
    """Record this morning, and the gestures of the day before."""
    playback, person = recording.playback, spec.followed
    rows = np.array(sorted(playback.changed), np.int32)
    playback.changed.clear()
    recording.changes.append((rows, playback.layout.pairs[rows].astype(np.int32)))
    own = [_own(arm, person) for arm in playback.arms]  # before the look, which forgets what was sent
    frames, outcomes = playback.look(followed=person), playback.outcomes()
    followed = followed_person(playback, person, frozenset(spec.names))
    for number, diary in enumerate(recording.diaries):
        ties, people, flashes = frames[number]
        diary.frames.append(WorldFrame(ties.copy(), people, flashes[:MOST_FLASHES]))
        diary.outcomes.append(outcomes[number])
        diary.ties.append(followed["ties"][number])
        diary.counts.append(followed["counts"][number])
        diary.own.append(own[number])


def _own(arm: Arm, person: int) -> np.ndarray:
    """The gestures of a person since the last look, in their order, type `OWN`."""
    sent = np.concatenate([*arm.sent, np.zeros(0, GESTURE)])
    sent = sent[((sent["sender"] == person) | (sent["receiver"] == person)) & (sent["receiver"] >= 0)]
    own = np.zeros(len(sent), OWN)
    own["day"], own["kind"], own["family"] = sent["day"] - arm.run.start, sent["kind"], arm.view.families[sent["kind"]]
    own["outgoing"], own["answers"] = sent["sender"] == person, sent["parent_kind"] != NO_ANSWER
    own["other"] = np.where(own["outgoing"], sent["receiver"], sent["sender"])
    return own


# Tracks --------------------------------------------------------------------------------------------------------------


def frames_of(days: int, stride: int) -> list[int]:
    """The days of frames: every `stride` days, and the last."""
    return sorted({*range(0, days + 1, stride), days})


def tracks_of(recording: Recording, frames: Sequence[int]) -> Iterator[Track]:
    """Everything that changes from frame to frame, and what is drawn, as arrays."""
    layout = recording.playback.layout
    yield Track("days", np.array(frames, np.int32), changes=True)
    yield Track("places", layout.places.astype(np.float32))
    yield Track("pairs", recording.pairs.astype(np.int32))
    yield Track("adopters", recording.playback.adopters.astype(np.int32))
    rows, pairs = zip(*recording.changes, strict=True)
    yield from _ragged("changed_rows", _since_last(rows, frames))
    yield from _ragged("changed_pairs", _since_last(pairs, frames))
    for number, diary in enumerate(recording.diaries):
        yield from _tracks_of_map(diary, frames, number)
        yield from _tracks_of_circle(diary, frames, number)


def _tracks_of_map(diary: Diary, frames: Sequence[int], world: int) -> Iterator[Track]:
    looks = [diary.frames[day] for day in frames]
    yield _beyond_first("ties", np.stack([look.ties for look in looks]), world)
    yield _beyond_first("people", np.stack([look.people for look in looks]), world)
    flashes = _since_last([frame.flashes for frame in diary.frames], frames)
    yield from _ragged(f"flashes.{world}", [_brightest(each) for each in flashes])
    outcomes = [[_thousandths(value) for value in diary.outcomes[day]] for day in frames]
    yield Track(f"outcomes.{world}", np.array(outcomes, np.int32), changes=True)


def _tracks_of_circle(diary: Diary, frames: Sequence[int], world: int) -> Iterator[Track]:
    """The ties of the followed person: a column for each who is ever shown, 0 as long as they are not."""
    others = sorted({tie["other"] for day in frames for tie in diary.ties[day]})
    column = {other: number for number, other in enumerate(others)}
    shape = len(frames), len(others)
    state, rekindled = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    strength, door, own_door = (np.zeros(shape, np.uint16) for _ in range(3))
    touch = np.zeros(shape, np.int32)  # the day of the last two-way contact, which changes less than the silence
    for row, day in enumerate(frames):
        for tie in diary.ties[day]:
            at = row, column[tie["other"]]
            state[at], rekindled[at] = STATES.index(tie["state"]) + 1, tie["rekindled"]
            strength[at], door[at], own_door[at] = (
                _thousandths(tie[name]) for name in ("strength", "door", "own_door")
            )
            touch[at] = NEVER if tie["silence"] is None else day - tie["silence"]
    yield Track(f"others.{world}", np.array(others, np.int32))
    columns: dict[str, np.ndarray] = {
        "state": state,
        "rekindled": rekindled,
        "strength": strength,
        "door": door,
        "own_door": own_door,
    }
    yield from (Track(f"{name}.{world}", values, changes=True) for name, values in columns.items())
    yield Track(f"touch.{world}", touch, changes=True)
    counts = [[diary.counts[day][name] for name in COUNTED] for day in frames]
    yield Track(f"counts.{world}", np.array(counts, np.int32), changes=True)
    yield from _ragged(f"own.{world}", _since_last(diary.own, frames))


def _beyond_first(name: str, values: np.ndarray, world: int) -> Track:
    """A track of a world. A second one is much like the first, so its difference from that is written."""
    return Track(f"{name}.{world}", values, changes=True, beyond=f"{name}.0" if world else "")


def _ragged(name: str, parts: Sequence[np.ndarray]) -> Iterator[Track]:
    """Rows that are not the same number in each frame: the first row of each frame and the end, and all rows."""
    yield Track(f"{name}.from", np.cumsum([0, *map(len, parts)], dtype=np.int32), changes=True)
    yield Track(name, np.concatenate(parts))


def _since_last(daily: Sequence[np.ndarray], frames: Sequence[int]) -> list[np.ndarray]:
    """What came on the days since the frame before, for each frame."""
    before = [-1, *frames[:-1]]
    return [np.concatenate(daily[last + 1 : day + 1]) for last, day in zip(before, frames, strict=True)]


def _brightest(flashes: np.ndarray) -> np.ndarray:
    """At most `MOST_FLASHES` gestures, highlighted ones first, type `FLASH`."""
    assert flashes.dtype == FLASH
    return flashes[np.argsort(-flashes["bright"].astype(int), kind="stable")[:MOST_FLASHES]]


def _thousandths(value: float) -> int:
    """A number as messages to a page have it, in thousandths; `NEVER` for nan."""
    return NEVER if math.isnan(value) else round(1_000 * round(value, 3))


# The page ------------------------------------------------------------------------------------------------------------


def _page(recording: Recording, experiment: Experiment, spec: ReplaySpec, config: str, stride: int) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    described, frames = packed(list(tracks_of(recording, frames_of(spec.days, stride))))
    head = _head(recording.playback, experiment, spec, config)
    environment = Environment(
        loader=FileSystemLoader(_HERE), undefined=StrictUndefined, autoescape=True, keep_trailing_newline=True
    )
    script = joined(_HERE / "js" / "replay.js")
    style = "".join((_HERE / name).read_text("utf-8") for name in ("page.css", "replay.css"))
    return environment.get_template("replay.html").render(
        title=head["title"],
        about=head["about"],
        head=head | {"tracks": described, "stride": stride},
        frames=base64.b64encode(frames).decode(),
        script=script,
        style=style,
        script_hash=_hash_of(script),
        style_hash=_hash_of(style),
    )


def _hash_of(text: str) -> str:
    """The hash of an inline script or style, as a content security policy names it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _head(playback: Playback, experiment: Experiment, spec: ReplaySpec, config: str) -> dict[str, Any]:
    """What a replay is about, for JSON."""
    run, names = experiment.run, list(spec.worlds) or [arm.name for arm in playback.arms]
    person = followed_person(playback, spec.followed)
    captions = spec.captions(playback) if callable(spec.captions) else spec.captions
    return {
        "title": spec.title or " next to ".join(names),
        "people": len(playback.layout.places),
        "arms": names,
        "colours": [arm.colour for arm in playback.arms],
        "families": playback.families,
        "outcomes": [each.told() for each in playback.shown],
        "kinds": [kind.replace("_", " ") for kind in playback.arms[0].run.parameters.kinds],
        "states": STATES,
        "counted": COUNTED,
        "never": NEVER,
        "followed": {name: value for name, value in person.items() if name not in ("ties", "counts", "gestures")},
        "names": {str(other): name for other, name in spec.names.items()},
        "captions": [list(each) for each in captions or _usual_captions(playback, experiment, spec)],
        "chosen": None if spec.chosen is None else dict(spec.chosen),
        "in_touch_days": experiment.parameters.dormant_after_days,
        "strategy_days": run.strategy_days,
        "end": run.days,
        "about": {
            "version": version("rekindle"),
            "model": model_fingerprint(),
            "seed": str(run.seed),  # as a text, because the browser's numbers end at 2**53
            "config": config,
            "name": experiment.name,
        },
        "palette": for_browser(),
    }


def _usual_captions(playback: Playback, experiment: Experiment, spec: ReplaySpec) -> Iterator[tuple[int, str]]:
    """Captions for a replay without a story of its own: when the strategies begin and stop, and when it is counted."""
    names, adopters = [f"“{arm.name}”" for arm in playback.arms], len(playback.adopters)
    people = len(playback.layout.places)
    if playback.shown is SHOWN_OF_PAIRS:
        yield 0, f"The same {people:,} people in two worlds, with the same random draws: {names[0]} and {names[1]}."
        return
    if len(names) > 1:
        yield (
            0,
            (
                f"The same {people:,} people in two worlds, with the same random draws."
                + f" {adopters:,} of them follow {names[0]} in the first and {names[1]} in the second." * bool(adopters)
            ),
        )
    else:
        yield 0, f"{people:,} people." + f" {adopters:,} of them follow a strategy: {names[0]}." * bool(adopters)
    stops = experiment.run.strategy_days
    if adopters and stops <= spec.days:
        yield stops, "The strategy stops. From here on, life goes on without it."
    if adopters and stops + KEPT_AFTER <= spec.days:
        yield (
            stops + KEPT_AFTER,
            f"{KEPT_AFTER} days after the strategy stopped: the old ties that are back today are those that were kept.",
        )
