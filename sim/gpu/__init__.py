"""Days of ordinary life on a graphics card, bit for bit as on the fast engine."""

from sim.gpu.core import GpuCore

__all__ = ["GpuCore"]
