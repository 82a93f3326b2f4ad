from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.config.reading import load
from experiments.watch.film import Shot, frames
from experiments.watch.page_state import with_strategy
from experiments.watch.playback import Playback
from sim import worlds
from tests.experiments.conftest import Rekindle

av = pytest.importorskip("av", reason="needs the extra film")


def stage_of(config: Path) -> Playback:
    experiment = load(config)
    both = [with_strategy(experiment, each) for each in ("wait", "check_in")]
    return Playback(worlds.generated(people=40, burn_in_years=0, seed=5), both)


def test_an_mp4_has_all_its_frames_at_an_even_rate(config: Path, rekindle: Rekindle) -> None:
    told = rekindle(
        "film", config, "--out", "films/two.mp4", "--seconds", 1, "--days", 10, "--side-by-side", "wait", "check_in"
    )
    assert told.code == 0
    assert "Written: films/two.mp4" in told.out
    with av.open("films/two.mp4") as film:
        stream = film.streams.video[0]
        times = [float(frame.time) for frame in film.decode(stream)]
        assert (stream.width, stream.height) == (1920, 1080)
    assert len(times) == 24
    assert np.allclose(np.diff(times), 1 / 24)


def test_films_of_several_configurations_are_kept_until_they_would_show_something_else(
    config: Path, rekindle: Rekindle
) -> None:
    other = config.with_name("other.toml")
    other.write_text(config.read_text())
    wanted = ("film", config, other, "--out", "films", "--seconds", 1, "--days", 3)
    first = rekindle(*wanted)
    names = [f"films/{each.stem}.mp4" for each in (config, other)]
    assert first.out.split() == ["Written:", names[0], "Written:", names[1]]
    other.write_text(config.read_text().replace("[run]", "[run]\nseed = 77"))
    assert rekindle(*wanted).out.splitlines() == [f"Already up to date: {names[0]}", f"Written: {names[1]}"]
    assert sorted(path.name for path in Path("films").iterdir()) == sorted(Path(name).name for name in names)


def test_a_configuration_that_cannot_be_filmed_does_not_keep_others_from_it(config: Path, rekindle: Rekindle) -> None:
    wrong = config.with_name("a_wrong_one.toml")
    wrong.write_text("[world]\npeople = -3\n")
    told = rekindle("film", wrong, config, "--out", "films", "--seconds", 1, "--days", 3)
    assert told.code == 2
    assert "a_wrong_one.toml" in told.err
    assert "1 of 2 films could not be made" in told.err
    assert [path.name for path in Path("films").iterdir()] == [f"{config.stem}.mp4"]


def test_several_films_need_a_folder(config: Path, rekindle: Rekindle) -> None:
    told = rekindle("film", config, config, "--out", "film.mp4")
    assert told.code == 2
    assert "give a folder" in told.err
    told = rekindle("film", config, config, "--out", "films")
    assert told.code == 2
    assert "are named tiny" in told.err


def test_a_gif_moves(config: Path, rekindle: Rekindle) -> None:
    assert rekindle("film", config, "--out", "one.gif", "--seconds", 1, "--days", 5, "--follow", 3).code == 0
    with Image.open("one.gif") as film:
        assert film.n_frames == 12  # type: ignore[attr-defined]
        first = np.asarray(film.convert("RGB"))
        film.seek(9)
        assert (np.asarray(film.convert("RGB")) != first).any()


def test_the_same_seed_is_the_same_film(config: Path) -> None:
    shown = [[frame.copy() for frame in frames(stage_of(config), Shot(8, 1), 4)] for _ in range(2)]
    assert all((one == other).all() for one, other in zip(*shown, strict=True))
    assert (shown[0][0] != shown[0][2]).any()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", "film.avi"], 'expected a file that ends in .mp4 or .gif, or a folder'),
        (["--follow", 40], "expected a person from 0 to 39"),
        (["--side-by-side", "wait", "chek_in"], "did you mean 'check_in'?"),
        (["--set", "world.people=-3"], "expected a whole number from 2"),
    ],
)  # fmt: skip
def test_what_cannot_be_filmed_is_explained(
    config: Path, rekindle: Rekindle, arguments: list[object], said: str
) -> None:
    told = rekindle("film", config, *arguments)  # type: ignore[arg-type]
    assert told.code == 2
    assert said in told.err
    assert not list(Path().glob("film.*"))
