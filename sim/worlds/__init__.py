"""Worlds to start from: generated, replayed from a contact log, or either of these with newcomers."""

from sim.worlds.generate import generated, key_in_cache, observed_people
from sim.worlds.newcomers import empty
from sim.worlds.replay import replayed

__all__ = ["empty", "generated", "key_in_cache", "observed_people", "replayed"]
