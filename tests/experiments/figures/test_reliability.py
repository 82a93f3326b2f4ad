from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from experiments.figures import save
from experiments.figures.reliability import headline, reliability_figure
from tests.experiments.figures.conftest import ORIGIN


def made_up(*names: str) -> pd.DataFrame:
    """Bins of each forecast: 3,000 pairs at 50 %, of which 10 % came back, and 1,000 at 90 %, of which all did."""
    rows = [
        (name, *bin_) for name in names for bin_ in ((0.5, 0.1, 0.05, 0.2, 3_000), (0.9, 1.0, np.nan, np.nan, 1_000))
    ]
    return pd.DataFrame(rows, columns=["forecast", "chance", "observed", "low", "high", "pairs"])


def test_the_title_says_what_the_forecast_expected_and_what_came() -> None:
    assert headline(made_up("learned")) == "The forecast expected 60% of the silent ties\nto come back, and 32% did"
    assert headline(made_up("learned").assign(observed=0.004)).endswith("and 0.4% did")


def test_a_panel_for_each_forecast_that_is_there() -> None:
    figure = reliability_figure(made_up("learned", "base_rate", "model", "recency_frequency"), days="58")
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["learned", "simulated", "silence and contacts"]
    assert figure.axes[0].get_ylabel() == "came back within 58 days"
    assert [text.get_text() for text in figure.axes[2].texts] == ["3,000", "1,000"]
    assert figure.get_size_inches().tolist() == [16, 9]
    assert len(reliability_figure(made_up("learned"), days="90").axes) == 1


def test_the_same_data_give_the_same_bytes(tmp_path: Path) -> None:
    bins = made_up("learned", "recency_frequency")
    first, again = (save(reliability_figure(bins, "90"), tmp_path / name, "reliability", ORIGIN) for name in "ab")
    assert [path.suffix for path in first] == [".png", ".svg", ".pdf"]
    for one, other in zip(first, again, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.suffix
