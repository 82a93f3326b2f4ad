"""One-token changes to modules that compute or judge results: the tests of a module must notice nearly all of them.

Each change (a mutant) is made in the syntax tree of a copy of the package in a temporary folder; the working tree does
not change. Then the tests of the module run in a fresh process, which is forked from one that has loaded everything but
the package. The model was compiled by another: compiling it runs it, and a process in which it ran has threads and
cannot be forked. The tests of the unchanged module run first, and must pass; on a mutant, the quickest run first. A
mutant is killed if a test or the import fails, and timed out if it takes many times the CPU time of the unchanged
module. Changes that alter no behaviour are listed in `EQUIVALENT`, each with its reason. A sample runs in the order in
which it was drawn, so that what an interrupted run has done is a random sample too.

The changes, each alone:

- a comparison becomes its neighbour and its mirror image (< becomes <= and >), == becomes !=, `in` and `is` their
  opposites;
- + becomes -, * becomes /, // becomes /, % becomes *, ** becomes *, & becomes |, and the other way round; also in +=;
- `and` becomes `or` and the other way round; `not`, unary - and ~ are dropped;
- a whole number up to 400 becomes one more and, from 1 on, one less; a decimal of a millionth or more twice itself, and
  0.0 becomes 1.0; True becomes False and the other way round;
- paired names are swapped (`SWAPS`): min and max, any and all, low and high, source and target, …; variables
  only where the function has both, and text only where it selects a column, a key or an option;
- neighbouring arguments of a call are swapped where both are plain names.

Not changed: docstrings, annotations, decorators, assertions, `strict=` of `zip`, f-strings and messages of `raise`.

    python -m verification.mutants [COUNT] [SEED]          a random sample over all modules; 60 and 1 by default
    python -m verification.mutants --module NAME [COUNT]   all mutants of a module, such as compare, or COUNT of them;
                                                           of modules with the same name, such as sweeps.tables
    python -m verification.mutants --list --module NAME    only lists them

The exit code is 1 if fewer than 95% are killed or listed as equivalent. The script needs `os.fork`.
"""

from __future__ import annotations

import argparse
import ast
import gc
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
COPIED = ("experiments", "tests", "configs", "docs", "README.md", "pyproject.toml")
PLUGIN = "_hypothesis_pytestplugin"
SAMPLE = 60  # mutants
ENOUGH = 0.95
TIMES, SECONDS_MORE = 8, 20  # CPU time allowed: this many times that of the unchanged tests, plus these seconds
NOT_RUN = 70  # exit status if pytest did not run; pytest never uses it
SLOWEST = 900  # seconds of wall time
MEMORY = 16 * 2**30  # bytes of address space

# A module, and the files in tests/experiments that test it.
TESTS = {
    "experiments/analysis/compare.py": ("analysis/test_compare.py",),
    "experiments/analysis/verdicts.py": ("analysis/test_verdicts.py",),
    "experiments/analysis/bootstrap.py": ("analysis/test_bootstrap.py",),
    "experiments/analysis/sensitivity.py": ("analysis/test_sensitivity.py",),
    "experiments/analysis/comparison_table.py": ("terminal/test_tables.py",),
    "experiments/analysis/by_level.py": ("analysis/test_by_level.py",),
    "experiments/figures/choice.py": ("figures/test_choice.py",),
    "experiments/figures/headlines.py": ("figures/test_headlines.py",),
    "experiments/config/factors.py": ("config/test_factors.py",),
    "experiments/logs/gate.py": ("logs/test_gate.py",),
    "experiments/logs/validate.py": ("logs/test_validate.py",),
    "experiments/logs/calibrate.py": ("logs/test_calibrate.py",),
    "experiments/logs/simulated.py": ("logs/test_calibrate.py",),
    "experiments/forecasts/pairs.py": ("forecasts/test_pairs.py",),
    "experiments/forecasts/scores.py": ("forecasts/test_scores.py",),
    "experiments/forecasts/baselines.py": ("forecasts/test_baselines.py",),
    "experiments/forecasts/week.py": ("forecasts/test_week.py",),
    "experiments/sweeps/design.py": ("sweeps/test_design.py", "config/test_factors.py"),
    "experiments/sweeps/searching.py": ("sweeps/test_searching.py",),
    "experiments/sweeps/search_space.py": ("sweeps/test_searching.py",),
    "experiments/sweeps/adopters.py": ("sweeps/test_injected.py",),
    "experiments/sweeps/injected.py": ("sweeps/test_injected.py",),
    "experiments/sweeps/sampled.py": ("sweeps/test_sampled.py",),
    "experiments/sweeps/results.py": (
        "sweeps/test_sandbox.py",
        "sweeps/test_histories.py",
        "commands/test_planning.py",
    ),
    "experiments/sweeps/histories.py": ("sweeps/test_histories.py", "sweeps/test_faulty_disk.py"),
    "experiments/sweeps/over_worlds.py": ("sweeps/test_over_worlds.py",),
    "experiments/sweeps/time_limit.py": ("sweeps/test_time_limit.py",),
    "experiments/sweeps/progress_log.py": ("sweeps/test_progress_log.py",),
    "experiments/sweeps/progress_page.py": ("sweeps/test_progress_page.py",),
    "experiments/terminal/notifying.py": ("terminal/test_notifying.py",),
    "experiments/commands/touring.py": ("commands/test_touring.py",),
    "experiments/sweeps/planning.py": ("sweeps/test_planning.py",),
    "experiments/sweeps/integrity.py": ("sweeps/test_integrity.py", "commands/test_verifying.py"),
    "experiments/sweeps/checksums.py": ("sweeps/test_checksums.py", "sweeps/test_store.py"),
    "experiments/sweeps/making.py": ("notebook/test_running.py",),
    "experiments/sweeps/own_model.py": ("sweeps/test_own_model.py",),
    "experiments/sweeps/comparisons.py": ("commands/test_comparing.py", "notebook/test_result.py"),
    "experiments/notebook/running.py": ("notebook/test_running.py",),
    "experiments/notebook/result.py": ("notebook/test_result.py",),
    "experiments/notebook/shown.py": ("notebook/test_result.py",),
    "experiments/sweeps/store.py": ("sweeps/test_store.py", "sweeps/test_faulty_disk.py"),
    "experiments/sweeps/runner.py": ("sweeps/test_runner.py", "sweeps/test_injected.py", "logs/test_gate.py"),
    "experiments/sweeps/sweep_result.py": ("sweeps/test_sweep_result.py",),
    "experiments/sweeps/tables.py": ("terminal/test_tables.py",),
    "experiments/terminal/numbers.py": ("terminal/test_tables.py",),
    "experiments/forecasts/tables.py": ("forecasts/test_tables.py",),
    "experiments/logs/tables.py": ("logs/test_tables.py",),
    "experiments/provenance.py": ("test_provenance.py",),
    "experiments/essay/essay.py": ("essay/test_essay.py",),
    "experiments/essay/report.py": ("essay/test_report.py",),
    "experiments/essay/answers.py": ("watch/test_questions.py",),
    "experiments/essay/rests_on.py": ("essay/test_rests_on.py",),
    "experiments/essay/story.py": ("essay/test_story.py",),
    "experiments/essay/findings/__init__.py": ("essay/test_findings.py",),
    "experiments/essay/findings/effects.py": ("essay/test_effects.py", "essay/test_findings.py"),
    "experiments/essay/findings/barrier.py": ("essay/test_findings.py",),
    "experiments/essay/findings/built_slowly.py": ("essay/test_findings.py",),
    "experiments/essay/findings/in_touch.py": ("essay/test_findings.py",),
    "experiments/essay/findings/naturals.py": ("essay/test_findings.py",),
    "experiments/essay/findings/nine_strategies.py": ("essay/test_findings_of_strategies.py",),
    "experiments/essay/findings/one_like.py": ("essay/test_findings.py",),
    "experiments/essay/findings/online_to_person.py": ("essay/test_findings.py",),
    "experiments/essay/findings/showing_up.py": ("essay/test_findings.py",),
    "experiments/essay/findings/smallest_gestures.py": ("essay/test_findings.py",),
    "experiments/essay/findings/zero_to_connected.py": ("essay/test_findings.py",),
    "experiments/logs/writing.py": ("logs/test_writing.py",),
    "experiments/logs/by_pair.py": ("logs/test_contact_log.py", "logs/test_recounts.py"),
    "experiments/logs/answers.py": ("logs/test_contact_log.py", "logs/test_recounts.py"),
    "experiments/logs/silences.py": ("logs/test_contact_log.py", "logs/test_recounts.py"),
    "experiments/logs/alters.py": ("logs/test_contact_log.py", "logs/test_recounts.py"),
    "experiments/logs/pairs_and_network.py": ("logs/test_contact_log.py", "logs/test_recounts.py"),
    "experiments/logs/rhythm.py": ("logs/test_later_statistics.py",),
    "experiments/logs/conversations.py": ("logs/test_later_statistics.py",),
    "experiments/logs/lifetimes.py": ("logs/test_later_statistics.py",),
    "experiments/logs/observed.py": ("logs/test_observed.py",),
    "experiments/logs/features.py": ("logs/test_discriminator.py",),
    "experiments/logs/discriminator.py": ("logs/test_discriminator.py",),
    "experiments/logs/statistic_groups.py": ("logs/test_contact_log.py", "logs/test_recounts.py"),
    "experiments/logs/contact_log.py": ("logs/test_contact_log.py", "logs/test_recounts.py"),
    "experiments/logs/log.py": ("logs/test_contact_log.py", "logs/test_recounts.py"),
    "experiments/logs/fact_values.py": ("logs/test_published.py", "logs/test_recounts.py"),
    "experiments/logs/facts_of_networks.py": ("logs/test_published.py", "logs/test_recounts.py"),
    "experiments/logs/facts_of_pairs.py": ("logs/test_published.py", "logs/test_recounts.py"),
    "experiments/logs/facts_of_people.py": ("logs/test_published.py", "logs/test_recounts.py"),
    "experiments/logs/absences.py": ("logs/test_published.py",),
    "experiments/logs/published.py": ("logs/test_published.py",),
    "experiments/logs/trials.py": ("logs/test_trials.py",),
    "experiments/logs/json_lines.py": ("logs/test_trials.py", "logs/test_reference_table.py"),
    "experiments/logs/reference_table.py": ("logs/test_reference_table.py",),
    "experiments/logs/posterior.py": ("logs/test_posterior.py",),
    "experiments/logs/pooled.py": ("logs/test_posterior.py",),
    "experiments/logs/draws.py": ("logs/test_draws.py",),
    "experiments/imports/contacts.py": ("imports/test_mail.py", "imports/test_telegram.py", "imports/test_whatsapp.py"),
    "experiments/imports/gathering.py": ("imports/test_gathering.py", "imports/test_people.py"),
    "experiments/imports/identities.py": ("imports/test_identities.py",),
    "experiments/imports/id_tables.py": ("imports/test_identities.py", "imports/test_people.py"),
    "experiments/imports/people.py": ("imports/test_people.py",),
    "experiments/imports/packed.py": ("imports/test_telegram.py", "imports/test_meta.py", "imports/test_whatsapp.py"),
    "experiments/imports/mail.py": ("imports/test_mail.py", "imports/test_people.py"),
    "experiments/imports/whatsapp.py": ("imports/test_whatsapp.py",),
    "experiments/imports/telegram.py": ("imports/test_telegram.py",),
    "experiments/imports/signal.py": ("imports/test_signal.py",),
    "experiments/imports/meta.py": ("imports/test_meta.py",),
    "experiments/imports/sms.py": ("imports/test_sms.py",),
    "experiments/imports/calls.py": ("imports/test_calls.py",),
    "experiments/imports/phones.py": ("imports/test_calls.py", "imports/test_sms.py"),
    "experiments/imports/slack.py": ("imports/test_slack.py",),
    "experiments/imports/linkedin.py": ("imports/test_linkedin.py",),
    "experiments/imports/table.py": ("imports/test_table.py",),
    "experiments/imports/delimited.py": ("imports/test_table.py", "imports/test_linkedin.py"),
    "experiments/imports/dates.py": ("imports/test_dates.py", "imports/test_table.py"),
    "experiments/forecasts/leaderboard.py": ("forecasts/test_leaderboard.py",),
    "experiments/forecasts/counting.py": ("forecasts/test_counting.py",),
    "experiments/forecasts/evaluation.py": ("forecasts/test_evaluation.py",),
    "experiments/forecasts/mornings.py": ("forecasts/test_mornings.py",),
    "experiments/forecasts/trials.py": ("forecasts/test_trials.py",),
    "experiments/forecasts/values.py": ("forecasts/test_agenda.py",),
    "experiments/forecasts/agenda.py": ("forecasts/test_agenda.py",),
    "experiments/forecasts/forecast.py": ("forecasts/test_forecast.py",),
    "experiments/forecasts/gains.py": ("forecasts/test_gains.py",),
    "experiments/config/reading.py": (
        "config/test_settings.py",
        "config/test_former_names.py",
        "config/test_given.py",
    ),
    "experiments/config/validation.py": ("config/test_settings.py",),
    "experiments/config/catalogue.py": ("config/test_settings.py",),
    "experiments/config/errors.py": ("config/test_settings.py",),
    "experiments/config/settings.py": ("config/test_settings.py",),
    "experiments/config/toml_text.py": ("config/test_settings.py",),
    "experiments/explain.py": ("test_explain.py",),
}


def _names(modules: Iterable[str]) -> dict[str, str]:
    """Each module by its name: the end of its path that no other has, such as ``compare`` or ``sweeps.tables``."""
    parts = {module: module.removesuffix(".py").removesuffix("/__init__").split("/") for module in modules}
    ends = {module: [".".join(of[-length:]) for length in range(1, len(of) + 1)] for module, of in parts.items()}
    often = Counter(end for of in ends.values() for end in of)
    return {next(end for end in of if often[end] == 1): module for module, of in ends.items()}


NAMES = _names(TESTS)
NAME_OF = {module: name for name, module in NAMES.items()}

# (module or module.function, line without indentation and comment, change): the reason why behaviour is the same.
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
        (
            "week",
            "ties at the level are added one by one, and taken away again at their mean",
            [("above, level = score > least, score == least", "score > least -> score >= least")],
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
        (
            "compare",
            "the tail of two worlds is below 1e-70, so the interval goes from the least to the largest in either case",
            [
                ("if worlds < 2:", "worlds < 2 -> worlds <= 2"),
                ("if worlds < 2:", "worlds < 2 -> worlds < 3"),
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
            "forecasts.tables",
            "both ends of an interval are nan, or neither",
            [("if math.isnan(low):", "math.isnan(low) -> math.isnan(high)")],
        ),
        *(
            (module, "both ends of an interval are nan, or neither", [(line, "row['low'] -> row['high']")])
            for module, line in (
                (
                    "sweeps.tables",
                    'interval = "–" if math.isnan(row["low"]) else f"{signed(row[\'low\'])} … {signed(row[\'high\'])}"',
                ),
                (
                    "forecasts.tables",
                    'bounds = "" if math.isnan(row["low"]) else '
                    "f\", 95% interval {points(row['low'])} … {points(row['high'])}\"",
                ),
                (
                    "comparison_table",
                    'return "–" if math.isnan(row["difference"]) else mean, '
                    '"–" if math.isnan(row["low"]) else f"{low} … {high}"',
                ),
            )
        ),
        (
            "simulated",
            "a log is the same on any number of threads",
            [
                (
                    "def simulated_log(parameters: sim.Parameters, window: Window, *, seed: int, threads: int = 1)"
                    " -> Log:",
                    "1 -> 2",
                ),
                (
                    "def lived(parameters: sim.Parameters, window: Window, *, seed: int, threads: int = 1)"
                    " -> tuple[Log, sim.World]:",
                    "1 -> 2",
                ),
            ],
        ),
        (
            "validate",
            "none of none is missing with or without the check",
            [
                (
                    'counts["share"] = counts["met"] / counts["statistics"].where(counts["statistics"] > 0)',
                    "counts['statistics'] > 0 -> counts['statistics'] >= 0",
                )
            ],
        ),
        (
            "baselines",
            "the cost has one minimum, and a fit only starts elsewhere",
            [
                (
                    'found = minimize(cost, np.zeros(known.shape[1]), jac=True, method="BFGS").x',
                    "np.zeros -> np.ones",
                )
            ],
        ),
        (
            "baselines",
            "a constant column is 0 at every known pair, so that its slope stays 0",
            [
                (
                    "spread = np.where(spread > 0, spread, 1.0)",
                    "np.where(spread > 0, spread, 1.0) -> np.where(spread > 0, spread, 2.0)",
                )
            ],
        ),
        (
            "baselines",
            "the number of threads changes the order of sums alone, and with it their last bits",
            [("with threadpool_limits(1):", f"threadpool_limits(1) -> threadpool_limits({other})") for other in (0, 2)],
        ),
        (
            "baselines",
            "without early stopping, and below 200,000 pairs, nothing is drawn",
            [
                (
                    "learning_rate=0.05, max_iter=100, max_leaf_nodes=15, min_samples_leaf=40, early_stopping=False, "
                    "random_state=0",
                    " -> ".join(
                        "HistGradientBoostingClassifier(learning_rate=0.05, max_iter=100, max_leaf_nodes=15, "
                        f"min_samples_leaf=40, early_stopping=False, random_state={seed})"
                        for seed in (0, 1)
                    ),
                )
            ],
        ),
        (
            "injected",
            "NumPy takes any negative size for the one that is left over",
            [
                (
                    "uniforms_of_pairs(draws, np.array(both, np.int64).reshape(-1, 2), np.uint64(seed), _FOCAL, 0, "
                    "_OF_TIES)",
                    "-1 -> -2",
                )
            ],
        ),
        (
            "sweeps.tables",
            "120 is even, and that many arms are the first and the last sixty",
            [
                ("if left_out > 0 and at == _MOST_ARMS // 2:", "_MOST_ARMS // 2 -> _MOST_ARMS / 2"),
                *(
                    ("if left_out <= 0 or at < _MOST_ARMS // 2 or at >= len(arms) - _MOST_ARMS // 2:", change)
                    for change in ("_MOST_ARMS // 2 -> _MOST_ARMS / 2", "left_out <= 0 -> left_out < 0")
                ),
            ],
        ),
        (
            "comparison_table",
            "all contrasts of a table have the same B",
            [('several = rows[["a", "b"]].drop_duplicates().shape[0] > 1', "['a', 'b'] -> ['a', 'a']")],
        ),
        (
            "numbers",
            "0 is written as 0 in either way",
            [
                (
                    "return digits(value) if 0 < abs(value) < 0.1 else number(value)",
                    "0 < abs(value) < 0.1 -> 0 <= abs(value) < 0.1",
                )
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
        (
            "log",
            "the conversion to a whole number cuts the rest off",
            [
                (
                    "return int(self.since_start[-1] // DAY) + 1",
                    "self.since_start[-1] // DAY -> self.since_start[-1] / DAY",
                )
            ],
        ),
        (
            "facts_of_pairs",
            "the sums of squares of all groups add up to the same total in every split",
            [("second[k + 1] = second[k] + many[k] * values[k] ** 2", "values[k] ** 2 -> values[k] * 2")],
        ),
        (
            "facts_of_pairs",
            "nothing reads the column more",
            [
                ("least = np.full((groups + 1, n + 1), np.inf)", "n + 1 -> n + 2"),
                ("begins = np.zeros((groups + 1, n + 1), np.int64)", "n + 1 -> n + 2"),
            ],
        ),
        (
            "facts_of_pairs",
            "only differences of these running sums are used",
            [("weight, first, second = np.zeros(n + 1), np.zeros(n + 1), np.zeros(n + 1)", "np.zeros -> np.ones")],
        ),
        (
            "pairs_and_network",
            "it does not matter in which order people are counted",
            [
                (
                    "degree = np.bincount(np.append(low, high), minlength=log.people)",
                    "np.append(low, high) -> np.append(high, low)",
                )
            ],
        ),
        (
            "answers",
            "the risks of other strata are 0, whatever their weight",
            [
                (
                    "treated = np.where(common, gestures[:, :, 1], 0.0)",
                    "np.where(common, gestures[:, :, 1], 0.0) -> np.where(common, gestures[:, :, 1], 1.0)",
                )
            ],
        ),
        (
            "alters",
            "only places from 0 on are used",
            [("place = np.full(len(self.known), -1)", "-1 -> -2")],
        ),
        (
            "facts_of_pairs",
            "without openings and closings the variation of these is nan, and left out of the median",
            [
                (
                    "settled = (stock.mean(axis=1) >= 5) & (flow.sum(axis=1) > 0)",
                    "flow.sum(axis=1) > 0 -> flow.sum(axis=1) >= 0",
                )
            ],
        ),
        (
            "planning",
            "the tiny run is thrown away; it only loads what other runs need",
            [
                (
                    'sim.simulate(tiny, days=8, strategy="show_up", adopters=1, seed=1)',
                    "sim.simulate(tiny, days=8, strategy='show_up', adopters=1, seed=1) -> "
                    f"sim.simulate(tiny, days={days}, strategy='show_up', adopters={adopters}, seed={seed})",
                )
                for days, adopters, seed in ((7, 1, 1), (9, 1, 1), (8, 2, 1), (8, 1, 0), (8, 1, 2))
            ]
            + [
                (
                    "tiny = sim.worlds.generated(people=4, burn_in_years=0, cache=False)",
                    "sim.worlds.generated(people=4, burn_in_years=0, cache=False) -> "
                    f"sim.worlds.generated(people={people}, burn_in_years={years}, cache=False)",
                )
                for people, years in ((3, 0), (5, 0), (4, 1))
            ],
        ),
        (
            "planning",
            "the lesser of two is the same the other way round",
            [
                (
                    "return (runs * each + worlds * world) / max(1, min(processes, runs))",
                    "min(processes, runs) -> min(runs, processes)",
                )
            ],
        ),
        (
            "provenance",
            "git answers at once; after many seconds it is given up",
            [
                (
                    '["git", *arguments], cwd=here, capture_output=True, text=True, check=True, timeout=10',
                    " -> ".join(
                        "subprocess.run(['git', *arguments], cwd=here, capture_output=True, text=True, check=True, "
                        f"timeout={seconds})"
                        for seconds in (10, other)
                    ),
                )
                for other in (9, 11)
            ],
        ),
        (
            "report",
            "no line of a template has spaces before a block",
            [
                (
                    "trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,",
                    " -> ".join(
                        "Environment(loader=FileSystemLoader(Path(__file__).parent), "
                        f"autoescape=name.endswith('.html'), undefined=StrictUndefined, trim_blocks=True, "
                        f"lstrip_blocks={strips}, keep_trailing_newline=True)"
                        for strips in (True, False)
                    ),
                )
            ],
        ),
        (
            "report",
            "0 is written as 0 in either way",
            [("if float(value).is_integer() and abs(value) >= 1:", "abs(value) >= 1 -> abs(value) >= 0")],
        ),
        (
            "runner",
            "only how soon what has ended is handed on, not what",
            [
                ("SECONDS_A_PART = 1.0", "SECONDS_A_PART = 1.0 -> SECONDS_A_PART = 2.0"),
                ("SECONDS_TO_NOTICE = 0.2", "SECONDS_TO_NOTICE = 0.2 -> SECONDS_TO_NOTICE = 0.4"),
                (
                    "if not found.not_done or stopping.came() or time.monotonic() > until:",
                    "time.monotonic() > until -> time.monotonic() >= until",
                ),
            ],
        ),
        (
            "runner",
            "a run is the same on any number of threads",
            [
                (
                    "return simulate(run, world, threads=1, **outputs, **(checkpoints.of(run) if checkpoints else {}))",
                    " -> ".join(
                        f"simulate(run, world, threads={threads}, **outputs, "
                        "**checkpoints.of(run) if checkpoints else {})"
                        for threads in (1, 2)
                    ),
                )
            ],
        ),
        (
            "checksums",
            "a Parquet file begins with another word, so that a digest never begins at 0",
            [
                ("if begins < 0:", "begins < 0 -> begins <= 0"),
                ("if begins < 0:", "begins < 0 -> begins < 1"),
                *(
                    (
                        "return _place_of_digest(bytes_of(path))[0] >= 0",
                        f"_place_of_digest(bytes_of(path))[0] >= 0 -> _place_of_digest(bytes_of(path))[0] {other}",
                    )
                    for other in ("> 0", ">= 1")
                ),
            ],
        ),
        (
            "checksums",
            "both ends are below 0, or neither",
            [
                ("if begins < 0:", "begins < 0 -> ends < 0"),
                (
                    "return _place_of_digest(bytes_of(path))[0] >= 0",
                    "_place_of_digest(bytes_of(path))[0] -> _place_of_digest(bytes_of(path))[1]",
                ),
            ],
        ),
        (
            "checksums",
            "any beginning below 0 stands for none, and its end is not used",
            [
                ("return found.span(1) if found else (-1, -1)", "-1 -> -2"),
                (
                    "return found.span(1) if found else (-1, -1)",
                    "found.span(1) if found else (-1, -1) -> found.span(1) if found else (-1, 1)",
                ),
            ],
        ),
        (
            "checksums",
            "what is nowhere does not begin at 1 either",
            [
                (
                    "found = _FOUND.match(content, max(0, content.rfind(_DIGEST)))",
                    "max(0, content.rfind(_DIGEST)) -> max(1, content.rfind(_DIGEST))",
                )
            ],
        ),
        (
            "integrity",
            "only how much is read at a time",
            [
                ("_PIECE = 2**24", f"2 ** 24 -> {other}")
                for other in ("1 ** 24", "3 ** 24", "2 ** 23", "2 ** 25", "2 * 24")
            ],
        ),
        (
            "store",
            "only how many small files there are before they are merged",
            [("MOST_SMALL_PARTS = 64", f"MOST_SMALL_PARTS = 64 -> MOST_SMALL_PARTS = {other}") for other in (63, 65)],
        ),
        (
            "story",
            "of these runs only who reconnected is used",
            [
                (
                    '"series": False,',
                    " -> ".join(
                        "{'days': run.days, 'seed': run.seed, 'parameters': run.parameters, 'focal': focal, "
                        f"'series': {series}}}"
                        for series in (False, True)
                    ),
                )
            ],
        ),
        (
            "story",
            "nothing reads the index",
            [
                (
                    'return frame.sort_values(["arrives_day", "arrives_second", "sender", "event_key"], '
                    "ignore_index=True)",
                    " -> ".join(
                        "frame.sort_values(['arrives_day', 'arrives_second', 'sender', 'event_key'], "
                        f"ignore_index={ignored})"
                        for ignored in (True, False)
                    ),
                )
            ],
        ),
        (
            "facts_of_networks",
            "it does not matter in which order people are counted",
            [
                (
                    "closed = np.bincount(np.append(low, high), np.append(shared, shared), minlength=people) / 2",
                    "np.append(low, high) -> np.append(high, low)",
                )
            ],
        ),
        (
            "validation",
            "a message that is far too long is cut a character earlier or later",
            [
                (
                    "_LONGEST_PLACE, _LONGEST_PROBLEM = 300, 600",
                    f"_LONGEST_PLACE, _LONGEST_PROBLEM = (300, 600) -> _LONGEST_PLACE, _LONGEST_PROBLEM = {other}",
                )
                for other in ((299, 600), (301, 600))
            ],
        ),
        (
            "forecast",
            "only what is left where gains cancel is rounded away",
            [
                (
                    "mean = float(gains.mean().round(12))",
                    "gains.mean().round(12) -> gains.mean().round(13)",
                ),
                *(
                    ("return mean, round(low, 12), round(high, 12)", f"round({end}, 12) -> round({end}, 13)")
                    for end in ("low", "high")
                ),
            ],
        ),
        (
            "absences",
            "NumPy takes any negative size for the one that is left over",
            [
                ("return np.array(kept, np.int64).reshape(-1, 2)", "-1 -> -2"),
                ("without, liked = (_strengths(arm.world, sides).reshape(2, -1) for arm in arms)", "-1 -> -2"),
                ("return wrote | read.reshape(2, -1).any(axis=0)", "-1 -> -2"),
            ],
        ),
        (
            "absences",
            "the lower and the higher of two is the same the other way round",
            [
                (
                    "keys = np.sort(np.minimum(first, second) * width + np.maximum(first, second))",
                    f"np.{which}(first, second) -> np.{which}(second, first)",
                )
                for which in ("minimum", "maximum")
            ],
        ),
        (
            "absences",
            "with two people or more, the largest number is 1 or more",
            [
                (
                    "width = int(max(focal.max(initial=0), first.max(initial=0), second.max(initial=0))) + 1",
                    f"{which}.max(initial=0) -> {which}.max(initial=1)",
                )
                for which in ("focal", "first", "second")
            ],
        ),
        (
            "errors",
            "the line is used only where there is no option",
            [("line: int = 0", "line: int = 0 -> line: int = 1")],
        ),
        (
            "exports",
            "the mailbox is there by then",
            [
                (
                    "box = mailbox.mbox(path, factory=_headers, create=False)",
                    "mailbox.mbox(path, factory=_headers, create=False) -> "
                    "mailbox.mbox(path, factory=_headers, create=True)",
                ),
                (
                    "box = mailbox.Maildir(path, create=False)",
                    "mailbox.Maildir(path, create=False) -> mailbox.Maildir(path, create=True)",
                ),
            ],
        ),
        (
            "absences",
            "any number above those of all people keeps pairs apart",
            [
                (
                    "width = int(max(focal.max(initial=0), first.max(initial=0), second.max(initial=0))) + 1",
                    " -> ".join(
                        f"int(max(focal.max(initial=0), first.max(initial=0), second.max(initial=0))) + {more}"
                        for more in (1, 2)
                    ),
                )
            ],
        ),
        (
            "facts_of_networks",
            "only ranks of this are used",
            [
                *(
                    (
                        "clustering = over(closed, degree * (degree - 1) / 2)",
                        f"degree * (degree - 1) / 2 -> degree * (degree - 1) {other}",
                    )
                    for other in ("/ 1", "/ 3", "* 2")
                ),
                *(
                    (
                        "closed = np.bincount(np.append(low, high), np.append(shared, shared), minlength=people) / 2",
                        "np.bincount(np.append(low, high), np.append(shared, shared), minlength=people) / 2 -> "
                        f"np.bincount(np.append(low, high), np.append(shared, shared), minlength=people) {other}",
                    )
                    for other in ("/ 1", "/ 3", "* 2")
                ),
            ],
        ),
        (
            "facts_of_pairs",
            "the conversion to whole numbers cuts the rest off",
            [
                (
                    "cells = np.unique(events.pair[whole] * max(periods, 1) "
                    "+ (events.time[whole] // _PERIOD).astype(int))",
                    "events.time[whole] // _PERIOD -> events.time[whole] / _PERIOD",
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
    """One change: its place, the expression around it before and after, and the changed text of the module."""

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
        """The reason why it is equivalent; None if it is not."""
        return next((EQUIVALENT[key] for key in self.keys if key in EQUIVALENT), None)

    @property
    def keys(self) -> list[tuple[str, str, str]]:
        """The keys under which it may be listed in `EQUIVALENT`."""
        module = NAME_OF[self.module]
        return [(name, self.text, self.change) for name in (module, f"{module}.{self.function}")]


# Planting ------------------------------------------------------------------------------------------------------------


def mutants_of(module: str, source: str) -> list[Mutant]:
    """All mutants of the text of a module, in order of appearance."""
    tree, lines = ast.parse(source), source.splitlines()
    return [
        Mutant(module, function, line, lines[line - 1].split("  # ")[0].strip(), before, after, changed)
        for function, line, before, after, changed in _changed(tree)
        if before != after
    ]


class _Site(NamedTuple):
    """A node of a syntax tree, its ancestors from the top, and the local names of the function around it."""

    node: ast.AST
    above: tuple[ast.AST, ...]
    names: frozenset[str]


def _changed(tree: ast.Module) -> Iterator[tuple[str, int, str, str, str]]:
    for site in list(_sites(tree, (), frozenset())):
        for holder, field, value in _changes(site):
            shown = _shown(site)
            before, old = ast.unparse(shown), getattr(holder, field)
            setattr(holder, field, value)
            functions = [node.name for node in site.above if isinstance(node, ast.FunctionDef)]
            line: int = site.node.lineno  # type: ignore[attr-defined]
            yield next(iter(functions), ""), line, before, ast.unparse(shown), ast.unparse(tree)
            setattr(holder, field, old)


def _shown(site: _Site) -> ast.AST:
    """The smallest expression that shows a change: the node itself, or its parent if it is a name or number."""
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
        names |= {
            inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
        }
        names |= {inner.arg for inner in ast.walk(node) if isinstance(inner, ast.arg)}
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
    """Yield possible changes: a node, the name of its field, and the new value."""
    node = site.node
    match node:
        case ast.Compare():
            for index, operator in enumerate(node.ops):
                for other in COMPARISONS.get(type(operator), ()):
                    yield node, "ops", [*node.ops[:index], other(), *node.ops[index + 1 :]]
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
            for index, (first, second) in enumerate(zip(node.args, node.args[1:], strict=False)):
                if isinstance(first, ast.Name) and isinstance(second, ast.Name):
                    yield node, "args", [*node.args[:index], second, first, *node.args[index + 2 :]]


def _in_place(site: _Site, value: ast.expr) -> Iterator[tuple[ast.AST, str, object]]:
    """Yield the replacement of a node in its parent."""
    holder = site.above[-1]
    for field, old in ast.iter_fields(holder):
        if old is site.node:
            yield holder, field, value
        elif isinstance(old, list) and any(item is site.node for item in old):
            yield holder, field, [value if item is site.node else item for item in old]


def _selects(site: _Site) -> bool:
    """Whether a string selects something: as a subscript or an option."""
    holders = [node for node in site.above if not isinstance(node, ast.List | ast.Tuple)]
    return isinstance(holders[-1], ast.Subscript | ast.keyword)


def _partners(name: str) -> list[str]:
    return [partner for pair in SWAPS for this, partner in (pair, pair[::-1]) if this == name]


# Running -------------------------------------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """The outcome of a run of tests: the status of pytest, or None if it was stopped, and its CPU seconds."""

    status: int | None
    seconds: float


KILLED, SURVIVED, TIMED_OUT, SAME = "killed", "SURVIVED", "timed out", "equivalent"


class _QuickestFirst:
    """A plugin of pytest: unchanged tests say how long each takes, and on mutants the quickest are run first."""

    def __init__(self, kept: Path, measures: bool) -> None:
        self._kept, self._measures, self._took = kept, measures, Counter[str]()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if not self._measures:
            took = json.loads(self._kept.read_text(encoding="utf-8"))
            items.sort(key=lambda item: took.get(item.nodeid, 0.0))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._took[report.nodeid] += report.duration  # type: ignore[assignment]

    def pytest_sessionfinish(self) -> None:
        if self._measures:
            self._kept.write_text(json.dumps(self._took), encoding="utf-8")


def _compile() -> None:
    """Compile the model in another process, unless it is compiled: doing it here would start threads, see `_load`."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    code = "from experiments.terminal.compiling import compile_model; compile_model()"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)


def _load(folder: Path) -> None:
    """Import everything that tests import, and unload the package that mutants change.

    The model must be compiled: compiling it runs it, and a process in which it ran has threads and cannot be forked.
    """
    import hypothesis

    import_module(PLUGIN)
    phases = set(hypothesis.Phase) - {hypothesis.Phase.shrink, hypothesis.Phase.explain}
    hypothesis.settings.register_profile(
        "mutants", derandomize=True, deadline=None, phases=tuple(phases), database=None
    )
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), str(ROOT)])
    sys.path.insert(0, str(folder))
    for module in TESTS:
        import_module(module.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    for name in ("experiments.cli", "duckdb", "SALib.sample.morris", "SALib.sample.sobol"):
        import_module(name)
    for name in [name for name in sys.modules if name.split(".")[0] in ("experiments", "tests")]:
        del sys.modules[name]
    sys.path.remove(str(folder))
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # no test needs a plugin, and one of them takes half a second
    gc.collect()
    gc.freeze()  # so that the processes of mutants do not scan these objects again


def _start(folder: Path, tests: tuple[str, ...], limit: float | None) -> int:
    """Run tests on a copy in another process; returns its id."""
    if process := os.fork():
        return process
    status = NOT_RUN
    try:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_CPU, (int(limit) + 1, int(limit) + 1))
            sys.dont_write_bytecode = True  # two mutants of equal size and time stamp would share bytecode
            os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        os.chdir(folder)
        os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), str(ROOT)])
        sys.path[0] = str(folder)
        sys.modules["__main__"] = ModuleType("__main__")  # or processes that tests start would import this script
        output = os.open(folder / "output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        options = ["-x", "-q", "-p", "no:xdist", "-p", "no:cacheprovider"]
        options += ["-p", "no:unraisableexception", "-p", PLUGIN, "--hypothesis-profile=mutants"]
        options += ["--basetemp", str(folder / "temporary"), "--rootdir", str(folder), "-c", str(folder / COPIED[-1])]
        kept = folder.parent / f"{' '.join(tests).replace('/', '-')}.json"
        plugin = _QuickestFirst(kept, measures=limit is None)
        status = int(pytest.main([*options, *(f"tests/experiments/{name}" for name in tests)], [plugin]))
        sys.stdout.flush()
    finally:
        os._exit(status)


def _ended(process: int, started: float) -> Outcome | None:
    """The outcome of a process; None if it is still running."""
    ended, status, used = os.wait4(process, os.WNOHANG)
    if not ended:
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
    """The CPU seconds of the tests of the unchanged module, which must pass."""
    process, started = _start(folder, tests, None), time.monotonic()
    try:
        while (outcome := _ended(process, started)) is None:
            time.sleep(0.02)
    except KeyboardInterrupt:
        os.killpg(process, signal.SIGKILL)
        raise
    if outcome.status != 0:
        print((folder / "output.txt").read_text(errors="replace")[-4_000:])
        raise SystemExit(f"{' '.join(tests)} fail without any change. Fix them first.")
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
    """Run all mutants and print those that survive; returns the number of outcomes by module."""
    counts: dict[str, Counter[str]] = {module: Counter() for module in TESTS}
    pending = list(mutants)
    with tempfile.TemporaryDirectory() as temporary:
        first = _copied(Path(temporary).resolve() / "copy0")
        _compile()
        _load(first)
        limits: dict[tuple[str, ...], float] = {}
        copies = [first.with_name(f"copy{number}") for number in range(1, jobs)]
        folders = [first, *(Path(shutil.copytree(first, copy)) for copy in copies)]
        texts = {module: (ROOT / module).read_text(encoding="utf-8") for module in TESTS}
        running: dict[int, tuple[Mutant, Path, float]] = {}
        try:
            while pending or running:
                while pending and folders:
                    mutant = pending.pop(0)
                    if mutant.reason:
                        counts[mutant.module][SAME] += 1
                        continue
                    folder = folders.pop()
                    tests = TESTS[mutant.module]
                    if tests not in limits:
                        limits[tests] = TIMES * _unchanged(folder, tests) + SECONDS_MORE
                    _plant(folder, mutant.module, mutant.source)
                    process = _start(folder, tests, limits[tests])
                    running[process] = mutant, folder, time.monotonic()
                for process, (mutant, folder, started) in list(running.items()):
                    if (outcome := _ended(process, started)) is None:
                        continue
                    del running[process]
                    if outcome.status == NOT_RUN:
                        print((folder / "output.txt").read_text(errors="replace")[-4_000:])
                        raise SystemExit(
                            f"pytest did not run on the mutant {mutant.module}:{mutant.line}  {mutant.change}"
                        )
                    result = {0: SURVIVED, None: TIMED_OUT}.get(outcome.status, KILLED)
                    counts[mutant.module][result] += 1
                    if result != KILLED:
                        where = f"{mutant.module}:{mutant.line}"
                        console.print(
                            f"{result}  {where}  {mutant.change}", markup=False, highlight=False, soft_wrap=True
                        )
                    _plant(folder, mutant.module, texts[mutant.module])
                    folders.append(folder)
                time.sleep(0.02)
        except KeyboardInterrupt:  # report the outcomes so far
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
    """Print the outcomes by module; returns whether enough mutants were noticed."""
    table = Table("module", "mutants", KILLED, TIMED_OUT, SAME, "survived")
    for column in table.columns[1:]:
        column.justify = "right"
    total: Counter[str] = Counter()
    for module, outcomes in counts.items():
        if outcomes:
            total += outcomes
            table.add_row(NAME_OF[module], *map(str, _numbers(outcomes)))
    table.add_section()
    table.add_row("all", *map(str, _numbers(total)))
    console.print(table)
    noticed = 1 - total[SURVIVED] / max(1, total.total())
    console.print(f"{noticed:.1%} are killed or listed as equivalent; at least {ENOUGH:.0%} must be.")
    return noticed >= ENOUGH


def _numbers(outcomes: Counter[str]) -> list[int]:
    return [outcomes.total(), *(outcomes[name] for name in (KILLED, TIMED_OUT, SAME, SURVIVED))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", nargs="?", type=int, help="number of randomly drawn mutants")
    parser.add_argument("seed", nargs="?", type=int, default=1)
    parser.add_argument("--module", action="append", help="run all mutants of this module")
    parser.add_argument("--jobs", type=int, default=1, help="number of parallel processes")
    parser.add_argument("--list", action="store_true", help="list the mutants without running them")
    options = parser.parse_args()
    console = Console()

    if unknown := [name for name in options.module or () if name not in NAMES]:
        parser.error(f"unknown module {unknown[0]}; the modules are {', '.join(NAMES)}")
    modules = [NAMES[name] for name in options.module] if options.module else list(TESTS)
    every = [mutant for module in modules for mutant in mutants_of(module, (ROOT / module).read_text(encoding="utf-8"))]
    keys = {key for mutant in every for key in mutant.keys}
    others = {NAME_OF[module] for module in TESTS if module not in modules}
    for gone in [key for key in EQUIVALENT if key not in keys and not {key[0], key[0].rpartition(".")[0]} & others]:
        console.print(
            f"listed as equivalent, but no longer a mutant: {gone}", markup=False, highlight=False, soft_wrap=True
        )
    count = options.count or (len(every) if options.module else SAMPLE)
    chosen = random.Random(options.seed).sample(every, min(count, len(every)))
    if options.list:
        for mutant in chosen:
            print(f"{mutant.module}:{mutant.line}  {mutant.change}{'  (equivalent)' if mutant.reason else ''}")
        print(dict(Counter(NAME_OF[mutant.module] for mutant in chosen)))
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if options.module:
        chosen.sort(key=lambda mutant: (modules.index(mutant.module), mutant.line))
    sys.exit(not reported(run(chosen, console, options.jobs), console))


if __name__ == "__main__":
    main()
