"""Compares simulated worlds with the three real logs, as reported in docs/validation.md.

The model was built with the wall log, so its statistics are marked as fitted if a fit used them and otherwise as seen.
For the other two logs, only activity is fitted again, so the other statistics are emergent.

    python -m verification.validation    prints tables and leaves reports and figures in results/validation-*
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from experiments import cli

DATA = Path(__file__).parents[1].parent / "shared" / "data"
WALL, *OTHERS = (DATA / f"{name}.csv.gz" for name in ("facebook_wall", "college_messages", "university_email"))
LEDGER = Path("docs/ledgers/facebook_wall.json")


def validated(*arguments: object) -> None:
    """Run `rekindle validate`, which must succeed."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["validate", *map(str, arguments)])
    assert ended.value.code == 0


def main() -> None:
    """Validate against each log."""
    against = [argument for other in OTHERS for argument in ("--against", other)]
    validated(WALL, *against, "--ledger", LEDGER, "--seen", "--worlds", 3)
    for other in OTHERS:
        validated(other, "--against", WALL, "--refit-activity", "--worlds", 3)


@pytest.mark.skipif(not WALL.exists(), reason="needs ../shared/data")
def test_silence_is_as_final_as_on_the_wall_and_likes_leave_no_closeness() -> None:
    """The gate is passed, and the facts about likes and single contacts hold in the simulated worlds."""
    main()
    folder = Path("results/validation-facebook_wall")
    assert "Gate: passed" in (folder / "report.md").read_text(encoding="utf-8")
    known = pd.read_csv(folder / "facts.csv", index_col=0)
    assert known.loc[["like_alone", "touch_further_ones_do_not"], "simulated_holds"].astype(bool).all()


if __name__ == "__main__":
    main()
