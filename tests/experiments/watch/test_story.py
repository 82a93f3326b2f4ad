"""The page opens with a story of two people, in a real browser; the full page is one key away."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from experiments.terminal import compiling
from experiments.watch import anecdote
from experiments.watch.anecdote import STORY_DAYS
from experiments.watch.captions import lines
from experiments.watch.page_state import PageState
from experiments.watch.server import SESSIONS, Server, free_port, page
from experiments.watch.session import Session
from tests.experiments.watch.conftest import Tab

OPENING = PageState(
    changes={"world.people": "80", "world.burn_in_years": "2", "parameters.answer_openness": "3", "run.adopters": "3"},
    beside="check_in",
)
Tell = Callable[..., Tab]


@pytest.fixture(scope="module")
def storyteller(server: Server) -> Iterator[Server]:
    """A server that begins with a story; it needs what `server` needs."""
    own = Server(free_port(0), OPENING, {}, patience=1.0, tells_story=True)
    yield own
    own.stop()


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anecdote, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr("experiments.watch.session.SECONDS_TO_READ", 0.0)


@pytest.fixture
def tell(storyteller: Server, browser: Any) -> Iterator[Tell]:
    """Opens the page as `rekindle watch` does, and waits until the story has come as far as is wanted."""
    with closing(browser.new_context(viewport={"width": 1280, "height": 720})) as context:
        context.set_default_timeout(30_000)
        wrong: list[str] = []

        def opened(more: str = "", until: str = ".rk[data-story=before] .rk-captions li") -> Tab:
            before, tab = set(SESSIONS), context.new_page()
            tab.on("console", lambda message: message.type == "error" and wrong.append(message.text))
            tab.on("pageerror", lambda error: wrong.append(str(error)))
            tab.goto(storyteller.address + more)
            tab.wait_for_selector(until)
            (session,) = set(SESSIONS) - before
            return Tab(tab, session, wrong)

        yield opened
    assert not wrong


def shown(tab: Tab) -> list[str]:
    return [
        str(text)
        for text in tab.page.eval_on_selector_all(".rk-captions li", "all => all.map(li => li.lastChild.data)")
    ]


def visible(tab: Tab, *selectors: str) -> list[bool]:
    return [tab.page.is_visible(selector) for selector in selectors]


def day_of(session: Session) -> int:
    return session.playback.day if session.playback else -1


def test_you_click_the_like_and_the_captions_are_those_of_the_two_worlds(tell: Tell) -> None:
    tab = tell()
    story = tab.session.story
    assert story is not None
    assert tab.session.page_state.followed == story.pair.you
    assert (
        visible(tab, ".rk-story", ".rk-main", ".rk-bar", ".rk-side", "[data-do=story-everybody]")
        == [True] + [False] * 4
    )
    assert len(shown(tab)) == 1
    assert tab.page.inner_text("[data-do=story-send]") == "Send a like"
    assert tab.page.evaluate("location.search") == "", "a reload tells the story again"

    tab.click("story-send")
    tab.page.wait_for_selector(".rk[data-story=end]")
    playback = tab.session.playback
    assert playback is not None
    assert playback.day == STORY_DAYS
    assert [arm.name for arm in playback.arms] == ["with it", "without it"]
    found = story.captions(playback, tab.session.page_state.hand)
    assert shown(tab) == [text for _, text in lines(found)]
    assert [each.kind for each in tab.session.page_state.hand] == ["like"]
    assert tab.page.eval_on_selector_all(".rk-side-name", "all => all.map(one => one.textContent)") == [
        "With the like",
        "Without the like",
    ]
    labels = tab.page.eval_on_selector_all(".rk-sides canvas", "all => all.map(one => one.getAttribute('aria-label'))")
    assert labels == [" ".join(shown(tab))] * 2
    assert tab.page.get_attribute(".rk-captions", "aria-live") == "polite"
    why = tab.page.inner_text(".rk-why p")
    assert all(f"{number:,}" in why for number in story.opening[2:]), "how often a like makes a difference"

    tab.click("story-everybody")
    tab.settles(lambda session: session.story is None)
    assert visible(tab, ".rk-story", ".rk-main", ".rk-bar", ".rk-side") == [False, True, True, True]
    assert tab.session.page_state == OPENING
    assert "beside=check_in" in tab.page.evaluate("location.search")


def test_space_sends_it_and_after_that_pauses(tell: Tell) -> None:
    tab = tell()
    tab.page.keyboard.press(" ")
    tab.page.wait_for_selector(".rk[data-story=running]")
    tab.page.keyboard.press(" ")
    tab.settles(lambda session: not session.playing)
    day = day_of(tab.session)
    tab.page.keyboard.press("ArrowRight")
    tab.settles(lambda session, day=day: day_of(session) == day + 1)
    tab.page.keyboard.press("s")  # means something on the full page alone
    tab.page.focus("[data-do=story-play]")
    tab.page.keyboard.press("Escape")
    tab.settles(lambda session: session.story is None)
    assert tab.session.page_state == OPENING


def test_a_sent_gesture_is_not_sent_again_by_the_button_that_has_the_focus(tell: Tell) -> None:
    tab = tell()
    tab.page.focus("[data-do=story-send]")
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_selector(".rk[data-story=running]")
    for _ in range(3):
        tab.page.keyboard.press(" ")
    tab.settles(lambda session: len(session.page_state.hand) == 1)


def test_another_pair_and_another_gesture(tell: Tell) -> None:
    tab = tell()
    first, playback = tab.session.story, tab.session.playback
    assert playback is not None
    pairs = anecdote.pairs_of(playback.arms[0].run.world(), tab.session.experiment)
    tab.click("another")
    tab.settles(lambda session: session.story.number == 1)
    assert first is not None
    assert tab.session.story is not None
    assert tab.session.story.pair == pairs[0] != first.pair
    assert tab.session.story.opening == first.opening
    assert tab.page.inner_text(".rk-captions").startswith(tab.session.story.told()["names"][0])
    tab.page.select_option("[data-do=story-kind]", "note")
    assert tab.page.inner_text("[data-do=story-send]") == "Send a note"
    tab.click("story-send")
    tab.page.wait_for_selector(".rk[data-story=end]")
    assert "come in random order" in tab.page.inner_text(".rk-why p")
    tab.page.select_option("[data-do=story-kind]", "message")
    tab.click("story-send")
    tab.page.wait_for_selector(".rk[data-story=running]")
    assert [each.kind for each in tab.session.page_state.hand] == ["message"]
    assert shown(tab)[1].startswith("You write ")


def test_a_link_opens_the_full_page_and_so_does_escape_at_any_time(tell: Tell) -> None:
    tab = tell("&set=world.people%3D60", until=".rk[data-ready]")
    assert visible(tab, ".rk-story", ".rk-main") == [False, True]
    assert tab.session.story is None
    tab = tell(until=".rk")
    tab.page.keyboard.press("Escape")
    tab.page.wait_for_selector(".rk-main")
    tab.settles(lambda session: session.story is None and session.page_state == OPENING)


def test_what_takes_long_has_a_bar(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = threading.Event()

    def compile_model(progress: Callable[[int, int], None]) -> None:
        progress(30, 120)
        compiled.wait(20)

    monkeypatch.setattr(compiling, "compile_model", compile_model)
    tab = tell(until=".rk[data-story=waiting]")
    tab.becomes("document.querySelector('.rk-loading').value === 0.25")
    assert "30 of about 120" in tab.page.inner_text(".rk-doing")
    assert visible(tab, ".rk-loading", ".rk-announces", ".rk-deeds") == [True, True, False]
    compiled.set()
    tab.page.wait_for_selector(".rk[data-story=before] [data-do=story-send]")
    assert visible(tab, ".rk-loading", ".rk-deeds") == [False, True]


def test_a_world_without_such_a_pair_opens_the_full_page_and_says_why(server: Server, browser: Any) -> None:
    young = PageState(changes={"world.people": "50", "world.burn_in_years": "0", "parameters.once_strong": "1000"})
    own = Server(free_port(0), young, {}, patience=1.0, tells_story=True)
    with closing(browser.new_context()) as context:
        tab = context.new_page()
        tab.goto(own.address)
        tab.wait_for_selector(".rk-main")
        tab.wait_for_selector(".rk[data-ready]")
        assert "No two people of this world were close once" in tab.inner_text(".rk-told")
    own.stop()


def test_only_a_page_that_tells_a_story_says_so() -> None:
    assert 'data-opens="story"' in page(tells_story=True)
    assert "data-opens" not in page()
