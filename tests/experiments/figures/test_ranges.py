"""Effects over plausible worlds: each number stands beside the lines, whatever they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from experiments.figures.page import FOR_DOCS, Words
from experiments.figures.ranges import draw_ranges

WORDS = Words("A title,\nof two lines", "What is shown.\nHow.", "Simulated.")


@pytest.mark.parametrize("panels", [1, 2, 3])
@pytest.mark.parametrize("judged", [True, False])
@pytest.mark.parametrize("size", [0.03, 1.0, 40.0])
def test_no_number_is_written_over_a_line(panels: int, judged: bool, size: float) -> None:
    random = np.random.default_rng(4)
    values = size * random.normal(size=(panels, 6))
    data = pd.DataFrame(
        {"panel": f"outcome {panel}", "row": f"strategy {place}", "value": value, "low": value - size / 9,
         "high": value + size / 9, "least": value - size, "most": value + size,
         "smallest": size if judged else np.nan, "share": 1.0 if judged else np.nan}
        for panel, row in enumerate(values) for place, value in enumerate(row)
    )  # fmt: skip
    figure = draw_ranges(data, WORDS, FOR_DOCS)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    drawn = [axes for axes in figure.axes if axes.texts]
    assert len(drawn) == panels
    for axes in drawn:
        lines = [line.get_window_extent(canvas.get_renderer()) for line in axes.lines]
        for text in axes.texts:
            box = text.get_window_extent(canvas.get_renderer())
            assert not any(box.overlaps(line) for line in lines), text.get_text()
            assert box.x1 <= axes.get_window_extent().x1 + 1
