"""Handling of Ctrl-C between days. In compiled code, it would surface as an error of Numba, with the day half done.

Compiled functions that may run for long on one thread release the GIL, so that other threads can handle signals.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def held_back() -> Iterator[Callable[[], None]]:
    """Defer SIGINT and SIGTERM within the block; yields a function that passes deferred signals to their handlers.

    Handlers get None as the frame of a deferred signal, which tells them that it's safe to stop. A second signal is
    passed on at once, with its frame. Signals that are still deferred at the end of the block are passed on then.
    Outside the main thread, which alone gets signals, and for signals without a Python handler, nothing changes.
    """
    deferred: list[int] = []
    before: dict[int, Callable[[int, FrameType | None], object]] = {}  # by number

    def defer(number: int, frame: FrameType | None) -> None:
        if deferred:
            before[number](number, frame)
        deferred.append(number)

    def hand_on() -> None:
        while deferred:
            number = deferred.pop()
            before[number](number, None)

    if threading.current_thread() is threading.main_thread():
        for number in _SIGNALS:
            handler = signal.getsignal(number)
            if callable(handler):
                before[number] = handler
                signal.signal(number, defer)
    try:
        yield hand_on
    finally:
        for known, handler in before.items():
            signal.signal(known, handler)
        hand_on()
