"""Users' names in figures: characters of any script are drawn with an installed font, or else as escapes.

The font of all figures comes with matplotlib and lacks Chinese, Japanese, Korean, emoji and more. For texts that need
these characters, fonts of the system are used if there are any. All other figures are the same to the byte on every
machine.
"""

from __future__ import annotations

from functools import cache

from matplotlib import font_manager
from matplotlib.text import Text

from experiments.terminal.names import escaped, shortened, visible

FONT = "DejaVu Sans"
LONGEST = 42  # letters of a name in a figure


def drawable(name: str, most: int = LONGEST) -> str:
    """A user's name as a figure shows it: on one line, and without its middle if it is very long."""
    return shortened(_legible(visible(name)), most)


def make_drawable(text: Text) -> None:
    """Set the fonts of a text so that no letter is drawn as an empty box."""
    content = text.get_text()
    if lacking := _lacking(content):
        text.set_fontfamily([FONT, *_fonts_for(lacking)])
        text.set_text(_legible(content))


def _lacking(text: str) -> frozenset[str]:
    """The letters of a text that the font of all figures lacks."""
    return frozenset(text) - _letters(_path(FONT)) - {"\n"}


def _legible(text: str) -> str:
    """The text with an escape for each letter that no font has."""
    lacking = _lacking(text)
    nowhere = lacking.difference(*(_letters(_path(font)) for font in _fonts_for(lacking))) if lacking else lacking
    return "".join(escaped(one) if one in nowhere else one for one in text)


def _path(font: str) -> str:
    return str(font_manager.findfont(font))


@cache
def _letters(path: str) -> frozenset[str]:
    return frozenset(map(chr, font_manager.get_font(path).get_charmap()))


@cache
def _fonts_for(letters: frozenset[str]) -> tuple[str, ...]:
    """Installed fonts that together have these letters, as few as possible in their order."""
    found: list[str] = []
    left = set(letters)
    for name, path in _installed():
        if not left:
            break
        if left & _letters(path):
            found.append(name)
            left -= _letters(path)
    return tuple(found)


@cache
def _installed() -> tuple[tuple[str, str], ...]:
    """Names and files of upright fonts with TrueType outlines, which can be embedded in a PDF."""
    upright = sorted(
        {font.name: font.fname for font in font_manager.fontManager.ttflist if font.style == "normal"}.items()
    )
    return tuple((name, path) for name, path in upright if "Last Resort" not in name and _has_outlines(path))


def _has_outlines(path: str) -> bool:
    from fontTools.ttLib import TTFont, TTLibError  # rarely needed

    try:
        with TTFont(path, fontNumber=0, lazy=True) as font:
            return "glyf" in font
    except (OSError, TTLibError):
        return False
