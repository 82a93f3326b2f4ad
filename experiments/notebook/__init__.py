"""Sweeps in a notebook or a script: run one, and take its table, comparisons and figures from the result.

    from experiments import notebook
    result = notebook.sweep({"world.people": 120, "sweep.strategies": ["wait", "check_in"], "sweep.replicates": 4})
    result.compare("wait")                      # paired differences, as `rekindle compare` computes them
    result.figure()                             # what `rekindle figure` draws
    result.runs                                 # a data frame with one row per run
    result = notebook.load("nine_strategies")   # a finished sweep, also one of the command

It is the sweep of `rekindle sweep`: the same runs, in the same results folder, with the same bits.
"""

from experiments.terminal import compiling
from experiments.terminal.console import compiling_progress, stderr_console

if not compiling.is_imported():  # what the next imports compile takes a minute, and a cell should say why
    with compiling_progress(stderr_console()) as _report:
        compiling.load_model(_report)

from experiments.notebook.result import Sweep, load
from experiments.notebook.running import sweep

__all__ = ["Sweep", "load", "sweep"]
