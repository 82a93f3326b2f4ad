from __future__ import annotations

import numpy as np

from experiments.figures.profiles import headline, profiles
from experiments.logs.profiles import CONVERSATIONS, GAPS, LIFETIMES, Profiles

SIZES = {"hours": 24, "weekdays": 7, "gaps": len(GAPS) - 1, "conversations": len(CONVERSATIONS), "people": LIFETIMES,
         "pairs": LIFETIMES}  # fmt: skip
EVEN = Profiles(**{name: np.full(size, 1 / size) for name, size in SIZES.items()})
SHORT = EVEN._replace(conversations=np.eye(len(CONVERSATIONS))[0])
TITLES = ("Hours of the day", "Days of the week", "Gaps between a pair’s contacts", "Lengths of conversations",
          "Stays of people", "Lifetimes of pairs")  # fmt: skip


def test_each_panel_says_what_is_in_common() -> None:
    figure = profiles(EVEN, [SHORT, SHORT], "chat", 100, read=["hours"])
    assert [axes.get_title(loc="left") for axes in figure.axes] == list(TITLES)
    said = [axes.texts[0].get_text() for axes in figure.axes]
    assert said[0] == "100% in common, read from the log"
    assert said[3] == "14% in common"
    assert said[4] == "100% in common"
    texts = [text.get_text() for text in figure.texts]
    assert texts[0] == "Simulated worlds differ most from “chat” in lengths of conversations: 14% in common"
    assert "— 2 simulated worlds" in texts
    assert "hours of the worlds were read from the log" in texts[-1]


def test_the_real_log_and_each_world_are_drawn() -> None:
    figure = profiles(EVEN, [EVEN, SHORT, SHORT], "chat", 100)
    lines = {line.get_color() for line in figure.axes[2].lines}
    assert len(figure.axes[2].lines) == 4
    assert len(lines) == 2
    conversations = figure.axes[3]
    assert len(conversations.patches) == len(CONVERSATIONS)
    top = max(max(line.get_ydata()) for line in conversations.lines)
    assert conversations.get_ylim()[0] == 0
    assert conversations.get_ylim()[1] > top == 1


def test_what_a_log_does_not_say_is_left_empty() -> None:
    unknown = EVEN._replace(hours=np.full(24, np.nan))
    axes = profiles(unknown, [EVEN], "chat", 100).axes[0]
    assert (len(axes.lines), axes.texts[-1].get_text()) == (0, "the log does not say")


def test_the_title_names_no_profile_that_was_read() -> None:
    common = {"hours": 0.1, "gaps": 0.8, "people": 0.9}
    assert "in gaps between a pair’s contacts: 80%" in headline(common, "chat", ["hours"])
    assert "hours of the day: 10%" in headline(common, "chat", [])
    assert "too short" in headline({"hours": np.nan}, "chat", [])
