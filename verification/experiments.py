"""Published experiments, re-enacted in the model: what it predicts, what is built in, and what it cannot say.

    python -m verification.experiments    prints a table for each experiment; fails if a verdict is another than here

A verdict that changes is news about the model, good or bad. Then look at why, and change `EXPECTED` and
docs/validation.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from verification.reenacted import aknin, levin, liu, roberts
from verification.reenacted.findings import AGREES, BUILT_IN, CANNOT, DISAGREES, UNCLEAR, Finding

EXPERIMENTS: dict[str, Callable[[], list[Finding]]] = {
    "Aknin & Sandstrom 2024": aknin.findings,
    "Liu et al. 2023": liu.findings,
    "Roberts & Dunbar 2011, 2015": roberts.findings,
    "Levin, Walter & Murnighan 2011": levin.findings,
}
EXPECTED = {
    "Aknin & Sandstrom 2024": [BUILT_IN, BUILT_IN, DISAGREES, DISAGREES, BUILT_IN, BUILT_IN],
    "Liu et al. 2023": [BUILT_IN, DISAGREES, BUILT_IN, BUILT_IN, AGREES, DISAGREES, CANNOT],
    "Roberts & Dunbar 2011, 2015": [BUILT_IN, AGREES, BUILT_IN, AGREES, AGREES, CANNOT, CANNOT],
    "Levin, Walter & Murnighan 2011": [
        *(UNCLEAR, UNCLEAR, AGREES, AGREES),  # the slow stock off
        *(UNCLEAR, AGREES, DISAGREES, AGREES),  # on
        *(BUILT_IN, CANNOT),
    ],
}


def in_lines(found: list[Finding]) -> list[str]:
    """The findings as rows of a Markdown table."""
    head = ["| | published | the model | verdict |", "|---|---|---|---|"]
    return head + [f"| {one.question} | {one.published} | {one.found} | {one.verdict} |" for one in found]


def main() -> bool:
    """Print all findings; returns whether all verdicts are as expected."""
    same = True
    for name, findings in EXPERIMENTS.items():
        found = findings()
        print(f"\n{name}\n", *in_lines(found), sep="\n", flush=True)
        verdicts = [one.verdict for one in found]
        if verdicts != EXPECTED[name]:
            same = False
            print(f"\nThe verdicts are {verdicts}; {EXPECTED[name]} were expected.")
    return same


if __name__ == "__main__":
    sys.exit(not main())
