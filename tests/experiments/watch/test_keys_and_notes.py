"""Keys do no more than they say, and what the page says does not cover what it is about."""

from __future__ import annotations

import socket

import pytest

from experiments import cli
from tests.experiments.watch.conftest import Open, Tab


def box_of(tab: Tab, selector: str) -> dict[str, float]:
    found = tab.page.locator(selector).bounding_box()
    assert found is not None, selector
    return dict(found)


@pytest.mark.parametrize("press", ["click", "Enter", " "])
def test_space_plays_after_a_gesture_was_sent_and_does_not_send_it_again(open_tab: Open, press: str) -> None:
    tab = open_tab("?follow=3")
    tab.page.wait_for_selector("[data-do=send]")
    if press == "click":
        tab.click("send")
    else:
        tab.page.focus("[data-do=send]")
        tab.page.keyboard.press(press)
    tab.settles(lambda session: len(session.page_state.hand) == 1)
    tab.page.keyboard.press(" ")
    tab.settles(lambda session: session.playing)
    tab.page.keyboard.press(" ")
    tab.settles(lambda session: not session.playing and len(session.page_state.hand) == 1)


def test_a_button_that_was_reached_by_keyboard_keeps_the_focus(open_tab: Open) -> None:
    tab = open_tab()
    tab.page.focus("[data-do=day]")
    tab.page.keyboard.press("Enter")
    tab.settles(lambda session: session.playback.day == 1)
    assert tab.page.evaluate("document.activeElement.dataset.do") == "day"


def test_the_page_says_that_the_second_strategy_makes_room_for_the_world_without_the_gesture(open_tab: Open) -> None:
    tab = open_tab("?beside=check_in&follow=3")
    tab.page.wait_for_selector("[data-do=send]")
    tab.click("send")
    tab.settles(lambda session: session.page_state.forked)
    assert "check in has left the page" in tab.page.inner_text(".rk-told")
    told, legend = box_of(tab, ".rk-told"), box_of(tab, ".rk-legend")
    assert told["y"] + told["height"] <= legend["y"]

    alone = open_tab("?follow=3")
    alone.page.wait_for_selector("[data-do=send]")
    alone.click("send")
    alone.settles(lambda session: session.page_state.forked)
    assert alone.page.inner_text(".rk-told") == ""


def test_the_page_says_on_the_last_day_that_the_run_is_over(open_tab: Open) -> None:
    tab = open_tab("?set=run.strategy_days=20&day=259")
    assert tab.session.experiment.run.days == 260
    assert "The run is over" not in tab.page.inner_text(".rk-main")
    tab.click("day")
    tab.becomes("document.querySelector('.rk').dataset.day === '260'")
    assert "The run is over" in tab.page.inner_text(".rk-main")


def test_a_port_that_is_in_use_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as ended:
            cli.main(["watch", "--no-open", "--no-story", "--port", str(port)])
    assert ended.value.code == 2
    assert capsys.readouterr().err.split() == (
        f"--port {port}: this port is in use; choose another, or leave out --port for a free one.".split()
    )
