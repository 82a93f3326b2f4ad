"""Access control of the page: requests need its token, and have to come from the page under a name of this machine.

Every user of a machine can reach its 127.0.0.1, and every site in a browser can send requests there. So the server
draws a token at each start. The first visit has it in the address, and the browser keeps it in a cookie.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN = "token"  # of the query
_NAMES = ("127.0.0.1", "localhost")  # any other name was made to point at this machine by another site
REFUSED = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="color-scheme" content="dark light">
<title>Rekindle</title>
<h1>This page needs its token</h1>
<p>Open the address that <code>rekindle watch</code> printed in its terminal; it ends in <code>?token=…</code>.</p>
<p>If this browser has opened the page before, you followed a link from another site:
<a href="">show the linked world</a>.</p>
</html>
"""
WRONG_HOST = "Open the page as http://127.0.0.1 or http://localhost, with the port that `rekindle watch` printed.\n"


def security_headers(port: int) -> dict[str, str]:
    """Headers that keep the browser from running, loading, framing, storing or passing on anything foreign."""
    sockets = " ".join(f"ws://{name}:{port}" for name in _NAMES)
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "data: blob:",
        "connect-src": f"'self' {sockets}",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {allowed}" for name, allowed in policy.items()),
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",  # another version or program can be served from this port later
    }


class TokenGate:
    """ASGI middleware that accepts only requests with its token, under a name of this machine.

    Args:
        app: the application.
        port: port on which it is served.

    Attributes:
        token: the token that requests need.
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        self.token = secrets.token_urlsafe()
        self._app, self._port = app, port
        self._cookie = f"rekindle-{port}"  # browsers send cookies to all ports of a host
        self._hosts = {f"{name}:{port}" for name in _NAMES}
        self._headers = [(name.lower().encode(), value.encode()) for name, value in security_headers(port).items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Reject a request, or pass it to the application."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if scope["type"] == "websocket":
            await self._connection(headers, scope, receive, send)
        else:
            await self._request(headers, scope, receive, send)

    async def _connection(self, headers: dict[str, str], scope: Scope, receive: Receive, send: Send) -> None:
        host = headers.get("host", "")
        is_own = host in self._hosts and headers.get("origin") == f"http://{host}"
        if is_own and self._has_cookie(headers):
            await self._app(scope, receive, send)
        else:
            await send({"type": "websocket.close"})  # before accepting it, which answers 403

    async def _request(self, headers: dict[str, str], scope: Scope, receive: Receive, send: Send) -> None:
        from starlette.responses import HTMLResponse, PlainTextResponse

        brought = self._is_token(_token_in(scope["query_string"]))

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._headers, *([self._set_cookie()] if brought else [])]
            await send(message)

        if headers.get("host") not in self._hosts:
            await PlainTextResponse(WRONG_HOST, 403)(scope, receive, send_safely)
        elif brought or self._has_cookie(headers):
            await self._app(scope, receive, send_safely)
        else:
            await HTMLResponse(REFUSED, 403)(scope, receive, send_safely)

    def _set_cookie(self) -> tuple[bytes, bytes]:
        return b"set-cookie", f"{self._cookie}={self.token}; HttpOnly; SameSite=Strict; Path=/".encode()

    def _has_cookie(self, headers: dict[str, str]) -> bool:
        from starlette.requests import cookie_parser

        return self._is_token(cookie_parser(headers.get("cookie", "")).get(self._cookie, ""))

    def _is_token(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(), self.token.encode())


def _token_in(query: bytes) -> str:
    """The token in a query; empty if it cannot be read."""
    try:
        return parse_qs(query.decode("ascii")).get(TOKEN, [""])[-1]
    except ValueError:
        return ""
