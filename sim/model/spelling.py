"""Suggestions for misspelt names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_ALIKE = 0.75  # cutoff of `difflib`: allows one wrong letter in four, or one too many or too few in three
_SHORTEST, _LONGEST = 3, 60  # lengths of names for which suggestions make sense


def alike(name: str, known: Iterable[str], most: int = 5) -> list[str]:
    """Known names that resemble a name, the most similar first.

    One- and two-letter names, numbers and paths get no suggestions. A whole word, such as ``effort``, matches the names
    that contain it, such as ``effort_minutes``.
    """
    wanted = name.lower().replace("-", "_")
    if not _SHORTEST <= len(wanted) <= _LONGEST or _is_number(wanted) or "/" in wanted or "\\" in wanted:
        return []
    names = {each.lower().replace("-", "_"): each for each in known}
    close = difflib.get_close_matches(wanted, names, n=most, cutoff=_ALIKE)
    within = sorted((each for each in names if wanted in each.replace(".", "_").split("_")), key=len)
    return [names[each] for each in dict.fromkeys((*within, *close))][:most]


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most similar; None if none is close."""
    return next(iter(alike(name, known, most=1)), None)


def suggestion(name: str, names: Iterable[str]) -> str:
    """The end of an error message: ``"; did you mean 'wait'?"`` if a known name is close, else a full stop."""
    close = nearest(name, names)
    return f"; did you mean {close!r}?" if close else "."


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
