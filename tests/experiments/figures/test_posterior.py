from __future__ import annotations

import pandas as pd
import pytest

from experiments.figures.posterior import headline, posterior


def summary(*shrinkages: float) -> pd.DataFrame:
    names = ("spell_sd", "closeness_gain", "answer_strength")[: len(shrinkages)]
    row = {"least": 0.1, "most": 1.5, "median": 0.5, "low": 0.2, "high": 1.1, "low_50": 0.4, "high_50": 0.8}
    return pd.DataFrame([row | {"shrinkage": one} for one in shrinkages], index=list(names))


@pytest.mark.parametrize(
    ("shrinkages", "title"),
    [
        ((0.5, 0.1, 0.3), "The logs inform 2 of 3 parameters"),
        ((0.5, 0.4), "The logs inform all 2 parameters"),
        ((0.1, -0.1), "The logs say next to nothing about these 2 parameters"),
    ],
)
def test_the_title_counts_what_the_logs_inform(shrinkages: tuple[float, ...], title: str) -> None:
    assert headline(summary(*shrinkages)) == title


def test_the_best_known_is_at_the_top_and_the_rest_is_grey() -> None:
    (axes,) = posterior(summary(0.5, 0.1, 0.3), ["wall"]).axes
    labels = axes.get_yticklabels()
    assert [label.get_text() for label in labels] == ["closeness_gain", "answer_strength", "spell_sd"]
    assert labels[0].get_color() != labels[1].get_color() == labels[2].get_color()
