"""How fast the page of `rekindle watch` is: frames a second in a real Chromium, time to ready, memory.

    python -m benchmarks.page                      all sizes, some minutes
    python -m benchmarks.page --frames 36000       and half an hour's worth of frames (20 a second) for the memory

One frame is one day, computed, sent, drawn and acknowledged. Nothing else should run meanwhile.
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
    """A world, how it is shown, and the frames a second that it should have."""

    name: str
    people: int
    burn_in_years: float
    beside: str | None
    wanted: float


CASES = (
    Case("300 people, two worlds (what a talk shows)", 300, 3, "engage_regularly", 20),
    Case("2,000 people, 20,000 ties", 2_000, 3, None, 20),
    Case("2,000 people, 20,000 ties, two worlds", 2_000, 3, "engage_regularly", 12),
    Case("10,000 people, 100,000 ties", 10_000, 0.25, None, 10),
)


class Served(NamedTuple):
    """A server of our own."""

    process: psutil.Process
    url: str
    began: float


@contextmanager
def served() -> Iterator[Served]:
    """`rekindle watch`, in a process of its own."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "experiments.cli", "watch", "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Served(psutil.Process(process.pid), process.stdout.readline().split()[0], began)
        process.terminate()


def address(url: str, case: Case) -> str:
    """Of a page with this world, on a run as long as can be."""
    settings = {"world.people": case.people, "world.burn_in_years": case.burn_in_years, "run.strategy_days": 5_000}
    pairs = [("set", f"{path}={value}") for path, value in settings.items()]
    return f"{url}/?{urlencode(pairs + ([('beside', case.beside)] if case.beside else []))}"


def opened(browser: Any, url: str) -> Any:
    """A page that is ready and goes as fast as it can, a day a frame."""
    page = browser.new_page(viewport={"width": 1_280, "height": 720})
    page.goto(url)
    page.wait_for_selector(".rk[data-ready]", timeout=600_000)
    page.select_option("[data-do=speed]", "50")
    return page


def frames_of(page: Any) -> int:
    """Frames that were drawn so far."""
    return int(page.get_attribute(".rk", "data-frame"))


def frames_a_second(page: Any, seconds: float) -> float:
    """While it plays."""
    page.click("[data-do=play]")
    page.wait_for_timeout(1_500)
    first, began = frames_of(page), time.perf_counter()
    page.wait_for_timeout(1_000 * seconds)
    drawn = (frames_of(page) - first) / (time.perf_counter() - began)
    page.click("[data-do=play]")
    return drawn


def memory_over(page: Any, server: Served, frames: int) -> list[tuple[int, float, float]]:
    """Frames drawn, memory of the server and of the page's own objects, both in MB, ten times."""
    told: list[tuple[int, float, float]] = []
    done, last = 0, frames_of(page)
    page.click("[data-do=play]")
    while done < frames:
        page.wait_for_timeout(500)
        now = frames_of(page)
        done, last = done + now - last, now
        if page.get_attribute(".rk", "data-playing") == "false":  # the last day of the run
            page.click("[data-do=reset]")
            page.wait_for_timeout(500)
            page.click("[data-do=play]")
        if done >= len(told) * frames / 10:
            heap = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
            told.append((done, server.process.memory_info().rss / 1e6, heap))
    page.click("[data-do=play]")
    return told


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=2_000, help="over which memory is looked at")
    asked = parser.parse_args()
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
            print(f"ready {time.perf_counter() - server.began:.1f} s after the command (wanted: 3 s on a warm cache)")
            page.close()
            for case in CASES:
                page = opened(browser, address(server.url, case))
                found = frames_a_second(page, SECONDS)
                took = page.get_attribute(".rk", "data-took")
                print(
                    f"{case.name}: {found:.1f} frames a second (wanted: {case.wanted:g}); drawn in {took} ms",
                    flush=True,
                )
                page.close()
            page = opened(browser, address(server.url, CASES[0]))
            for done, server_mb, heap_mb in memory_over(page, server, asked.frames):
                print(f"after {done:,} frames: server {server_mb:.0f} MB, page {heap_mb:.1f} MB", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
