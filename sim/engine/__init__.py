"""The fast engine: a day on arrays, compiled by Numba. `day` has the phases in order; the other files do the work."""
