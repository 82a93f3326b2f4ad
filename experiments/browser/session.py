"""What one browser tab has on the server: its own worlds, and a thread that plays them while somebody looks.

The tab sends what was pressed, the thread answers with frames, and each frame is acknowledged. Without that, nothing is
computed: a slow tab gets fewer frames, a closed or lost one none.
"""

from __future__ import annotations

import dataclasses
import io
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from experiments import runner
from experiments.browser.asked import CONTROLS, Asked, as_config, asked_by, controls, strategy_of
from experiments.config import ConfigError, Experiment, WorldSettings
from experiments.scene import MOST_GESTURES
from experiments.stage import Outcome, Stage, TieSeen, name_of
from sim.gestures import KINDS
from sim.population import World
from sim.run import Gesture
from sim.sight import State
from sim.strategies import NAMES

MOST_FRAMES = 50.0  # a second
IN_FLIGHT = 2  # frames that the tab has not acknowledged
SPEEDS = (1, 2, 5, 10, 20, 50, 100)  # days a second
SERIES_POINTS = 200  # of the charts, for the days before a page begins
TIES_SHOWN = 60  # of somebody who is followed
WEEK = 7
BY_HAND = ("like", "comment", "message", "call", "note", "invitation")

Message = Mapping[str, Any]
Send = Callable[[dict[str, Any], list[bytes]], None]

_log = logging.getLogger("rekindle.watch")


class _GivenUpError(Exception):
    """The tab was closed, or asked for another world, amid a long piece of work."""


class Session:
    """The worlds of a tab.

    Args:
        send: takes a message to the tab, and arrays as bytes.
        query: of the tab's address.
        opening: what is shown where the address says nothing.
        presets: files to choose from, by the name that addresses give them.
    """

    def __init__(self, send: Send, query: str, opening: Asked, presets: dict[str, Path]) -> None:
        self._send, self.presets = send, presets
        self.asked, self.stage = opening, None  # type: Asked, Stage | None
        self.experiment: Experiment = opening.experiment()
        self.playing, self.speed, self.frame, self.drifted = False, 5, 0, None  # type: bool, int, int, int | None
        self.told = 0  # times that the tab was told of the state
        self._query, self._opening = query, opening
        self._world: tuple[str, World] | None = None
        self._in_flight, self._due = 0, 0.0
        self._inbox: deque[Message] = deque()
        self._news, self._closed, self._acting = threading.Condition(), False, False
        self._thread = threading.Thread(target=self._live, name="rekindle-watch", daemon=True)

    # Called from the server's own threads --------------------------------------------------------------------------

    def start(self) -> None:
        """Let the thread begin; it waits for the tab to say that it is ready."""
        self._thread.start()

    def hear(self, message: Message) -> None:
        """Take what the tab sent."""
        with self._news:
            self._inbox.append(message)
            self._news.notify()

    def close(self) -> None:
        """The tab is gone: end the thread, amid whatever it does."""
        with self._news:
            self._closed = True
            self._news.notify()

    @property
    def is_over(self) -> bool:
        """Whether nothing is computed any more."""
        return not self._thread.is_alive()

    @property
    def is_at_rest(self) -> bool:
        """Whether all that the tab has sent so far is done."""
        with self._news:
            return not self._acting and not self._inbox

    # The thread ------------------------------------------------------------------------------------------------------

    def _live(self) -> None:
        while (message := self._next()) is not None:
            try:
                if message:
                    self._act(message)
                else:
                    self._advance(self._stride())
            except _GivenUpError:
                continue
            except (ConfigError, ValueError, TypeError, OSError) as error:
                self._refuse(error, message)
            except Exception:
                _log.exception("The page's own error")
                self.playing = False
                self._tell_state()
                self._tell({"is": "error", "path": "", "text": "Something went wrong; the terminal says what."})

    def _next(self) -> Message | None:
        """The next message; an empty one when it is time for a frame; None when the tab is gone."""
        with self._news:
            self._acting = False
            while not self._closed and not self._inbox:
                may_go_on = self.playing and self._in_flight < IN_FLIGHT
                wait = self._due - time.monotonic() if may_go_on else None
                if wait is not None and wait <= 0:
                    return {}
                self._news.wait(wait)
            self._acting = not self._closed
            return self._inbox.popleft() if self._acting else None

    def _check(self, *_: object) -> None:
        """Amid long work: give up if nobody waits for it any more."""
        if self._closed or any(message.get("do") in _ANEW for message in list(self._inbox)):
            raise _GivenUpError

    def _stride(self) -> int:
        """Days from one frame to the next while playing; sets when the next one is due."""
        frames = min(float(self.speed), MOST_FRAMES)
        now = time.monotonic()
        self._due = max(self._due + 1 / frames, now)
        return max(1, round(self.speed / frames))

    def _act(self, message: Message) -> None:
        action = _ACTIONS.get(str(message.get("do")))
        if action is None:
            raise ConfigError(f"There is nothing that a page can do by {message.get('do')!r}.")
        action(self, message)

    def _refuse(self, error: Exception, message: Message) -> None:
        """Say what was wrong, beside the field that it is about, and show what holds instead."""
        text = str(error)
        if self.stage is not None:
            self._tell_state()
        self._tell({"is": "error", "path": str(message.get("path", "")), "text": text[:1].upper() + text[1:]})

    # What a tab can ask for ------------------------------------------------------------------------------------------

    def _ready(self, message: Message) -> None:
        """The tab has drawn its frame and wants the world that its address names."""
        self._in_flight = 0
        try:
            self._show(asked_by(self._query, self._opening, self.presets))
        except (ConfigError, ValueError) as error:
            self._show(self._opening)
            self._tell({"is": "error", "path": "", "text": f"{error} Shown instead: the opening."})

    def _drawn(self, message: Message) -> None:
        self._in_flight = max(0, self._in_flight - 1)

    def _again(self, message: Message) -> None:
        """The tab has waited in vain: its connection was lost for a while, and with it what was sent."""
        self._in_flight = 0
        if self.stage is None:  # or the server was another one
            self._ready(message)
        else:
            self._tell_scene(again=True)
            self._tell_state()
            self._push()

    def _play(self, message: Message) -> None:
        self.playing, self._due = not self.playing if "on" not in message else bool(message["on"]), time.monotonic()
        self._tell_state()

    def _step(self, message: Message) -> None:
        self.playing = False
        self._advance(WEEK if message.get("days") == WEEK else 1)
        self._tell_state()

    def _reset(self, message: Message) -> None:
        self.playing = False
        self._show(dataclasses.replace(self.asked, hand=(), forked=False, day=0))

    def _set_speed(self, message: Message) -> None:
        wanted = message.get("value")
        if "by" in message:
            at = SPEEDS.index(self.speed) + (1 if message["by"] > 0 else -1)
            wanted = SPEEDS[min(max(at, 0), len(SPEEDS) - 1)]
        if wanted not in SPEEDS:
            raise ConfigError(f"the speed is one of {', '.join(map(str, SPEEDS))} days a second")
        self.speed, self._due = int(wanted), time.monotonic()
        self._tell_state()

    def _set(self, message: Message) -> None:
        """A setting: live ones act from today on, the others by a new beginning."""
        path, value = str(message["path"]), str(message["value"])
        if path not in _SETTABLE:
            raise ConfigError(f"{path} is no setting of the page")
        asked = self.asked.changed(path, value)
        if path.startswith("parameters.") and self.stage is not None:
            self.asked, self.experiment = asked, asked.experiment()
            self.stage.change(self.experiment.parameters)
            if self.stage.day and self.drifted is None:
                self.drifted = self.stage.day
            self._tell_state()
        else:
            self._show(dataclasses.replace(asked, hand=(), forked=False, day=0))

    def _set_beside(self, message: Message) -> None:
        """A second strategy, or none: both worlds begin anew and come to the same day."""
        beside = str(message.get("value") or "") or None
        if beside is not None:
            strategy_of(beside)
        self._show(dataclasses.replace(self.asked, beside=beside, hand=(), forked=False, day=self._today()))

    def _set_differences(self, message: Message) -> None:
        self.asked = dataclasses.replace(self.asked, differences=bool(message["on"]))
        self._tell_state()
        self._push()

    def _choose_preset(self, message: Message) -> None:
        self.playing = False
        self._show(asked_by(f"config={message['value']}" if message.get("value") else "", self._opening, self.presets))

    def _follow(self, message: Message) -> None:
        person = message.get("person")
        if person is not None and (not isinstance(person, int) or not 0 <= person < self._people()):
            raise ConfigError(f"nobody is person {person}; the people are 0 to {self._people() - 1:,}")
        self.asked = dataclasses.replace(self.asked, followed=person)
        self._tell_state()
        self._push()

    def _send_by_hand(self, message: Message) -> None:
        """A gesture of the one who is followed, today; with a twin of the world in which it is not sent, if wanted."""
        assert self.stage is not None
        sender, receiver, kind = self.asked.followed, message.get("to"), str(message.get("kind"))
        if sender is None or not isinstance(receiver, int):
            raise ConfigError("a gesture by hand goes from the person who is followed to one of their ties")
        if kind not in BY_HAND:
            raise ConfigError(f"a gesture by hand is one of {', '.join(BY_HAND)}")
        gesture = Gesture(self.stage.day, kind, sender, receiver)
        fork = bool(message.get("fork"))
        if fork:
            self.stage.fork(gesture)
        else:
            self.stage.send(gesture)
        beside = None if fork else self.asked.beside
        self.asked = dataclasses.replace(self.asked, hand=(*self.asked.hand, gesture), forked=fork, beside=beside)
        if fork:
            self._tell_scene()
        self._tell_state()
        self._push()

    def _copy_config(self, message: Message) -> None:
        text = as_config(self.asked, self.drifted)
        self._tell({"is": "file", "name": f"{self.experiment.name}.toml", "type": "application/toml", "text": text})

    def _draw(self, message: Message) -> None:
        """A picture of today as PNG or SVG, drawn by the same hand as films."""
        from experiments.film import still  # draws with matplotlib, which takes a second to load

        ending = "svg" if message.get("value") == "svg" else "png"
        assert self.stage is not None
        room = io.BytesIO()
        still(self.stage, self.asked.followed, room, ending)
        self._tell_file(f"day-{self.stage.day}.{ending}", {"png": "image/png", "svg": "image/svg+xml"}[ending], room)

    def _film(self, message: Message) -> None:
        """A film from the first day to this one, from the seed."""
        from experiments.film import Shot, film

        assert self.stage is not None
        ending = "gif" if message.get("value") == "gif" else "mp4"
        self.playing = False
        self._tell_state()
        days = max(self.stage.day, 30)
        stage = _staged(self.asked, self.experiment, self._world_of(self.experiment.world))
        seconds = float(min(20, max(2, days / 15)))

        def progress(done: int, total: int) -> None:
            self._check()
            if done % 6 == 0:
                self._tell({"is": "progress", "what": "drawing the film", "done": done, "total": total})

        with TemporaryDirectory() as folder:
            path = Path(folder) / f"film.{ending}"
            film(stage, Shot(days, seconds, self.asked.followed), path, progress)
            self._tell({"is": "progress", "what": "", "done": 1, "total": 1})
            room = io.BytesIO(path.read_bytes())
        self._tell_file(f"{self.experiment.name}.{ending}", {"mp4": "video/mp4", "gif": "image/gif"}[ending], room)

    # How it does it --------------------------------------------------------------------------------------------------

    def _show(self, asked: Asked) -> None:
        """Begin what is asked for and go to its day."""
        experiment = asked.experiment()
        world = self._world_of(experiment.world)
        stage = _staged(asked, experiment, world)
        series = self._played(stage, asked.day)
        followed = asked.followed if asked.followed is not None and asked.followed < len(world) else None
        self.asked, self.experiment, self.stage = dataclasses.replace(asked, followed=followed), experiment, stage
        self.drifted = None
        self._tell_scene()
        self._tell({"is": "series", "rows": series})
        self._tell_state()
        self._push()

    def _played(self, stage: Stage, day: int) -> list[list[Any]]:
        """Go to a day; returns outcomes on the way, for the charts."""
        series: list[list[Any]] = []

        def note(today: int) -> None:
            self._check()
            if today % max(1, day // SERIES_POINTS) == 0:
                series.append([today, [_told(each) for each in stage.outcomes()]])

        stage.play(day, note)
        return series

    def _world_of(self, settings: WorldSettings) -> World:
        """The world, built if it is not there yet; the tab is told how far that is."""
        key = settings.model_dump_json()
        if self._world is not None and self._world[0] == key:
            return self._world[1]
        told = 0.0

        def progress(done: int, total: int) -> None:
            nonlocal told
            self._check()
            if time.monotonic() - told > 0.1:
                told = time.monotonic()
                self._tell({"is": "progress", "what": "building the world", "done": done, "total": total})

        world = runner.world_of(settings, **({} if settings.log else {"progress": progress}))
        self._tell({"is": "progress", "what": "", "done": 1, "total": 1})
        self._world = key, world
        return world

    def _today(self) -> int:
        return self.stage.day if self.stage is not None else 0

    def _people(self) -> int:
        return len(self.stage.arms[0].run) if self.stage is not None else 0

    def _advance(self, days: int) -> None:
        """Some days on; the run's last day is a place to stop."""
        if self.stage is None:
            return
        end = self.experiment.run.days
        before = self.stage.day
        for _ in range(days):
            self.stage.step()
            if self.stage.day == end:
                break
        self._push()
        if before < end == self.stage.day and self.playing:
            self.playing = False
            self._tell_state()

    # What the tab is told --------------------------------------------------------------------------------------------

    def _tell(self, message: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        if not self._closed:
            self._send(message, buffers or [])

    def _tell_file(self, name: str, kind: str, room: io.BytesIO) -> None:
        self._tell({"is": "file", "name": name, "type": kind}, [room.getvalue()])

    def _tell_scene(self, again: bool = False) -> None:
        """What stays as it is until the next beginning: places, ties, who adopts."""
        assert self.stage is not None
        scene = self.stage.scene
        self.stage.changed.clear()
        adopters = self.stage.adopters.astype(np.int32)
        self._tell(
            {"is": "scene", "people": len(scene.places), "arms": [arm.name for arm in self.stage.arms], "again": again},
            [scene.places.astype(np.float32).tobytes(), scene.pairs.astype(np.int32).tobytes(), adopters.tobytes()],
        )

    def _push(self) -> None:
        """A frame: a byte for each tie and each person of each world, and the outcomes."""
        if self.stage is None:
            return
        stage = self.stage
        changed = np.array(sorted(stage.changed), np.int32)
        stage.changed.clear()
        self.frame += 1
        pictures = stage.look(self.asked.differences)
        outcomes = [_told(each) for each in stage.outcomes()]
        message = {"is": "frame", "frame": self.frame, "day": stage.day, "outcomes": outcomes}
        if self.asked.followed is not None:
            message["followed"] = self._followed(self.asked.followed)
        buffers = [changed.tobytes(), stage.scene.pairs[changed].astype(np.int32).tobytes()]
        for picture in pictures:
            buffers += [picture.ties.tobytes(), picture.people.tobytes(), picture.flashes[:MOST_GESTURES].tobytes()]
        self._in_flight += 1
        self._tell(message, buffers)

    def _followed(self, person: int) -> dict[str, Any]:
        """Somebody's ties in each world, those of the first leading."""
        assert self.stage is not None
        one = self.stage.arms[0].run.people[person]
        lists = [self.stage.ties_of(person, arm) for arm in range(len(self.stage.arms))]
        return {
            "person": person,
            "sociability": round(float(one["sociability"]), 2),
            "hesitance": round(float(one["hesitance"]), 2),
            "adopts": bool(self.stage.scene.is_adopter[person]),
            "ties": [[_tie(tie) for tie in _chosen(ties)] for ties in lists],
            "counts": [_counts(ties) for ties in lists],
        }

    def _tell_state(self) -> None:
        """All that the controls show."""
        run = self.experiment.run
        asked = dataclasses.replace(self.asked, day=self._today())
        strategies = asked.strategies(self.experiment)
        self.told += 1
        self._tell(
            {
                "is": "state",
                "told": self.told,
                "playing": self.playing,
                "speed": self.speed,
                "speeds": SPEEDS,
                "day": self._today(),
                "end": run.days,
                "strategy_days": run.strategy_days,
                "seed": str(run.seed),
                "strategy": run.strategy if isinstance(run.strategy, str) else "",
                "names": [name_of(each) for each in strategies],
                "shares": [None if isinstance(each, str) else each for each in strategies] + [None],
                "beside": self.asked.beside,
                "forked": self.asked.forked,
                "strategies": NAMES,
                "differences": self.asked.differences,
                "followed": self.asked.followed,
                "by_hand": BY_HAND,
                "presets": {name: path.stem.replace("_", " ") for name, path in self.presets.items()},
                "preset": next((name for name, path in self.presets.items() if path == self.asked.config), ""),
                "controls": controls(self.experiment),
                "drifted": self.drifted,
                "query": asked.query(),
            }
        )


def _staged(asked: Asked, experiment: Experiment, world: World) -> Stage:
    """The first morning of what is asked for; gestures by hand wait for their days."""
    stage = Stage(world, experiment, asked.strategies(experiment))
    for gesture in asked.hand:
        if asked.forked and gesture is asked.hand[-1]:
            stage.fork(gesture)
        else:
            stage.send(gesture)
    return stage


def _told(outcome: Outcome) -> dict[str, float | None]:
    return {name: _number_or_none(value) for name, value in outcome._asdict().items()}


def _number_or_none(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 3)


def _chosen(ties: list[TieSeen]) -> list[TieSeen]:
    """Those that are shown: with something going on first, then the strongest."""
    return sorted(ties, key=lambda tie: (tie.state <= State.ACQUAINTED, not tie.history, -tie.strength))[:TIES_SHOWN]


def _counts(ties: list[TieSeen]) -> dict[str, int]:
    found = {state.name.lower(): sum(tie.state == state for tie in ties) for state in State}
    return found | {"rekindled": sum(tie.rekindled for tie in ties)}


def _tie(tie: TieSeen) -> dict[str, Any]:
    told = tie._asdict() | {"state": tie.state.name.lower()}
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in told.items()}


_ACTIONS: dict[str, Callable[[Session, Message], None]] = {
    "ready": Session._ready,
    "drawn": Session._drawn,
    "again": Session._again,
    "play": Session._play,
    "step": Session._step,
    "reset": Session._reset,
    "speed": Session._set_speed,
    "set": Session._set,
    "beside": Session._set_beside,
    "differences": Session._set_differences,
    "preset": Session._choose_preset,
    "follow": Session._follow,
    "send": Session._send_by_hand,
    "config": Session._copy_config,
    "picture": Session._draw,
    "film": Session._film,
}
_ANEW = ("ready", "reset", "set", "beside", "preset")  # make long work in progress pointless
_SETTABLE = {"run.strategy", "run.seed"} | {row.path for rows in CONTROLS.values() for row in rows}
assert set(BY_HAND) <= set(KINDS)
