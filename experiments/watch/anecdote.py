"""Two people for the story that the page opens with: once close, out of touch for a year or more.

The first pair is chosen because there one like makes the two talk again, which is rare, so the page says among how many
pairs it was found. All further pairs come in a random order, whatever happens between them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np

from experiments.config.errors import ConfigError
from experiments.config.settings import Experiment
from experiments.sweeps.injected import in_keyed_order
from experiments.watch.between import Between
from experiments.watch.captions import Caption, Told, captions, name_of_person
from experiments.watch.page_state import PageState
from experiments.watch.playback import Playback
from sim import simulate
from sim.measures import dormant_pairs
from sim.run import Gesture, Simulation
from sim.runtime.atomic_files import write_whole
from sim.runtime.fingerprint import cache_folder, model_fingerprint
from sim.state.population import World

SILENT_FROM = 365  # days
STORY_DAYS = 60  # days that a story takes
MOST_TRIED = 2_000  # pairs that get a like at once, to find one for which it matters
KINDS_OFFERED = ("like", "comment", "message", "note", "call")
MOST_ALONE = 12  # of those for whom it seems to matter that are tried with one like alone

_SEARCH = 2  # counts the ways in which this module has searched, because what was found is kept on disk


class Pair(NamedTuple):
    """Two people of a story.

    Attributes:
        you: id of the person who is played.
        other: id of the other.
        silent: days without two-way contact on the first morning.
    """

    you: int
    other: int
    silent: int


class Opening(NamedTuple):
    """The first pair of a world, and among how many it was found.

    Attributes:
        pair: the pair.
        is_chosen: whether it was chosen because one like makes the two talk again. Otherwise no such pair was found.
        tried: number of pairs that were looked at; there, each person who is played sent the other one like.
        anyway: how many of these pairs talk again within `STORY_DAYS` without the likes.
        liked: how many of these pairs talk again within `STORY_DAYS` if all get their like.
    """

    pair: Pair
    is_chosen: bool
    tried: int
    anyway: int
    liked: int


class Anecdote(NamedTuple):
    """A story that a tab shows.

    Attributes:
        opening: the world's first pair.
        pair: the pair that is shown.
        number: 0 for the first pair, and from 1 for those in random order.
    """

    opening: Opening
    pair: Pair
    number: int

    def told(self) -> dict[str, Any]:
        """What a page is told of it, apart from captions."""
        you, other, _ = self.pair
        return self.opening._asdict() | {
            "pair": {"you": you, "other": other},
            "names": [name_of_person(you), name_of_person(other)],
            "number": self.number,
            "days": STORY_DAYS,
            "kinds": KINDS_OFFERED,
        }

    def captions(self, playback: Playback, hand: Sequence[Gesture]) -> list[Caption]:
        """The captions today; ``hand`` has the gesture that was sent by hand, if there was one."""
        you, other, silent = self.pair
        after, *without = [arm.between for arm in playback.arms]
        assert after is not None
        return captions(
            Told(
                name_of_person(you),
                name_of_person(other),
                silent,
                hand[0] if hand else None,
                after,
                without[0] if without else None,
                playback.day,
                STORY_DAYS,
            )
        )


def state_of_story(opening: PageState) -> PageState:
    """The state of a page in which a story is told: the world of the page's opening, where nobody follows a strategy.

    Raises:
        ConfigError: the configuration injects gestures, so that one like alone would not be the only difference.
    """
    if opening.experiment().inject is not None:
        raise ConfigError("a story needs a configuration without [inject]; start `rekindle watch` without --story")
    changes = opening.changes | {
        "run.strategy": "wait",
        "run.strategy_days": str(STORY_DAYS),
        "run.follow_up_days": "0",
    }
    return PageState(config=opening.config, changes=changes)


def pairs_of(world: World, experiment: Experiment) -> list[Pair]:
    """All pairs that a story can be about, each once, in the keyed order of the run's seed.

    Their tie is dormant, was once strong for both (`Parameters.once_strong`) and has been silent for `SILENT_FROM` days
    or more, and their names differ.
    """
    found = dormant_pairs(world, experiment.parameters)
    keys = world.owners().astype(np.int64) * len(world) + world.ties["other"]
    order = np.argsort(keys, kind="stable")
    low, high = found["low"].astype(np.int64), found["high"].astype(np.int64)
    both = [
        world.ties[order[np.searchsorted(keys[order], one * len(world) + two)]]
        for one, two in ((low, high), (high, low))
    ]
    silent = world.day - both[0]["last_two_way"].astype(int)
    past = np.minimum(*(ties["traces"][:, -1] for ties in both))  # the slowest trace, which is left by the whole past
    fits = (silent >= SILENT_FROM) & (past >= experiment.parameters.once_strong)
    pairs = np.stack([low[fits], high[fits]], axis=1)
    since = dict(zip(map(tuple, pairs.tolist()), silent[fits].tolist(), strict=True))
    chosen: dict[tuple[int, int], Pair] = {}
    for you, other in in_keyed_order(pairs, experiment.run.seed).tolist():
        ends = min(you, other), max(you, other)
        if name_of_person(you) != name_of_person(other):
            chosen.setdefault(ends, Pair(you, other, since[ends]))
    return list(chosen.values())


def opening_of(
    world: World, experiment: Experiment, progress: Callable[[int, int], None] = lambda done, of: None
) -> Opening:
    """The first pair of a world, kept on disk, because it takes seconds to find.

    Args:
        world: the world on the first morning.
        experiment: the experiment of the story.
        progress: called with steps done and all steps.

    Raises:
        ConfigError: there are no two such people in this world.
    """
    kept = cache_folder() / "stories" / f"{_key(experiment)}.json"
    with suppress(OSError, ValueError, TypeError):
        pair, is_chosen, *counts = json.loads(kept.read_text("utf-8"))
        opening = Opening(Pair(*map(int, pair)), bool(is_chosen), *map(int, counts))
        if max(opening.pair[:2]) < len(world):
            return opening
    pairs = pairs_of(world, experiment)
    if not pairs:
        raise ConfigError(f"no two people of this world were close once and have been silent for {SILENT_FROM} days")
    opening = _searched(world, experiment, pairs, progress)
    with suppress(OSError):
        write_whole(kept, lambda path: path.write_text(json.dumps(opening), encoding="utf-8"))
    return opening


def _searched(world: World, experiment: Experiment, pairs: list[Pair], progress: Callable[[int, int], None]) -> Opening:
    """Search for a pair whom one like makes talk again: among many liked at once, and then with one like alone.

    Pairs between whom nothing happens without the like come first, because their story is the easiest to follow.
    """
    tried, steps = pairs[:MOST_TRIED], 2 * STORY_DAYS + MOST_ALONE
    settings: dict[str, Any] = {"days": STORY_DAYS, "seed": experiment.run.seed, "parameters": experiment.parameters}
    settings |= {"series": False, "focal": [tried[0][:2]]}
    ends, talked = [_ends(pair) for pair in tried], []
    for number, extra in enumerate(([_like(pair) for pair in tried], [])):
        report = partial(_shifted, progress, number * STORY_DAYS, steps)
        at_risk = simulate(world, **settings, extra=extra, progress=report).measures.at_risk
        talked.append(at_risk.set_index(["low", "high"])["reconnected"].loc[ends].notna().to_numpy())
    counts = len(tried), int(talked[1].sum()), int(talked[0].sum())
    only = [tried[row] for row in np.flatnonzero(talked[0] & ~talked[1])]
    without = _between(world, experiment, only, [])
    order = sorted(range(len(only)), key=lambda row: len(without[row].events) > 0)  # stable
    for number, row in enumerate(order[:MOST_ALONE]):
        progress(2 * STORY_DAYS + number, steps)
        (alone,) = _between(world, experiment, [only[row]], [_like(only[row])])
        if alone.talked_again is not None and without[row].talked_again is None:
            return Opening(only[row], True, *counts)
    return Opening(pairs[0], False, *counts)


def _shifted(progress: Callable[[int, int], None], before: int, steps: int, done: int, _: int) -> None:
    progress(before + done, steps)


def _between(world: World, experiment: Experiment, pairs: list[Pair], extra: list[Gesture]) -> list[Between]:
    """What happens between the two of each pair in the run that a story shows."""
    run = Simulation(
        world,
        strategy="wait",
        adopters=[],
        seed=experiment.run.seed,
        parameters=experiment.parameters,
        strategy_days=STORY_DAYS,
    )
    for gesture in extra:
        run.send(gesture)
    found = [Between(run, pair.you, pair.other) for pair in pairs]
    for _ in range(STORY_DAYS):
        record = run.step()
        for each in found:
            each.observe(record)
    return found


def _like(pair: Pair) -> Gesture:
    return Gesture(0, "like", pair.you, pair.other)


def _ends(pair: Pair) -> tuple[int, int]:
    return min(pair.you, pair.other), max(pair.you, pair.other)


def _key(experiment: Experiment) -> str:
    """What the opening depends on, hashed; what is searched for is part of it."""
    about = [experiment.world.model_dump_json(), experiment.parameters.model_dump_json(), experiment.run.seed]
    about += [model_fingerprint(), _SEARCH, SILENT_FROM, STORY_DAYS, MOST_TRIED, MOST_ALONE]
    return sha256(json.dumps(about).encode()).hexdigest()[:24]
