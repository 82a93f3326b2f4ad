"""What must be true of the page's gate: other users of the machine, other sites and other names are kept out."""

from __future__ import annotations

import http.client
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus

from experiments.commands import watching
from experiments.watch import server as served
from experiments.watch.page_state import PageState
from experiments.watch.server import Server, free_port
from tests.experiments.watch.conftest import Open, connected

MODULES = sorted(f"/js/{path.name}" for path in (Path(served.__file__).parent / "js").iterdir())
FILES = ("/", "/?set=run.seed=3", *MODULES, "/page.css", "/nothing", "/../server.py", "/js/../server.py", "/live")


def page_state(base_url: str, path: str, headers: dict[str, str] | None = None, host: str = "") -> tuple[Any, str]:
    """An answer and its text, to a request that names this host."""
    own = urlsplit(base_url)
    connection = http.client.HTTPConnection(str(own.hostname), own.port, timeout=20)
    connection.request("GET", path, headers={"Host": host or own.netloc, **(headers or {})})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


@pytest.mark.parametrize("path", FILES)
def test_without_the_token_there_is_nothing_but_what_to_do(server: Server, cookie: str, path: str) -> None:
    name, _, token = cookie.partition("=")
    wrong = [{}, {"Cookie": f"{name}={token[:-1]}"}, {"Cookie": f"{name}="}, {"Cookie": f"other={token}"}]
    wrong += [{"Cookie": 'a={"b": [1, 2]}; c'}, {"Authorization": f"token {token}"}]
    for headers in wrong:
        answer, text = page_state(server.base_url, path, headers)
        assert answer.status == 403
        assert "rekindle watch" in text
        assert token not in text + str(answer.headers)
        assert answer.headers["set-cookie"] is None


@pytest.mark.parametrize("token", ["", "x", "%00", "%C3%A9", "%FF", "a" * 5_000])
def test_a_wrong_token_opens_nothing(server: Server, token: str) -> None:
    answer, _ = page_state(server.base_url, f"/?token={token}")
    assert answer.status in (400, 403)


def test_the_first_visit_leaves_a_cookie_that_scripts_and_other_sites_cannot_use(server: Server, cookie: str) -> None:
    answer, text = page_state(server.base_url, f"/?{urlsplit(server.address).query}")
    assert answer.status == 200
    given = answer.headers["set-cookie"].split("; ")
    assert given[0] == cookie
    assert sorted(given[1:]) == ["HttpOnly", "Path=/", "SameSite=Strict"]
    token = cookie.partition("=")[2]
    assert len(token) >= 43  # 256 bits
    assert token not in text
    answer, _ = page_state(server.base_url, "/js/page.js", {"Cookie": f'theirs={{"odd": 1}}; {cookie}'})
    assert answer.status == 200


def test_with_the_cookie_the_files_of_the_page_are_served_and_no_others(server: Server, cookie: str) -> None:
    assert "/js/main.js" in MODULES
    for path in FILES:
        answer, _ = page_state(server.base_url, path, {"Cookie": cookie})
        assert answer.status == (404 if "nothing" in path or "server.py" in path or path == "/live" else 200), path
        if path in MODULES:
            assert answer.headers["content-type"].startswith("text/javascript")


def test_each_start_draws_another_token(server: Server) -> None:
    other = Server(free_port(0), PageState(), {})
    other.stop()
    assert other.address.partition("=")[2] != server.address.partition("=")[2]


@pytest.mark.parametrize(
    "host", ["x.org", "x.org:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1:{port}.x.org", "[::1]"]
)
def test_under_another_name_there_is_nothing(server: Server, cookie: str, host: str) -> None:
    """A site that has made its name mean this machine is told nothing, not even with the cookie."""
    port = urlsplit(server.base_url).port
    for path in ("/", "/js/page.js", f"/?{urlsplit(server.address).query}"):
        answer, _ = page_state(server.base_url, path, {"Cookie": cookie}, host=host.format(port=port))
        assert answer.status == 403


def test_localhost_is_a_name_of_this_machine(server: Server, cookie: str) -> None:
    host = f"localhost:{urlsplit(server.base_url).port}"
    assert page_state(server.base_url, "/", {"Cookie": cookie}, host)[0].status == 200
    with connected(server.base_url, f"http://{host}", cookie, host) as tab:
        tab.send('{"do": "play"}')
        assert tab.recv(timeout=20)


@pytest.mark.parametrize("path", FILES)
def test_every_answer_says_what_browsers_must_not_do(server: Server, cookie: str, path: str) -> None:
    for headers in ({}, {"Cookie": cookie}):
        said = page_state(server.base_url, path, headers)[0].headers
        policy = dict(part.split(" ", 1) for part in said["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
        assert "unsafe" not in said["content-security-policy"]
        assert said["x-frame-options"] == "DENY"
        assert said["x-content-type-options"] == "nosniff"
        assert said["cross-origin-opener-policy"] == said["cross-origin-resource-policy"] == "same-origin"
        assert said["referrer-policy"] == "no-referrer"
        assert said["cache-control"] == "no-store"
        assert said["access-control-allow-origin"] is None
        assert said["server"] is None


@pytest.mark.parametrize(
    ("origin", "host", "has_cookie"),
    [
        ("http://example.org", "", True),
        (None, "", True),
        ("null", "", True),
        ("http://x.org", "x.org", True),
        ("https://{own}", "", True),
        ("http://127.0.0.1:1", "", True),
        ("http://{own}", "", False),
    ],
)
def test_connections_of_others_are_not_let_in(
    server: Server, cookie: str, origin: str | None, host: str, has_cookie: bool
) -> None:
    """Neither pages of other sites or ports nor programs without the cookie."""
    own = origin and origin.format(own=urlsplit(server.base_url).netloc)
    sessions = set(served.SESSIONS)
    with (
        pytest.raises(InvalidStatus, match="403"),
        connected(server.base_url, own, cookie if has_cookie else None, host),
    ):
        pass
    assert set(served.SESSIONS) == sessions


def test_the_browser_keeps_the_token_and_the_address_forgets_it(browser: Any, server: Server) -> None:
    """From the file that `rekindle watch` opens to a copied link, in a browser that has never been there."""
    context, told = browser.new_context(), []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(watching.webbrowser, "open", told.append)
        with watching._opened(server.address):
            (there,) = told
            assert "token" not in there
            file = Path(urlsplit(there).path)
            assert file.parent.stat().st_mode & 0o077 == 0
            page = context.new_page()
            page.goto(there)
            page.wait_for_selector(".rk[data-ready]", timeout=60_000)
        assert not file.exists()
    token = server.address.partition("token=")[2]
    assert token not in page.evaluate("location.href") + page.content() + page.evaluate("document.cookie")
    page.evaluate("navigator.clipboard.writeText = (text) => { window.copied = text; }")
    page.click("[data-do=link]")
    assert page.evaluate("window.copied").startswith(f"{server.base_url}/")
    assert token not in page.evaluate("window.copied")
    page.reload()
    page.wait_for_selector(".rk[data-ready]", timeout=60_000)
    context.close()


def test_a_link_from_another_site_waits_for_a_click(browser: Any, server: Server, cookie: str) -> None:
    context = browser.new_context()
    name, _, value = cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": server.base_url, "sameSite": "Strict"}])
    page = context.new_page()
    page.route(
        "http://example.org/",
        lambda route: route.fulfill(body=f'<a href="{server.base_url}/?day=1">x</a>', content_type="text/html"),
    )
    page.goto("http://example.org/")
    page.click("a")
    page.wait_for_selector("h1:has-text('needs its token')")
    page.click("a")
    page.wait_for_selector(".rk[data-ready]", timeout=60_000)
    assert page.inner_text(".rk-clock") == "Day 1"
    context.close()


def test_the_page_keeps_to_its_own_policy(open_tab: Open) -> None:
    """Colours by names, bars of ties and downloads, all of which a policy can break; `open_tab` looks for errors."""
    tab = open_tab("?follow=3&beside=check_in&set=world.people=60&set=world.burn_in_years=0")
    shown = "getComputedStyle(document.querySelector('.rk-legend span')).color"
    assert tab.page.evaluate(shown) != tab.page.evaluate("getComputedStyle(document.querySelector('.rk-legend')).color")
    assert re.fullmatch(r"[1-9]\d*%", tab.page.evaluate("document.querySelector('.rk-bar-of i').style.width"))
    assert tab.page.evaluate("getComputedStyle(document.querySelector('.rk')).position") == "fixed"
    with tab.page.expect_download(timeout=60_000) as started:
        tab.click("png")
    assert started.value.path().read_bytes().startswith(b"\x89PNG")
