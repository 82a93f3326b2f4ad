"""A server for the page on this machine alone."""

from __future__ import annotations

import logging
import os
import socket
import warnings
from pathlib import Path
from typing import Any

from experiments.browser.asked import Asked

HOST, USUAL_PORT = "127.0.0.1", 8_765
_SETTINGS = {
    "SOLARA_APP": "experiments.browser.page",
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
    "SOLARA_ASSETS_FONTAWESOME_ENABLED": "False",
    "SOLARA_KERNEL_CULL_TIMEOUT": "15s",  # after which a tab that was closed, or lost its connection, is ended
    "SOLARA_THEME_LOADER": "plain",
    "SOLARA_THEME_SHOW_BANNER": "False",
    "SOLARA_THEME_VARIANT": "dark",
    "SOLARA_THEME_TITLE": "Rekindle",
}


def free_port(wanted: int | None) -> int:
    """The port that is wanted (0: any); or the usual one, so that links hold, or any if that is taken.

    Raises:
        OSError: the one that is wanted is taken.
    """
    if wanted is not None:
        return _bind(wanted)
    try:
        return _bind(USUAL_PORT)
    except OSError:
        return _bind(0)


def _bind(port: int) -> int:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tried.bind((HOST, port))
        return int(tried.getsockname()[1])


def tell_solara() -> None:
    """Give Solara its settings, which it reads when it is first loaded; what the environment says already holds."""
    os.environ.update({name: value for name, value in _SETTINGS.items() if name not in os.environ})


def serve(port: int, opening: Asked | None, presets: dict[str, Path]) -> Any:
    """Start serving in a thread; returns the server, which has ``base_url`` and ``stop_serving()``."""
    tell_solara()
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # a tab that is left amid a frame is no error
    from solara.server.starlette import ServerStarlette  # reads the settings when it is loaded

    from experiments.browser import page

    page.set_up(opening, presets)
    warnings.filterwarnings("ignore", "Cookies with samesite", UserWarning)  # of pages within other pages
    # Nothing is packed on its way: it does not leave this machine, and packing took a tenth of a large world's frame.
    server = ServerStarlette(port=port, host=HOST, log_level="critical", ws_per_message_deflate=False)
    server.serve_threaded()
    server.wait_until_serving()
    return server
