"""Replays: the file plays alone, and what it shows is what the simulation did."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from experiments.config.errors import ConfigError
from experiments.config.reading import load
from experiments.sweeps import runner
from experiments.watch import replay as replays
from experiments.watch.followed import followed_person
from experiments.watch.page_state import with_strategy
from experiments.watch.playback import Playback
from experiments.watch.replay import ReplaySpec, frames_of, record, replay, tracks_of, typical_adopter
from experiments.watch.tracks import Track, packed
from tests.experiments.conftest import Rekindle, refused

DAYS = 30
CAPTIONS = [
    (0, "They have not been in touch."),
    (7, "A letter."),
    (7, "It is read."),
    (25, "They </script> talk again."),
]
CHANGES = ["world.people=60", "world.burn_in_years=0.5", "run.adopters=6", "run.strategy_days=40", "run.seed=4"]
PAIR = ["wait", "check_in"]
FORBIDDEN = "story-elsewhere"  # a file that a test asks for
NO_CLIPBOARD = "The Clipboard API has been blocked"  # as it is in a frame of another page


def playback_of(changes: list[str] = CHANGES, pair: list[str] | None = None) -> Playback:
    experiment = load(None, changes)
    return Playback(runner.world_of(experiment.world), [with_strategy(experiment, each) for each in pair or PAIR])


class Made(NamedTuple):
    """A replay in a file, and what it is of."""

    path: Path
    spec: ReplaySpec


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    playback = playback_of()
    person = typical_adopter(playback)
    name = {person: "Ada", playback.ties_of(person)[0].other: "Ben"}
    spec = ReplaySpec(DAYS, person, "Two of us", CAPTIONS, name)
    path = tmp_path_factory.mktemp("replays") / "story.html"
    path.write_text(replay(playback, load(None, CHANGES), spec, '# TOML\nname = "x"\n'), encoding="utf-8")
    return Made(path, spec)


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens files in a browser without a network. None may meet an error or ask for anything but itself."""
    wrong: list[str] = []
    contexts: list[Any] = []

    def open_file(path: Path, anchor: str = "", **options: Any) -> Any:
        context = browser.new_context(offline=True, viewport={"width": 1000, "height": 640}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda message: is_error(message) and wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: "story" not in request.url and wrong.append(request.url))
        page.goto(f"{path.as_uri()}{anchor}")
        return page

    yield open_file
    for context in contexts:
        context.close()
    assert wrong == []


def is_error(message: Any) -> bool:
    """Whether a line of the console is an error, other than of what a test asks for in vain."""
    return message.type == "error" and FORBIDDEN not in message.text and NO_CLIPBOARD not in message.text


def ready(page: Any) -> Any:
    page.wait_for_selector(".rk-replay[data-ready]")
    return page


def day_of(page: Any) -> int:
    return int(page.get_attribute(".rk-replay", "data-day"))


def head_of(text: str) -> dict[str, Any]:
    found = re.search(r'id="head">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    head: dict[str, Any] = json.loads(found[1])
    return head


def frames_in(text: str) -> bytes:
    found = re.search(r'id="frames">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    return zlib.decompress(base64.b64decode(found[1]))


# In the browser ------------------------------------------------------------------------------------------------------

BYTES = """(k) => {
    const [message, buffers] = rekindle.recording.frame(k);
    const text = (view) => btoa(String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset, view.byteLength)));
    return [message, buffers.map(text)];
}"""


def test_the_browser_has_the_bytes_of_the_simulation(made: Made, opened: Callable[..., Any]) -> None:
    """On three days, in an order that goes back, too: ties, people, gestures, outcomes, and the followed person."""
    page, playback = ready(opened(made.path)), playback_of()
    expected = {}
    for day in range(DAYS + 1):
        if day:
            playback.step()
        looks = playback.look(followed=made.spec.followed)
        followed = followed_person(playback, made.spec.followed, frozenset(made.spec.names))
        expected[day] = looks, followed, playback.outcomes(), playback.layout.pairs.copy()
    for day in (7, 30, 16):
        looks, followed, outcomes, pairs = expected[day]
        page.evaluate("(k) => rekindle.goTo(k)", day)
        assert page.evaluate("Array.from(rekindle.picture.scene.pairs)") == pairs.ravel().tolist()
        message, buffers = page.evaluate(BYTES, day)
        found = [base64.b64decode(text) for text in buffers]
        for number, look in enumerate(looks):
            ties, people, flashes = found[2 + 3 * number : 5 + 3 * number]
            assert ties == look.ties.tobytes()
            assert people == look.people.tobytes()
            assert flashes == look.flashes[:90].tobytes()
        assert message["day"] == day
        assert in_order(message["followed"]) == in_order(json.loads(json.dumps(followed)))
        assert [list(one.values()) for one in message["outcomes"]] == [
            [round(value, 3) for value in outcome] for outcome in outcomes
        ]


def in_order(followed: dict[str, Any]) -> dict[str, Any]:
    return followed | {"ties": [sorted(ties, key=lambda tie: tie["other"]) for ties in followed["ties"]]}


def test_it_plays_without_a_network_and_without_a_request(made: Made, opened: Callable[..., Any]) -> None:
    page = ready(opened(made.path))
    assert day_of(page) == 0
    page.keyboard.press("Space")
    page.wait_for_selector(".rk-replay[data-day='2']")
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0
    page.keyboard.press("Space")
    assert page.get_attribute(".rk-replay", "data-playing") == "false"


def test_the_file_forbids_the_browser_any_request(made: Made, opened: Callable[..., Any]) -> None:
    page = ready(opened(made.path))
    for url in (FORBIDDEN, f"http://127.0.0.1:9/{FORBIDDEN}", f"data:text/plain,{FORBIDDEN}"):
        assert page.evaluate("(url) => fetch(url).then(() => 'fetched', (error) => error.name)", url) == "TypeError"
    page.evaluate("(url) => document.body.append(Object.assign(new Image(), { src: url }))", FORBIDDEN)
    text = made.path.read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    assert not re.search(r'http-equiv="Content-Security-Policy" content="[^"]*unsafe', text)


def test_keys_and_the_bar_go_through_the_days(made: Made, opened: Callable[..., Any]) -> None:
    page = ready(opened(made.path, "#day=12"))
    assert day_of(page) == 12
    for key, day in (("ArrowRight", 13), ("ArrowLeft", 12), ("End", DAYS), ("ArrowRight", DAYS), ("Home", 0)):
        page.keyboard.press(key)
        assert day_of(page) == day
    page.fill(".rk-reel-bar", "9")
    assert day_of(page) == 9
    page.focus(".rk-reel-bar")
    page.keyboard.press("ArrowRight")
    assert day_of(page) == 10
    assert page.get_attribute(".rk-reel-bar", "aria-valuetext") == "day 10"


def test_captions_are_shown_from_their_day_on_and_read_out(made: Made, opened: Callable[..., Any]) -> None:
    page = ready(opened(made.path))
    for day in (0, 6, 7, 24, 25, DAYS, 3):
        page.evaluate("(k) => rekindle.goTo(k)", day)
        latest = max(since for since, _ in CAPTIONS if since <= day)
        assert page.inner_text(".rk-caption") == " ".join(text for since, text in CAPTIONS if since == latest)
    assert page.get_attribute(".rk-caption", "aria-live") == "polite"


def test_a_new_caption_can_be_read_while_it_plays(made: Made, opened: Callable[..., Any]) -> None:
    page = ready(opened(made.path, "#day=6"))
    page.evaluate("rekindle.set({ speed: 100, playing: true })")
    page.get_by_text("A letter. It is read.").wait_for()
    page.wait_for_timeout(400)  # 40 days at this speed
    assert day_of(page) < 25


def test_the_circle_and_everyone(made: Made, opened: Callable[..., Any]) -> None:
    page = ready(opened(made.path))
    assert page.locator(".rk-circle:visible").count() == 2
    assert "Ada and the" in page.inner_text(".rk-sentence")
    page.keyboard.press("v")
    assert page.locator(".rk-circle:visible").count() == 0
    assert page.locator(".rk-base:visible").count() == 2
    page.click("[data-do=circle]")
    assert page.locator(".rk-circle:visible").count() == 2


def test_everything_has_a_name_for_screen_readers(made: Made, opened: Callable[..., Any]) -> None:
    page = ready(opened(made.path))
    for canvas in page.locator("canvas[role=img]").all():
        assert len(canvas.get_attribute("aria-label")) > 20
    controls = "[...document.querySelectorAll('button, select, input, textarea')]"
    assert page.evaluate(f"{controls}.filter((each) => !each.ariaLabel && !each.closest('label')).length") == 0


def test_nothing_moves_on_its_own_for_those_who_want_no_motion(made: Made, opened: Callable[..., Any]) -> None:
    moving = ready(opened(made.path, "#play"))
    assert moving.get_attribute(".rk-replay", "data-playing") == "true"
    still = ready(opened(made.path, "#play", reduced_motion="reduce"))
    assert still.get_attribute(".rk-replay", "data-playing") == "false"


@pytest.mark.parametrize("size", [(390, 844), (844, 390), (640, 360), (1600, 900)])
def test_it_fits_a_phone_and_a_frame(made: Made, opened: Callable[..., Any], size: tuple[int, int]) -> None:
    page = ready(opened(made.path))
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.wait_for_timeout(100)
    for view in ("circle", "everyone"):
        page.click(f"[data-do={view}]")
        boxes = page.evaluate(
            "[...document.querySelectorAll('.rk-replay-head, .rk-stage, .rk-caption, .rk-reel')].map((part) => {"
            "  const { top, bottom, right } = part.getBoundingClientRect(); return [top, bottom, right]; })"
        )
        assert all(lower[0] >= upper[1] - 1 for upper, lower in pairwise(boxes))
        assert boxes[-1][1] <= size[1]
        assert max(right for _, _, right in boxes) <= size[0]
        least = page.evaluate("Math.min(...[...document.querySelectorAll('.rk-sky')].map((sky) => sky.clientHeight))")
        assert least >= 0.25 * min(size)


def test_it_plays_in_a_frame_that_may_do_nothing_but_run(made: Made, opened: Callable[..., Any]) -> None:
    slides = made.path.with_name("story_slides.html")
    slides.write_text('<iframe sandbox="allow-scripts" src="story.html#day=5" width="800" height="450"></iframe>')
    page = opened(slides)
    frame = page.frame_locator("iframe")
    frame.locator(".rk-replay[data-day='5']").wait_for()
    frame.locator("[data-do=about]").click()
    frame.locator("[data-do=copy]").click()
    frame.get_by_text(re.compile("Copied|is selected")).wait_for()


def test_about_has_what_made_it(made: Made, opened: Callable[..., Any]) -> None:
    page = ready(opened(made.path))
    page.click("[data-do=about]")
    assert page.input_value(".rk-about textarea") == '# TOML\nname = "x"\n'
    head = head_of(made.path.read_text(encoding="utf-8"))
    said = page.inner_text(".rk-made")
    assert all(head["about"][name] in said for name in ("seed", "version", "model"))
    assert head["about"]["seed"] == "4"


# What is recorded ----------------------------------------------------------------------------------------------------


def test_the_configuration_in_a_file_makes_the_same_worlds(config: Path, rekindle: Rekindle) -> None:
    told = rekindle(
        "replay", config, "--side-by-side", "wait", "check_in", "--days", 12, "-o", "a.html", "--set", "run.seed=9"
    )
    assert told.code == 0
    assert told.out == "Written: a.html\n"
    first = Path("a.html").read_text(encoding="utf-8")
    Path("again.toml").write_text(head_of(first)["about"]["config"], encoding="utf-8")
    again = load(Path("again.toml"))
    assert again.run.seed == 9
    assert again.sweep is not None
    rekindle("replay", "again.toml", "--side-by-side", *again.sweep.strategies, "--days", 12, "-o", "b.html")
    second = Path("b.html").read_text(encoding="utf-8")
    assert frames_in(second) == frames_in(first)
    assert second == first  # and so is everything else, made at another time
    rekindle("replay", "again.toml", "--side-by-side", *again.sweep.strategies, "--days", 12, "-o", "c.html",
             "--set", "run.seed=10")  # fmt: skip
    assert frames_in(Path("c.html").read_text(encoding="utf-8")) != frames_in(first)


@given(
    st.lists(st.sampled_from([np.uint8, np.uint16, np.int32]), min_size=1, max_size=3),
    arrays.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=5),
    st.booleans(),
    st.data(),
)
def test_tracks_are_read_back(types: list[Any], shape: tuple[int, int], changes: bool, data: st.DataObject) -> None:
    tracks = [
        Track(str(k), data.draw(arrays.arrays(kind, shape)), changes, "" if k == 0 or types[0] != kind else "0")
        for k, kind in enumerate(types)
    ]
    described, deflated = packed(tracks)
    assert [one["name"] for one in json.loads(json.dumps(described))] == [track.name for track in tracks]
    for track, values in zip(tracks, read_back(described, zlib.decompress(deflated)), strict=True):
        assert (values == track.values).all()


def read_back(described: list[dict[str, Any]], bytes_: bytes) -> list[np.ndarray]:
    """As js/tracks.js reads them, in NumPy."""
    found: dict[str, np.ndarray] = {}
    at = 0
    for one in described:
        size = int(np.prod(one["shape"])) * one["item"]
        planes = np.frombuffer(bytes_[at : at + size], np.uint8).reshape(one["item"], -1)
        values = planes.T.copy().view(f"<{one['type']}").reshape(one["shape"])
        if one["changes"]:
            values = np.cumsum(values, axis=0, dtype=values.dtype)
        found[one["name"]] = values + found[one["beyond"]] if one["beyond"] else values
        at += size
    assert at == len(bytes_)
    return list(found.values())


@given(st.integers(1, 400), st.integers(1, 60))
def test_frames_go_from_the_first_day_to_the_last(days: int, stride: int) -> None:
    frames = frames_of(days, stride)
    assert frames[0] == 0
    assert frames[-1] == days
    assert all(0 < later - earlier <= stride for earlier, later in pairwise(frames))


def test_fewer_frames_leave_out_no_gesture_of_the_followed_person() -> None:
    playback = playback_of()
    recording = record(playback, ReplaySpec(DAYS, typical_adopter(playback)), lambda done, total: None)
    daily, fewer = (
        {track.name: track.values for track in tracks_of(recording, frames_of(DAYS, stride))} for stride in (1, 7)
    )
    for world in (0, 1):
        assert len(daily[f"own.{world}"]) > 2
        assert (daily[f"own.{world}"] == fewer[f"own.{world}"]).all()
        at = fewer["days"]
        for name in ("ties", "people", "outcomes"):
            assert (daily[f"{name}.{world}"][at] == fewer[f"{name}.{world}"]).all()
        rows = np.diff(fewer[f"flashes.{world}.from"])
        assert (rows <= replays.MOST_FLASHES).all()
        assert rows.sum() > 0


def test_a_large_recording_has_fewer_frames_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def size_of(most: int) -> tuple[int, int]:
        monkeypatch.setattr(replays, "MOST_BYTES", most)
        playback = playback_of()
        text = replay(playback, load(None, CHANGES), ReplaySpec(DAYS, 0), "")
        return len(text.encode()), head_of(text)["stride"]

    whole, stride = size_of(10**9)
    assert stride == 1
    size, stride = size_of(whole - 1)
    assert size < whole
    assert stride > 1
    with pytest.raises(ConfigError, match=r"at most 0\.01 MB are allowed; show fewer people"):
        size_of(10_000)


def test_the_usual_captions_are_those_of_the_run() -> None:
    experiment = load(None, [*CHANGES, "run.strategy_days=10"])
    playback = playback_of([*CHANGES, "run.strategy_days=10"], ["check_in"])
    told = head_of(replay(playback, experiment, ReplaySpec(12, 0), ""))["captions"]
    assert told[0] == [0, "60 people. 6 of them follow a strategy: “check in”."]
    assert [day for day, _ in told] == [0, 10]


# The command ---------------------------------------------------------------------------------------------------------


def test_a_story_says_who_the_two_are_and_how_they_were_chosen(
    config: Path, rekindle: Rekindle, opened: Callable[..., Any]
) -> None:
    settled = ("--set", "world.people=80", "--set", "world.burn_in_years=2")
    told = rekindle("replay", config, "--story", *settled, "-o", "story.html")
    assert told.code == 0, told.err
    page = ready(opened(Path("story.html").absolute()))
    first, second = page.inner_text("h1").split(" and ")
    caption = page.inner_text(".rk-caption")
    assert caption.startswith(f"{first} and {second} were close once.")
    assert f"You like something that {second} posted." in caption
    assert f"{first} (you) and the" in page.inner_text(".rk-sentence")
    assert page.locator(".rk-name").all_inner_texts() == ["with the like", "without the like"]
    assert "talk again within 60 days anyway" in page.inner_text(".rk-note")
    page.keyboard.press("End")
    assert day_of(page) == 60
    assert "in these 60 days" in page.inner_text(".rk-caption")
    text = Path("story.html").read_text(encoding="utf-8")
    assert "Sent by hand, and not part of it: a like from" in head_of(text)["about"]["config"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", "story.mp4"], 'expected a file that ends in .html'),
        (["--follow", 40], "expected a person from 0 to 39"),
        (["--side-by-side", "wait", "chek_in"], "did you mean 'check_in'?"),
        (["--out", "tiny.toml/story.html"], "could not be read or written"),
        (["--story"], "--story has its own worlds, days and people"),
    ],
)  # fmt: skip
def test_what_cannot_be_recorded_is_explained(
    config: Path, rekindle: Rekindle, arguments: list[object], said: str
) -> None:
    told = rekindle("replay", config, "--days", 3, *arguments)
    assert said in refused(told)
    assert not list(Path().glob("*.html"))


def test_without_a_configuration_it_says_what_is_missing(config: Path, rekindle: Rekindle) -> None:
    assert "CONFIG is missing" in refused(rekindle("replay"))
    assert "nowhere.toml" in refused(rekindle("replay", "nowhere.toml"))
