"""One like in detail: two worlds that differ only in the like, and their difference as a chain of events.

The worlds share all random draws, so everything that happens in only one of them is an effect of the like.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

import sim
from experiments.config.settings import Experiment, InjectSettings, SweepSettings
from experiments.sweeps.design import RunSpec, runs_of
from experiments.sweeps.injected import Pair, focal_ties, gestures
from experiments.sweeps.runner import world_of
from sim.engine.day import Core
from sim.measures import dormant_pairs
from sim.model.gestures import Channel, Kind
from sim.run import begin, run_days
from sim.state.population import NO_ANSWER

WITH, WITHOUT = "with", "without"
_SAME = [
    "sender",
    "receiver",
    "day",
    "kind",
    "event_key",
]  # the same gesture in two worlds: the same prompt, of the same day
LIKER, LIKED = "A", "B"


@dataclass(frozen=True, eq=False)
class Story:
    """The effects of one like.

    Attributes:
        replicate: replicate of the world.
        pair: the person who liked, and the person who was liked.
        silent: days without two-way contact before it.
        between: gestures between the two, in order of time: ``world`` (`WITH` or `WITHOUT`), ``day`` (from 0),
            ``second``, ``sender`` and ``receiver`` (`LIKER` or `LIKED`), ``kind``, ``worded``, ``channel``, ``noticed``,
            ``answers`` (the kind that it answers, or empty).
        reconnected: day of the third worded gesture in turn, by world; None if there is none.
        elsewhere: number of gestures of other people, by day, that are in only one of the worlds.
        days: number of days simulated.
    """

    replicate: int
    pair: Pair
    silent: int
    between: pd.DataFrame
    reconnected: dict[str, int | None]
    elsewhere: pd.Series
    days: int

    @property
    def made_by_the_like(self) -> bool:
        """Whether the two talk again with the like, and without it at most one of them writes."""
        without = _in_words(self.between[self.between["world"] == WITHOUT])
        return self.reconnected[WITH] is not None and without["sender"].nunique() < 2


def found(experiment: Experiment, *, worlds: int, first: int = 0) -> Iterator[Story | None]:
    """Search worlds for likes that made two people talk again. Yields one item per world, None if it has no such story.

    Args:
        experiment: an experiment with an ``[inject]`` table, such as one_like.toml.
        worlds: number of worlds to search.
        first: first replicate.
    """
    for run in _likes(experiment, first + worlds)[first:]:
        yield _in(run)


def _likes(experiment: Experiment, replicates: int) -> list[RunSpec]:
    """One run per replicate, with a like and the experiment's parameters."""
    inject = (experiment.inject or InjectSettings()).model_copy(update={"kind": "like"})
    sweep = SweepSettings(replicates=replicates) if experiment.sweep else None
    return runs_of(experiment.model_copy(update={"inject": inject, "sweep": sweep}))


def _in(run: RunSpec) -> Story | None:
    """The first story of a world: found with all its likes at once, then simulated with one like alone."""
    assert run.inject is not None
    world = world_of(run.world)
    focal = focal_ties(world, run.inject, run.seed, run.parameters)
    settings: dict[str, Any] = {
        "days": run.days,
        "seed": run.seed,
        "parameters": run.parameters,
        "focal": focal,
        "series": False,
    }
    frames = [
        sim.simulate(world, **settings, extra=extra).measures.at_risk.set_index(["low", "high"])["reconnected"]
        for extra in (gestures(run.inject, focal), [])
    ]
    for pair in focal:
        key = (min(pair), max(pair))
        if not np.isnan(frames[0][key]) and np.isnan(frames[1][key]):
            story = story_of(run, world, pair)
            if story.made_by_the_like:
                return story
    return None


def story_of(run: RunSpec, world: sim.World, pair: Pair) -> Story:
    """The story of one like: the world with it and without it, day by day."""
    assert run.inject is not None
    sides = {WITH: gestures(run.inject, [pair]), WITHOUT: []}
    happened = {side: _lived(run, world, extra) for side, extra in sides.items()}
    between = pd.concat(
        [_between(log, pair, world.day, run.parameters).assign(world=side) for side, log in happened.items()]
    )
    return Story(
        replicate=run.replicate,
        pair=pair,
        silent=_silence(world, pair, run.parameters),
        between=between.reset_index(drop=True),
        reconnected={side: _talking_again(between[between["world"] == side]) for side in sides},
        elsewhere=_elsewhere(happened[WITH], happened[WITHOUT], pair, world.day, run.days),
        days=run.days,
    )


def _lived(run: RunSpec, world: sim.World, extra: Sequence[sim.Gesture]) -> pd.DataFrame:
    """Every directed gesture that arrived, in order of time, noticed or not."""
    start, _ = begin(world, seed=run.seed, parameters=run.parameters, extra=extra, days=run.days)
    delivered: list[np.ndarray] = []
    run_days(Core(start, seed=run.seed), run.days, lambda record: delivered.append(record.delivered))
    rows = np.concatenate(delivered)
    rows = rows[rows["kind"] != Kind.POST]
    names = ("sender", "receiver", "day", "second", "arrives_day", "arrives_second", "kind", "channel", "event_key")
    frame = pd.DataFrame({name: rows[name] for name in (*names, "parent_kind", "noticed")})
    return frame.sort_values(["arrives_day", "arrives_second", "sender", "event_key"], ignore_index=True)


def _between(log: pd.DataFrame, pair: Pair, start: int, parameters: sim.Parameters) -> pd.DataFrame:
    """The gestures between two people, with names instead of codes."""
    mine = log[log["sender"].isin(pair) & log["receiver"].isin(pair)]
    name, kinds = dict(zip(pair, (LIKER, LIKED), strict=True)), parameters.kinds
    return pd.DataFrame(
        {
            "day": mine["arrives_day"] - start,
            "second": mine["arrives_second"],
            "sender": mine["sender"].map(name),
            "receiver": mine["receiver"].map(name),
            "kind": [kinds[kind] for kind in mine["kind"]],
            "worded": [parameters.gestures[kinds[kind]].worded for kind in mine["kind"]],
            "channel": [Channel(channel).label for channel in mine["channel"]],
            "noticed": mine["noticed"] == 1,
            "answers": ["" if kind == NO_ANSWER else kinds[kind] for kind in mine["parent_kind"]],
        }
    )


def _silence(world: sim.World, pair: Pair, parameters: sim.Parameters) -> int:
    low, high = min(pair), max(pair)
    ties = world.ties[world.people["first"][low] :][: world.people["slots"][low]]
    assert any((one["low"], one["high"]) == (low, high) for one in dormant_pairs(world, parameters))
    return int(world.day - ties["last_two_way"][ties["other"] == high][0])


def _in_words(between: pd.DataFrame) -> pd.DataFrame:
    """The worded gestures that were noticed."""
    return between[between["noticed"] & between["worded"]]


def _talking_again(between: pd.DataFrame) -> int | None:
    """The day of the third worded, noticed gesture in turn, or None."""
    turns: list[str] = []
    for _, row in _in_words(between).iterrows():
        if not turns or turns[-1] != row["sender"]:
            turns.append(row["sender"])
        if len(turns) == 3:
            return int(row["day"])
    return None


def _elsewhere(one: pd.DataFrame, other: pd.DataFrame, pair: Pair, start: int, days: int) -> pd.Series:
    """The number of gestures of other people that are in only one of the worlds, by day."""
    keys = [log[~(log["sender"].isin(pair) & log["receiver"].isin(pair))][_SAME] for log in (one, other)]
    apart = keys[0].merge(keys[1], how="outer", indicator=True).query("_merge != 'both'")
    counts = (apart["day"] - start).value_counts()
    return counts.reindex(range(days), fill_value=0).sort_index()


def sentences(story: Story) -> list[str]:
    """The chain of events, one sentence each, in order of time."""
    other = {LIKER: LIKED, LIKED: LIKER}
    lines = [
        f"{LIKER} and {LIKED} (persons {story.pair[0]} and {story.pair[1]} of world {story.replicate + 1}) had not been in touch for "
        f"{_years(story.silent)}."
    ]
    same = _keys(story.between[story.between["world"] == WITHOUT])
    for _, row in story.between[story.between["world"] == WITH].iterrows():
        new = _key(row) not in same
        what = (
            f"{row['sender']} answers with a {_plain(row['kind'])}"
            if row["answers"]
            else _does(row, other[row["sender"]])
        )
        seen = "" if row["noticed"] else ", who does not notice"
        is_the_like = row["kind"] == "like" and row["day"] == 0
        note = " – only because of the like" if new and not is_the_like else ""
        lines.append(f"Day {row['day']}: {what}{seen}{note}.")
        if is_the_like and row["noticed"]:
            lines.append(
                f"Day 0: {row['receiver']} notices, and the door to {row['sender']} opens: a small gesture back no longer feels strange."
            )
        if story.reconnected[WITH] == row["day"] and row.name == _last_of(story, int(row["day"])):
            lines.append(f"Day {row['day']}: they talk again, with three worded gestures in turn.")
    without = story.between[(story.between["world"] == WITHOUT)]
    passed = [f"day {row['day']}, {_plain(row['kind'])} by {row['sender']}" for _, row in without.iterrows()]
    happened = f"only this happens between them: {'; '.join(passed)}" if passed else "nothing happens between them"
    lines.append(f"Without the like: in the same {story.days} days, {happened}.")
    lines.append(
        f"Elsewhere: {int(story.elsewhere.sum()):,} gestures of other people are in only one of the two worlds."
    )
    return lines


def _last_of(story: Story, day: int) -> Any:
    rows = story.between[(story.between["world"] == WITH) & (story.between["day"] == day)]
    return rows.index[-1]


def _does(row: pd.Series, receiver: str) -> str:
    if row["kind"] == "like":
        return f"{row['sender']} likes what {receiver} posted"
    return f"{row['sender']} sends {receiver} a {_plain(row['kind'])} ({_plain(row['channel'])})"


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _key(row: Any) -> tuple[Any, ...]:
    return row["day"], row["second"], row["sender"], row["kind"]


def _keys(rows: pd.DataFrame) -> set[tuple[Any, ...]]:
    return {_key(row) for _, row in rows.iterrows()}


def _years(days: int) -> str:
    return f"{days / 365:.1f} years" if days >= 365 else f"{days} days"
