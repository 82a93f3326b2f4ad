"""The fast engine: a day over arrays, compiled by Numba. `day` runs the phases in order."""
