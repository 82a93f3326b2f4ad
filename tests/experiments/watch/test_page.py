from __future__ import annotations

import re
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from experiments import cli, provenance
from experiments.config.reading import load
from experiments.sweeps import runner, store
from experiments.sweeps.design import described, runs_of
from experiments.sweeps.over_worlds import over_worlds
from experiments.watch.questions import QUESTIONS
from experiments.watch.session import Session
from sim.model.outcomes import MEASURES
from tests.experiments.watch.conftest import OPENING, Open, Tab, connected


def day_of(session: Session) -> int:
    return session.playback.day if session.playback else -1


def test_play_pause_day_week_reset_and_speed(open_tab: Open) -> None:
    tab = open_tab()
    assert day_of(tab.session) == 0
    tab.click("day")
    tab.settles(lambda session: day_of(session) == 1)
    tab.click("week")
    tab.settles(lambda session: day_of(session) == 8)
    tab.page.select_option("[data-do=speed]", "20")
    tab.settles(lambda session: session.speed == 20)
    tab.click("play")
    tab.settles(lambda session: session.playing and day_of(session) > 12)
    tab.click("play")
    tab.settles(lambda session: not session.playing)
    day = day_of(tab.session)
    tab.page.wait_for_timeout(300)
    assert day_of(tab.session) == day
    assert tab.page.inner_text(".rk-clock") == f"Day {day}"
    tab.click("reset")
    tab.settles(lambda session: day_of(session) == 0)


def test_a_large_world_that_was_played_in_a_hurry_is_shown_as_it_is_once_it_stands(open_tab: Open) -> None:
    tab = open_tab("?set=world.people=1000&set=world.burn_in_years=0&set=run.strategy_days=5000")
    assert tab.session.playback is not None
    assert len(tab.session.playback.layout.pairs) > 9_000  # MOST_SMOOTH of js/ties.js
    tab.page.select_option("[data-do=speed]", "50")
    tab.click("play")
    tab.settles(lambda session: day_of(session) > 20)
    tab.click("play")
    tab.settles(lambda session: not session.playing)
    same = open_tab(f"?{tab.page.evaluate('location.search')[1:]}")
    shown, again = (each.page.eval_on_selector(".rk-base", "canvas => canvas.toDataURL()") for each in (tab, same))
    assert day_of(same.session) == day_of(tab.session)
    assert len(shown) > 10_000, "a PNG of more than one colour"
    assert shown == again


def test_keys_do_the_same(open_tab: Open) -> None:
    tab = open_tab()
    press = tab.page.keyboard.press
    press("ArrowRight")
    tab.settles(lambda session: day_of(session) == 1)
    press("ArrowDown")
    tab.settles(lambda session: day_of(session) == 8)
    press("+")
    tab.settles(lambda session: session.speed == 10)
    press("-")
    tab.settles(lambda session: session.speed == 5)
    press(" ")
    tab.settles(lambda session: session.playing)
    press(" ")
    tab.settles(lambda session: not session.playing)
    press("a")
    tab.settles(lambda session: session.page_state.followed == session.playback.adopters[0])
    press("Escape")
    tab.settles(lambda session: session.page_state.followed is None)
    press("s")
    tab.settles(lambda session: session.page_state.beside is not None)
    press("d")
    tab.settles(lambda session: not session.page_state.differences)
    press("d")
    tab.settles(lambda session: session.page_state.differences)
    press("s")
    tab.settles(lambda session: session.page_state.beside is None)
    press("f")
    assert "rk-present" in tab.page.get_attribute(".rk", "class")
    press("f")
    press("?")
    assert tab.page.is_visible("dialog.rk-help")
    press("Escape")
    press("p")
    tab.settles(lambda session: session.page_state.question == next(iter(QUESTIONS)))
    press("r")
    tab.settles(lambda session: day_of(session) == 0)


def test_the_space_key_belongs_to_what_has_the_focus(open_tab: Open) -> None:
    """A checkbox and the heading of a group of settings take it; elsewhere it plays."""
    tab = open_tab("?beside=check_in&set=world.people=60&set=world.burn_in_years=0")
    tab.page.focus("[data-do=differences]")
    tab.page.keyboard.press(" ")
    tab.settles(lambda session: not session.page_state.differences)
    tab.page.focus(".rk-settings details:nth-of-type(2) summary")
    tab.page.keyboard.press(" ")
    tab.becomes("document.querySelector('.rk-settings details:nth-of-type(2)').open")
    assert not tab.session.playing


def test_a_person_who_is_followed_is_described_anew_in_another_world(open_tab: Open) -> None:
    tab = open_tab("?follow=3&set=world.people=60&set=world.burn_in_years=0")
    before = tab.page.inner_text(".rk-nature")
    tab.page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    tab.page.fill("[data-path='world.seed']", "5")
    tab.page.press("[data-path='world.seed']", "Enter")
    tab.settles(lambda session: session.experiment.world.seed == 5)
    assert tab.session.playback is not None
    person = tab.session.playback.arms[0].run.people[3]
    tab.becomes(f"document.querySelector('.rk-nature').textContent !== {before!r}")
    assert f"sociability {person['sociability']:.2f}".rstrip("0") in tab.page.inner_text(".rk-nature")


def test_a_seed_is_a_number_and_another_seed_another_run(open_tab: Open) -> None:
    tab = open_tab()
    tab.page.fill("[data-path='run.seed']", "43")
    tab.page.press("[data-path='run.seed']", "Enter")
    tab.settles(lambda session: session.experiment.run.seed == 43)
    tab.click("week")
    tab.settles(lambda session: day_of(session) == 7)
    there = runner.world_of(tab.session.experiment.world)
    expected = sim.simulate(there, days=7, strategy="wait", adopters=6, seed=43, strategy_days=40)
    assert tab.session.playback is not None
    assert tab.session.playback.arms[0].run.world() == expected.world


def test_the_strategy_is_that_of_the_menu(open_tab: Open) -> None:
    tab = open_tab()
    tab.page.select_option("[data-path='run.strategy']", "check_in")
    tab.settles(
        lambda session: session.experiment.run.strategy == "check_in" and session.playback.arms[0].name == "check in"
    )


@pytest.mark.parametrize(("menu", "arm"), [("[data-path='run.strategy']", 0), ("[data-do=beside]", 1)])
def test_a_mixture_is_put_together_by_its_shares(open_tab: Open, menu: str, arm: int, tmp_path: Path) -> None:
    tab = open_tab("?beside=wait&set=world.people=60&set=world.burn_in_years=0")
    before = tab.session.page_state
    tab.page.select_option(menu, "mixture")
    for shares, said in (
        ({"check_in": "40"}, "add up to 40%; they must add up to 100%"),
        ({"show_up": "70"}, "add up to 110%"),
        ({"show_up": "much"}, "show up: “much” is not a share"),
        ({"show_up": "-60"}, "is not a share"),
    ):
        for name, share in shares.items():
            tab.page.fill(f"[data-share={name}]", share)
        tab.page.keyboard.press("Enter")
        assert said in tab.page.inner_text("#rk-mixture-note")
        assert tab.session.page_state == before
    tab.page.fill("[data-share=show_up]", "60")
    assert tab.page.inner_text(".rk-sum") == "So far 100%."
    tab.page.keyboard.press("Enter")
    wanted = {"check_in": 0.4, "show_up": 0.6}
    tab.settles(lambda session: session.page_state.experiments()[arm].run.strategy == wanted)
    assert tab.session.playback is not None
    tab.settles(lambda session: session.playback.arms[arm].name == "60% show up, 40% check in")
    assert tab.page.locator(f"{menu} option:checked").inner_text() == "60% show up, 40% check in"
    tab.click("config")
    tab.becomes("document.querySelector('.rk').dataset.copied")
    (tmp_path / "mixed.toml").write_text(tab.page.get_attribute(".rk", "data-copied"))
    assert wanted in [run.strategy for run in runs_of(load(tmp_path / "mixed.toml"))]
    again = open_tab(tab.page.evaluate("location.search"))
    assert again.session.page_state.experiments()[arm].run.strategy == wanted


def test_a_mixture_can_be_left_and_is_changed_from_what_it_is(open_tab: Open) -> None:
    tab = open_tab("?set=world.people=60&set=world.burn_in_years=0&set=run.strategy={check_in=0.5,show_up=0.5}")
    before = tab.session.page_state
    tab.page.select_option("[data-path='run.strategy']", "mixture")
    assert tab.page.input_value("[data-share=check_in]") == "50"
    tab.page.keyboard.press("Escape")
    assert not tab.page.is_visible(".rk-mixture")
    shown = "document.querySelector(\"[data-path='run.strategy'] option:checked\").textContent"
    tab.becomes(f"{shown} === '50% check in, 50% show up'")  # a dialog tells of its end a moment later
    assert tab.session.page_state == before
    tab.page.select_option("[data-path='run.strategy']", "mixture")
    tab.page.fill("[data-share=check_in]", "")
    tab.page.fill("[data-share=show_up]", "100")
    tab.click("use-mixture")
    tab.settles(lambda session: session.experiment.run.strategy == "show_up")


def test_every_setting_acts(open_tab: Open) -> None:
    """Live ones go on from today; the others begin anew."""
    tab = open_tab("?set=world.people=60&set=world.burn_in_years=0&set=run.adopters=6&set=run.strategy_days=40")
    tab.page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    paths = tab.page.eval_on_selector_all(".rk-settings input[data-path]", "all => all.map(each => each.dataset.path)")
    assert len(paths) == 17
    tab.click("week")
    for path in paths:
        tab.settles(lambda session: session.playback is not None)
        before = day_of(tab.session)
        was = float(tab.page.input_value(f"input[data-path='{path}']"))
        value = {"world.people": 70, "world.burn_in_years": 0.25, "run.strategy_days": 50, "world.seed": 5}.get(
            path, was + 1 if was > 1 else was / 2 + 0.1
        )
        value = int(value) if value == int(value) else value
        tab.page.fill(f"input[data-path='{path}']", str(value))
        tab.page.press(f"input[data-path='{path}']", "Enter")

        def there(session: Session, path: str = path, value: float = value) -> bool:
            at: Any = session.experiment
            for part in path.split("."):
                at = at[part] if isinstance(at, dict) else getattr(at, part)
            return at == value and session.page_state.changes.get(path) == str(value)

        tab.settles(there)
        if path.startswith("parameters."):
            assert day_of(tab.session) == before
            assert tab.session.playback is not None
            assert tab.session.playback.arms[0].run.parameters == tab.session.experiment.parameters
        else:
            tab.settles(lambda session: day_of(session) == 0)
            tab.click("day")
            tab.settles(lambda session: day_of(session) == 1)


def test_a_slider_sets_what_it_shows(open_tab: Open) -> None:
    tab = open_tab()
    slider = tab.page.locator("input[data-slider='parameters.effort_minutes']")
    slider.focus()
    slider.press("ArrowRight")
    tab.settles(lambda session: session.experiment.parameters.effort_minutes == 65)
    assert tab.page.input_value("input[data-path='parameters.effort_minutes']") == "65"


BAD = [
    ("world.people", "-3", "whole number from 2"),
    ("world.people", "many", "whole number from 2"),
    ("world.people", "1000000", "At most 20,000"),
    ("run.adopters", "61", "Needs 61 of 60 people"),
    ("run.adopters", "", "count such as 20"),
    ("run.strategy_days", "1.5", "whole number"),
    ("parameters.ease", "[", "not TOML"),
    ("parameters.ease", "1e9", "from -5 to 10"),
    ("parameters.gestures.like.opens_door", "2", ""),
]


def test_a_bad_value_is_explained_beside_its_field_and_nothing_changes(open_tab: Open) -> None:
    tab = open_tab()
    tab.page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    before = tab.session.page_state
    for path, value, said in BAD:
        tab.page.fill(f"input[data-path='{path}']", value)
        tab.page.press(f"input[data-path='{path}']", "Enter")
        field = tab.page.locator(".rk-field", has=tab.page.locator(f"input[data-path='{path}']"))
        field.locator(".rk-error:not(:empty)").wait_for()
        told = field.locator(".rk-error").inner_text()
        assert said in told
        assert "--set" not in told
        assert tab.session.page_state == before
        tab.click("day")  # the page goes on, and shows what holds
        tab.becomes("document.querySelector('.rk-error:not(:empty)') === null")


def test_a_bad_seed_is_explained(open_tab: Open) -> None:
    tab = open_tab()
    for seed in ("-1", "x", "4.5", ""):
        tab.page.fill("[data-path='run.seed']", seed)
        tab.page.press("[data-path='run.seed']", "Enter")
        tab.page.wait_for_selector(".rk-told:has-text('whole number from 0')")
        assert tab.session.experiment.run.seed == 1
        tab.page.evaluate("document.querySelector('.rk-told').textContent = ''")


@pytest.mark.parametrize(
    "query", ["?day=x", "?set=run.sed=3", "?config=/etc/passwd", "?beside=walk", "?sent=1.like", "?sent=0.like.1.9999"]
)
def test_a_bad_address_shows_the_opening_and_says_why(open_tab: Open, query: str) -> None:
    tab = open_tab(query)
    tab.page.wait_for_selector(".rk-told:has-text('Shown instead: the opening')")
    assert tab.session.experiment.world.people == 60


def test_two_worlds_have_the_same_draws_and_one_clock(open_tab: Open) -> None:
    tab = open_tab()
    tab.page.select_option("[data-do=beside]", "check_in")
    tab.settles(lambda session: session.playback is not None and len(session.playback.arms) == 2)
    assert tab.page.locator(".rk-world").count() == 2
    for _ in range(4):
        tab.click("week")
    tab.settles(lambda session: day_of(session) == 28)
    assert tab.session.playback is not None
    for arm, strategy in zip(tab.session.playback.arms, ("wait", "check_in"), strict=True):
        there = runner.world_of(tab.session.experiment.world)
        alone = sim.simulate(there, days=28, strategy=strategy, adopters=6, seed=1, strategy_days=40)
        assert arm.run.world() == alone.world
    shown = [float(each) for each in tab.page.locator("[data-outcome=reconnected]").all_inner_texts()]
    assert shown == pytest.approx([outcome.reconnected for outcome in tab.session.playback.outcomes()], abs=0.051)
    lit = """canvas => {
        const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        return pixels.filter((value, place) => place % 4 === 0 && value > 60).length;
    }"""
    only_differences = tab.page.eval_on_selector(".rk-world:nth-child(2) .rk-base", lit)
    tab.page.uncheck("[data-do=differences]")
    tab.settles(lambda session: not session.page_state.differences)
    tab.page.wait_for_timeout(200)
    everything = tab.page.eval_on_selector(".rk-world:nth-child(2) .rk-base", lit)
    tab.page.check("[data-do=differences]")
    tab.settles(lambda session: session.page_state.differences)
    tab.page.wait_for_timeout(200)
    again = tab.page.eval_on_selector(".rk-world:nth-child(2) .rk-base", lit)
    assert again == only_differences < everything


def numbers_on(tab: Tab) -> list[dict[str, str]]:
    """The numbers above each world, by outcome."""
    read = """all => all.map((world) => Object.fromEntries(
        [...world.querySelectorAll("[data-outcome]")].map((each) => [each.dataset.outcome, each.textContent])))"""
    found: list[dict[str, str]] = tab.page.eval_on_selector_all(".rk-world", read)
    return found


def test_the_numbers_of_each_world_are_its_outcomes_and_change_with_the_days(open_tab: Open) -> None:
    tab = open_tab("?beside=check_in&day=20&set=world.people=60&set=world.burn_in_years=1&set=run.strategy_days=40")
    seen = set()
    for _ in range(3):
        day = day_of(tab.session)
        tab.click("week")
        tab.settles(lambda session, day=day: day_of(session) > day)
        assert tab.session.playback is not None
        shown = numbers_on(tab)
        for outcome, world in zip(tab.session.playback.outcomes(), shown, strict=True):
            expected = outcome._asdict()
            assert list(world) == ["old_back", "new_active", "reconnected", "kept_up"]
            assert {name: float(text) for name, text in world.items()} == pytest.approx(
                {name: expected[name] for name in world}, abs=0.051
            )
        assert shown[0] != shown[1]
        seen.add(str(shown))
    assert len(seen) == 3
    meanings = tab.page.eval_on_selector_all(".rk-figure", "all => all.map((each) => each.title)")
    assert all(MEASURES[name].definition in meanings[k] for k, name in enumerate(("kept", "kept_new", "reconnected")))


def test_the_charts_are_of_the_outcome_in_their_menu(open_tab: Open) -> None:
    tab = open_tab("?beside=check_in&day=30")
    title, canvas = ".rk-chart:not(.rk-difference) h3", ".rk-chart:not(.rk-difference) canvas"
    drawn = {}
    for name, said in (("old_back", "Old ties back"), ("new_active", "New ties"), ("active_ties", "Active ties")):
        tab.page.select_option("[data-do=outcome]", name)
        assert tab.page.inner_text(title) == f"{said} per adopter"
        drawn[name] = tab.page.eval_on_selector(canvas, "canvas => canvas.toDataURL()")
    assert len(set(drawn.values())) == 3


def test_the_page_says_how_long_ago_the_strategy_stopped_and_then_shows_what_was_kept(open_tab: Open) -> None:
    settings = "&".join(f"set={path}={value}" for path, value in OPENING.changes.items())
    tab = open_tab(f"?{settings}&set=run.strategy=check_in&day=39")
    told = lambda: tab.page.inner_text(".rk-now")  # noqa: E731
    assert told() == "The strategy runs to day 40. What is left of it is counted 240 days later."
    tab.click("day")
    tab.settles(lambda session: day_of(session) == 40)
    assert told().startswith("The strategy stops today. In 240 days")
    tab.click("day")
    tab.settles(lambda session: day_of(session) == 41)
    assert told() == "The strategy stopped 1 day ago. In 239 days, old ties back are those that are kept."
    last = open_tab(f"?{settings}&set=run.strategy=check_in&day=280")
    assert last.page.inner_text(".rk-now").startswith("The strategy stopped 240 days ago. Today, old ties back are")
    there = runner.world_of(last.session.experiment.world)
    run = sim.simulate(there, days=280, strategy="check_in", adopters=6, seed=1, strategy_days=40)
    expected = [run.measures.scalars[name] for name in ("kept", "kept_new", "reconnected", "kept_up")]
    (shown,) = numbers_on(last)
    assert [float(text) for text in shown.values()] == pytest.approx(expected, abs=0.051)
    assert expected[2] > 0
    last.click("day")
    last.settles(lambda session: day_of(session) == 281)
    assert "What was kept was counted on day 280" in last.page.inner_text(".rk-now")


def test_a_pair_whose_experiment_is_stored_has_the_interval_over_its_worlds_beside_it(
    open_tab: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept = load(open_tab().session.presets["swept.toml"])
    monkeypatch.chdir(tmp_path)
    runs = runs_of(swept)
    store.prepare(Path("results/swept"))
    store.write_design(Path("results/swept"), described(runs), provenance.of_runs(swept, [run.id for run in runs]))
    store.add(Path("results/swept"), [runner.run_one(run).row for run in runs])
    known = over_worlds(swept, "wait", "check_in", ("kept", "reconnected"))
    note = ".rk-difference p"
    tab = open_tab("?config=swept.toml&beside=check_in&set=run.seed=7")
    tab.page.wait_for_selector(f"{note}:has-text('Over 3 worlds')")
    for name, measure in (("old_back", "kept"), ("reconnected", "reconnected")):
        tab.page.select_option("[data-do=outcome]", name)
        one = known[measure]
        said = f"{one.difference:+.1f}, 95% interval {one.low:.1f} to {one.high:.1f}".replace("-", "−")
        assert said in tab.page.inner_text(note)
    tab.page.fill("[data-path='parameters.effort_minutes']", "200")
    tab.page.press("[data-path='parameters.effort_minutes']", "Enter")
    tab.settles(lambda session: session.experiment.parameters.effort_minutes == 200)
    tab.click("day")
    tab.settles(lambda session: day_of(session) == 1)
    tab.page.wait_for_selector(f"{note}:has-text('use rekindle sweep')")
    other = open_tab("?config=swept.toml&beside=check_in&set=world.people=51")
    other.settles(lambda session: session.playback is not None)
    other.page.wait_for_timeout(500)
    assert "use rekindle sweep" in other.page.inner_text(note)


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (390, 844)])
@pytest.mark.parametrize(
    "query",
    [
        "",
        "?config=small_notes.toml&beside=check_in&day=33",
        "?config=added.toml&follow=3&beside=check_in&day=281",
        "?question=one_like&set=world.people=60&set=world.burn_in_years=1&day=5",
    ],
)
def test_nothing_covers_anything_else(open_tab: Open, size: tuple[int, int], query: str) -> None:
    tab = open_tab(query)
    tab.page.set_viewport_size({"width": size[0], "height": size[1]})
    tab.page.wait_for_timeout(200)
    covered = tab.page.evaluate("""() => {
        const parts = [...document.querySelectorAll(
            ".rk-choice > :not(.rk-question), .rk-question > :not(.rk-guesses), .rk-guesses > *, " +
            ".rk-name, .rk-figure, .rk-sky, .rk-now, .rk-meanings, .rk-legend span, " +
            ".rk-charted > *, .rk-chart h3, .rk-chart canvas, .rk-chart p, .rk-settings")];
        const boxes = parts.filter((each) => each.offsetParent).map((each) => [each, each.getBoundingClientRect()]);
        const wrong = [];
        boxes.forEach(([one, a], k) => boxes.slice(k + 1).forEach(([other, b]) => {
            if (one.closest(".rk-side") ? !other.closest(".rk-side") : other.closest(".rk-side")) return;
            const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            if (wide > 1 && high > 1) wrong.push(`${one.outerHTML.slice(0, 80)} and ${other.outerHTML.slice(0, 80)}`);
        }));
        for (const [one, box] of boxes) if (box.right > innerWidth + 1) wrong.push(one.outerHTML.slice(0, 80));
        return wrong;
    }""")
    assert covered == []
    assert tab.page.eval_on_selector(".rk-sky", "sky => sky.getBoundingClientRect().height") > 150


def test_a_click_on_a_person_follows_them_and_a_like_makes_two_worlds(open_tab: Open) -> None:
    tab = open_tab()
    tab.click("week")
    tab.settles(lambda session: day_of(session) == 7)
    assert tab.session.playback is not None
    person = int(tab.session.playback.adopters[2])
    x, y = where_is(tab, person)
    tab.page.mouse.click(x, y)
    tab.settles(lambda session: session.page_state.followed == person)
    listed = tab.page.eval_on_selector_all(".rk-tie", "all => all.map(each => Number(each.dataset.other))")
    assert set(listed) <= set(tab.session.playback.arms[0].run.known_to(person).tolist())
    assert len(listed) == min(40, len(tab.session.playback.arms[0].run.known_to(person)))
    tab.page.select_option("[data-do=kind]", "like")
    to = int(tab.page.input_value("[data-do=to]"))
    tab.click("send")
    tab.settles(lambda session: session.page_state.forked)
    assert [arm.name for arm in tab.session.playback.arms] == ["with it", "without it"]
    tab.click("day")
    tab.settles(lambda session: day_of(session) == 8)
    sent, unsent = (arm.gestures.of(person) for arm in tab.session.playback.arms)
    assert ("like", to) in {
        (sim.gestures.KINDS[g["kind"]], int(g["receiver"]))
        for g in sent
        if g["day"] == tab.session.playback.arms[0].run.start + 7
    }
    assert len(sent) == len(unsent) + 1
    tab.click("unfollow")
    tab.settles(lambda session: session.page_state.followed is None)


def where_is(tab: Tab, person: int) -> tuple[float, float]:
    """Where a person is on the screen, from their place and the size of the canvas, as the page computes it."""
    assert tab.session.playback is not None
    places = tab.session.playback.layout.places
    box = tab.page.locator(".rk-world:nth-child(1) .rk-over").bounding_box()
    size = max(1.1, min(5, min(box["width"], box["height"]) * 0.14 / np.sqrt(len(places))))
    low, high = places.min(axis=0), places.max(axis=0)
    room = np.array([box["width"], box["height"]]) - 2 * (size * 2.4 + 8)
    at = (places[person] - (low + high) / 2) * (room / (high - low)).min()
    return box["x"] + box["width"] / 2 + at[0], box["y"] + box["height"] / 2 - at[1]


def test_a_message_without_a_twin_goes_into_the_world_that_is_shown(open_tab: Open) -> None:
    tab = open_tab("?follow=3&set=world.people=60&set=world.burn_in_years=0")
    tab.page.select_option("[data-do=kind]", "message")
    tab.page.uncheck("[data-do=fork]")
    tab.click("send")
    tab.settles(lambda session: len(session.page_state.hand) == 1)
    (gesture,) = tab.session.page_state.hand
    tab.click("day")
    tab.settles(lambda session: day_of(session) == 1)
    assert tab.session.playback is not None
    assert len(tab.session.playback.arms) == 1
    there = runner.world_of(tab.session.experiment.world)
    alone = sim.simulate(there, days=1, strategy="wait", adopters=20, seed=1, strategy_days=730, extra=[gesture])
    assert tab.session.playback.arms[0].run.world() == alone.world


def test_the_configuration_that_is_copied_makes_the_same_run(open_tab: Open, tmp_path: Path) -> None:
    tab = open_tab(
        "?set=world.people=60&set=world.burn_in_years=0&set=run.adopters=5&set=run.strategy=check_in&set=run.seed=9"
        "&set=run.strategy_days=30&set=parameters.ease=3.1&set=parameters.gestures.like.opens_door=0.5"
    )
    for _ in range(5):
        tab.click("week")
    tab.settles(lambda session: day_of(session) == 35)
    tab.click("config")
    tab.becomes("document.querySelector('.rk').dataset.copied")
    copied = tmp_path / "copied.toml"
    copied.write_text(tab.page.get_attribute(".rk", "data-copied"))
    experiment = load(copied, ["run.follow_up_days=5"])
    (run,) = runs_of(experiment)
    result = runner.simulate(run, runner.world_of(run.world))
    assert tab.session.playback is not None
    shown = tab.session.playback.arms[0].run
    assert shown.world() == result.world
    np.testing.assert_equal(shown.measures().scalars, result.measures.scalars)


def test_the_configuration_of_two_worlds_is_a_sweep_of_both(open_tab: Open, tmp_path: Path) -> None:
    tab = open_tab("?set=world.people=60&set=world.burn_in_years=0&set=run.strategy=check_in&beside=show_up")
    tab.click("config")
    tab.becomes("document.querySelector('.rk').dataset.copied")
    assert "rekindle sweep default.toml makes both runs" in tab.page.inner_text(".rk-told")
    (tmp_path / "two.toml").write_text(tab.page.get_attribute(".rk", "data-copied"))
    assert [run.strategy for run in runs_of(load(tmp_path / "two.toml"))] == ["wait", "check_in", "show_up"]


def test_a_link_and_a_reload_show_the_same(open_tab: Open) -> None:
    tab = open_tab()
    tab.page.select_option("[data-do=beside]", "check_in")
    tab.settles(lambda session: session.page_state.beside == "check_in")
    tab.page.fill("[data-path='run.seed']", "7")
    tab.page.press("[data-path='run.seed']", "Enter")
    tab.settles(lambda session: session.experiment.run.seed == 7)
    tab.click("week")
    tab.settles(lambda session: day_of(session) == 7)
    tab.click("link")
    tab.becomes("document.querySelector('.rk').dataset.copied")
    link = tab.page.get_attribute(".rk", "data-copied")
    other = open_tab(link[link.index("?") :])
    assert tab.session.playback is not None
    assert other.session.playback is not None
    for one, same in zip(tab.session.playback.arms, other.session.playback.arms, strict=True):
        assert same.run.world() == one.run.world()
    tab.page.reload()
    tab.page.wait_for_selector(".rk[data-ready]")
    assert tab.page.inner_text(".rk-clock") == "Day 7"
    tab.ends(tab.page)


def test_a_preset_is_its_configuration(open_tab: Open) -> None:
    tab = open_tab()
    tab.page.select_option("[data-do=preset]", "small_notes.toml")
    tab.settles(lambda session: session.playback is not None and session.playback.arms[0].name == "handwritten notes")
    assert tab.session.experiment.world.people == 50


def test_two_tabs_have_worlds_of_their_own(open_tab: Open) -> None:
    one, other = open_tab(), open_tab()
    one.click("week")
    one.settles(lambda session: day_of(session) == 7)
    other.page.select_option("[data-path='run.strategy']", "show_up")
    other.settles(lambda session: session.experiment.run.strategy == "show_up")
    assert (day_of(one.session), day_of(other.session)) == (7, 0)
    assert one.session.experiment.run.strategy == "wait"


def test_a_closed_tab_stops_computing(open_tab: Open) -> None:
    tab, witness = open_tab(), open_tab()
    tab.click("play")
    tab.settles(lambda session: session.playing and day_of(session) > 0)
    tab.page.close()
    tab.ends(witness.page)
    assert not any(thread is tab.session._thread for thread in threading.enumerate())


def test_a_tab_that_answers_no_more_is_not_computed_for(open_tab: Open) -> None:
    tab = open_tab()
    tab.page.select_option("[data-do=speed]", "20")
    tab.click("play")
    tab.settles(lambda session: day_of(session) > 2)
    tab.page.evaluate("window.requestAnimationFrame = () => 0")  # as a tab in the background: nothing is drawn
    tab.page.wait_for_timeout(300)
    day = day_of(tab.session)
    tab.page.wait_for_timeout(400)
    assert day_of(tab.session) == day


def test_a_connection_that_was_lost_goes_on(open_tab: Open) -> None:
    tab = open_tab()
    tab.click("play")
    tab.settles(lambda session: day_of(session) > 0)
    tab.session._in_flight = 2  # as if the frames had been lost on their way
    tab.session._tell = lambda *_: None  # type: ignore[method-assign]
    tab.page.wait_for_timeout(200)
    day = day_of(tab.session)
    del tab.session._tell  # type: ignore[method-assign]
    tab.settles(lambda session: day_of(session) > day + 2)


def test_a_connection_that_breaks_is_taken_up_where_it_was(open_tab: Open) -> None:
    tab = open_tab()
    tab.click("play")
    tab.settles(lambda session: day_of(session) > 0)
    tab.page.evaluate("sockets.at(-1).close(4000)")
    day = day_of(tab.session)
    tab.becomes("sockets.length === 2")
    tab.settles(lambda session: day_of(session) > day + 2)
    tab.page.wait_for_timeout(1_200)  # as long as a lost tab is waited for
    assert not tab.session.is_over


def test_a_connection_that_does_not_come_back_is_not_computed_for(open_tab: Open) -> None:
    tab = open_tab()
    tab.click("play")
    tab.settles(lambda session: day_of(session) > 0)
    tab.page.evaluate("[sockets.at(-1)].forEach((last) => { window.WebSocket = class {}; last.close(4000); })")
    tab.ends(tab.page)


def test_what_the_page_would_not_send_changes_nothing(open_tab: Open) -> None:
    tab = open_tab()
    for text in ("{", "3", "[1]", '{"do": "walk"}', '{"do": "speed", "value": 3}'):
        tab.page.evaluate("text => sockets.at(-1).send(text)", text)
    tab.click("day")
    tab.settles(lambda session: day_of(session) == 1)
    assert tab.page.evaluate("sockets.length") == 1


def test_a_tab_that_was_given_up_begins_anew(base_url: str, cookie: str) -> None:
    for _ in range(2):
        with connected(base_url, base_url, cookie, tab="again") as tab:
            tab.send('{"do": "ready"}')
            assert tab.recv(timeout=20)
        time.sleep(0.3)  # until the server has ended what was computed for it


def test_the_run_stops_on_its_last_day(open_tab: Open) -> None:
    tab = open_tab("?day=270&set=world.people=60&set=world.burn_in_years=0&set=run.strategy_days=40")
    assert tab.page.inner_text(".rk-clock") == "Day 270"
    tab.page.select_option("[data-do=speed]", "50")
    tab.click("play")
    tab.settles(lambda session: day_of(session) == 280 and not session.playing)


@pytest.mark.parametrize(
    ("button", "begins"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("film", b""), ("replay", b"<!doctype html>")]
)
def test_pictures_and_films_are_downloaded(open_tab: Open, button: str, begins: bytes) -> None:
    tab = open_tab()
    tab.click("week")
    with tab.page.expect_download(timeout=60_000) as started:
        tab.click(button)
    path = started.value.path()
    assert path.read_bytes().startswith(begins)
    names = {"png": "day-7.png", "svg": "day-7.svg", "film": "default.mp4", "replay": "default.html"}
    assert started.value.suggested_filename == names[button]


def test_a_phone_has_all_of_it(open_tab: Open) -> None:
    tab = open_tab("?beside=check_in&set=world.people=60&set=world.burn_in_years=0")
    tab.page.set_viewport_size({"width": 390, "height": 844})
    tab.page.wait_for_timeout(200)
    wide = tab.page.evaluate("document.querySelector('.rk').scrollWidth")
    assert wide <= 390
    tab.page.locator("[data-do=config]").scroll_into_view_if_needed()
    assert tab.page.is_visible("[data-do=config]")
    outside = "all => all.filter(each => each.getBoundingClientRect().right > 391).map(each => each.outerHTML)"
    assert tab.page.eval_on_selector_all(".rk button, .rk select, .rk input", outside) == []


def test_gestures_stand_still_where_reduced_motion_is_preferred(open_tab: Open) -> None:
    tab = open_tab()
    tab.page.emulate_media(reduced_motion="reduce")
    tab.page.reload()
    tab.page.wait_for_selector(".rk[data-ready]")
    tab.click("week")
    tab.page.wait_for_selector(".rk[data-day='7']")
    flying = """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
        .reduce((sum, value, place) => sum + value * (place % 997), 0)"""
    before = tab.page.eval_on_selector(".rk-over", flying)
    tab.page.wait_for_timeout(200)
    assert tab.page.eval_on_selector(".rk-over", flying) == before > 0
    tab.page.keyboard.press("m")
    tab.becomes(f"({flying})(document.querySelector('.rk-over')) === 0")  # all have arrived


def test_text_can_be_read(open_tab: Open) -> None:
    """Contrast of at least 4.5 to 1 (WCAG 2.2, 1.4.3) for every word on the page."""
    tab = open_tab("?follow=3&beside=check_in&set=world.people=60&set=world.burn_in_years=0")
    worst = tab.page.evaluate("""() => {
        const linear = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
        const light = (colour) => {
            const [r, g, b] = colour.match(/\\d+(\\.\\d+)?/g).map(linear);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const ground = (element) => {
            for (let e = element; e; e = e.parentElement) {
                const colour = getComputedStyle(e).backgroundColor;
                if (!/, 0\\)$/.test(colour)) return colour;
            }
        };
        let worst = [99, ""];
        for (const e of document.querySelectorAll(".rk *")) {
            const text = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
            if (!text || !e.offsetParent) continue;
            const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
            const ratio = (a + 0.05) / (b + 0.05);
            if (ratio < worst[0]) worst = [ratio, e.outerHTML.slice(0, 120)];
        }
        return worst;
    }""")
    assert worst[0] >= 4.5, worst[1]


def test_the_server_listens_on_this_machine_alone(base_url: str) -> None:
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", base_url)


def test_a_port_in_use_is_reported(base_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["watch", "--no-open", "--port", base_url.rpartition(":")[2]])
    assert ended.value.code == 2
    assert "in use" in capsys.readouterr().err


def test_added_strategies_and_gestures_are_on_the_page_as_others_are(open_tab: Open) -> None:
    tab = open_tab("?config=added.toml&set=run.strategy=gifts&beside=check_in")
    page = tab.page
    for menu in ("[data-path='run.strategy']", "[data-do=beside]"):
        options = dict(page.eval_on_selector_all(f"{menu} option", "all => all.map((one) => [one.value, one.text])"))
        assert options["gifts"] == "Birthday gifts"
        assert options["check_in"] == "check in"
    assert page.eval_on_selector("[data-path='run.strategy']", "menu => menu.value") == "gifts"
    assert "question, comment, message, voice memo" in page.inner_text(".rk-legend")
    tab.click("week")
    tab.settles(lambda session: day_of(session) == 7)
    key = page.eval_on_selector_all(".rk-key span", "all => all.map((one) => [one.textContent, one.style.color])")
    assert ["━ Birthday gifts", "rgb(230, 159, 0)"] in key
    title = page.eval_on_selector(".rk-name", "one => [one.textContent, one.style.color]")
    assert title == ["Birthday gifts", "rgb(230, 159, 0)"]
    page.keyboard.press("a")
    tab.settles(lambda session: session.page_state.followed is not None)
    titles = page.eval_on_selector_all(".rk-ties li", "all => all.map((one) => one.title)")
    assert any("→ voice memo" in title for title in titles)
    page.select_option("[data-do=beside]", "gifts")
    tab.settles(lambda session: session.page_state.beside == "gifts")
    assert "beside=gifts" in page.evaluate("location.search")


def test_a_mixture_can_have_an_added_strategy(open_tab: Open) -> None:
    tab = open_tab("?config=added.toml&beside=%7B+gifts+%3D+0.5%2C+check_in+%3D+0.5+%7D")
    assert [arm.name for arm in tab.session.playback.arms] == ["Birthday gifts", "50% Birthday gifts, 50% check in"]
    tab.page.select_option("[data-do=beside]", "mixture")
    assert tab.page.inner_text("label[for=rk-share-gifts]") == "Birthday gifts"


def test_an_added_strategy_is_unknown_where_no_configuration_has_it(open_tab: Open) -> None:
    tab = open_tab("?set=run.strategy=gifts")
    assert "gifts" in tab.page.inner_text(".rk-told")
    assert tab.session.experiment.run.strategy == "wait"
