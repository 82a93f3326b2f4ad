"""A server for the page on this machine alone: the page, its files, and a connection to each tab that has it open.

Who may reach it is decided in `experiments.watch.access`, and what a tab may send in `experiments.watch.messages`.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from experiments.config.errors import ConfigError
from experiments.watch.access import TOKEN, TokenGate
from experiments.watch.messages import LARGEST, understood
from experiments.watch.page_state import PageState
from experiments.watch.palette import for_browser
from experiments.watch.session import Send, Session

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.websockets import WebSocket

HOST, USUAL_PORT = "127.0.0.1", 8_765
PATIENCE = 15.0  # seconds for which a tab is waited for whose connection was lost
SIGN_OF_LIFE = 5.0  # seconds between two questions whether a connection still holds
GONE = (1_000, 1_001)  # closing codes of a tab that was closed or went to another page
MOST_TABS = 16  # each has worlds of its own in memory
TOO_MANY = 4_429  # closing code of a tab beyond these; js/connection.js knows it
NewSession = Callable[[Send, str], Session]  # of a tab: how it is reached, and the query of its address
SESSIONS: weakref.WeakSet[Session] = weakref.WeakSet()  # of all tabs that are open

_HERE = Path(__file__).parent


def free_port(wanted: int | None) -> int:
    """The port that is wanted (0: any); or the usual one, so that links hold, or any if that is taken.

    Raises:
        OSError: the one that is wanted is taken.
    """
    if wanted is not None:
        return _bind(wanted)
    try:
        return _bind(USUAL_PORT)
    except OSError:
        return _bind(0)


def _bind(port: int) -> int:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tried.bind((HOST, port))
        return int(tried.getsockname()[1])


class Server:
    """The page, served from a thread of its own.

    Args:
        port: that is free.
        opening: what tabs show at first.
        presets: files that tabs can choose from, by name.
        patience: see `PATIENCE`.
        tells_story: whether tabs without a query tell a story of two people first.
        answers: the answers to questions of the essay, see `Session`.

    Attributes:
        base_url: where the page is.
        address: the same with the token that opens it.
    """

    def __init__(
        self,
        port: int,
        opening: PageState,
        presets: Mapping[str, Path],
        patience: float = PATIENCE,
        tells_story: bool = False,
        answers: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        import uvicorn  # takes a fifth of a second to load

        self.base_url = f"http://{HOST}:{port}"

        def session(send: Send, query: str) -> Session:
            return Session(send, query, opening, dict(presets), tells_story, answers)

        self._tabs = _Tabs(session, patience, tells_story)
        gate = TokenGate(_app(self._tabs), port)
        self.address = f"{self.base_url}/?{TOKEN}={gate.token}"
        self._server = uvicorn.Server(_settings(gate, port))
        self._thread = threading.Thread(target=self._server.run, name="rekindle-server", daemon=True)
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.005)

    def wait(self) -> None:
        """Serve until it is stopped, or until Ctrl-C."""
        while self._thread.is_alive():
            self._thread.join(1.0)

    def stop(self) -> None:
        """Stop the server, and all work for its tabs."""
        self._tabs.close()
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(10.0)


def _settings(app: TokenGate, port: int) -> uvicorn.Config:
    import uvicorn

    return uvicorn.Config(
        app,
        host=HOST,
        port=port,
        log_level="critical",  # a tab that is closed during a frame is not an error
        access_log=False,  # it would contain the token
        server_header=False,
        lifespan="off",
        ws="websockets-sansio",
        ws_max_size=LARGEST,
        ws_ping_interval=SIGN_OF_LIFE,
        ws_ping_timeout=PATIENCE,
        ws_per_message_deflate=False,  # nothing leaves this machine, and packing took a tenth of a large world's frame
    )


def _app(tabs: _Tabs) -> Starlette:
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route, WebSocketRoute

    def file(path: str, kind: str, text: str) -> Route:
        return Route(path, lambda _: Response(text, media_type=kind))

    kinds = {".js": "text/javascript", ".css": "text/css"}
    files = [
        file(f"/{path.relative_to(_HERE).as_posix()}", kinds[path.suffix], path.read_text("utf-8"))
        for path in [_HERE / "page.css", *sorted((_HERE / "js").glob("*.js"))]
    ]
    front = file("/", "text/html", page(tabs.tells_story))
    return Starlette(routes=[front, *files, WebSocketRoute("/live", tabs.live)])


def page(tells_story: bool = False) -> str:
    """The page, with its colours; it says itself whether it begins with a story, so that the first paint is right."""
    text = (_HERE / "page.html").read_text("utf-8")
    if tells_story:
        text = text.replace('id="page"', 'id="page" data-opens="story"')
    colours = 'id="palette">'
    return text.replace(colours, colours + json.dumps(for_browser()))


class _Connection(NamedTuple):
    """The queue of messages to a tab, and the loop that sends them."""

    loop: asyncio.AbstractEventLoop
    outbox: asyncio.Queue[bytes]


class _Tab:
    """A tab's session, and its connection while there is one."""

    def __init__(self, query: str, new_session: NewSession) -> None:
        self.connection: _Connection | None = None
        self.session = new_session(self.send, query)
        SESSIONS.add(self.session)
        self.session.start()

    def hear(self, text: str | None) -> None:
        """Pass on what the tab sent (None for bytes), or answer with an error."""
        try:
            self.session.hear(understood(text or ""))
        except ConfigError as error:
            self.send({"is": "error", "path": "", "text": str(error)}, [])

    def send(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        """Send a message from any thread. It is lost if there is no connection."""
        connection = self.connection
        if connection is not None:
            with suppress(RuntimeError):  # the server has just been stopped
                connection.loop.call_soon_threadsafe(connection.outbox.put_nowait, packed(message, buffers))


class _Tabs:
    """All tabs that are open, by the name that each has given itself."""

    def __init__(self, new_session: NewSession, patience: float, tells_story: bool) -> None:
        self._new_session, self._patience, self.tells_story = new_session, patience, tells_story
        self._tabs: dict[str, _Tab] = {}

    async def live(self, web: WebSocket) -> None:
        """Serve a connection to a tab until it closes."""
        await web.accept()
        name = web.query_params.get("tab", "")
        if name not in self._tabs and len(self._tabs) >= MOST_TABS:
            await web.close(TOO_MANY)
            return
        if name not in self._tabs:
            asks = web.query_params.get("asks", "")
            self._tabs[name] = _Tab(asks, self._new_session)
        tab, loop = self._tabs[name], asyncio.get_running_loop()
        mine = tab.connection = _Connection(loop, asyncio.Queue())
        sending = loop.create_task(_sent(web, mine.outbox))
        patience = self._patience
        try:
            while (came := await web.receive())["type"] == "websocket.receive":
                tab.hear(came.get("text"))
            if came["code"] in GONE:
                patience = 0.0
        finally:
            sending.cancel()
            if tab.connection is mine:
                tab.connection = None
                loop.call_later(patience, self._end_if_lost, name, tab)

    def _end_if_lost(self, name: str, tab: _Tab) -> None:
        if tab.connection is None and self._tabs.get(name) is tab:
            del self._tabs[name]
            tab.session.close()

    def close(self) -> None:
        """Stop all work for the tabs."""
        for tab in list(self._tabs.values()):
            tab.session.close()


async def _sent(web: WebSocket, outbox: asyncio.Queue[bytes]) -> None:
    while True:
        await web.send_bytes(await outbox.get())


def packed(message: dict[str, Any], buffers: list[bytes]) -> bytes:
    """A message and its arrays in one: the length of the head (4 bytes), the head in JSON, and the arrays."""
    head = json.dumps([message, [len(each) for each in buffers]]).encode()
    return b"".join([struct.pack("<I", len(head)), head, *buffers])
