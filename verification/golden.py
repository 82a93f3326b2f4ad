"""Golden worlds: small runs whose results are pinned, bit for bit, in `sim/model.json`.

There is one for each strategy, some for added rows, and others for a mixture that ends, injected gestures, a newcomer,
a replayed log, long silences, a burnt-in world, and settings far from the defaults. The digest of a run covers the
final world (as values, without names of fields), its measures, its contact log and its daily series. Both engines must
give it.

    python -m verification.golden             compares, and prints the worlds that differ
    python -m verification.golden --accept    writes the results to sim/model.json: see sim/runtime/fingerprint.py
    python -m verification.golden --parameters    changes each parameter in turn, and prints those that change no digest
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console

import sim
from sim.model.parameters import NEW_PARAMETERS, Parameters
from sim.model.strategies import NAMES
from sim.runtime.fingerprint import MODEL, PACKAGE, code_hash
from sim.state.population import World

PATH = PACKAGE / MODEL

LIVELY = Parameters(
    effort_minutes=900, tie_capacity=14, ties_at_start=12, community_size=20, industries=2, show_every_days=7,
    event_notice_days=3, feed_rate=2, post_rate=3, note_days=2, birthday_noticed=0.3, encoding_answered=0.5,
    routine_rate=0.4,
)  # fmt: skip

CROWDED = Parameters(
    effort_minutes=2_000, ties_at_start=12, community_size=30, group_members=6, industries=2, show_every_days=7,
    event_notice_days=3, event_invitations=3, show_people=6,
)  # fmt: skip


# Rows of one's own: each phrase of the documents, stages, lists in turn, and added gestures and places.
OWN = Parameters(
    **LIVELY.model_dump(exclude={"strategies", "gestures", "places", "ladders"}, exclude_unset=True),
    dormant_after_days=40, dormant_contacts=1, hangout_regulars=10,
    strategies={
        "birthday_calls": {
            "whom": "ties, birthday within {ahead} days, next birthday first",
            "what": "call if time allows, else message", "ahead": 30, "session_minutes": 15,
            "weekdays": ["sat", "sun"], "gap_days": 5,
        },
        "warm_up": {
            "whom": "ties, in random order", "what": "like", "session_minutes": 5, "for_days": 15, "then": "their_turn"
        },
        "their_turn": {
            "whom": "everyone known, they wrote last, at most 1 unanswered gesture, most open first",
            "what": "voice_memo 0.5 or message", "session_minutes": 15, "overhead_minutes": 3, "for_days": 14,
            "then": "wait",
        },
        "by_turns": {
            "whom": [
                "ties, dormant, once strongest first", "ties, at least 1 mutual contact, weakest first", "acquaintances"
            ],
            "what": "voice_memo if silent for 20 days and door open, else parcel if no answer for 10 days, else call",
            "session_minutes": 30, "most_people": 4,
        },
        "gym_goer": {
            "place": "gym", "whom": "people there, same industry", "what": "question if a contact, else hello",
            "session_minutes": 40,
        },
        "fair_goer": {"place": "fair", "what": "introduction if a stranger, else conversation", "session_minutes": 90},
        "dinners": {
            "whom": "ties, strength above 0.05", "place": "event", "invite": "dinner", "what": "conversation",
            "session_minutes": 200,
        },
    },
    gestures={
        "voice_memo": {"based_on": "message", "minutes": 2},
        "parcel": {"based_on": "note", "answered_with": "call"},
        "dinner": {"based_on": "invitation", "answer": 1.0, "answered_with": "voice_memo"},
    },
    places={
        "gym": {"based_on": "hangout", "regulars": 12, "attendance": 0.4, "every_days": 2},
        "fair": {"based_on": "show", "people": 8, "every_days": 5},
    },
    ladders={"private_voice_memo": 1.5},
)  # fmt: skip


@dataclass(frozen=True)
class Golden:
    """A run whose results are pinned.

    Attributes:
        world: a function that makes the initial world.
        days: the number of days to simulate.
        how: other arguments of `sim.simulate`.
        focal: ties that only the fast engine follows.
    """

    world: Callable[[], World]
    days: int
    how: Mapping[str, Any] = field(default_factory=dict)
    focal: tuple[tuple[int, int], ...] = ()


def generated(
    people: int = 50,
    seed: int = 3,
    years: float = 0,
    parameters: Parameters | None = None,
    observed: int | None = None,
) -> World:
    """A fresh world."""
    return sim.worlds.generated(
        people=people, burn_in_years=years, seed=seed, parameters=parameters, cache=False, observed=observed
    )


def log() -> pd.DataFrame:
    """A contact log of 30 people over 500 days: pairs that keep in touch, answer, fall silent and come back."""
    rows = []
    for event in range(900):
        low = event * 7 % 30
        high = (low + 1 + event % 4) % 30
        day = event * 5 // 9 if event % 11 else event // 9
        source, target = (low, high) if event % 3 else (high, low)
        rows.append((f"p{source}", f"p{target}", 86_400 * day + event * 37 % 86_400))
    return pd.DataFrame(rows, columns=["source", "target", "time"]).sort_values("time", kind="stable")


# Upper limits of parameters when the digest of `far_from_defaults` was made.
EARLIER_HIGHEST = {"routine_rate": 10.0}


def far_from_defaults() -> Parameters:
    """Parameters that are each moved a tenth of the way from the default to the farther end of the range."""
    changed: dict[str, float] = {}
    for name, info in Parameters.model_fields.items():
        if info.annotation in (float, int) and name not in NEW_PARAMETERS:
            low, high = (next(getattr(m, key) for m in info.metadata if hasattr(m, key)) for key in ("ge", "le"))
            high = EARLIER_HIGHEST.get(name, high)
            end = high if high - info.default > info.default - low else low
            moved = info.default + 0.1 * (end - info.default)
            changed[name] = round(moved) if info.annotation is int else moved
    return Parameters(**changed | {"ties_at_start": 10.0, "community_size": 20})  # type: ignore[arg-type]


def injected(day: int) -> tuple[sim.Gesture, ...]:
    """One gesture of each kind that has a receiver."""
    kinds = [kind for kind in sim.gestures.KINDS if kind != "post"]
    return tuple(sim.Gesture(day + index, kind, index, index + 20) for index, kind in enumerate(kinds))


# People come, go and answer differently, at the hours and in the sittings of a channel, and closeness grows.
CHANNEL = Parameters(
    **LIVELY.model_dump(exclude={"strategies", "gestures", "places", "ladders"}, exclude_unset=True),
    closeness_gain=0.1, closeness_meeting=0.05, closeness_pull=2, routine_new=0.3, sitting_prompts=3, sitting_same=0.4,
    quick_share=0.3, responsiveness_sd=1, arriving_share=0.3, arriving_days=10, leaving_rate=0.01,
    hour_activity=tuple(range(24)), weekday_activity=(1, 1, 1, 1, 1, 0.2, 0),
    channel_levels=(1, 2, 0.5), channel_level_days=10, channel_begins=5,
)  # fmt: skip

MAILBOXES = Parameters(**CHANNEL.model_dump(exclude_unset=True) | {"unobserved_activity": 0.5})

# Fields of records that are newer than the oldest digests, and 0 where nothing uses them.
LATER_FIELDS = {"closeness", "arrives", "leaves", "responsiveness", "unobserved"}
WORLD = ": world"  # the end of the names of digests of worlds alone


def cases() -> dict[str, Golden]:
    """All golden runs, by name."""
    lively, adopters = lambda: generated(parameters=LIVELY), {"adopters": range(0, 50, 5)}
    runs = {name: Golden(lively, 40, {"strategy": name, **adopters}) for name in NAMES}
    own = OWN.strategies.keys() - set(NAMES)
    runs |= {
        name: Golden(lambda: generated(parameters=OWN), 40, {"strategy": name, **adopters}) for name in sorted(own)
    }
    mixture = {"check_in": 0.5, "host_event": 0.25, "share_content": 0.25}
    return runs | {
        "defaults": Golden(generated, 60, {"strategy": "check_in", "adopters": 10}),
        "mixture, which ends": Golden(lively, 40, {"strategy": mixture, "strategy_days": 20, **adopters}),
        "injected gestures": Golden(lively, 30, {"extra": injected(2)}),
        "newcomer": Golden(
            lambda: sim.worlds.empty(generated(parameters=LIVELY), newcomers=2, seed=3),
            40,
            {"strategy": "show_up", "adopters": [50, 51]},
        ),
        "replayed log": Golden(
            lambda: sim.worlds.replayed(log(), seed=3), 40, {"strategy": "check_in", "adopters": [0, 1, 2]}
        ),
        "burnt in, long silences": Golden(
            lambda: generated(people=30, years=2), 60, {"strategy": "handwritten_notes", "adopters": 10}
        ),
        "far from the defaults": Golden(
            lambda: generated(parameters=far_from_defaults()),
            40,
            {"strategy": {"engage_regularly": 0.5, "trade_shows": 0.5}, "adopters": 20},
        ),
        "crowded places": Golden(
            lambda: generated(people=150, parameters=CROWDED),
            40,
            {"strategy": {"host_event": 0.5, "trade_shows": 0.5}, "adopters": 50},
        ),
        "a channel of its own": Golden(lambda: generated(parameters=CHANNEL), 40, {"strategy": "show_up", **adopters}),
        "some observed people": Golden(lambda: generated(parameters=MAILBOXES, observed=8), 40, {"strategy": "wait"}),
        "focal ties": Golden(lively, 40, {"extra": injected(2)}, tuple((person, person + 20) for person in range(8))),
    }


def of_fast_engine(golden: Golden) -> tuple[str, str, str]:
    """The digests of a run on the fast engine: of its world and measures, of its log and series, and of its world.

    The first is the same as on Mesa, which follows no focal ties; the series has their outcomes. The last doesn't
    change with a new measure.
    """
    run = sim.simulate(golden.world(), days=golden.days, seed=3, log=True, focal=golden.focal, **golden.how)
    assert run.log is not None
    scalars = {name: math.nan if name.startswith("focal_") else value for name, value in run.measures.scalars.items()}
    log = digest_of_frames(run.log, run.measures.series)
    return digest(run.world, scalars | {"focal": 0.0}), log, digest(run.world, {})


def of_mesa_engine(golden: Golden) -> str:
    """The digest of the world and measures of the same run on the Mesa engine."""
    model = sim.ReconnectionModel(world=golden.world(), seed=3, **golden.how)
    for _ in range(golden.days):
        model.step()
    return digest(model.to_world(), model.measures().scalars)


def digest(world: World, scalars: Mapping[str, float]) -> str:
    """The digest of the values of a world and of measures, in order."""
    sha256 = hashlib.sha256(f"{world.day} {world.strategies_end}".encode())
    for name in World.ARRAYS:
        array = getattr(world, name)
        for column in array.dtype.names:
            if column == "met_at" or (column in LATER_FIELDS and not array[column].any()):  # the digests are older
                continue
            sha256.update(_bytes(array[column]))
    sha256.update(_bytes(np.array(list(scalars.values()), np.float64)))
    return sha256.hexdigest()[:16]


def digest_of_frames(*frames: pd.DataFrame) -> str:
    """The digest of the values of tables, in order."""
    sha256 = hashlib.sha256()
    for frame in frames:
        for name in frame.columns:
            column = frame[name]
            values = column.to_numpy()
            sha256.update("\n".join(map(str, values)).encode() if values.dtype.kind not in "biuf" else _bytes(values))
    return sha256.hexdigest()[:16]


def _bytes(values: np.ndarray) -> bytes:
    """The bytes of values, independent of byte order and of the bits of NaN."""
    values = np.ascontiguousarray(values)
    if values.dtype.kind == "f":
        values = np.where(np.isnan(values), np.nan, values).astype(values.dtype)
    return values.astype(values.dtype.newbyteorder("<")).tobytes()


def computed() -> dict[str, str]:
    """The digests of all golden worlds on the fast engine."""
    digests = {}
    for name, golden in cases().items():
        digests[name], digests[f"{name}: log"], digests[f"{name}: world"] = of_fast_engine(golden)
    return digests


def accepted(pinned: Mapping[str, Any], digests: Mapping[str, str]) -> dict[str, Any]:
    """The content of `model.json` after accepting these digests: a new version only if a pinned digest changed."""
    changed = {name for name, digest in pinned["digests"].items() if digests.get(name, digest) != digest}
    worlds = {name: digest for name, digest in digests.items() if name.endswith(WORLD)}
    return {
        "version": pinned["version"] + bool(changed),
        "fingerprint": _hash(digests) if changed else pinned["fingerprint"],
        "worlds": _hash(worlds) if changed & worlds.keys() else pinned["worlds"],
        "code": code_hash(PACKAGE),
        "digests": dict(digests),
    }


def _hash(digests: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()[:16]


def with_other(parameters: Parameters, name: str) -> Parameters:
    """Parameters with one changed: a float is moved towards an end of its range, and a whole number is doubled."""
    info, value = Parameters.model_fields[name], getattr(parameters, name)
    low, high = (next(getattr(m, key) for m in info.metadata if hasattr(m, key)) for key in ("ge", "le"))
    if info.annotation is int:
        other = min(2 * value + 1, high) if value < high else low
    else:
        other = value + 0.07 * (high - value) if value < high else value - 0.07 * (value - low)
    return Parameters(**parameters.model_dump() | {name: other})


def unnoticed_parameters() -> list[str]:
    """Numerical parameters that can be changed in all golden worlds without changing any digest."""
    pinned = {name: of_fast_engine(golden) for name, golden in cases().items()}
    unnoticed = []
    for name, info in Parameters.model_fields.items():
        if info.annotation in (float, int):
            changed = {case: _changed(golden, name) for case, golden in cases().items()}
            if all(of_fast_engine(golden) == pinned[case] for case, golden in changed.items()):
                unnoticed.append(name)
    return unnoticed


def _changed(golden: Golden, name: str) -> Golden:
    def world() -> World:
        start = golden.world()
        try:
            return generated(len(start), parameters=with_other(start.parameters, name))
        except ValueError:  # the sum of several shares would be too large
            return start

    return replace(golden, world=world) if golden.world().names is None else golden


def main(accept: bool) -> bool:
    """Compare, print, and accept if requested; returns whether all results match `model.json`."""
    console = Console(highlight=False)
    pinned, digests = json.loads(PATH.read_text(encoding="utf-8")), computed()
    before: dict[str, str] = pinned["digests"]
    differ = [name for name in before.keys() | digests.keys() if before.get(name) != digests.get(name)]
    disagree = [name for name, golden in cases().items() if of_mesa_engine(golden) != digests[name]]
    for name in sorted(differ):
        console.print(f"{name}: {digests.get(name)} instead of {before.get(name)}")
    for name in disagree:
        console.print(f"{name}: the Mesa engine gives a different world than the fast engine")
    if disagree:
        console.print("Nothing was written, because the engines must agree first.")
        return False
    new = accepted(pinned, digests)
    if accept:
        PATH.write_text(json.dumps(new, indent=1) + "\n", encoding="utf-8")
    kind = "the same model" if new["fingerprint"] == pinned["fingerprint"] else "a different model"
    console.print(
        f"{len(digests) - len(differ)} of {len(digests)} digests are as they were: {kind}, version {new['version']}, "
        f"fingerprint {new['fingerprint']}{', written to sim/model.json' if accept else ''}."
    )
    return accept or (not differ and new["code"] == pinned["code"])


if __name__ == "__main__":
    if "--parameters" in sys.argv[1:]:
        print("Parameters that change no digest:", ", ".join(unnoticed_parameters()) or "none")
        sys.exit()
    sys.exit(not main("--accept" in sys.argv[1:]))
