"""Arrays over frames as few bytes, which a browser can read: js/recording.js does.

Most of what is drawn stays the same from one frame to the next, and from one world to the other. So a track can have
its changes instead of its values, and these less those of another track. Then the first bytes of all numbers come
first, then all second bytes, and so on, because the higher ones are nearly always 0. Deflate leaves little of that.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np


class Track(NamedTuple):
    """An array, and how its bytes are written.

    Attributes:
        name: name in the file.
        values: of type u1, u2, i4 or f4, or records. If ``changes``, the first axis has the frames.
        changes: whether each frame is written less the frame before it, modulo the range of its type.
        beyond: name of an earlier track of the same type and shape, which is subtracted first; or none.
    """

    name: str
    values: np.ndarray
    changes: bool = False
    beyond: str = ""


def packed(tracks: Sequence[Track]) -> tuple[list[dict[str, Any]], bytes]:
    """How to read tracks, for JSON, and the bytes of all of them, deflated (zlib)."""
    known = {track.name: track.values for track in tracks}
    parts = [_bytes(track, known.get(track.beyond)) for track in tracks]
    return [_described(track) for track in tracks], zlib.compress(b"".join(parts), 9)


def _described(track: Track) -> dict[str, Any]:
    values = track.values
    kind = "record" if values.dtype.names else values.dtype.str[1:]
    return {
        "name": track.name,
        "type": kind,
        "item": values.dtype.itemsize,
        "shape": list(values.shape),
        "changes": track.changes,
        "beyond": track.beyond,
    }


def _bytes(track: Track, beyond: np.ndarray | None) -> bytes:
    values = np.ascontiguousarray(track.values)
    less = values if beyond is None else values - beyond
    if track.changes:
        less = np.concatenate([less[:1], less[1:] - less[:-1]])
    return np.ascontiguousarray(less).view(np.uint8).reshape(-1, values.dtype.itemsize).T.tobytes()
