from __future__ import annotations

from pathlib import Path

import pytest

from experiments.config.reading import load
from experiments.sweeps.design import runs_of
from experiments.watch.page_state import PageState, as_config

CONFIGS = sorted((Path(__file__).parents[3] / "configs").glob("*.toml"))


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.stem)
def test_every_preset_can_be_copied_as_a_configuration_of_the_same_run(config: Path, tmp_path: Path) -> None:
    copied = tmp_path / config.name
    copied.write_text(as_config(PageState(config=config), None))
    one, other = (load(path).model_copy(update={"sweep": None}) for path in (config, copied))
    assert [run.id for run in runs_of(one)] == [run.id for run in runs_of(other)]
