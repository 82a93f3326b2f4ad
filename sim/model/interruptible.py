"""Calls of compiled functions of the user's, which may never end, so that Ctrl-C still works."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any


def interruptible(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a compiled function that releases the GIL, while the main thread handles signals.

    Python handles signals only in the main thread, and not while that runs compiled code. So another thread makes the
    call. If a handler raises an exception, such as `KeyboardInterrupt`, the other thread is abandoned; it ends with the
    process. Outside the main thread the call is an ordinary one.
    """
    if threading.current_thread() is not threading.main_thread():
        return function(*arguments)
    returned, raised = [], list[BaseException]()

    def work() -> None:
        try:
            returned.append(function(*arguments))
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=work, name="strategy", daemon=True)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]
    return returned[0]
