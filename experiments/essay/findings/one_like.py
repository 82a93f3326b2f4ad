"""One like: does it reopen a dormant tie?"""

from __future__ import annotations

import numpy as np
import pandas as pd

import sim
from experiments.analysis.compare import RESAMPLES, ends_of_interval, resampled_counts
from experiments.analysis.verdicts import Estimate, ratio, ruled_by_ratio
from experiments.essay.findings import ClaimFinding, FigureSpec, Sweeps, plain, row_of, setting
from experiments.figures.one_like import draw_curves, draw_gestures, draw_ratios
from experiments.figures.page import Words
from experiments.sweeps.sweep_result import SweepResult

HALF_LIFE, BOOST, KIND = "parameters.openness_half_life", "parameters.feed_boost", "inject.kind"


def finding(sweeps: Sweeps) -> ClaimFinding:
    """Risk ratios of *reconnected* within 60 days at each half-life of the door, with and without a feed that uses it."""
    swept = sweeps["one_like"]
    thresholds = swept.verdict
    ratios = {
        f"half-life {half_life:g} days, feed boost {boost:g}": _ratio(there, "like")
        for (half_life, boost), there in swept.runs.groupby([HALF_LIFE, BOOST])
    }
    ruling = ruled_by_ratio(ratios, margin=thresholds.margin, worlds=thresholds.worlds)
    usual = _ratio(_usual(swept), "like")
    ties = int(_usual(swept).query(f"`{KIND}` == 'like'")["focal"].sum())
    rows = pd.DataFrame(
        [row_of(one, level=name) | {"sure": one.low > 1 + thresholds.margin} for name, one in ratios.items()]
    )
    by_silence = _by_silence(sweeps["one_like_silence"])
    by_gesture = _by_gesture(sweeps["one_like_gestures"])
    base, with_like = _risks(swept)
    effect = (
        f"Within 60 days, {base:.2%} of dormant ties talk again spontaneously and {with_like:.2%} after one like. The ratio is "
        f"{usual}, from {ties:,} ties in {usual.worlds} worlds. {_of_words(by_gesture)} Intervals are 95% intervals over worlds."
    )
    return ClaimFinding(
        ruling=ruling,
        effect=effect,
        pictures=(
            FigureSpec("one_like", _words_of_ratios(swept, rows, thresholds.margin), rows, draw_ratios),
            FigureSpec("one_like_curves", _words_of_curves(sweeps), _curves(sweeps["one_like_gestures"]), draw_curves),
            FigureSpec("one_like_gestures", _words_of_gestures(sweeps, by_gesture), by_gesture, draw_gestures),
        ),
        tables={
            "Ratio of ties that talk again within 60 days, one like over nothing": rows,
            "Ratio for each gesture over nothing": by_gesture,
            "Ratio for one like over nothing, by years of silence": by_silence,
        },
        checked=("one_like",),
    )  # fmt: skip


def _usual(swept: SweepResult) -> pd.DataFrame:
    """Runs at the default half-life and boost or, if the sweep lacks these, at its first levels."""
    runs = swept.runs
    usual = sim.Parameters()
    wanted = {HALF_LIFE: usual.openness_half_life, BOOST: usual.feed_boost}
    for name, level in wanted.items():
        runs = runs[runs[name] == (level if (runs[name] == level).any() else runs[name].iloc[0])]
    return runs


def _counts(runs: pd.DataFrame, measure: str) -> pd.DataFrame:
    """The number of focal ties in each world that have the measure: one row per world, one column per kind of gesture."""
    counted = runs.assign(count=(runs[measure] * runs["focal"]).round())
    return counted.pivot(index="replicate", columns=KIND, values="count").dropna()


def _ratio(runs: pd.DataFrame, kind: str, measure: str = "focal_reconnected") -> Estimate:
    counts = _counts(runs, measure)
    return ratio(counts[kind].to_numpy(), counts["nothing"].to_numpy())


def _risks(swept: SweepResult) -> tuple[float, float]:
    usual = _usual(swept)
    counts, ties = _counts(usual, "focal_reconnected"), usual.groupby(KIND)["focal"].sum()
    return counts["nothing"].sum() / ties["nothing"], counts["like"].sum() / ties["like"]


def _by_gesture(swept: SweepResult) -> pd.DataFrame:
    kinds = [kind for kind in swept.runs[KIND].unique() if kind != "nothing"]
    outcomes = {"focal_reconnected": "talk again within 60 days", "focal_answered": "the other writes within 60 days",
                "focal_kept_up": "in touch after 150 to 240 days"}  # fmt: skip
    return pd.DataFrame(
        [
            row_of(_ratio(swept.runs, kind, measure), gesture=kind, outcome=outcome)
            for measure, outcome in outcomes.items()
            for kind in kinds
        ]
    )


def _by_silence(swept: SweepResult) -> pd.DataFrame:
    rows = []
    for (least, most), runs in swept.runs.groupby(["inject.silent_from", "inject.silent_to"]):
        silence = (
            f"{least / 365:.1f} years or more"
            if most > 10_000
            else f"{least / 365:.1f} to {(most + 1) / 365:.1f} years"
        )
        rows.append(row_of(_ratio(runs, "like"), silent=silence, ties=int(runs["focal"].sum() / 2)))
    return pd.DataFrame(rows)


def _of_words(by_gesture: pd.DataFrame) -> str:
    rows = by_gesture[by_gesture["outcome"].str.startswith("the other writes")].set_index("gesture")
    like, message = rows.loc["like"], rows.loc["message"]
    return (
        f"The other person writes {like['value']:.2f} ({like['low']:.2f} … {like['high']:.2f}) times as often after a like as after "
        f"nothing, and {message['value']:.1f} ({message['low']:.1f} … {message['high']:.1f}) times as often after a message."
    )


def _words_of_ratios(swept: SweepResult, rows: pd.DataFrame, margin: float) -> Words:
    sure = rows[rows["sure"]]
    if len(sure) == len(rows):
        most = rows["value"].max()
        title = f"One like makes old friends talk again more often under\nevery assumption about the door that it opens: up to {most:.2f} times"
    elif len(sure):
        title = f"One like makes old friends talk again more often under\n{len(sure)} of {len(rows)} assumptions about the door that it opens"
    else:
        title = f"Under none of {len(rows)} assumptions about its door does one like\nclearly make old friends talk again more often"
    return Words(
        title,
        "Dormant ties that talk again within 60 days, ratio of one like to nothing in the same worlds, with 95% interval\n"
        f"over {int(rows['worlds'].min())} worlds, by how long a door stays open and whether the feed uses it.",
        f"{setting(swept)} Grey band: effect of one answered gesture in real logs, 1.0 to 1.2.\n"
        f"That a like opens a door at all is an assumption. Blue: the whole interval is above {1 + margin:g}.",
    )  # fmt: skip


def _curves(swept: SweepResult) -> pd.DataFrame:
    """Share of the focal ties that have talked again, by day and gesture: mean and interval over worlds."""
    series = swept.series()
    rows = []
    for (kind, day), there in series.groupby([KIND, "day"], sort=False):
        values = there["focal_reconnected"].to_numpy(float)
        counts = resampled_counts(len(values), RESAMPLES // 5)
        low, high = np.quantile(counts @ values / len(values), ends_of_interval(len(values)))
        rows.append({"gesture": kind, "day": int(day), "value": values.mean(), "low": low, "high": high})
    return pd.DataFrame(rows)


def _words_of_curves(sweeps: Sweeps) -> Words:
    swept = sweeps["one_like_gestures"]
    curves = _curves(swept).set_index(["gesture", "day"])["value"]
    last = curves.groupby("gesture").last().drop("nothing").sort_values()
    return Words(
        f"After eight months {last.iloc[-1]:.0%} of dormant ties have talked again after one {plain(last.index[-1])},\n"
        f"{last['like']:.1%} after one like, {curves['nothing'].iloc[-1]:.1%} after nothing",
        "Share of dormant ties that have talked again (three worded gestures in turn) since one gesture on day 0;\n"
        f"bands: 95% intervals over {swept.runs['replicate'].nunique()} worlds, separately for each line.",
        f"{setting(swept)} Lines share worlds and random draws, so their differences are more precise than the bands.",
    )


def _words_of_gestures(sweeps: Sweeps, rows: pd.DataFrame) -> Words:
    swept = sweeps["one_like_gestures"]
    first = rows[rows["outcome"] == rows["outcome"].iloc[0]]
    ratios = first.set_index("gesture")["value"]
    if ratios.isna().all():  # without a gesture, nobody talks again in these worlds
        title = "Too few worlds to measure the effect of one gesture"
    else:
        best = ratios.idxmax()
        title = f"After one {best}, {ratios[best]:.1f} times as many old friends talk again as after nothing;\nafter one like, {ratios['like']:.2f} times as many"
    return Words(
        title,
        f"Ratio of one gesture to nothing, for the same dormant ties, with 95% interval over {int(rows['worlds'].min())} worlds.",
        f"{setting(swept)} A worded gesture that was injected counts as one of the three.",
    )
