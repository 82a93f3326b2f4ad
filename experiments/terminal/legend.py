"""How arms are named and coloured wherever they are listed: in figures, in tables, in the report and on the page.

A strategy's row may have a label and a colour. The rows come from `sim.Parameters` or, with results on disk, from the
configuration that is stored with them.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from sim.model.strategies import NAMES

# For added strategies without a colour of their own: Tol's "muted" colours that are dark enough for type on white. They
# can be told apart by colour-blind people, and differ from those of the figures, which are Okabe & Ito's.
ADDED = ("#332288", "#882255", "#999933", "#AA4499", "#117733", "#CC6677", "#44AA99")
_PART = re.compile(r"(\w+)( [\d.e+-]+)?")  # a strategy, perhaps with its share in a mixture
_OF_ROW = re.compile(r"(?:parameters\.)?(?:strategies|gestures|places)\.(\w+)\.(\w+=.*)")  # a level of a row's field
_LEAST_HUE = 0.15  # difference between the largest and the smallest of red, green and blue, 0 to 1
_DARK = 12.0  # a ratio of contrast
# Ratios of contrast that large type and lines, or small type, need (WCAG 2.2, 1.4.3 and 1.4.11).
LARGE, SMALL = 3.0, 4.5


class Legend:
    """Labels and colours of arms.

    Args:
        rows: strategies by name, each with the fields ``label`` and ``colour`` of `sim.model.strategies.StrategyRow`
            as far as it has them. Without rows, names stand for themselves.

    Example:
        >>> legend = Legend({"gifts": {"label": "Birthday gifts"}})
        >>> legend.label("gifts 0.5 + check_in 0.5")
        'Birthday gifts 0.5 + check in 0.5'
    """

    def __init__(self, rows: Mapping[str, Any] | None = None) -> None:
        fields = {name: _fields(row) for name, row in (rows or {}).items()}
        shown = [(label or name.replace("_", " ")).casefold() for name, (label, _) in fields.items()]
        self.labels = {
            name: label if shown.count(label.casefold()) == 1 else f"{label} ({name})"
            for name, (label, _) in fields.items()
            if label
        }
        self.colours = {name: colour for name, (_, colour) in fields.items() if colour}
        for name in fields:
            if name not in self.colours and name not in NAMES:
                self.colours[name] = self._free_colour(name)

    def _free_colour(self, name: str) -> str:
        """A colour by the name that no earlier row has, as long as there are enough."""
        first = zlib.crc32(name.encode()) % len(ADDED)
        in_turn = [*ADDED[first:], *ADDED[:first]]
        taken = {colour.upper() for colour in self.colours.values()}
        return next((colour for colour in in_turn if colour.upper() not in taken), in_turn[0])

    @classmethod
    def of_configs(cls, configs: Iterable[Mapping[str, Any]]) -> Legend:
        """The legend of stored configurations, as `experiments.provenance` has them; the first one takes precedence."""
        rows: dict[str, Any] = {}
        for config in configs:
            rows = {**((config.get("parameters") or {}).get("strategies") or {}), **rows}
        return cls(rows)

    def label(self, arm: str) -> str:
        """The name of an arm for display, with labels instead of names and without underscores.

        Args:
            arm: a strategy, a mixture such as ``check_in 0.5 + show_up 0.5``, or one of them with levels behind it, as
                in ``check_in, effort_minutes=60``; or a level of a row's field, such as
                ``strategies.check_in.sessions=2``, which becomes ``check in: sessions=2``.
        """
        return ", ".join(" + ".join(map(self._part, piece.split(" + "))) for piece in arm.split(", "))

    def _part(self, text: str) -> str:
        path = _OF_ROW.fullmatch(text)
        if path is not None:
            return f"{self._part(path[1])}: {path[2].replace('_', ' ')}"
        match = _PART.fullmatch(text)
        if match is None or match[1] not in self.labels:
            return text.replace("_", " ")
        return self.labels[match[1]] + (match[2] or "")

    def colour(self, arm: str) -> str | None:
        """The colour of an arm of one strategy that was added or has a colour of its own; otherwise None."""
        return self.colours.get(arm.split(", ")[0])

    def on_white(self, arm: str) -> str | None:
        """The colour of an arm as `colour` has it, made darker if it can't be seen on white.

        White and light grey become dark, because grey means in figures that an interval includes zero.
        """
        own = self.colour(arm)
        if own is None or _contrast(own, "#ffffff") >= LARGE:
            return own
        has_hue = max(_channels(own)) - min(_channels(own)) > _LEAST_HUE
        return readable(own, "#ffffff", LARGE if has_hue else _DARK)

    def notes(self, arms: Iterable[str]) -> list[str]:
        """A sentence with the labels of these arms, if any has one, for tables that show names as they are typed."""
        names = dict.fromkeys(word for arm in arms for word in re.findall(r"\w+", arm) if word in self.labels)
        if not names:
            return []
        return [f"Labels: {'; '.join(f'{name} is “{self.labels[name]}”' for name in names)}."]


PLAIN = Legend()  # names stand for themselves


def _fields(row: Any) -> tuple[str, str]:
    """The label and the colour of a row; each is empty if there is none."""
    if isinstance(row, Mapping):
        return str(row.get("label") or ""), str(row.get("colour") or "")
    return row.label, row.colour


def readable(colour: str, background: str, contrast: float = LARGE) -> str:
    """A colour or, if it is too close to the background, one of the same hue that can be seen on it.

    Args:
        colour: as ``#rrggbb``.
        background: likewise.
        contrast: the ratio that it needs at least.
    """
    end = 1.0 if _luminance(background) < 0.18 else 0.0
    channels, step = _channels(colour), 0.0
    while _contrast(colour, background) < contrast and step < 1:
        step += 0.05
        mixed = (round(255 * (one + (end - one) * step)) for one in channels)
        colour = "#" + "".join(f"{one:02x}" for one in mixed)
    return colour


def _channels(colour: str) -> list[float]:
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]


def _luminance(colour: str) -> float:
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(colour: str, background: str) -> float:
    one, other = sorted((_luminance(colour), _luminance(background)))
    return (other + 0.05) / (one + 0.05)
