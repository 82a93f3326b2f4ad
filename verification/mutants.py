"""One-token changes to modules that decide what a result says: the tests of a module must notice nearly all of them.

A change (a mutant) is planted by syntax tree into a copy of the package in a temporary folder, which comes first on the
path; nothing in the working tree is touched. Then the tests of the module are run, each time in a fresh process that is
forked from one in which everything but the package is loaded and the model is compiled. They are run unchanged first,
and must pass. A mutant is killed if a test fails or the import does, and timed out if it takes many times the CPU time
of the unchanged tests. Changes that alter no behaviour are named in `EQUIVALENT`, each with its reason.

The changes, each alone:

- a comparison becomes its neighbour and its mirror image (< becomes <= and >), == becomes !=, `in` and `is` their
  opposites;
- + becomes -, * becomes /, // becomes /, % becomes *, ** becomes *, & becomes |, and the other way round; also in +=;
- `and` becomes `or` and the other way round; `not`, unary - and ~ are dropped;
- a whole number up to 400 becomes one more and, from 1 on, one less; a decimal of a millionth or more twice itself, and
  0.0 becomes 1.0; True becomes False and the other way round;
- names that go in twos are swapped (`SWAPS`): min and max, any and all, low and high, source and target, …; variables
  only where the function has both, and text only where it selects a column, a key or an option;
- neighbouring arguments of a call are swapped where both are plain names.

Left alone: docstrings, annotations, decorators, assertions, `strict=` of `zip`, and texts: f-strings and what `raise`
says, since wording is no behaviour.

    python -m verification.mutants [COUNT] [SEED]          a random sample over all modules; 60 and 1 if not said
    python -m verification.mutants --module NAME [COUNT]   all mutants of a module, such as compare, or COUNT of them
    python -m verification.mutants --list --module NAME    only says which there are

It ends with 1 if fewer than 95 % are killed or named as equivalent. It needs `os.fork`.
"""

from __future__ import annotations

import argparse
import ast
import gc
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
COPIED = ("experiments", "tests", "configs", "pyproject.toml")
PLUGIN = "_hypothesis_pytestplugin"
SAMPLE = 60  # mutants
ENOUGH = 0.95
TIMES, SECONDS_MORE = 8, 20  # of the CPU time of the unchanged tests: then a mutant is timed out
NOT_RUN = 70  # a status of no run of pytest
SLOWEST = 900  # seconds by the clock
MEMORY = 16 * 2**30  # of addresses

# A module, and the files in tests/experiments that test it.
TESTS = {
    "experiments/analysis/compare.py": ("test_compare.py",),
    "experiments/analysis/verdicts.py": ("test_verdicts.py",),
    "experiments/analysis/bootstrap.py": ("test_weighted.py",),
    "experiments/logs/gate.py": ("test_gate.py",),
    "experiments/forecasts/pairs.py": ("test_pairs.py",),
    "experiments/forecasts/scores.py": ("test_scores.py",),
    "experiments/forecasts/week.py": ("test_week.py",),
    "experiments/sweeps/design.py": ("test_design.py", "test_factors.py"),
}

# (module or module.function, line without margin and comment, change): why it changes nothing that anybody can see.
EQUIVALENT: dict[tuple[str, str, str], str] = {
    (module, line, change): reason
    for module, reason, changes in (
        (
            "verdicts",
            "arm and base have the same worlds by then",
            [
                ("return Estimate(np.nan, np.nan, np.nan, len(base))", "len(base) -> len(arm)"),
                ("counts = resampled_counts(len(base), RESAMPLES)", "len(base) -> len(arm)"),
                ("return _estimate(float(arm.sum() / base.sum()), drawn, len(base))", "len(base) -> len(arm)"),
            ],
        ),
        (
            "verdicts",
            "a number above 0 divided by itself is exactly 1 already",
            [
                ("drawn[(above == below) & (below > 0)] = 1.0", "below > 0 -> below < 0"),
                ("drawn[(above == below) & (below > 0)] = 1.0", "below > 0 -> above > 0"),
                ("drawn[(above == below) & (below > 0)] = 1.0", "below > 0 -> below > 1"),
            ],
        ),
        (
            "verdicts",
            "both ends of an interval are nan, or neither",
            [("if estimate.worlds < worlds or np.isnan(estimate.low):", "estimate.low -> estimate.high")],
        ),
        (
            "verdicts",
            "a mean of exactly 0 has a p of 1, and is never sure",
            [
                (
                    "better = [name for name, values in differences.items() if sure[name] and values.mean() > 0]",
                    "values.mean() > 0 -> values.mean() >= 0",
                )
            ],
        ),
        (
            "verdicts",
            "what is drawn beyond `times` is cut off again, and the first rows are the same",
            [
                (
                    "counts = resampled_counts(arms.shape[1], max(1, int(times)))[:times]",
                    f"max(1, int(times)) -> max({other}, int(times))",
                )
                for other in (0, 2)
            ],
        ),
        (
            "verdicts",
            "wins are divided by their sum, which has the same sign",
            [
                (
                    "wins += (best / best.sum(axis=1, keepdims=True)).sum(axis=0)",
                    "wins += (best / best.sum(axis=1, keepdims=True)).sum(axis=0)"
                    " -> wins -= (best / best.sum(axis=1, keepdims=True)).sum(axis=0)",
                )
            ],
        ),
        (
            "scores",
            "a squared difference is the same the other way round",
            [
                (
                    "return np.array([[log_loss(one, back), brier(one, back), auc(one, back)] for one in "
                    "forecasts.values()])",
                    "brier(one, back) -> brier(back, one)",
                )
            ],
        ),
        (
            "scores",
            "NumPy takes any negative size for the one that is left over",
            [
                ("row[:, :2] = ((losses * weights).sum(axis=1) / total).reshape(-1, 2)", "-1 -> -2"),
                ("low, high = ends.reshape(-1, 2).T", "-1 -> -2"),
            ],
        ),
        (
            "pairs",
            "the id of a pair is 1 or more",
            [
                ("first = np.flatnonzero(np.diff(ids[order], prepend=-1))", "-1 -> -0"),
                ("first = np.flatnonzero(np.diff(ids[order], prepend=-1))", "-1 -> -2"),
            ],
        ),
        (
            "pairs",
            "each pair has one first and one last contact, with the same id",
            [
                (
                    "pair = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(order))))",
                    "len(first) -> len(last)",
                ),
                ("low, high = np.divmod(ids[order][first], people)", "ids[order][first] -> ids[order][last]"),
                (
                    "by_low = np.bincount(pair, sender == low[pair], minlength=len(first))",
                    "len(first) -> len(last)",
                ),
                (
                    '"contacts_90d": np.bincount(pair, day - when <= QUARTER_DAYS, minlength=len(first)),',
                    "len(first) -> len(last)",
                ),
                ('"active_weeks": np.bincount(weeks, minlength=len(first)),', "len(first) -> len(last)"),
                (
                    '"returns": np.bincount(pair, gaps > RETURN_AFTER_DAYS, minlength=len(first)),',
                    "len(first) -> len(last)",
                ),
            ],
        ),
        (
            "pairs",
            "what two people have in common, and the lower and the higher of two, is the same the other way round",
            [
                (
                    '"common_contacts": _common_contacts(low, high, people),',
                    "_common_contacts(low, high, people) -> _common_contacts(high, low, people)",
                ),
                *(
                    (
                        "return np.asarray(np.minimum(one, two) * np.int64(people) + np.maximum(one, two))",
                        f"np.{which}(one, two) -> np.{which}(two, one)",
                    )
                    for which in ("minimum", "maximum")
                ),
                (
                    "known = coo_array((np.ones(2 * len(low), np.int32), ends), shape=(people, people)).tocsr()",
                    "len(low) -> len(high)",
                ),
            ],
        ),
        (
            "pairs",
            "the gap before a pair's first contact is set to 0 in the next line",
            [("gaps = np.diff(when, prepend=0.0)", "np.diff(when, prepend=0.0) -> np.diff(when, prepend=1.0)")],
        ),
        (
            "pairs",
            "only the lesser of what the two wrote is used",
            [
                (
                    "by_low = np.bincount(pair, sender == low[pair], minlength=len(first))",
                    "sender == low[pair] -> sender != low[pair]",
                ),
                (
                    "by_low = np.bincount(pair, sender == low[pair], minlength=len(first))",
                    "low[pair] -> high[pair]",
                ),
            ],
        ),
        (
            "bootstrap",
            "fits take fewer than ten steps or none is enough, and what is left after the last is its square",
            [
                ("_NEWTON_STEPS = 50", "_NEWTON_STEPS = 50 -> _NEWTON_STEPS = 51"),
                ("_NEWTON_STEPS = 50", "_NEWTON_STEPS = 50 -> _NEWTON_STEPS = 49"),
                (
                    "_SMALL_STEP = 1e-5",
                    "_SMALL_STEP = 1e-05 -> _SMALL_STEP = 2e-05",
                ),
                (
                    "if np.abs(step).max() < _SMALL_STEP:",
                    "np.abs(step).max() < _SMALL_STEP -> np.abs(step).max() <= _SMALL_STEP",
                ),
                (
                    "_FAR = 50.0",
                    "_FAR = 50.0 -> _FAR = 100.0",
                ),
                (
                    "solution = np.concatenate([np.log(rates), np.zeros(len(self.covariates))])",
                    "np.zeros -> np.ones",
                ),
            ],
        ),
        (
            "bootstrap",
            "two shapes broadcast to the same one in either order",
            [
                (
                    "result = np.full(np.broadcast(numerator, denominator).shape, np.nan)",
                    "np.broadcast(numerator, denominator) -> np.broadcast(denominator, numerator)",
                )
            ],
        ),
        (
            "bootstrap",
            "the weighted mean of middle ranks is half the total, of whatever quantity",
            [
                (
                    "x, y = x - (weights * x).sum() / total, y - (weights * y).sum() / total",
                    change,
                )
                for change in ("weights * x -> weights * y", "weights * y -> weights * x")
            ],
        ),
        (
            "bootstrap",
            "x is centred, so the slope does not depend on where y is",
            [
                (
                    "y = y - over((weights * y).sum(axis=1, keepdims=True), total)",
                    change,
                )
                for change in (
                    "weights * y -> weights * x",
                    "y - over((weights * y).sum(axis=1, keepdims=True), total)"
                    " -> y + over((weights * y).sum(axis=1, keepdims=True), total)",
                )
            ],
        ),
        (
            "bootstrap",
            "a fit only starts elsewhere",
            [
                (
                    "rates = np.add.reduceat(self.events, self.starts) / np.add.reduceat(self.exposure, self.starts)",
                    "np.add.reduceat(self.events, self.starts) / np.add.reduceat(self.exposure, self.starts)"
                    " -> np.add.reduceat(self.events, self.starts) * np.add.reduceat(self.exposure, self.starts)",
                )
            ],
        ),
        (
            "bootstrap._by_unit",
            "the steps of intercepts are longer by 2, those of coefficients, the only ones returned, as before",
            [("surprise = self.events - expected", "self.events - expected -> self.events + expected")],
        ),
        (
            "bootstrap",
            "points without weight count for nothing, whatever they are",
            [
                (
                    "x, y = np.where(used, x, 0.0), np.where(used, y, 0.0)",
                    f"np.where(used, {one}, 0.0) -> np.where(used, {one}, 1.0)",
                )
                for one in ("x", "y")
            ],
        ),
        (
            "bootstrap",
            "the matrix is symmetric; this only chooses how its rank or inverse is found",
            [
                (
                    "step = np.linalg.pinv(curvature, hermitian=True) @ summed[:, :size, None]",
                    "np.linalg.pinv(curvature, hermitian=True) -> np.linalg.pinv(curvature, hermitian=False)",
                ),
                (
                    "if np.linalg.matrix_rank(information, hermitian=True) < len(solution):",
                    "np.linalg.matrix_rank(information, hermitian=True)"
                    " -> np.linalg.matrix_rank(information, hermitian=False)",
                ),
            ],
        ),
        (
            "bootstrap",
            "without a piece there is no solution, and only the number of these is used",
            [
                (
                    "self.varies = np.ptp(covariates, axis=1) > 0 if self.pieces else np.zeros(len(covariates), bool)",
                    "np.zeros -> np.ones",
                )
            ],
        ),
        (
            "bootstrap",
            "at the fit the gradient is 0, so that weights which are all the same make a step of 0",
            [
                ("if (weights != 1).any():", "weights != 1 -> weights != 0"),
                ("if (weights != 1).any():", "weights != 1 -> weights != 2"),
            ],
        ),
        (
            "week",
            "NumPy takes any negative size for the one that is left over",
            [
                (
                    "gained = np.array([paired(one) for one in (then.astype(float) - without).T]).reshape(-1, 3).T",
                    "-1 -> -2",
                )
            ],
        ),
        (
            "week",
            "an array of no elements",
            [
                (
                    "means = {name: one.mean(axis=0) if len(one) else np.zeros(0) for name, one in shares.items()}",
                    "np.zeros -> np.ones",
                )
            ],
        ),
        (
            "week",
            "where all means are the same, it does not matter how far they are drawn together",
            [
                (
                    "own = max(0.0, 1.0 - chance / spread) if spread > 0 else 0.0",
                    "max(0.0, 1.0 - chance / spread) if spread > 0 else 0.0"
                    " -> max(0.0, 1.0 - chance / spread) if spread > 0 else 1.0",
                )
            ],
        ),
        (
            "week",
            "what all plans gain beside is the same for all",
            [
                (
                    "best = np.zeros((most + 1, room + 1))",
                    "np.zeros -> np.ones",
                )
            ],
        ),
        (
            "week",
            "any number below 0 stands for no gesture",
            [("taken = np.full((len(rows), most + 1, room + 1), -1, np.int8)", "-1 -> -2")],
        ),
        (
            "week",
            "with nothing added, a plan of fewer ties is never better",
            [
                (
                    "for kind in np.flatnonzero((gains[row] > 0) & (takes <= room)):",
                    "gains[row] > 0 -> gains[row] >= 0",
                )
            ],
        ),
        ("week", "equal scores, whatever they are", [("CHANCE: np.zeros(len(pairs)),", "np.zeros -> np.ones")]),
        (
            "compare",
            "both have the same index by then",
            [("if a.empty:", "a.empty -> b.empty")],
        ),
        (
            "compare",
            "no more than a factor of two in how much rounding is let pass",
            [
                (
                    "constant = np.ptp(difference) <= _ROUNDING * max(np.abs(arm).max(), np.abs(base).max())",
                    f"np.abs({one}).max -> np.abs({one}).min",
                )
                for one in ("arm", "base")
            ],
        ),
        *(
            (
                f"design.{function}",
                "of this sweep only what is varied is used",
                [
                    (
                        "sweep = experiment.sweep or SweepSettings(replicates=1)",
                        "SweepSettings(replicates=1) -> SweepSettings(replicates=2)",
                    )
                ],
            )
            for function in ("_places", "points_of")
        ),
        (
            "design",
            "the other 1 stays",
            [
                (
                    "combined = max(1, *map(len, sweep.zip.values()), 1) * max(1, len(sweep.rows))",
                    f"max(1, *map(len, sweep.zip.values()), 1) -> max({one}, *map(len, sweep.zip.values()), {other})",
                )
                for one, other in ((0, 1), (1, 0))
            ],
        ),
        (
            "gate",
            "of this sweep only grid, zip and rows are used",
            [
                (
                    "before = experiment.sweep or SweepSettings(replicates=1)",
                    "SweepSettings(replicates=1) -> SweepSettings(replicates=2)",
                )
            ],
        ),
    )
    for line, change in changes
}

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
TWOS = (
    "min max", "minimum maximum", "argmin argmax", "any all", "floor ceil", "low high", "source target", "above below",
    "a b", "x y", "arm base", "mine theirs", "first second", "first last", "before after", "begins ends",
    "a_runs b_runs", "above level", "came stayed", "without then", "sociability reticence", "spent filled",
    "a_mean b_mean", "grid zip", "left right", "inner outer", "ones zeros", "adopters strategy_days",
    "strategy_days follow_up_days",
)  # fmt: skip
SWAPS = [tuple(two.split()) for two in TWOS]
LARGEST, SMALLEST = 400, 1e-6


class Mutant(NamedTuple):
    """One change: where it is, the expression around it before and after, and the module's text with it."""

    module: str
    function: str
    line: int
    text: str
    before: str
    after: str
    source: str

    @property
    def change(self) -> str:
        return f"{self.before} -> {self.after}"

    @property
    def reason(self) -> str | None:
        """Why it is equivalent, if it is."""
        return next((EQUIVALENT[key] for key in self.keys if key in EQUIVALENT), None)

    @property
    def keys(self) -> list[tuple[str, str, str]]:
        """What it may be called in `EQUIVALENT`."""
        stem = Path(self.module).stem
        return [(name, self.text, self.change) for name in (stem, f"{stem}.{self.function}")]


# Planting ------------------------------------------------------------------------------------------------------------


def mutants_of(module: str, source: str) -> list[Mutant]:
    """Every mutant of a module's text, in order of appearance."""
    tree, lines = ast.parse(source), source.splitlines()
    return [
        Mutant(module, function, line, lines[line - 1].split("  # ")[0].strip(), before, after, changed)
        for function, line, before, after, changed in _changed(tree)
        if before != after
    ]


class _Site(NamedTuple):
    """A node of a tree, the nodes above it from the top, and the names of the function around it."""

    node: ast.AST
    above: tuple[ast.AST, ...]
    names: frozenset[str]


def _changed(tree: ast.Module) -> Iterator[tuple[str, int, str, str, str]]:
    for site in list(_sites(tree, (), frozenset())):
        for holder, field, value in _changes(site):
            shown = _shown(site)
            before, old = ast.unparse(shown), getattr(holder, field)
            setattr(holder, field, value)
            around = [one.name for one in site.above if isinstance(one, ast.FunctionDef)]
            line: int = site.node.lineno  # type: ignore[attr-defined]
            yield next(iter(around), ""), line, before, ast.unparse(shown), ast.unparse(tree)
            setattr(holder, field, old)


def _shown(site: _Site) -> ast.AST:
    """The smallest expression that shows a change: the node itself, or what it is in where that is a name or number."""
    own = site.node
    if isinstance(own, ast.Constant | ast.Name | ast.UnaryOp):
        for node in reversed(site.above):
            if isinstance(node, ast.expr | ast.Assign | ast.AnnAssign) and not isinstance(node, ast.Tuple | ast.Slice):
                return node
            if isinstance(node, ast.stmt):
                return node if not hasattr(node, "body") else own
    return own


def _sites(node: ast.AST, above: tuple[ast.AST, ...], names: frozenset[str]) -> Iterator[_Site]:
    if isinstance(node, ast.Assert | ast.Raise | ast.JoinedStr):
        return
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        names |= {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
        names |= {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}
    if isinstance(node, ast.expr | ast.AugAssign):
        yield _Site(node, above, names)
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or (
                isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            ):
                continue
            if isinstance(child, ast.keyword) and child.arg == "strict":
                continue
            yield from _sites(child, (*above, node), names)


def _changes(site: _Site) -> Iterator[tuple[ast.AST, str, object]]:
    """What may be put in the place of what: a node, its field, the new value."""
    node = site.node
    match node:
        case ast.Compare():
            for at, operator in enumerate(node.ops):
                for other in COMPARISONS.get(type(operator), ()):
                    yield node, "ops", [*node.ops[:at], other(), *node.ops[at + 1 :]]
        case ast.BinOp() | ast.AugAssign():
            if type(node.op) in OPERATORS:
                yield node, "op", OPERATORS[type(node.op)]()
        case ast.BoolOp():
            yield node, "op", ast.Or() if isinstance(node.op, ast.And) else ast.And()
        case ast.UnaryOp():
            yield from _in_place(site, node.operand)
        case ast.Constant(value=bool() as value):
            yield node, "value", not value
        case ast.Constant(value=int() as value) if value <= LARGEST:
            yield node, "value", value + 1
            if value >= 1:
                yield node, "value", value - 1
        case ast.Constant(value=float() as value) if value == 0 or value >= SMALLEST:
            yield node, "value", value * 2 or 1.0
        case ast.Constant(value=str() as value) if _selects(site):
            for other in _partners(value):
                yield node, "value", other
        case ast.Name(ctx=ast.Load()):
            for other in _partners(node.id):
                if other in site.names or (node.id in ("min", "max", "any", "all") and node.id not in site.names):
                    yield node, "id", other
        case ast.Attribute(ctx=ast.Load()):
            for other in _partners(node.attr):
                yield node, "attr", other
        case ast.Call():
            for at, (one, other) in enumerate(zip(node.args, node.args[1:], strict=False)):
                if isinstance(one, ast.Name) and isinstance(other, ast.Name):
                    yield node, "args", [*node.args[:at], other, one, *node.args[at + 2 :]]


def _in_place(site: _Site, value: ast.expr) -> Iterator[tuple[ast.AST, str, object]]:
    """A node replaced by another in what it is in."""
    holder = site.above[-1]
    for field, old in ast.iter_fields(holder):
        if old is site.node:
            yield holder, field, value
        elif isinstance(old, list) and any(one is site.node for one in old):
            yield holder, field, [value if one is site.node else one for one in old]


def _selects(site: _Site) -> bool:
    """Whether a text selects something: in a subscript, or as an option."""
    holders = [one for one in site.above if not isinstance(one, ast.List | ast.Tuple)]
    return isinstance(holders[-1], ast.Subscript | ast.keyword)


def _partners(name: str) -> list[str]:
    return [other for one, two in SWAPS for this, other in ((one, two), (two, one)) if this == name]


# Running -------------------------------------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """What came of a run of tests: pytest's status, or None if it was stopped, and its CPU seconds."""

    status: int | None
    seconds: float


KILLED, SURVIVED, TIMED_OUT, SAME = "killed", "SURVIVED", "timed out", "equivalent"


def _load(folder: Path) -> None:
    """Import everything that tests import, and compile the model; then forget the package, which a mutant is of."""
    import hypothesis

    import_module(PLUGIN)
    phases = set(hypothesis.Phase) - {hypothesis.Phase.shrink, hypothesis.Phase.explain}
    hypothesis.settings.register_profile(
        "mutants", derandomize=True, deadline=None, phases=tuple(phases), database=None
    )
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), str(ROOT)])
    sys.path.insert(0, str(folder))
    import_module("experiments.terminal.compiling").compile_model()
    for module in TESTS:
        import_module(module.removesuffix(".py").replace("/", "."))
    for name in ("experiments.cli", "experiments.sweeps.runner", "SALib.sample.morris", "SALib.sample.sobol"):
        import_module(name)
    for name in [name for name in sys.modules if name.split(".")[0] in ("experiments", "tests")]:
        del sys.modules[name]
    sys.path.remove(str(folder))
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # a plugin that no test needs takes half a second
    gc.collect()
    gc.freeze()  # nor need a mutant's process look through all this again


def _start(folder: Path, tests: tuple[str, ...], limit: float | None) -> int:
    """Run tests on a copy in a process of its own, of which this is the id."""
    if process := os.fork():
        return process
    status = NOT_RUN
    try:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_CPU, (int(limit) + 1, int(limit) + 1))
            sys.dont_write_bytecode = True  # two mutants of one second and size would be taken for each other
            os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        os.chdir(folder)
        os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), str(ROOT)])
        sys.path[0] = str(folder)
        said = os.open(folder / "said.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(said, 1)
        os.dup2(said, 2)
        import pytest

        options = ["-x", "-q", "-p", "no:xdist", "-p", "no:cacheprovider"]
        options += ["-p", "no:unraisableexception", "-p", PLUGIN, "--hypothesis-profile=mutants"]
        options += ["--basetemp", str(folder / "temporary"), "--rootdir", str(folder), "-c", str(folder / COPIED[-1])]
        status = int(pytest.main([*options, *(f"tests/experiments/{name}" for name in tests)]))
        sys.stdout.flush()
    finally:
        os._exit(status)


def _ended(process: int, started: float) -> Outcome | None:
    """How a process ended; None if it has not."""
    found, status, used = os.wait4(process, os.WNOHANG)
    if not found:
        if time.monotonic() - started < SLOWEST:
            return None
        os.killpg(process, signal.SIGKILL)
        _, status, used = os.wait4(process, 0)
        return Outcome(None, used.ru_utime + used.ru_stime)
    seconds = used.ru_utime + used.ru_stime
    if os.WIFSIGNALED(status):
        return Outcome(None if os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL) else 1, seconds)
    return Outcome(os.WEXITSTATUS(status), seconds)


def _unchanged(folder: Path, tests: tuple[str, ...]) -> float:
    """CPU seconds of tests that nobody has tampered with; they must pass."""
    process, started = _start(folder, tests, None), time.monotonic()
    while (outcome := _ended(process, started)) is None:
        time.sleep(0.02)
    if outcome.status != 0:
        print((folder / "said.txt").read_text(errors="replace")[-4_000:])
        raise SystemExit(f"{' '.join(tests)} fail without any change: mend them first")
    return outcome.seconds


def _copied(to: Path) -> Path:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            to.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, to / name)
    return to


def _plant(folder: Path, module: str, source: str) -> None:
    path = folder / module
    path.write_text(source, encoding="utf-8")
    for stale in path.parent.glob(f"__pycache__/{path.stem}.*"):
        stale.unlink()


def run(mutants: list[Mutant], console: Console, jobs: int = 1) -> dict[str, Counter[str]]:
    """Run them all and say what survives; how many came to what, by module."""
    counts: dict[str, Counter[str]] = {module: Counter() for module in TESTS}
    waiting = []
    for mutant in mutants:
        if mutant.reason:
            counts[mutant.module][SAME] += 1
        else:
            waiting.append(mutant)
    with tempfile.TemporaryDirectory() as temporary:
        first = _copied(Path(temporary).resolve() / "copy0")
        _load(first)
        limits = {
            module: TIMES * _unchanged(first, TESTS[module]) + SECONDS_MORE
            for module in dict.fromkeys(mutant.module for mutant in waiting)
        }
        copies = [first.with_name(f"copy{number}") for number in range(1, jobs)]
        folders = [first, *(Path(shutil.copytree(first, copy)) for copy in copies)]
        texts = {module: (ROOT / module).read_text(encoding="utf-8") for module in TESTS}
        running: dict[int, tuple[Mutant, Path, float]] = {}
        try:
            while waiting or running:
                while waiting and folders:
                    mutant, folder = waiting.pop(0), folders.pop()
                    _plant(folder, mutant.module, mutant.source)
                    process = _start(folder, TESTS[mutant.module], limits[mutant.module])
                    running[process] = mutant, folder, time.monotonic()
                for process, (mutant, folder, started) in list(running.items()):
                    if (outcome := _ended(process, started)) is None:
                        continue
                    del running[process]
                    if outcome.status == NOT_RUN:
                        print((folder / "said.txt").read_text(errors="replace")[-4_000:])
                        raise SystemExit(f"pytest did not run on {mutant.module}:{mutant.line}  {mutant.change}")
                    came = {0: SURVIVED, None: TIMED_OUT}.get(outcome.status, KILLED)
                    counts[mutant.module][came] += 1
                    if came != KILLED:
                        where = f"{mutant.module}:{mutant.line}"
                        console.print(
                            f"{came}  {where}  {mutant.change}", markup=False, highlight=False, soft_wrap=True
                        )
                    _plant(folder, mutant.module, texts[mutant.module])
                    folders.append(folder)
                time.sleep(0.02)
        except KeyboardInterrupt:  # what has been found so far is reported
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            for process in running:
                with suppress(ProcessLookupError):
                    os.killpg(process, signal.SIGKILL)
                    os.waitpid(process, 0)
            reported(counts, console)
            raise SystemExit(128 + signal.SIGINT) from None
    return counts


# Reporting -----------------------------------------------------------------------------------------------------------


def reported(counts: dict[str, Counter[str]], console: Console) -> bool:
    """Print what came of each module; whether enough of all were noticed."""
    table = Table("module", "mutants", KILLED, TIMED_OUT, SAME, "survived")
    for column in table.columns[1:]:
        column.justify = "right"
    total: Counter[str] = Counter()
    for module, found in counts.items():
        if found:
            total += found
            table.add_row(Path(module).stem, *map(str, _numbers(found)))
    table.add_section()
    table.add_row("all", *map(str, _numbers(total)))
    console.print(table)
    noticed = 1 - total[SURVIVED] / max(1, total.total())
    console.print(f"{noticed:.1%} are killed or named as equivalent; {ENOUGH:.0%} at least must be.")
    return noticed >= ENOUGH


def _numbers(found: Counter[str]) -> list[int]:
    return [found.total(), *(found[name] for name in (KILLED, TIMED_OUT, SAME, SURVIVED))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", nargs="?", type=int, help="of mutants, drawn at random")
    parser.add_argument("seed", nargs="?", type=int, default=1)
    parser.add_argument("--module", action="append", help="all mutants of this one")
    parser.add_argument("--jobs", type=int, default=1, help="processes side by side")
    parser.add_argument("--list", action="store_true", help="run nothing")
    asked = parser.parse_args()
    console = Console()

    known = {Path(module).stem: module for module in TESTS}
    if unknown := [name for name in asked.module or () if name not in known]:
        parser.error(f"there is no {unknown[0]} among {', '.join(known)}")
    modules = [known[name] for name in asked.module] if asked.module else list(TESTS)
    every = [one for module in modules for one in mutants_of(module, (ROOT / module).read_text(encoding="utf-8"))]
    there = {key for one in every for key in one.keys}
    stems = {Path(module).stem for module in modules}
    for gone in [one for one in EQUIVALENT if one[0].split(".")[0] in stems and one not in there]:
        console.print(f"named as equivalent, but gone: {gone}", markup=False, highlight=False, soft_wrap=True)
    count = asked.count or (len(every) if asked.module else SAMPLE)
    chosen = random.Random(asked.seed).sample(every, min(count, len(every)))
    if asked.list:
        for one in chosen:
            print(f"{one.module}:{one.line}  {one.change}{'  (equivalent)' if one.reason else ''}")
        print(dict(Counter(Path(one.module).stem for one in chosen)))
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    chosen.sort(key=lambda one: (modules.index(one.module), one.line))
    sys.exit(not reported(run(chosen, console, asked.jobs), console))


if __name__ == "__main__":
    main()
