"""The compiled rules and the tables that they take, as plain Python calls them: in half a microsecond, not twelve."""

from __future__ import annotations

from enum import IntEnum
from types import ModuleType, SimpleNamespace
from typing import Any

from sim.model import chance as compiled_chance
from sim.model import gestures, strategies
from sim.model import rules as compiled_rules


def plain(enumeration: type[IntEnum]) -> Any:
    """The members of an enumeration as plain numbers, which compiled rules take much faster."""
    return SimpleNamespace(**{member.name: int(member) for member in enumeration})


def direct(module: ModuleType) -> Any:
    """The compiled functions of a module, each by its one entry point.

    A call then takes half a microsecond and not twelve, since Numba no longer looks up the type of each argument; the
    settings are handed over as raw bytes of their record for the same reason.
    """
    compiled = {name: value for name, value in vars(module).items() if getattr(value, "signatures", None)}
    return SimpleNamespace(**{name: f.overloads[f.signatures[0]].entry_point for name, f in compiled.items()})


rules, chance = direct(compiled_rules), direct(compiled_chance)
DrawPurpose, Occasion = plain(compiled_chance.DrawPurpose), plain(compiled_chance.Occasion)
Kind, Channel = plain(gestures.Kind), plain(gestures.Channel)
Place, Plan, Strategy = plain(strategies.Place), plain(strategies.Plan), plain(strategies.Strategy)
