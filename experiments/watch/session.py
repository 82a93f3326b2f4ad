"""The server side of one browser tab: its worlds, and a thread that plays them while the tab is open.

The tab sends what the user pressed, the thread answers with frames, and the tab acknowledges each frame. Without
acknowledgements nothing is computed, so a slow tab gets fewer frames, and a closed or lost tab none.
"""

from __future__ import annotations

import dataclasses
import io
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import urlencode

import numpy as np

from experiments.config.errors import ConfigError
from experiments.config.settings import Experiment, WorldSettings
from experiments.sweeps import runner
from experiments.sweeps.over_worlds import OverWorlds, over_worlds
from experiments.sweeps.store import StoreError
from experiments.terminal import compiling
from experiments.terminal.legend import Legend
from experiments.watch import messages
from experiments.watch.anecdote import Anecdote, Opening, Pair, opening_of, pairs_of, state_of_story
from experiments.watch.captions import lines
from experiments.watch.followed import followed_person
from experiments.watch.layout import MOST_GESTURES
from experiments.watch.messages import SPEEDS, Message
from experiments.watch.outcomes import SHOWN, SHOWN_OF_PAIRS, Outcome, OutcomeOfPairs, Shown
from experiments.watch.page_state import (
    BY_HAND,
    SETTABLE,
    PageState,
    as_config,
    controls,
    page_state_from,
    require_few,
    require_few_by_hand,
)
from experiments.watch.playback import Playback, name_of
from experiments.watch.questions import OF_THE_ESSAY, QUESTIONS
from sim.model.functions import FunctionError
from sim.model.gestures import KINDS
from sim.model.outcomes import KEPT_AFTER
from sim.run import Gesture
from sim.state.population import World

MOST_FRAMES = 50.0  # a second
IN_FLIGHT = 2  # frames not yet acknowledged
SERIES_POINTS = 200  # of the charts, for the days before a page begins
SECONDS_TO_READ = 1.8  # a new caption of a story, while it plays
MOST_WAITING = 500  # messages; further ones are dropped
SECONDS_BETWEEN_NEWS = 0.25  # between messages on the progress of compiling

_GONE = (
    "The second world is now the first one without the gesture, so {} has left the page. "
    "The menu “second” brings it back, without the gesture, from day 0."
)

Send = Callable[[dict[str, Any], list[bytes]], None]

_log = logging.getLogger("rekindle.watch")


class Frame:
    """A pseudo-message: it is time for the next frame."""


class LookedUp(NamedTuple):
    """A pseudo-message: what is stored of the shown pair over many worlds, by measure; see `_look_up`."""

    about: str
    found: dict[str, OverWorlds]


class _GivenUpError(Exception):
    """The tab was closed, or requested another world, during long work."""


class Session:
    """The worlds of a tab.

    Args:
        send: sends a message and arrays as bytes to the tab.
        query: query part of the tab's address.
        opening: state for an address without a query.
        presets: files to choose from, by their name in addresses.
        tells_story: whether an address without a query shows a story first, of two people in the opening's world.
        answers: what a page is told as the answer to each question of the essay, by the name of the question.
    """

    def __init__(
        self,
        send: Send,
        query: str,
        opening: PageState,
        presets: dict[str, Path],
        tells_story: bool = False,
        answers: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self._send, self.presets, self._answers = send, presets, answers or {}
        self._guessed_at, self.guess = opening.question, ""  # type: str | None, str
        self.page_state, self.playback = opening, None  # type: PageState, Playback | None
        self.experiment: Experiment = opening.experiment()
        self.playing, self.speed, self.frame, self.drifted = False, 5, 0, None  # type: bool, int, int, int | None
        self.told = 0  # number of state messages sent
        self._query, self._opening = query, opening
        self._tells_story, self.story = tells_story and not query, None  # type: bool, Anecdote | None
        self._world: tuple[str, World] | None = None
        self._in_flight, self._due = 0, 0.0
        self._inbox: deque[Message | LookedUp] = deque()
        self._looked_up = LookedUp("", {})
        self._pairs: list[Pair] = []  # of the opening's world, for stories; empty until they are needed
        self._captions: list[tuple[int, str]] = []  # of the last frame
        self._news, self._closed, self._acting = threading.Condition(), False, False
        self._thread = threading.Thread(target=self._live, name="rekindle-watch", daemon=True)

    # Called from the server's own threads --------------------------------------------------------------------------

    def start(self) -> None:
        """Start the thread, which waits until the tab is ready."""
        self._thread.start()

    def hear(self, message: Message | LookedUp) -> None:
        """Accept a message from the tab, or what was looked up for it."""
        with self._news:
            if len(self._inbox) < MOST_WAITING:
                self._inbox.append(message)
            self._news.notify()

    def close(self) -> None:
        """End the thread, even during work, because the tab is gone."""
        with self._news:
            self._closed = True
            self._news.notify()

    @property
    def is_over(self) -> bool:
        """Whether the thread has ended."""
        return not self._thread.is_alive()

    @property
    def is_at_rest(self) -> bool:
        """Whether all messages so far are processed."""
        with self._news:
            return not self._acting and not self._inbox

    # The thread ------------------------------------------------------------------------------------------------------

    def _live(self) -> None:
        while (message := self._next()) is not None:
            try:
                self._take(message)
            except Exception as error:  # otherwise the page would stand still without a message
                _log.exception("The page's own error")
                self.playing = False
                with suppress(Exception):
                    self._tell_state()
                self._tell_error(f"{type(error).__name__}: {error}. The terminal says where; reload the page.")

    def _take(self, message: Message | LookedUp | Frame) -> None:
        """Process a message, and send an error if that fails."""
        try:
            if isinstance(message, Frame):
                self._advance(self._stride())
            elif isinstance(message, LookedUp):
                self._take_looked_up(message)
            else:
                _ACTIONS[type(message)](self, message)
        except _GivenUpError:
            return
        except RecursionError:
            self._refuse("that is nested too deeply", message)
        except (ConfigError, FunctionError, ValueError, TypeError, MemoryError, OSError) as error:
            self._refuse(_in_words(error) or "there is not enough memory; ask for fewer people", message)

    def _next(self) -> Message | LookedUp | Frame | None:
        """The next message; a `Frame` when it is time for one; None when the tab is gone."""
        with self._news:
            self._acting = False
            while not self._closed and not self._inbox:
                may_go_on = self.playing and self._in_flight < IN_FLIGHT
                wait = self._due - time.monotonic() if may_go_on else None
                if wait is not None and wait <= 0:
                    return Frame()
                self._news.wait(wait)
            self._acting = not self._closed
            return self._inbox.popleft() if self._acting else None

    def _check(self, *_: object) -> None:
        """During long work: give up if its result is no longer needed."""
        if self._closed or any(isinstance(message, _ANEW) for message in list(self._inbox)):
            raise _GivenUpError

    def _stride(self) -> int:
        """Days between frames while playing. Also sets when the next frame is due."""
        frames = min(float(self.speed), MOST_FRAMES)
        now = time.monotonic()
        self._due = max(self._due + 1 / frames, now)
        return max(1, round(self.speed / frames))

    def _refuse(self, text: str, message: Message | LookedUp | Frame) -> None:
        """Send an error for the field that it is about, and the current state."""
        self.playing = self.playing and not isinstance(message, Frame)
        if self.playback is not None:
            self._tell_state()
        self._tell_error(text, message.path if isinstance(message, messages.Set) else "")

    # What a tab can ask for ------------------------------------------------------------------------------------------

    def _ready(self, message: messages.Ready | messages.Again) -> None:
        """The tab has drawn its frame and wants the world that its address names."""
        self._in_flight = 0
        self._wait_for_compiled()
        try:
            if self._tells_story:
                self._begin_story(messages.BeginStory(do="story", number=0))
            else:
                self._show(page_state_from(self._query, self._opening, self.presets))
        except (ConfigError, FunctionError, ValueError, TypeError, RecursionError) as error:
            self._show(self._opening)
            self._tell_error(f"{_in_words(error)} Shown instead: the opening.")

    def _wait_for_compiled(self) -> None:
        """Wait until the model is compiled, by this thread or another one, and report progress to the tab."""
        began, last_report = time.monotonic(), 0.0

        def progress(done: int, total: int, _: str = "", /) -> None:
            nonlocal last_report
            if self._closed:
                raise _GivenUpError
            now = time.monotonic()
            if now - last_report > SECONDS_BETWEEN_NEWS:
                last_report = now
                self._tell({"is": "compiling", "done": done, "total": max(done, total), "seconds": round(now - began)})

        compiling.compile_model(progress)

    def _drawn(self, message: messages.Drawn) -> None:
        self._in_flight = max(0, self._in_flight - 1)

    def _again(self, message: messages.Again) -> None:
        """Send everything again, because the connection was lost for a while."""
        self._in_flight = 0
        if self.playback is None:  # or the server was restarted
            self._ready(message)
        else:
            self._tell_scene(again=True)
            self._tell_state()
            self._push()

    def _play(self, message: messages.Play) -> None:
        self.playing, self._due = not self.playing if message.on is None else message.on, time.monotonic()
        self._tell_state()

    def _step(self, message: messages.Step) -> None:
        self.playing = False
        self._advance(message.days)
        self._tell_state()

    def _reset(self, message: messages.Reset) -> None:
        self.playing = False
        self._show(dataclasses.replace(self.page_state, hand=(), forked=False, day=0))

    def _set_speed(self, message: messages.Speed) -> None:
        wanted = message.value
        if message.by is not None:
            wanted = SPEEDS[min(max(SPEEDS.index(self.speed) + message.by, 0), len(SPEEDS) - 1)]
        self.speed, self._due = wanted, time.monotonic()
        self._tell_state()

    def _set(self, message: messages.Set) -> None:
        """Change a setting. Live settings apply from today on, others restart the worlds."""
        path, value = message.path, message.value
        if path not in SETTABLE:
            raise ConfigError(f"{path} is not a setting of the page")
        page_state = self.page_state.changed(path, value)
        if path.startswith("parameters.") and self.playback is not None:
            self.page_state, self.experiment = page_state, page_state.experiment()
            self.playback.change([each.parameters for each in page_state.experiments()])
            if self.playback.day and self.drifted is None:
                self.drifted = self.playback.day
            self._look_up()
            self._tell_state()
        else:
            self._show(dataclasses.replace(page_state, hand=(), forked=False, day=0))

    def _set_beside(self, message: messages.Beside) -> None:
        """Set a second strategy or none. Both worlds restart and advance to the same day."""
        if self.page_state.question is not None and not self.page_state.forked:
            raise ConfigError("the question says what both worlds are; choose another preset for worlds of your own")
        beside = message.value or None
        if self.page_state.question is not None:
            beside = None  # the question is back
        if beside is not None:
            self.page_state.strategy_of(beside)
        self._show(dataclasses.replace(self.page_state, beside=beside, hand=(), forked=False, day=self._today()))

    def _set_differences(self, message: messages.Differences) -> None:
        self.page_state = dataclasses.replace(self.page_state, differences=message.on)
        self._tell_state()
        self._push()

    def _set_view(self, message: messages.View) -> None:
        """Show the circle of the followed person, else of the first adopter; or everyone."""
        followed, adopters = self.page_state.followed, self._current_playback().adopters
        if message.value == "circle" and followed is None and len(adopters):
            followed = int(adopters[0])
        self.page_state = dataclasses.replace(self.page_state, view=message.value, followed=followed)
        self._tell_state()
        self._push()

    def _choose_preset(self, message: messages.Preset) -> None:
        self.playing = False
        kind = "question" if message.value in QUESTIONS else "config"
        chosen = urlencode({kind: message.value}) if message.value else ""
        self._show(page_state_from(chosen, self._opening, self.presets))

    def _take_guess(self, message: messages.Guess) -> None:
        """Show the answer to the question, because somebody has guessed."""
        if self._question() is None:
            raise ConfigError("there is no question to guess at; choose one as a preset")
        self.guess = message.value
        self._tell_state()

    def _follow(self, message: messages.Follow) -> None:
        person = message.person
        people = len(self._current_playback().arms[0].run)
        if person is not None and person >= people:
            raise ConfigError(f"there is no person {person}; ids go from 0 to {people - 1:,}")
        self.page_state = dataclasses.replace(self.page_state, followed=person)
        self._tell_state()
        self._push()

    def _send_by_hand(self, message: messages.Send) -> None:
        """Send a gesture by the followed person today and, if wanted, continue in a twin of the world without it."""
        playback, sender, fork = self._current_playback(), self.page_state.followed, message.fork
        if sender is None:
            raise ConfigError("a gesture by hand must go from the followed person to one of their ties")
        require_few_by_hand(len(self.page_state.hand) + 1)
        gesture = Gesture(playback.day, message.kind, sender, message.to)
        second = [] if self.page_state.forked else [arm.name for arm in playback.arms]
        if fork:
            playback.fork(gesture)
        else:
            playback.send(gesture)
        state = self.page_state
        if fork and len(second) > 1:
            self._tell({"is": "note", "text": _GONE.format(second[1])})
            state = dataclasses.replace(state, beside=None)
        self.page_state = dataclasses.replace(state, hand=(*state.hand, gesture), forked=fork)
        if fork:
            self._tell_scene()
        self._tell_state()
        self._push()

    def _begin_story(self, message: messages.BeginStory) -> None:
        """Show two people on the first morning of a story; the followed one is the one who is played."""
        state, self.playing = state_of_story(self._opening), False
        experiment = state.experiment()
        world = self._world_of(experiment.world)
        require_few(len(world), 0)
        opening = self.story.opening if self.story is not None else self._opening_of(world, experiment)
        pair = opening.pair
        if message.number:
            self._pairs = self._pairs or pairs_of(world, experiment)
            pair = self._pairs[(message.number - 1) % len(self._pairs)]
        self._show(dataclasses.replace(state, followed=pair.you), Anecdote(opening, pair, message.number))

    def _opening_of(self, world: World, experiment: Experiment) -> Opening:
        opening = opening_of(world, experiment, self._reporter("looking for two people"))
        self._tell({"is": "progress", "what": "", "done": 1, "total": 1})
        return opening

    def _copy_config(self, message: messages.Config) -> None:
        text = as_config(self.page_state, self.drifted)
        self._tell({"is": "file", "name": f"{self.experiment.name}.toml", "type": "application/toml", "text": text})

    def _draw(self, message: messages.PictureRequest) -> None:
        """Send an image of today as PNG or SVG, drawn in the same way as films."""
        from experiments.watch.film import still  # loads matplotlib, which takes a second

        playback, ending, room = self._current_playback(), message.value, io.BytesIO()
        still(playback, self.page_state.followed, room, ending)
        self._tell_file(f"day-{playback.day}.{ending}", {"png": "image/png", "svg": "image/svg+xml"}[ending], room)

    def _film(self, message: messages.Film) -> None:
        """Send a film from the first day to today, made from the seed."""
        from experiments.watch.film import Shot, film

        ending, days = message.value, max(self._current_playback().day, 30)
        self.playing = False
        self._tell_state()
        playback = playback_of(self.page_state, self._world_of(self.experiment.world))
        seconds = float(min(20, max(2, days / 15)))

        def progress(done: int, total: int) -> None:
            self._check()
            if done % 6 == 0:
                self._tell({"is": "progress", "what": "drawing the film", "done": done, "total": total})

        with TemporaryDirectory() as folder:
            path = Path(folder) / f"film.{ending}"
            film(playback, Shot(days, seconds, self.page_state.followed), path, progress)
            self._tell({"is": "progress", "what": "", "done": 1, "total": 1})
            room = io.BytesIO(path.read_bytes())
        self._tell_file(f"{self.experiment.name}.{ending}", {"mp4": "video/mp4", "gif": "image/gif"}[ending], room)

    def _replay(self, message: messages.Replay) -> None:
        """Send a replay from the first day to today, made from the seed: a page that needs no server."""
        from experiments.watch.replay import ReplaySpec, replay, typical_adopter

        state, days = self.page_state, max(self._current_playback().day, 30)
        self.playing = False
        self._tell_state()
        playback = playback_of(state, self._world_of(self.experiment.world))

        def progress(done: int, total: int) -> None:
            self._check()
            if done % 6 == 0:
                self._tell({"is": "progress", "what": "recording", "done": done, "total": total})

        followed = typical_adopter(playback) if state.followed is None else state.followed
        spec = ReplaySpec(days, followed)
        page = replay(playback, self.experiment, spec, as_config(state, self.drifted), progress)
        self._tell({"is": "progress", "what": "", "done": 1, "total": 1})
        self._tell_file(f"{self.experiment.name}.html", "text/html", io.BytesIO(page.encode()))

    # How it does it --------------------------------------------------------------------------------------------------

    def _show(self, page_state: PageState, story: Anecdote | None = None) -> None:
        """Start the worlds of a state and advance to its day; with the story that is told in them, if there is one."""
        experiment = page_state.experiment()
        world = self._world_of(experiment.world)
        require_few(len(world), 0)  # the size of a replayed log is known only now
        playback = playback_of(page_state, world)
        if story is not None:
            playback.record_between(story.pair.you, story.pair.other)
        series = self._played(playback, page_state.day)
        followed = page_state.followed if page_state.followed is not None and page_state.followed < len(world) else None
        if followed is None and page_state.question is not None and len(playback.adopters):
            followed = int(playback.adopters[0])
        self.page_state, self.experiment, self.playback = (
            dataclasses.replace(page_state, followed=followed),
            experiment,
            playback,
        )
        self.drifted, self.story, self._captions = None, story, []
        if self._guessed_at != page_state.question:
            self._guessed_at, self.guess = page_state.question, ""
        self._tell_scene()
        self._tell({"is": "series", "rows": series})
        self._tell_state()
        self._push()
        self._look_up()

    def _look_up(self) -> None:
        """Look up the shown pair over many worlds, if runs of its experiment are stored.

        That can take seconds, because each of the stored runs is planned again to know its id, so a thread does it.
        """
        state, several = self.page_state.without_seeds(), self.playback is not None and len(self.playback.arms) > 1
        experiment = state.experiment() if several else None
        if experiment is None or experiment.sweep is None or state.beside is None:
            self._looked_up = LookedUp("", {})
            return
        first, second = (each.run.strategy for each in state.experiments())
        about = f"{experiment.model_dump_json()} {first} {second}"
        if about == self._looked_up.about:
            return
        self._looked_up = LookedUp(about, {})

        def work() -> None:
            measures = [each.measure for each in SHOWN if each.measure != "active_ties"]
            with suppress(StoreError, ConfigError, OSError):  # the page says nothing then
                self.hear(LookedUp(about, over_worlds(experiment, first, second, measures)))

        threading.Thread(target=work, name="rekindle-stored", daemon=True).start()

    def _take_looked_up(self, message: LookedUp) -> None:
        if message.about == self._looked_up.about and message.found:
            self._looked_up = message
            self._tell_state()

    def _played(self, playback: Playback, day: int) -> list[list[Any]]:
        """Advance to a day, and return outcomes on the way for the charts."""
        series: list[list[Any]] = []

        def note(today: int) -> None:
            self._check()
            if today % max(1, day // SERIES_POINTS) == 0:
                series.append([today, [_as_json(each) for each in playback.outcomes()]])

        playback.play(day, note)
        return series

    def _world_of(self, settings: WorldSettings) -> World:
        """The world, built if needed, with progress reported to the tab."""
        key = settings.model_dump_json()
        if self._world is not None and self._world[0] == key:
            return self._world[1]
        world = runner.world_of(
            settings, **({} if settings.log else {"progress": self._reporter("building the world")})
        )
        self._tell({"is": "progress", "what": "", "done": 1, "total": 1})
        self._world = key, world
        return world

    def _reporter(self, what: str) -> Callable[[int, int], None]:
        """A function that tells the tab how far some work is, at most ten times a second."""
        last_report = 0.0

        def progress(done: int, total: int) -> None:
            nonlocal last_report
            self._check()
            if time.monotonic() - last_report > 0.1:
                last_report = time.monotonic()
                self._tell({"is": "progress", "what": what, "done": done, "total": total})

        return progress

    def _current_playback(self) -> Playback:
        """The playback.

        Raises:
            ConfigError: there is none yet.
        """
        if self.playback is None:
            raise ConfigError("there is no world yet; wait until it is shown")
        return self.playback

    def _today(self) -> int:
        return self.playback.day if self.playback is not None else 0

    def _advance(self, days: int) -> None:
        """Advance by some days, but stop at the run's last day."""
        if self.playback is None:
            return
        end = self.experiment.run.days
        before = self.playback.day
        for _ in range(days):
            self.playback.step()
            if self.playback.day == end:
                break
        self._push()
        if before < end == self.playback.day and self.playing:
            self.playing = False
            self._tell_state()

    # Messages to the tab ---------------------------------------------------------------------------------------------

    def _tell(self, message: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        if not self._closed:
            self._send(message, buffers or [])

    def _tell_error(self, text: str, path: str = "") -> None:
        self._tell({"is": "error", "path": path, "text": text[:1].upper() + text[1:]})

    def _tell_file(self, name: str, kind: str, room: io.BytesIO) -> None:
        self._tell({"is": "file", "name": name, "type": kind}, [room.getvalue()])

    def _tell_scene(self, again: bool = False) -> None:
        """Send what stays the same until the next restart: places, ties, adopters."""
        assert self.playback is not None
        layout = self.playback.layout
        self.playback.changed.clear()
        adopters = self.playback.adopters.astype(np.int32)
        self._tell(
            {
                "is": "scene",
                "people": len(layout.places),
                "arms": [arm.name for arm in self.playback.arms],
                "colours": [arm.colour for arm in self.playback.arms],
                "families": self.playback.families,
                "outcomes": [each.told() for each in self._outcomes_shown(self.playback.shown)],
                "again": again,
                "story": None if self.story is None else self.story.told(),
            },
            [layout.places.astype(np.float32).tobytes(), layout.pairs.astype(np.int32).tobytes(), adopters.tobytes()],
        )

    def _outcomes_shown(self, counted: Sequence[Shown]) -> list[Shown]:
        """The outcomes in the order in which the page has them: first that which a question asks for."""
        asked = self.page_state.asked().outcome if self.page_state.question is not None else ""
        return sorted(counted, key=lambda each: each.name != asked)

    def _push(self) -> None:
        """Send a frame: a byte for each tie and person of each world, and the outcomes."""
        if self.playback is None:
            return
        playback = self.playback
        changed = np.array(sorted(playback.changed), np.int32)
        playback.changed.clear()
        self.frame += 1
        pictures = playback.look(self.page_state.differences, self.page_state.followed)
        outcomes = [_as_json(each) for each in playback.outcomes()]
        message = {"is": "frame", "frame": self.frame, "day": playback.day, "outcomes": outcomes}
        if self.page_state.followed is not None:
            always = frozenset() if self.story is None else frozenset([self.story.pair.other])
            message["followed"] = followed_person(playback, self.page_state.followed, always)
        if self.story is not None:
            message["captions"] = self._captions_of(self.story, playback)
        buffers = [changed.tobytes(), playback.layout.pairs[changed].astype(np.int32).tobytes()]
        for picture in pictures:
            buffers += [picture.ties.tobytes(), picture.people.tobytes(), picture.flashes[:MOST_GESTURES].tobytes()]
        self._in_flight += 1
        self._tell(message, buffers)

    def _captions_of(self, story: Anecdote, playback: Playback) -> list[tuple[int, str]]:
        """The captions of the story today. While playing, the next frame waits for a new one to be read."""
        found = lines(story.captions(playback, self.page_state.hand))
        if len(found) > len(self._captions):
            self._due = max(self._due, time.monotonic()) + SECONDS_TO_READ
        self._captions = found
        return found

    def _over_worlds(self) -> dict[str, dict[str, Any]]:
        """The stored difference of the pair over many worlds, by outcome; nothing once the pair was changed by hand."""
        if self.drifted is not None or self.page_state.hand:
            return {}
        known = {each.name: self._looked_up.found.get(each.measure) for each in SHOWN}
        return {name: one._asdict() for name, one in known.items() if one is not None}

    @staticmethod
    def _names(page_state: PageState, by_strategy: list[str]) -> list[str]:
        """What the worlds are called, before a fork."""
        asks = page_state.question is not None and not page_state.forked
        return list(page_state.asked().worlds) if asks else by_strategy

    def _files_offered(self) -> dict[str, str]:
        """The files to choose from; those of the essay are there as questions, unless one was opened."""
        offered = {
            name: path
            for name, path in self.presets.items()
            if path.stem not in OF_THE_ESSAY or path == self.page_state.config
        }
        return {name: path.stem.replace("_", " ") for name, path in offered.items()}

    def _file_shown(self) -> str:
        return next((name for name, path in self.presets.items() if path == self.page_state.config), "")

    def _question(self) -> dict[str, Any] | None:
        """The question that is shown, and its answer once somebody has guessed."""
        name = self.page_state.question
        if name is None or self.page_state.forked:
            return None
        asked, answer = self.page_state.asked(), self._answers.get(name)
        told = {"asks": asked.asks, "worlds": asked.worlds, "outcome": asked.outcome, "day": asked.day}
        return told | {"guess": self.guess, "answer": dict(answer) if answer and self.guess else None}

    def _tell_state(self) -> None:
        """Send everything that the controls show."""
        run = self.experiment.run
        page_state = dataclasses.replace(self.page_state, day=self._today())
        strategies = [each.run.strategy for each in page_state.experiments()]
        rows = self.experiment.parameters.strategies
        legend = Legend(rows)
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
                "kept_after": KEPT_AFTER,
                "in_touch_days": self.experiment.parameters.dormant_after_days,
                "over_worlds": self._over_worlds(),
                "seed": str(run.seed),
                "strategy": run.strategy if isinstance(run.strategy, str) else "",
                "names": self._names(page_state, [name_of(each, legend) for each in strategies]),
                "shares": [None if isinstance(each, str) else each for each in strategies] + [None],
                "beside": self.page_state.beside,
                "forked": self.page_state.forked,
                "strategies": list(rows),
                "labels": {name: legend.label(name) for name in rows},
                "differences": self.page_state.differences,
                "view": self.page_state.view,
                "followed": self.page_state.followed,
                "by_hand": BY_HAND,
                "questions": {name: asked.asks for name, asked in QUESTIONS.items()},
                "presets": self._files_offered(),
                "of_pairs": self.playback is not None and self.playback.shown is SHOWN_OF_PAIRS,
                "preset": page_state.question or self._file_shown(),
                "question": self._question(),
                "controls": controls(self.experiment),
                "drifted": self.drifted,
                "query": page_state.query() if self.story is None else "",
            }
        )


def _in_words(error: Exception) -> str:
    """The message of an error; without the option if that is the only mistake, because the page has fields instead."""
    mistakes = error.mistakes if isinstance(error, ConfigError) else ()
    return mistakes[0].problem if len(mistakes) == 1 and mistakes[0].is_option else str(error)


def playback_of(page_state: PageState, world: World) -> Playback:
    """The playback of a state on its first morning; gestures by hand wait for their days."""
    asked = page_state.asked() if page_state.question is not None else None
    names = asked.worlds if asked and not page_state.forked else ()
    playback = Playback(world, page_state.experiments(), names, of_pairs=asked is not None and asked.of_pairs)
    for gesture in page_state.hand:
        if page_state.forked and gesture is page_state.hand[-1]:
            playback.fork(gesture)
        else:
            playback.send(gesture)
    return playback


def _as_json(outcome: Outcome | OutcomeOfPairs) -> dict[str, float | None]:
    return {name: _number_or_none(value) for name, value in outcome._asdict().items()}


def _number_or_none(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 3)


_ACTIONS: dict[type, Callable[[Session, Any], None]] = {
    messages.Ready: Session._ready,
    messages.Drawn: Session._drawn,
    messages.Again: Session._again,
    messages.Play: Session._play,
    messages.Step: Session._step,
    messages.Reset: Session._reset,
    messages.Speed: Session._set_speed,
    messages.Set: Session._set,
    messages.Beside: Session._set_beside,
    messages.Differences: Session._set_differences,
    messages.View: Session._set_view,
    messages.Preset: Session._choose_preset,
    messages.Guess: Session._take_guess,
    messages.Follow: Session._follow,
    messages.Send: Session._send_by_hand,
    messages.BeginStory: Session._begin_story,
    messages.Config: Session._copy_config,
    messages.PictureRequest: Session._draw,
    messages.Film: Session._film,
    messages.Replay: Session._replay,
}
# Messages that make long work in progress pointless.
_ANEW = (messages.Ready, messages.Reset, messages.Set, messages.Beside, messages.Preset, messages.BeginStory)
assert set(BY_HAND) <= set(KINDS)
