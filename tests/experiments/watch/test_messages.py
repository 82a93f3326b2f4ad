"""What must be true of what a tab sends: known messages act, and all else is answered in words and changes nothing."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.request import urlopen

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from experiments.config.errors import ConfigError
from experiments.terminal import compiling
from experiments.watch import messages
from experiments.watch import server as served
from experiments.watch.messages import understood
from experiments.watch.page_state import BY_HAND, SETTABLE, PageState
from experiments.watch.server import Server, free_port
from experiments.watch.session import MOST_WAITING, Frame, Session
from sim.model.functions import FunctionError
from tests.experiments.watch.conftest import OPENING, Open, connected

KNOWN: list[dict[str, Any]] = [
    {"do": "ready"},
    {"do": "drawn", "frame": 3},
    {"do": "again"},
    {"do": "play"},
    {"do": "play", "on": False},
    {"do": "step", "days": 1},
    {"do": "step", "days": 7},
    {"do": "reset"},
    {"do": "speed", "value": 20},
    {"do": "speed", "by": -1},
    {"do": "set", "path": "run.seed", "value": "3"},
    {"do": "beside", "value": "check_in"},
    {"do": "beside", "value": ""},
    {"do": "differences", "on": True},
    {"do": "preset", "value": ""},
    {"do": "follow", "person": 3},
    {"do": "follow", "person": None},
    {"do": "send", "kind": "like", "to": 5, "fork": False},
    {"do": "story", "number": 2},
    {"do": "config"},
    {"do": "picture", "value": "png"},
    {"do": "film", "value": "gif"},
]
STRANGE = [  # what was never meant to be a message
    "",
    "{",
    "3",
    "null",
    "[1]",
    '"ready"',
    "{}",
    '{"do": null}',
    '{"do": {"do": "ready"}}',
    '{"do": "walk"}',
    '{"do": ["ready"]}',
    '{"do": "ready", "do": "walk"}',
    '{"do": "set"}',
    '{"do": "set", "path": "run.seed"}',
    '{"do": "set", "path": 3, "value": 4}',
    '{"do": "set", "path": "run.seed", "value": "' + "9" * 2_000 + '"}',
    '{"do": "set", "path": "run.seed", "value": "\\ud800"}',
    '{"do": "speed", "value": 3}',
    '{"do": "speed", "value": 1e999}',
    '{"do": "speed", "value": NaN}',
    '{"do": "speed", "by": "x"}',
    '{"do": "speed", "by": 10}',
    '{"do": "step", "days": 1e9}',
    '{"do": "step", "days": ' + "9" * 5_000 + "}",
    '{"do": "play", "on": "yes"}',
    '{"do": "follow"}',
    '{"do": "follow", "person": -1}',
    '{"do": "follow", "person": true}',
    '{"do": "follow", "person": 1.5}',
    '{"do": "follow", "person": 99999999999999999999}',
    '{"do": "send", "kind": "post", "to": 1, "fork": true}',
    '{"do": "send", "kind": "like", "to": null, "fork": true}',
    '{"do": "story"}',
    '{"do": "story", "number": -1}',
    '{"do": "story", "number": 1e30}',
    '{"do": "picture", "value": "../../x"}',
    '{"do": "ready", "asks": "?set=world.log=/etc/passwd"}',
    "[" * 50_000,
    '{"do": ' + '{"a": ' * 8_000 + "1" + "}" * 8_001,
    "\x00",
    "é" * 1_000,
]
VALUES = ["", "nan", "inf", "-1", "1e999", "[", "[" * 900, "9" * 900, "true", "'x'", "😀", "\0", "{}", "{ wait = nan }"]
VALUES += ["{ wait = 1.0 }", "check_in", "3", "0.25", "newcomers", "../x", "<script>", "a\nb = 1", "$(id)"]
PATHS = [
    *sorted(SETTABLE),
    "world.log",
    "world.newcomers",
    "run.adopters.x",
    "__class__",
    "sweep",
    "",
    "parameters",
    "name",
]

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner))


@st.composite
def almost_known(draw: st.DrawFn) -> str:
    """A known message of which some fields have gone, come or changed."""
    message = dict(draw(st.sampled_from(KNOWN)))
    for name in draw(
        st.lists(st.sampled_from(["do", "value", "path", "on", "person", "to", "kind", "fork", "by", "x"]))
    ):
        if draw(st.booleans()):
            message.pop(name, None)
        else:
            message[name] = draw(values)
    return json.dumps(message)


@pytest.mark.parametrize("message", KNOWN, ids=json.dumps)
def test_what_the_page_sends_is_understood(message: dict[str, Any]) -> None:
    found = understood(json.dumps(message)).model_dump()
    assert {name: found[name] for name in message} == message


@pytest.mark.parametrize("text", STRANGE, ids=lambda text: text[:60])
def test_what_the_page_would_not_send_is_refused_in_words(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^The server does not understand a message of the page \(.+\)\. Reload"):
        understood(text)


@given(almost_known() | values.map(json.dumps) | st.text() | st.binary())
def test_any_message_is_understood_or_refused(text: str | bytes) -> None:
    with suppress(ConfigError):  # any other error fails
        assert understood(text).do in {message["do"] for message in KNOWN}


class Heard:
    """A session without a thread, and what it has told."""

    def __init__(self, query: str = "", opening: PageState = OPENING) -> None:
        self.told: list[dict[str, Any]] = []
        self.session = Session(lambda message, _: self.told.append(message), query, opening, {})

    def take(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        self.told.clear()
        self.session._take(understood(json.dumps(message)))
        return list(self.told)


@pytest.fixture(scope="module")
def heard() -> Heard:
    heard = Heard()
    heard.take({"do": "ready"})
    return heard


ACTS = st.one_of(
    st.fixed_dictionaries({"do": st.just("set"), "path": st.sampled_from(PATHS), "value": st.sampled_from(VALUES)}),
    st.fixed_dictionaries({"do": st.sampled_from(["beside", "preset"]), "value": st.sampled_from(VALUES)}),
    st.fixed_dictionaries({"do": st.just("follow"), "person": st.none() | st.integers(0, 20_000)}),
    st.fixed_dictionaries(
        {
            "do": st.just("send"),
            "kind": st.sampled_from(BY_HAND),
            "to": st.integers(0, 100) | st.just(20_000),
            "fork": st.booleans(),
        }
    ),
    st.sampled_from([each for each in KNOWN if each["do"] not in ("film", "picture", "ready")]),
)


@given(message=ACTS)
def test_a_session_does_what_it_can_and_says_what_it_cannot(heard: Heard, message: dict[str, Any]) -> None:
    """Nothing escapes: what is told of an error is in words, and a world is there before and after."""
    told = heard.take(message)
    assert heard.session.playback is not None
    assert len(heard.session.playback.arms[0].run) <= 60
    for each in told:
        if each["is"] == "error":
            assert each["text"]
            assert "Traceback" not in each["text"]
            assert "--set" not in each["text"]


@pytest.mark.parametrize(
    "path", ["world.newcomers", "world.log", "name", "run.follow_up_days", "parameters.tie_capacity"]
)
def test_a_tab_cannot_set_what_the_page_cannot(heard: Heard, path: str) -> None:
    before = heard.session.page_state
    told = heard.take({"do": "set", "path": path, "value": "3"})
    assert f"{path} is not a setting of the page" in next(
        each["text"].lower() for each in told if each["is"] == "error"
    )
    assert heard.session.page_state == before


def test_a_session_takes_messages_before_its_world_is_there() -> None:
    for message in KNOWN:
        if message["do"] not in ("ready", "again"):
            Heard().take(message)


def test_a_day_on_which_no_door_is_open_has_a_picture() -> None:
    heard = Heard("set=world.people%3D60&set=world.burn_in_years%3D0&follow=3")
    heard.take({"do": "ready"})
    assert "file" in [told["is"] for told in heard.take({"do": "picture", "value": "png"})]


def test_gestures_by_hand_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.watch.page_state.MOST_BY_HAND", 5)
    heard = Heard()
    heard.take({"do": "ready"})
    heard.take({"do": "follow", "person": 3})
    like = {"do": "send", "kind": "like", "to": 5, "fork": False}
    for _ in range(5):
        assert not any(told["is"] == "error" for told in heard.take(like))
    assert any("At most 5 gestures" in told.get("text", "") for told in heard.take(like))
    assert len(heard.session.page_state.hand) == 5


def test_a_function_of_a_strategy_that_fails_is_told_in_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = Heard()
    heard.take({"do": "ready"})

    def fails() -> None:
        raise FunctionError("The function of the strategy mine raised IndexError", "mine")

    monkeypatch.setattr(heard.session.playback, "step", fails)
    heard.session.playing = True
    heard.told.clear()
    heard.session._take(Frame())
    assert [told["text"] for told in heard.told if told["is"] == "error"] == [
        "The function of the strategy mine raised IndexError"
    ]
    assert not heard.session.playing


def test_a_tab_that_floods_the_server_is_not_remembered_without_end() -> None:
    heard = Heard()
    for _ in range(2 * MOST_WAITING):
        heard.session.hear(messages.Play(do="play"))
    assert len(heard.session._inbox) == MOST_WAITING


def test_an_error_in_a_session_is_shown_and_the_session_continues(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    heard = Heard()
    heard.session.start()
    heard.session.hear(messages.Ready(do="ready"))
    until(lambda: heard.session.playback is not None and heard.session.is_at_rest)
    monkeypatch.setattr(heard.session, "_push", lambda: 1 / 0)
    heard.session.hear(messages.Play(do="play", on=True))
    until(lambda: any("ZeroDivisionError: division by zero" in told.get("text", "") for told in heard.told))
    assert not heard.session.playing
    assert "ZeroDivisionError" in caplog.text
    monkeypatch.undo()
    heard.session.hear(messages.Step(do="step"))
    until(lambda: heard.told[-1]["is"] == "state" and heard.session.is_at_rest)
    assert not heard.session.is_over
    heard.session.close()


def until(holds: Callable[[], Any]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


# Over the wire -----------------------------------------------------------------------------------------------------


@contextmanager
def tab_of(server: Server, cookie: str, name: str) -> Iterator[ClientConnection]:
    with connected(server.base_url, server.base_url, cookie, tab=name) as tab:
        yield tab


def told_of(frame: Any) -> dict[str, Any]:
    """The message in a frame from the server."""
    length = int.from_bytes(frame[:4], "little")
    message: dict[str, Any] = json.loads(frame[4 : 4 + length])[0]
    return message


def next_error(tab: ClientConnection) -> str:
    while (told := told_of(tab.recv(timeout=30)))["is"] != "error":
        pass
    return str(told["text"])


def test_strange_frames_are_answered_and_the_session_goes_on(
    server: Server, cookie: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG), tab_of(server, cookie, "strange") as tab:
        for frame in (*STRANGE, b"", b"\x00\xff" * 100, b'{"do": "ready"}'):
            tab.send(frame)
            assert "does not understand" in next_error(tab)
        tab.send('{"do": "ready"}')
        while told_of(tab.recv(timeout=60))["is"] != "frame":
            pass
    assert "Traceback" not in caplog.text + capfd.readouterr().err


def test_a_message_that_is_too_large_ends_its_connection_alone(
    server: Server, cookie: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with tab_of(server, cookie, "calm") as calm:
        with tab_of(server, cookie, "large") as tab:
            with suppress(ConnectionClosed):
                tab.send("x" * 10_000_000)
            with pytest.raises(ConnectionClosed):
                tab.recv(timeout=30)
        calm.send("x")
        assert "does not understand" in next_error(calm)
    assert "Traceback" not in capfd.readouterr().err


def test_tabs_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "MOST_TABS", 2)
    server = Server(free_port(0), OPENING, {}, patience=0.0)
    with urlopen(server.address) as page:
        cookie = page.headers["set-cookie"].partition(";")[0]
    with tab_of(server, cookie, "1") as first, tab_of(server, cookie, "2"):
        with tab_of(server, cookie, "3") as third, pytest.raises(ConnectionClosed) as ended:
            third.recv(timeout=30)
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == served.TOO_MANY
        with tab_of(server, cookie, "2") as again:  # the same tab, whose connection was lost
            again.send("x")
            assert "does not understand" in next_error(again)
        first.send("x")
        assert "does not understand" in next_error(first)
    server.stop()


# Compiling ---------------------------------------------------------------------------------------------------------


def test_a_page_says_that_it_waits_for_the_compiler_and_how_far_that_is(
    open_tab: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab, go_on = open_tab(), list[bool]()

    def slowly(progress: Callable[..., None]) -> None:
        while not go_on:
            progress(41, 297)
            time.sleep(0.05)

    monkeypatch.setattr(compiling, "compile_model", slowly)
    tab.page.reload(wait_until="commit")
    tab.page.wait_for_selector(".rk-told:has-text('Compiling the model (once): 41 of about 297 functions, ')")
    go_on.append(True)
    tab.page.wait_for_selector(".rk[data-ready]")
    tab.page.wait_for_selector(".rk-told", state="hidden")
