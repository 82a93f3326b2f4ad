"""The result of a sweep, for a notebook: its table as a data frame, comparisons, sensitivity and figures."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
from matplotlib.figure import Figure

from experiments.analysis.compare import RESAMPLES
from experiments.analysis.sensitivity import SensitivityError, indices
from experiments.config.errors import ConfigError
from experiments.figures.page import FOR_NOTEBOOKS, STYLES, Style
from experiments.notebook.shown import as_html, as_text
from experiments.sweep_figures import FigureOptions, SweepFigure, drawn
from experiments.sweeps import results, store
from experiments.sweeps.comparisons import STRATEGY, RunTable, chosen_measures, of_one_table, table_at
from experiments.sweeps.histories import EVENTS, PEOPLE, SERIES
from sim.model.former_names import accepted_name
from sim.runtime.installation import install_command

if TYPE_CHECKING:
    import polars as pl

_OPTIONS = "measure|baseline|x|y|colour|panel|runs"  # of commands, which are arguments here
_STYLES = {FOR_NOTEBOOKS.name: FOR_NOTEBOOKS, **STYLES}


@dataclass(frozen=True, eq=False, repr=False)
class Sweep:
    """A sweep whose runs have been made.

    Attributes:
        table: its runs and their provenance; `runs` is the same table for most uses.
    """

    table: RunTable

    @property
    def name(self) -> str:
        """Its name, which is also that of its results folder."""
        return str(self.table.origin["config"]["name"])

    @property
    def folder(self) -> Path:
        """Its results folder."""
        return self.table.path.parent

    @property
    def runs(self) -> pd.DataFrame:
        """One row per run: ``id``, ``scenario`` (the arm), ``strategy``, ``replicate``, ``point``, the levels of the
        settings that were varied, seeds, ``error`` if the run failed, and every measure (`rekindle explain NAME`).
        """
        return self.table.runs

    @property
    def failed(self) -> pd.DataFrame:
        """The runs that failed, with their ``error`` and ``traceback``."""
        return self.runs[self.runs["error"].notna()]

    def to_pandas(self) -> pd.DataFrame:
        """A copy of `runs`, which you may change."""
        return self.runs.copy()

    @cached_property
    def _arrow(self) -> pa.Table:
        return pa.Table.from_pandas(self.runs, preserve_index=False)

    def to_arrow(self) -> pa.Table:
        """`runs` as an Arrow table. Columns of numbers are those of the data frame, not copies."""
        return self._arrow

    def to_polars(self) -> pl.DataFrame:
        """`runs` as a Polars data frame, on the memory of the Arrow table.

        Raises:
            ModuleNotFoundError: if Polars is not installed.
        """
        try:
            import polars
        except ModuleNotFoundError:
            raise ModuleNotFoundError(
                f"to_polars needs Polars; install it with `{install_command('polars')}`, or use to_pandas or to_arrow."
            ) from None
        return polars.from_arrow(self.to_arrow())  # type: ignore[return-value]

    def series(self) -> pd.DataFrame:
        """One row per run and saved day, if the sweep has ``sweep.series_days``; see `sim.measures.Measures`."""
        return self._history(SERIES)

    def events(self) -> pd.DataFrame:
        """One row per gesture, if the sweep has ``sweep.events``; see `sim.measures.log_frame`."""
        return self._history(EVENTS)

    def people(self) -> pd.DataFrame:
        """One row per run and person, if the sweep has ``sweep.people``."""
        return self._history(PEOPLE)

    def _history(self, name: str) -> pd.DataFrame:
        rows = results.load(self.folder, table=name)
        return rows[rows["id"].isin(self.runs["id"])].reset_index(drop=True)

    def query(self, sql: str = results.MEANS) -> pd.DataFrame:
        """An SQL query on the tables ``runs``, ``series``, ``events`` and ``people``, as `rekindle results` has them.

        Raises:
            StoreError: if it is not a query, or names what there isn't.
        """
        return results.query(self.folder, sql)

    def compare(
        self,
        a: str = STRATEGY,
        b: str | None = None,
        *,
        baseline: object = None,
        measure: str | Sequence[str] = (),
        resamples: int = RESAMPLES,
    ) -> pd.DataFrame:
        """Paired differences A − B by world with their 95% intervals, as `rekindle compare` computes them.

        Args:
            a: an arm; or a factor, whose levels are compared with one of them. A single arm is the one that all other
                strategies are compared with: ``compare("wait")``.
            b: the arm to compare A with.
            baseline: the level of a factor that the others are compared with; by default, the first.
            measure: one measure or several; by default, those that tables of strategies show.
            resamples: bootstrap resamples over worlds, 2,000 or more.

        Returns:
            One row per measure, contrast and level: ``measure``, ``a``, ``b``, ``level``, ``a_mean``, ``b_mean``,
            ``difference``, ``low``, ``high``, ``worlds``, ``left_out``, ``fewer_runs``, ``idle`` and ``note``. What
            `rekindle compare` writes below its table is in ``attrs["notes"]``.

        Raises:
            ConfigError: if there is no such arm, factor, level or measure, or sides cannot be paired.
        """
        if b is None and a in set(self.runs[STRATEGY]):
            a, baseline = STRATEGY, a
        with _in_python():
            base = None if baseline is None else str(baseline)
            question = of_one_table(self.table, a, b, base)
            measures = chosen_measures([measure] if isinstance(measure, str) else measure, question.tables)
            found = question.answered(measures, resamples).rows
        found.attrs["notes"] = question.all_notes
        return found

    def sensitivity(self, measure: str = "reconnected") -> pd.DataFrame:
        """How much an outcome depends on each sampled factor, as `rekindle sensitivity` computes it.

        Returns:
            One row per strategy and factor, the most important first: ``mu_star``, ``mu_star_conf`` and ``sigma`` of
            Morris's screening, or ``total``, ``total_conf``, ``first`` and ``first_conf`` of Sobol's indices; then
            ``strategy``, and levels of factors that were not sampled. With ``wait`` in the sweep, the outcome of the
            others is their difference from it.

        Raises:
            ConfigError: if the points were not drawn for it, or there is no such measure.
        """
        with _in_python():
            (name,) = chosen_measures([measure], [self.table])
        try:
            found = indices(self.runs, self.table.origin, accepted_name(name))
        except SensitivityError as error:
            raise ConfigError(str(error)) from None
        each = [one.table.reset_index().assign(strategy=one.strategy, **one.fixed) for one in found]
        return pd.concat(each, ignore_index=True)

    def figure(self, *, strategy: str | None = None, style: str = FOR_NOTEBOOKS.name, **asked: str) -> Figure:
        """A figure of the sweep, as `rekindle figure` draws it; a notebook shows it if it ends a cell.

        Args:
            strategy: whose indices, in a sweep that was sampled for a sensitivity analysis; by default, the first.
            style: ``notebook``, ``talk`` or ``paper``.
            **asked: ``x``, ``y``, ``colour`` and ``panel``, which are factors (``y`` may be a measure, ``x`` the day),
                and ``measure``; by default, what fits what the sweep varied.

        Raises:
            ConfigError: if there is no such factor or measure, or the sweep cannot be drawn so.
        """
        if style not in _STYLES:
            raise ConfigError(f"style={style} is no style; the styles are {', '.join(_STYLES)}.")
        if unknown := [name for name in asked if name not in FigureOptions.__dataclass_fields__]:
            known = ", ".join((*FigureOptions.__dataclass_fields__, "strategy", "style"))
            raise TypeError(f"figure() has no argument {unknown[0]}; it has {known}.")
        with _in_python():
            found, _ = drawn(self.table, FigureOptions(**asked), _STYLES[style], self.name)
        return _shown(_of(found, strategy), _STYLES[style])

    def __repr__(self) -> str:
        return as_text(self.name, self.folder, self.runs)

    def _repr_html_(self) -> str:
        return as_html(self.name, self.folder, self.runs)


def load(name: str | os.PathLike[str], results: str | os.PathLike[str] = results.RESULTS) -> Sweep:
    """The last finished sweep of this name, such as one that `rekindle sweep` made.

    Args:
        name: the name of the sweep, or the path of its folder.
        results: the folder for results.

    Raises:
        StoreError: if there is none.
    """
    places = (Path(results) / name, Path(name))
    return read(next((place for place in places if (place / store.TABLE).is_file()), places[0]) / store.TABLE)


def read(path: Path) -> Sweep:
    """The sweep of a table.

    Raises:
        StoreError: if there is no such table.
    """
    return Sweep(table_at(path))


def _of(found: Sequence[SweepFigure], strategy: str | None) -> Figure:
    """The only figure or, of several that show one strategy each, that of this one; by default, the first."""
    of = [one for one in found if strategy is None or f"-{strategy}-" in f"{one.name}-"]
    if not of:
        raise ConfigError(f"There is no figure of {strategy} alone; there is {', '.join(one.name for one in found)}.")
    return of[0].figure


def _shown(figure: Figure, style: Style) -> Figure:
    """The figure, such that a notebook shows it: one that is made without pyplot is only named otherwise."""
    setattr(figure, "_repr_png_", partial(_as_png, figure, style))  # noqa: B010, which Figure does not have
    return figure


def _as_png(figure: Figure, style: Style) -> bytes:
    content = BytesIO()
    with style.in_use():
        figure.savefig(content, format="png")
    return content.getvalue()


@contextmanager
def _in_python() -> Iterator[None]:
    """Let messages name arguments instead of options of commands: ``measure=`` for ``--measure``."""
    try:
        yield
    except ConfigError as error:
        text = re.sub(rf"--({_OPTIONS}) (?=\S)(?!is |applies)", r"\1=", str(error))
        raise ConfigError(re.sub(rf"--({_OPTIONS})\b", r"\1=", text)) from None
