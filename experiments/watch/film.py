"""Films of one world, or of two side by side, from the seed: MP4 with PyAV, GIF with Pillow."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import Image, ImageColor

from experiments.watch.layout import FLASH, WorldFrame
from experiments.watch.outcomes import OutcomeOfPairs
from experiments.watch.palette import DOOR, EMBER, FAMILIES, INK, NIGHT, QUIET, TIES
from experiments.watch.picture import SIZE, Drawing, Panel
from experiments.watch.playback import Arm, Playback
from sim.model.rules import SECONDS_A_DAY
from sim.runtime.interrupts import held_back

FRAMES_A_SECOND = {".mp4": 24, ".gif": 12}
FRAMES_OF_A_FLASH = 10
AIRBORNE = 48  # flashes per world at a time; more would hide the ties
HOLD = 0.1  # share of a film in which the last day stands still
_GIF_SIZE = (960, 540)


class Shot(NamedTuple):
    """What a film shows: the number of days and seconds, and the followed person if any."""

    days: int
    seconds: float
    followed: int | None = None


def film(
    playback: Playback,
    shot: Shot,
    out: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
    description: str = "",
) -> None:
    """Play worlds from their first morning and write a film. The file appears only when it is complete.

    Args:
        playback: at its first day; the film plays it on.
        shot: what the film shows.
        out: path that ends in ``.mp4`` or ``.gif``.
        progress: called with the number of frames done and the total.
        description: text for the film's metadata, see `description_in`.

    Raises:
        OSError: the file cannot be written.
    """
    rate = FRAMES_A_SECOND[out.suffix.lower()]
    count = max(2, round(shot.seconds * rate))
    write = _mp4 if out.suffix.lower() == ".mp4" else _gif

    def counted(hand_on_stop: Callable[[], None]) -> Iterator[np.ndarray]:
        for done, frame in enumerate(frames(playback, shot, count), start=1):
            yield frame
            progress(done, count)
            hand_on_stop()

    # The writer takes the format from the suffix, so `atomic_files` cannot name this file. The random name is unique.
    half_done = out.with_name(f".{secrets.token_hex(8)}-{out.stem}.half_done{out.suffix}")
    with held_back() as hand_on_stop:  # so that an incomplete film is removed
        try:
            write(counted(hand_on_stop), rate, half_done, description)
            half_done.replace(out)
        finally:
            half_done.unlink(missing_ok=True)


def description_in(out: Path) -> str | None:
    """The text in the metadata of an MP4 film; None if there is none, or if it cannot be read."""
    import av

    try:
        with av.open(str(out)) as file:
            return file.metadata.get("comment")
    except (OSError, av.FFmpegError):
        return None


def frames(playback: Playback, shot: Shot, count: int) -> Iterator[np.ndarray]:
    """The frames of a film, each of shape (1080, 1920, 4) and valid until the next one, at constant speed."""
    drawing = Drawing(playback.layout.places, playback.adopters, len(playback.arms), shot.followed, playback.families)
    moving = max(1, round(count * (1 - HOLD)))
    a_frame = shot.days / moving  # in days
    lasts = max(FRAMES_OF_A_FLASH * a_frame, 0.25)
    flying = [np.zeros(0, FLASH) for _ in playback.arms]
    pictures = playback.look(followed=shot.followed)
    for frame in range(count):
        now = min((frame + 1) * a_frame, shot.days + (frame - moving) * a_frame if frame > moving else math.inf)
        while playback.day < min(math.ceil(now), shot.days):
            playback.step()
            pictures = playback.look(followed=shot.followed)
            flying = [np.concatenate([old, new.flashes])[:AIRBORNE] for old, new in zip(flying, pictures, strict=True)]
        ages = [(now - _time_of(each, playback)) / lasts for each in flying]
        flying = [each[age < 1] for each, age in zip(flying, ages, strict=True)]
        panels = [
            _panel(arm, picture, each, age[age < 1])
            for arm, picture, each, age in zip(playback.arms, pictures, flying, ages, strict=True)
        ]
        shown = min(int(now), shot.days)
        drawing.show(playback.layout.pairs, panels, clock_of(shown), _difference(playback), FOOTER)
        yield drawing.pixels()


FOOTER = "simulated, not measured: many parameters are assumptions"


def still(playback: Playback, followed: int | None, out: BinaryIO, ending: str) -> None:
    """Write an image of this morning as ``png`` or ``svg``. The worlds are only read."""
    drawing = Drawing(playback.layout.places, playback.adopters, len(playback.arms), followed, playback.families)
    panels = [
        _panel(arm, picture, picture.flashes[:AIRBORNE], np.full(len(picture.flashes[:AIRBORNE]), 0.4))
        for arm, picture in zip(playback.arms, playback.look(followed=followed), strict=True)
    ]
    drawing.show(playback.layout.pairs, panels, clock_of(playback.day), _difference(playback), FOOTER)
    facts = {"Title": f"rekindle: day {playback.day}"} | ({"Date": None} if ending == "svg" else {})
    drawing.figure.savefig(out, format=ending, facecolor=NIGHT, metadata=facts)


def _panel(arm: Arm, picture: WorldFrame, flashes: np.ndarray, ages: np.ndarray) -> Panel:
    begun, outcome = ages >= 0, arm.ties.outcome()
    shown = picture._replace(flashes=flashes[begun])
    if isinstance(outcome, OutcomeOfPairs):
        talking, answered = _decimal(outcome.talking), _decimal(outcome.answered)
        numbers = talking, f"of 100 pairs talk again\n({answered}: the other wrote)"
    else:
        numbers = _decimal(outcome.old_back), f"old ties back\n({_decimal(outcome.reconnected)} reconnected)"
    return Panel(arm.name, shown, numbers, ages[begun])


def _decimal(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.1f}"


def _time_of(flashes: np.ndarray, playback: Playback) -> np.ndarray:
    """When each gesture was sent, in days of the run, shape (flashes,)."""
    return flashes["day"] - playback.arms[0].run.start + flashes["second"] / SECONDS_A_DAY


def clock_of(day: int) -> str:
    """A day for display."""
    return f"day {day:,}" if day < 365 else f"year {day // 365 + 1}, day {day % 365:,}"


def _difference(playback: Playback) -> str:
    shown = {each.name: each for each in playback.shown}
    first = shown["talking"] if "talking" in shown else shown["old_back"]
    if len(playback.arms) == 1:
        return first.per.replace("per adopter", "ties per adopter")
    one, other = (getattr(outcome, first.name) for outcome in playback.outcomes())
    if math.isnan(one) or math.isnan(other):
        return ""
    return f"difference: {other - one:+.1f} {first.label} {first.per}".replace("-", "−")


def _mp4(pictures: Iterator[np.ndarray], rate: int, out: Path, description: str) -> None:
    import av  # an optional dependency, needed only for films

    with av.open(str(out), "w") as file:
        file.metadata["comment"] = description
        options = {"crf": "18", "preset": "veryfast"}
        stream = file.add_stream("libx264", rate=Fraction(rate), width=SIZE[0], height=SIZE[1], options=options)
        stream.pix_fmt = "yuv420p"  # supported by all players and projectors
        for pixels in pictures:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgba")))
        file.mux(stream.encode())


def _gif(pictures: Iterator[np.ndarray], rate: int, out: Path, description: str) -> None:
    palette = _palette()
    small = (Image.fromarray(pixels[..., :3]).resize(_GIF_SIZE, Image.Resampling.LANCZOS) for pixels in pictures)
    reduced = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in small]
    reduced[0].save(out, save_all=True, append_images=reduced[1:], duration=1_000 // rate, loop=0, comment=description)


def _palette() -> Image.Image:
    """256 colours for all frames: each colour of the drawing in steps from the background to full."""
    named = [INK, QUIET, EMBER, DOOR, *TIES.values(), *FAMILIES.values()]
    steps = np.linspace(0, 1, 255 // len(named) + 1)[1:, None, None]
    full, night = (np.array([ImageColor.getrgb(name) for name in names]) for names in (named, [NIGHT]))
    colours = np.concatenate([night, (night + steps * (full - night)).reshape(-1, 3)]).astype(np.uint8)
    palette = Image.new("P", (1, 1))
    palette.putpalette(colours.tobytes().ljust(768, b"\0"))
    return palette
