"""What somebody may have meant by a name that does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_ALIKE = 0.75  # of `difflib`: one letter wrong in four, two swapped in four, one too many or too few in three
_SHORTEST, _LONGEST = 3, 60  # letters of a name that can be a misspelling


def alike(name: str, known: Iterable[str], most: int = 5) -> list[str]:
    """Known names that this one may stand for, the most likely first.

    Names of a letter or two, numbers and paths are like nothing: a guess would be no help. A whole word, such as
    ``effort``, stands for the names it is in: ``effort_minutes``.
    """
    asked = name.lower().replace("-", "_")
    if not _SHORTEST <= len(asked) <= _LONGEST or _is_number(asked) or "/" in asked or "\\" in asked:
        return []
    names = {each.lower().replace("-", "_"): each for each in known}
    close = difflib.get_close_matches(asked, names, n=most, cutoff=_ALIKE)
    within = sorted((each for each in names if asked in each.replace(".", "_").split("_")), key=len)
    return [names[each] for each in dict.fromkeys((*within, *close))][:most]


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that this one most likely stands for; None if none is close."""
    return next(iter(alike(name, known, most=1)), None)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
