"""The circle of a person: where others are drawn in it, and how the page comes to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.experiments.watch.conftest import Open, Tab

SMALL = "set=world.people=60&set=world.burn_in_years=1&set=run.adopters=6&set=run.strategy_days=40"
DORMANT_FROM = 90  # days of silence, by default
LONGEST = 40 * DORMANT_FROM  # beyond which nobody moves further out

# Draws ties and returns where each person is: their silence, ring, distance from the middle, and angle.
DRAW = """async ({ before, ties, age, inTouch, differs, size }) => {
    const { Circle } = await import("/js/circle.js");
    const palette = JSON.parse(document.getElementById("palette").textContent);
    const circle = new Circle(document.createElement("canvas"), palette);
    circle.resize(...(size || [600, 500]));
    const tie = ([other, silence]) => ({ other, silence, state: "dormant", strength: 0.2, door: 0.5, own_door: 0.1,
        rekindled: false, history: [] });
    const gestures = ties.slice(0, 3).flatMap(([other], k) =>
        [{ other, outgoing: true, family: k, kind: "like" }, { other, outgoing: false, family: 4, kind: "like" }]);
    const view = { person: 7, names: null, day: 3, ties: ties.map(tie), before: before ? before.map(tie) : null,
        gestures, differs: differs ? new Set(differs) : null, in_touch_days: inTouch };
    circle.draw(view, age);
    return circle.spots.map(({ x, y, ring, tie }) => ({ other: tie.other, silence: tie.silence, ring,
        distance: Math.hypot(x - circle.centre[0], y - circle.centre[1]) / circle.reach,
        angle: Math.atan2(y - circle.centre[1], x - circle.centre[0]), at: circle.otherAt(x, y) }));
}"""


@pytest.fixture
def tab(open_tab: Open) -> Tab:
    return open_tab()


def drawn(tab: Tab, ties: list[tuple[int, int | None]], age: float = 1, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tab.page.evaluate(DRAW, {"ties": ties, "age": age, **more})
    assert len(found) == len(ties)
    return found


@pytest.mark.parametrize("in_touch", [DORMANT_FROM, 20, 30, 45, 365])
def test_the_longer_the_silence_the_further_out(tab: Tab, in_touch: int) -> None:
    """Strictly, up to the longest that is told apart; those who never exchanged words are the furthest out."""
    silences = [*range(500), *range(500, 40 * in_touch, 37), 40 * in_touch, 41 * in_touch, None]
    silences = [silence for silence in silences if silence is None or silence <= 41 * in_touch]
    spots = drawn(tab, [(1, silence) for silence in silences], inTouch=in_touch)
    distances = np.array([spot["distance"] for spot in spots])
    assert (np.diff(distances[:-2]) > 0).all()
    assert distances[-3] == distances[-2] < distances[-1]
    assert distances[0] > 0
    assert distances[-1] == pytest.approx(1)


def test_the_ring_in_which_a_tie_is_drawn_is_that_of_its_silence(tab: Tab) -> None:
    rng = np.random.default_rng(1)
    silences = [0, 29, 30, 89, 90, None, *rng.integers(0, 5_000, 200).tolist()]
    spots = drawn(tab, list(enumerate(silences)))
    borders = {spot["silence"]: spot["distance"] for spot in spots if spot["silence"] in (30, 90)}
    for spot in spots:
        silence, distance = spot["silence"], spot["distance"]
        by_silence = 2 if silence is None or silence >= DORMANT_FROM else int(silence >= 30)
        assert spot["ring"] == by_silence
        assert (distance >= borders[30] - 1e-9) + (distance >= borders[90] - 1e-9) == by_silence


def test_everybody_has_one_direction_on_all_days_and_in_all_worlds(tab: Tab) -> None:
    one = drawn(tab, [(other, 3 * other) for other in range(80)], age=0.3)
    same = drawn(tab, [(other, 900 - other) for other in range(79, 9, -3)], size=[900, 400])
    of_one = {spot["other"]: spot["angle"] for spot in one}
    for spot in same:
        assert spot["angle"] == pytest.approx(of_one[spot["other"]], abs=1e-6)
    angles = np.sort(list(of_one.values()))
    assert np.diff(angles).min() > 0.01, "nobody hides another for good"
    assert np.diff(angles).max() < 0.3


def test_others_glide_from_where_they_were_to_where_they_are(tab: Tab) -> None:
    before, ties = [(1, 10), (2, 200), (3, 89)], [(1, 11), (2, 0), (3, 90), (4, 55)]
    ages = [0, 0.2, 0.5, 0.8, 1]
    frames = [drawn(tab, ties, age, before=before) for age in ages]
    start, end = drawn(tab, before, 1), drawn(tab, ties, 1)
    for k in range(3):
        path = [frame[k]["distance"] for frame in frames]
        assert path[0] == pytest.approx(start[k]["distance"])
        assert path[-1] == pytest.approx(end[k]["distance"])
        steps = np.diff(path)
        assert (steps >= -1e-9).all() or (steps <= 1e-9).all()
    assert len({frame[3]["distance"] for frame in frames}) == 1, "who was not there before stands where they are"
    assert frames[1][1]["distance"] == frames[0][1]["distance"], "they come once the gesture is there"


def test_a_point_means_whoever_is_drawn_there(tab: Tab) -> None:
    spots = drawn(tab, [(other, 40 * other) for other in range(1, 40)])
    assert all(spot["at"] == spot["other"] for spot in spots)


# On the page ---------------------------------------------------------------------------------------------------------


def view_of(tab: Tab) -> str:
    """The view that the page shows, by its attribute, its buttons and its canvases, which agree."""
    view = str(tab.page.get_attribute(".rk", "data-view"))
    pressed = tab.page.eval_on_selector_all(".rk-view [aria-pressed=true]", "all => all.map((one) => one.dataset.do)")
    assert pressed == [view]
    assert tab.page.is_visible(".rk-world:nth-child(1) .rk-circle") == (view == "circle")
    assert tab.page.is_visible(".rk-world:nth-child(1) .rk-base") == (view == "everyone")
    return view


def follows(person: int | None) -> Any:
    return lambda session: session.page_state.followed == person


def test_the_circle_is_shown_once_somebody_is_followed_and_a_key_and_two_buttons_switch(open_tab: Open) -> None:
    tab = open_tab(f"?{SMALL}")
    assert view_of(tab) == "everyone"
    first = int(tab.session.playback.adopters[0])
    tab.click("circle")
    tab.settles(follows(first))
    assert view_of(tab) == "circle"
    tab.page.keyboard.press("v")
    tab.settles(lambda session: session.page_state.view == "everyone")
    assert view_of(tab) == "everyone"
    assert tab.session.page_state.followed == first
    tab.page.keyboard.press("v")
    tab.settles(lambda session: session.page_state.view == "circle")
    assert view_of(tab) == "circle"
    tab.click("everyone")
    tab.settles(lambda session: session.page_state.view == "everyone")
    tab.click("circle")
    tab.settles(lambda session: session.page_state.view == "circle")
    tab.page.keyboard.press("Escape")
    tab.settles(follows(None))
    assert view_of(tab) == "everyone"


def test_a_link_carries_the_view(open_tab: Open) -> None:
    tab = open_tab(f"?{SMALL}&follow=3&beside=check_in")
    assert view_of(tab) == "circle"
    for key, view in (("v", "everyone"), ("v", "circle")):
        tab.page.keyboard.press(key)
        tab.settles(lambda session, view=view: session.page_state.view == view)
        link = tab.page.evaluate("location.search")
        assert view_of(open_tab(link)) == view
    wrong = open_tab(f"?{SMALL}&view=map")
    assert "circle or everyone" in wrong.page.inner_text(".rk-told")


def test_presenting_follows_an_adopter_unless_somebody_or_everyone_is_to_be_shown(open_tab: Open) -> None:
    tab = open_tab(f"?{SMALL}")
    tab.page.keyboard.press("f")
    tab.settles(follows(int(tab.session.playback.adopters[0])))
    assert view_of(tab) == "circle"
    of_one = open_tab(f"?{SMALL}&follow=11")
    of_one.page.keyboard.press("f")
    of_one.page.keyboard.press("ArrowRight")
    of_one.settles(lambda session: session.playback.day == 1)
    assert of_one.session.page_state.followed == 11
    of_all = open_tab(f"?{SMALL}&view=everyone")
    of_all.page.keyboard.press("f")
    of_all.page.keyboard.press("ArrowRight")
    of_all.settles(lambda session: session.playback.day == 1)
    assert of_all.session.page_state.followed is None
    assert view_of(of_all) == "everyone"


def spot_of(tab: Tab, other: int, world: int = 1) -> tuple[float, float]:
    """A point of the page that means somebody in a circle, found by what the page says about it."""
    box = tab.page.locator(f".rk-world:nth-child({world}) .rk-circle").bounding_box()
    canvas = tab.page.locator(f".rk-world:nth-child({world}) .rk-circle")
    for y in range(4, int(box["height"]), 11):
        for x in range(4, int(box["width"]), 11):
            tab.page.mouse.move(box["x"] + x, box["y"] + y)
            if canvas.evaluate("canvas => canvas.style.cursor") == "pointer":
                text = tab.page.inner_text(f".rk-world:nth-child({world}) .rk-tip")
                if text.startswith(f"Person {other}\n"):
                    return box["x"] + x, box["y"] + y
    raise AssertionError(f"nobody is person {other}")


def test_the_circle_names_who_is_under_the_pointer_and_a_click_follows_them(open_tab: Open) -> None:
    tab = open_tab(f"?{SMALL}&follow=3&day=20")
    tab.page.wait_for_timeout(1_200)
    tie = tab.session.playback.ties_of(3)[0]
    point = spot_of(tab, tie.other)
    tip = tab.page.inner_text(".rk-tip").split("\n")
    silence = "never in touch" if tie.silence is None else f"silent for {tie.silence:,} day"
    state = "rekindled" if tie.rekindled and tie.state.name == "ACTIVE" else tie.state.name.lower()
    assert tip[1].startswith(f"{state}, {silence}")
    assert tip[2].startswith(f"Last gesture: {tie.history[0][2]}" if tie.history else "No gesture")
    tab.page.mouse.click(*point)
    tab.settles(follows(tie.other))
    assert view_of(tab) == "circle"


def test_a_sentence_says_what_is_shown_to_those_who_do_not_see_it_too(open_tab: Open) -> None:
    tab = open_tab(f"?{SMALL}&follow=3")

    def said() -> str:
        text = str(tab.page.inner_text(".rk-sentence"))
        canvas = ".rk-circle" if view_of(tab) == "circle" else ".rk-base"
        assert tab.page.get_attribute(canvas, "aria-label") == text
        return text

    known = len(tab.session.playback.arms[0].run.known_to(3))
    assert said().startswith(f"Person 3 and the {known} people they know")
    assert "the further out, the longer ago they exchanged words." in said()
    assert "not drawn" not in said()
    tab.click("everyone")
    tab.settles(lambda session: session.page_state.view == "everyone")
    assert said().startswith("Everyone")


def test_those_who_are_not_drawn_are_counted(open_tab: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.watch.followed.TIES_SHOWN", 12)
    tab = open_tab(f"?{SMALL}&follow=3")
    known = len(tab.session.playback.arms[0].run.known_to(3))
    assert f"the {known} people they know ({known - 12} are not drawn)" in tab.page.inner_text(".rk-sentence")


def test_in_two_worlds_those_in_another_ring_are_counted_and_the_same_people_are_drawn(open_tab: Open) -> None:
    tab = open_tab(f"?{SMALL}&beside=check_in&follow=3")
    person = int(tab.session.playback.adopters[0])
    assert tab.page.is_checked("[data-do=differences]")
    assert "Both worlds begin on the same morning." in tab.page.inner_text(".rk-sentence")
    tab.page.keyboard.press("a")
    tab.settles(follows(person))
    for _ in range(5):
        tab.click("week")
    tab.settles(lambda session: session.playback.day == 35)
    rings: list[dict[int, int]] = []
    for arm in (0, 1):
        ties = tab.session.playback.ties_of(person, arm)
        silences = {tie.other: DORMANT_FROM if tie.silence is None else tie.silence for tie in ties}
        rings.append({other: int(s >= 30) + int(s >= DORMANT_FROM) for other, s in silences.items()})
    differ = {other for other in rings[0] | rings[1] if rings[0].get(other) != rings[1].get(other)}
    assert len(differ) > 1
    assert f"The {len(differ)} bright ones are in another ring" in tab.page.inner_text(".rk-sentence")
    tab.page.uncheck("[data-do=differences]")
    tab.settles(lambda session: not session.page_state.differences)
    assert "another ring" not in tab.page.inner_text(".rk-sentence")
    assert "differences=0" in tab.page.evaluate("location.search")


def test_somebody_with_one_tie_and_with_none_has_a_circle(tab: Tab) -> None:
    assert drawn(tab, []) == []
    assert len(drawn(tab, [(3, None)], differs=[])) == 1


def test_gestures_of_a_day_are_those_between_the_person_and_others(open_tab: Open) -> None:
    tab = open_tab(f"?{SMALL}&set=run.strategy=check_in&follow=3")
    person = int(tab.session.playback.adopters[0])
    for _ in range(12):
        tab.session.playback.step()
        sent = tab.session.playback.arms[0].sent[-1]
        own = sent[((sent["sender"] == person) | (sent["receiver"] == person)) & (sent["receiver"] >= 0)]
        seen = tab.session.playback.gestures_of(person)
        assert [(g.other, g.outgoing) for g in seen] == [
            (int(g["receiver"] if g["sender"] == person else g["sender"]), bool(g["sender"] == person)) for g in own
        ]
