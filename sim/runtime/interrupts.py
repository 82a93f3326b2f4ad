"""Ctrl-C between days: amid compiled code, an exception would come out as Numba's own error, and the day half done.

Compiled code that may run for long on one thread has ``nogil``, so that other threads can act on a signal meanwhile.
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
    """Hold back SIGINT and SIGTERM; gives a function that hands on what has come since, to whoever handled it before.

    What is handed on has no frame, by which a handler can tell that this moment is safe. A second signal is handed on
    at once, with its frame, for whoever cannot wait. Outside the main thread, which alone hears signals, and for
    signals that nothing in Python handles, all stays as it is. What comes last is handed on at the end.
    """
    came: list[int] = []
    before: dict[int, Callable[[int, FrameType | None], object]] = {}  # by number

    def hold(number: int, frame: FrameType | None) -> None:
        if came:
            before[number](number, frame)
        came.append(number)

    def hand_on() -> None:
        while came:
            number = came.pop()
            before[number](number, None)

    if threading.current_thread() is threading.main_thread():
        for number in _SIGNALS:
            handler = signal.getsignal(number)
            if callable(handler):
                before[number] = handler
                signal.signal(number, hold)
    try:
        yield hand_on
    finally:
        for known, handler in before.items():
            signal.signal(known, handler)
        hand_on()
