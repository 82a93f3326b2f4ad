"""Speed of the page of `rekindle watch`: frames per second in a real Chromium, time until ready, memory.

    python -m benchmarks.page                      all sizes, some minutes
    python -m benchmarks.page --frames 36000       and half an hour's worth of frames (20 a second) for the memory

One frame is one day, computed, sent, drawn and acknowledged. Nothing else should run at the same time. On a shared
machine, the processor time per frame is more informative than the frames per second.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlencode

import psutil
from playwright.sync_api import sync_playwright

from benchmarks.machine import facts

SECONDS = 15.0


class Case(NamedTuple):
    """A world, how it is shown, and the target for the frames per second."""

    name: str
    people: int
    burn_in_years: float
    beside: str | None
    target: float


CASES = (
    Case("300 people, two worlds (what a talk shows)", 300, 3, "engage_regularly", 20),
    Case("2,000 people, 20,000 ties", 2_000, 3, None, 20),
    Case("2,000 people, 20,000 ties, two worlds", 2_000, 3, "engage_regularly", 12),
    Case("10,000 people, 100,000 ties", 10_000, 0.25, None, 10),
)


class Served(NamedTuple):
    """A running server."""

    process: psutil.Process
    url: str
    began: float


@contextmanager
def served() -> Iterator[Served]:
    """Run `rekindle watch` in another process."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "experiments.cli", "watch", "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            said = process.stdout.readline().split()
            address = next(word for word in said if word.startswith("http://"))
            yield Served(psutil.Process(process.pid), address, began)
        finally:
            process.terminate()


def address(url: str, case: Case) -> str:
    """The address of a page with this world and the longest possible run."""
    settings = {"world.people": case.people, "world.burn_in_years": case.burn_in_years, "run.strategy_days": 5_000}
    pairs = [("set", f"{path}={value}") for path, value in settings.items()]
    return f"{url}&{urlencode(pairs + ([('beside', case.beside)] if case.beside else []))}"


def opened(browser: Any, url: str) -> Any:
    """A page that is ready to play at the highest speed, with one day per frame."""
    page = browser.new_page(viewport={"width": 1_280, "height": 720})
    page.goto(url)
    page.wait_for_selector(".rk[data-ready]", timeout=600_000)
    page.select_option("[data-do=speed]", "50")
    return page


def frames_of(page: Any) -> int:
    """The number of frames drawn so far."""
    return int(page.get_attribute(".rk", "data-frame"))


class Played(NamedTuple):
    """Frames per second, and processor time per frame of the server and of the browser, in milliseconds."""

    frames: float
    server: float
    browser: float


def played(page: Any, server: Served, seconds: float) -> Played:
    """Play for this many seconds, after a warm-up."""
    chromium = browser_processes()
    page.click("[data-do=play]")
    page.wait_for_timeout(1_500)
    first, began, before = frames_of(page), time.perf_counter(), [spent([server.process]), spent(chromium)]
    page.wait_for_timeout(1_000 * seconds)
    drawn = frames_of(page) - first
    after = [spent([server.process]), spent(chromium)]
    took = time.perf_counter() - began
    page.click("[data-do=play]")
    return Played(
        drawn / took, *(1_000 * (later - earlier) / drawn for earlier, later in zip(before, after, strict=True))
    )


def browser_processes() -> list[psutil.Process]:
    """The browser processes that Playwright has started."""
    children = psutil.Process().children(recursive=True)
    return [process for process in children if "chrom" in process.name()]


def spent(processes: list[psutil.Process]) -> float:
    """The processor time used so far, in seconds."""
    return sum(sum(process.cpu_times()[:2]) for process in processes if process.is_running())


def resident(processes: list[psutil.Process]) -> float:
    """Resident memory, in MB; shared memory counts in each process."""
    return sum(process.memory_info().rss for process in processes if process.is_running()) / 1e6


class Memory(NamedTuple):
    """Memory after this many frames, in MB: of the server, of the browser's processes, and of the page's objects."""

    frames: int
    server: float
    browser: float
    page: float


def memory_over(page: Any, server: Served, frames: int) -> Iterator[Memory]:
    """Yield the memory eleven times, from the first frame to the last."""
    done, last, reported = 0, frames_of(page), 0
    page.click("[data-do=play]")
    while reported <= 10:
        page.wait_for_timeout(500)
        now = frames_of(page)
        done, last = done + now - last, now
        if page.get_attribute(".rk", "data-playing") == "false":  # the last day of the run
            page.click("[data-do=reset]")
            page.wait_for_timeout(500)
            page.click("[data-do=play]")
        if done >= reported * frames / 10:
            reported += 1
            heap = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
            yield Memory(done, resident([server.process]), resident(browser_processes()), heap)
    page.click("[data-do=play]")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=2_000, help="number of frames over which memory is measured")
    options = parser.parse_args()
    chromium = shutil.which("chromium")
    print(", ".join(f"{name} {value}" for name, value in facts().items()))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--enable-precise-memory-info"]
        )
        with served() as server:
            page = browser.new_page()
            page.goto(server.url)
            page.wait_for_selector(".rk[data-ready]", timeout=600_000)
            print(f"ready {time.perf_counter() - server.began:.1f} s after the command (target: 3 s on a warm cache)")
            page.close()
            for case in CASES:
                page = opened(browser, address(server.url, case))
                rates = played(page, server, SECONDS)
                print(
                    f"{case.name}: {rates.frames:.1f} frames per second (target: {case.target:g}); a frame takes "
                    f"{rates.server:.0f} ms of processor time in the server and {rates.browser:.0f} ms in the browser",
                    flush=True,
                )
                page.close()
            page, began = opened(browser, address(server.url, CASES[0])), time.perf_counter()
            for memory in memory_over(page, server, options.frames):
                print(
                    f"after {memory.frames:,} frames, {(time.perf_counter() - began) / 60:.1f} min: "
                    f"server {memory.server:.0f} MB, browser {memory.browser:.0f} MB, page {memory.page:.1f} MB",
                    flush=True,
                )
        browser.close()


if __name__ == "__main__":
    main()
