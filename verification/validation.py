"""Compares simulated worlds with the five real logs, each against copies of the others.

The model was built with the wall log, so its statistics are marked as fitted if a fit used them and otherwise as seen.
For the other logs, their levels are read from them, and the other statistics are emergent.

    python -m verification.validation    prints tables and leaves reports and figures in results/validation-*
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from experiments import cli

DATA = Path(__file__).parents[1].parent / "shared" / "data"
NAMES = ("facebook_wall", "college_messages", "university_email", "company_mail", "phones")
WALL, *OTHERS = (DATA / f"{name}.csv.gz" for name in NAMES)
OBSERVED = {"phones.csv.gz": DATA / "phones_observed.txt"}
LEDGER = Path("docs/ledgers/facebook_wall.json")


def validated(*arguments: object) -> None:
    """Run `rekindle validate`, which must succeed."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["validate", *map(str, arguments)])
    assert ended.value.code == 0


def main() -> None:
    """Validate against each log, with the others as copies."""
    for log in (WALL, *OTHERS):
        against = [argument for other in (WALL, *OTHERS) if other != log for argument in ("--against", other)]
        observed = ["--observed", OBSERVED[log.name]] if log.name in OBSERVED else []
        fit = ["--ledger", LEDGER, "--seen", "--no-levels"] if log == WALL else []
        validated(log, *against, *observed, *fit, "--worlds", 3)


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
