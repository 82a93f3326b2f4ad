"""The fast engine on a GPU, for worlds without plans."""

from sim.gpu.core import GpuCore

__all__ = ["GpuCore"]
