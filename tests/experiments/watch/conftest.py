"""A server of our own, and a real browser without a window; without one, these tests are left out and say so."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

import pytest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from experiments.essay import answers
from experiments.watch.page_state import PageState
from experiments.watch.server import SESSIONS, Server, free_port
from experiments.watch.session import Session
from tests.conftest import ROOT

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
OPENING = PageState(
    changes={"world.people": "60", "world.burn_in_years": "0.25", "run.adopters": "6", "run.strategy_days": "40"}
)


# A strategy and a gesture of somebody's own.
ADDED = """
[world]
people = 60
burn_in_years = 0.25

[run]
strategy = "gifts"
adopters = 6
strategy_days = 40

[parameters]
effort_minutes = 300.0
follow_through = 3.0

[parameters.gestures.voice_memo]
based_on = "message"
minutes = 2.0

[parameters.strategies.gifts]
whom = "ties, longest silent first"
what = "voice_memo"
session_minutes = 2.0
label = "Birthday gifts"
colour = "#e69f00"
"""


# An experiment in three worlds.
SWEPT = """
[world]
people = 50
burn_in_years = 0

[run]
adopters = 5
strategy_days = 20

[parameters]
effort_minutes = 240

[sweep]
strategies = ["wait", "check_in"]
replicates = 3
"""


class Tab(NamedTuple):
    """A tab, its session on the server, and what went wrong in it."""

    page: Any
    session: Session
    wrong: list[str]

    def click(self, name: str) -> None:
        self.page.click(f"[data-do={name}]")

    def becomes(self, expression: str) -> None:
        """Wait until an expression is true; Playwright's own wait evaluates it in a way that the page forbids."""
        end = time.monotonic() + 15
        while not self.page.evaluate(expression):
            assert time.monotonic() < end, expression
            self.page.wait_for_timeout(20)

    def ends(self, witness: Any) -> None:
        """Wait until nothing is computed for the tab any more; the witness is a page that is open."""
        end = time.monotonic() + 30
        while not self.session.is_over and time.monotonic() < end:
            witness.wait_for_timeout(50)
        assert self.session.is_over

    def settles(self, holds: Callable[[Session], Any]) -> None:
        """Wait until something holds on the server, it does nothing more, and the page knows what it has told."""
        end = time.monotonic() + 10
        while time.monotonic() < end:
            is_done = (
                holds(self.session) and self.session.is_at_rest
            )  # in this order: during an action, half of it is true
            if is_done and self.page.get_attribute(".rk", "data-told") == str(self.session.told):
                return
            self.page.wait_for_timeout(20)
        told = self.page.inner_text(".rk-told") or self.page.inner_text(".rk-side")
        raise AssertionError(
            f"It does not hold: {holds.__defaults__ or holds.__code__.co_consts}. The page says: {told}"
        )


Open = Callable[..., Tab]  # of `open_tab`: takes the query of an address


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if CHROMIUM is None:
        pytest.skip("there is no chromium: apt-get install chromium")
    if find_spec("uvicorn") is None or find_spec("playwright") is None:
        pytest.skip("the extras watch and dev are not installed")
    config = tmp_path_factory.mktemp("configs") / "small_notes.toml"
    config.write_text(
        '[world]\npeople = 50\nburn_in_years = 0\n\n[run]\nstrategy = "handwritten_notes"\nadopters = 5\n'
    )
    added = config.with_name("added.toml")
    added.write_text(ADDED)
    swept = config.with_name("swept.toml")
    swept.write_text(SWEPT)
    known = {name: one._asdict() for name, one in answers.published().items()}
    files = {path.name: path for path in (config, added, swept)}
    server = Server(free_port(0), OPENING, files, patience=1.0, answers=known)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def base_url(server: Server) -> str:
    return server.base_url


@pytest.fixture(scope="session")
def cookie(server: Server) -> str:
    """What a browser sends once it has been at the address with the token."""
    with urlopen(server.address) as page:
        return str(page.headers["set-cookie"]).partition(";")[0]


@pytest.fixture(scope="session")
def browser(base_url: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=sandbox)
        yield started
        started.close()


@pytest.fixture
def open_tab(browser: Any, base_url: str, cookie: str) -> Iterator[Open]:
    """Opens tabs in a browser that has been at the address with the token.

    At the end of a test none may have met an error or asked another host for anything.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(15_000)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.add_init_script(  # for tests of connections that break
        "window.sockets = [];"
        "window.WebSocket = class extends WebSocket { constructor(...all) { super(...all); sockets.push(this); } };"
    )
    name, _, value = cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": base_url, "sameSite": "Strict", "httpOnly": True}])
    tabs: list[Tab] = []

    def opened(query: str = "") -> Tab:
        before, page, wrong = set(SESSIONS), context.new_page(), []
        page.on("console", lambda message: message.type == "error" and wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda page_state: _is_elsewhere(page_state.url, base_url) and wrong.append(page_state.url))
        page.goto(f"{base_url}/{query}")
        page.wait_for_selector(".rk[data-ready]", timeout=60_000)
        (session,) = set(SESSIONS) - before
        tabs.append(Tab(page, session, wrong))
        return tabs[-1]

    yield opened
    wrong = [each for tab in tabs for each in tab.wrong]
    context.close()
    assert not wrong


@pytest.fixture
def run_solara(base_url: str) -> Iterator[Callable[..., str]]:
    """Starts Solara's own server with a file, as its documentation has it, and gives the address.

    Asked for after our own page, which knows whether there is a browser.
    """
    started: list[subprocess.Popen[bytes]] = []

    def run(file: Path, **environment: str) -> str:
        port = free_port(0)
        command = [sys.executable, "-m", "solara", "run", str(file), "--no-open"]
        command += ["--production", "--no-check-version", "--host", "127.0.0.1", "--port", str(port)]
        env = {name: value for name, value in os.environ.items() if not name.startswith("SOLARA_")} | environment
        env["SOLARA_TELEMETRY_MIXPANEL_ENABLE"] = "False"
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        started.append(subprocess.Popen(command, cwd=ROOT, env=env, **quiet))
        return f"http://127.0.0.1:{port}"

    yield run
    for process in started:
        process.kill()  # at once, even in the middle of compiling
        process.wait()


@pytest.fixture
def open_solara(browser: Any, run_solara: Callable[..., str]) -> Iterator[Callable[..., Any]]:
    """Opens a page of Solara's server. At the end, none may have met an error or asked another host for anything."""
    wrong: list[str] = []
    context = browser.new_context()
    context.set_default_timeout(60_000)

    def opened(file: Path, size: tuple[int, int] = (1280, 800), **environment: str) -> Any:
        address, page = run_solara(file, **environment), context.new_page()
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: message.type == "error" and wrong.append(message.text))
        page.on("request", lambda request: _is_elsewhere(request.url, address) and wrong.append(request.url))
        for _ in range(200):
            try:
                page.goto(address)
                break
            except Exception:  # it has not begun to listen
                wrong.clear()
                time.sleep(0.3)
        return page

    yield opened
    context.close()
    assert not wrong


def connected(
    base_url: str, origin: str | None, cookie: str | None, host: str = "", tab: str = "x", asks: str = ""
) -> ClientConnection:
    """A connection as a page of this origin opens it, which takes the server to be called so."""
    own = urlsplit(base_url)
    sock = socket.create_connection((own.hostname, own.port))
    query = urlencode({"tab": tab, "asks": asks})
    return connect(
        f"ws://{host or own.netloc}/live?{query}",
        sock=sock,
        origin=Origin(origin) if origin else None,
        additional_headers={"Cookie": cookie} if cookie else {},
        max_size=None,
    )


def _is_elsewhere(url: str, base_url: str) -> bool:
    return not url.startswith((base_url, base_url.replace("http", "ws"), "data:", "blob:"))
