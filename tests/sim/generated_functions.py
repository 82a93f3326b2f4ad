"""Functions of strategies that Hypothesis puts together from the fields that a function sees."""

from __future__ import annotations

from hypothesis import strategies as st

from sim.model.functions import CONTACT, ME, WRITTEN
from tests.sim.generated_rows import MIDDLE

NAME = "own"
RULES = 3  # in a function, each for people of its own
OF_TIES = [f"tie.{name}" for name in CONTACT.names or () if name not in WRITTEN]
OF_ME = [f"me.{name}" for name in ME.names or ()]
# About the middle of what they are in these worlds, so that conditions hold for some and fail for others.
MIDDLES = {f"tie.{fact.name.lower()}": number for fact, number in MIDDLE.items()} | {
    "tie.draw": 0.5, "tie.other": 20, "tie.turn": 0, "me.draw": 0.5, "me.day": 6, "me.weekday": 3, "me.degree": 15,
    "me.minutes": 60.0, "me.id": 20,
}  # fmt: skip


@st.composite
def conditions(draw: st.DrawFn) -> str:
    """A comparison of a field with a number, or of one bit of it."""
    field = draw(st.sampled_from([*OF_TIES, *OF_TIES, *OF_ME]))
    if field == "tie.tags":
        return f"tie.tags & {draw(st.sampled_from([1, 2, 3]))} != 0"
    middle = MIDDLES.get(field, 1)
    return f"{field} {draw(st.sampled_from(['<', '<=', '>', '>=', '==', '!=']))} {draw(st.sampled_from([middle, 0]))}"


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """A number that is computed from one to three fields."""
    text = draw(st.sampled_from(OF_TIES))
    for field in draw(st.lists(st.sampled_from([*OF_TIES, *OF_ME]), max_size=2)):
        text = f"({text} {draw(st.sampled_from(['+', '-', '*']))} {field})"
    return draw(st.sampled_from(["", "-", "0.1 * ", "1 / (1 + abs(", "np.sqrt(abs("])) + text


@st.composite
def clauses(draw: st.DrawFn, count: int) -> str:
    """The number of a clause, or one of two by a condition."""
    one, two = draw(st.integers(0, count - 1)), draw(st.integers(-1, count - 1))
    return draw(
        st.sampled_from([str(one), f"{one} if {draw(conditions())} else {two}", f"{one} if seen % 2 else {two}"])
    )


@st.composite
def rules(draw: st.DrawFn, count: int) -> str:
    """A rule for a tie: up to three branches that choose, each with a clause and maybe a priority."""
    lines = []
    for number in range(draw(st.integers(1, 3))):
        condition = draw(st.sampled_from([" and ", " or "])).join(draw(st.lists(conditions(), min_size=1, max_size=2)))
        lines += [f"{'elif' if number else 'if'} {condition}:", f"    tie.clause = {draw(clauses(count))}"]
        if draw(st.booleans()):
            number_of = draw(numbers())
            lines.append(f"    tie.priority = {number_of}{')' * (number_of.count('(') - number_of.count(')'))}")
    if draw(st.booleans()):
        lines += ["else:", f"    tie.clause = {draw(clauses(count))}"]
    return "\n".join(f"            {line}" for line in lines)


@st.composite
def functions(draw: st.DrawFn, count: int) -> str:
    """The text of a file with a function for a strategy with this number of clauses.

    People have one of several rules by their id, so that a function, which takes seconds to compile, tests more.
    """
    parts = [
        f"        {'elif' if k else 'if'} me.id // 2 % {RULES} == {k}:\n{draw(rules(count))}" for k in range(RULES)
    ]
    most = draw(st.sampled_from([4, 100]))
    mixed = " + ".join(f"{0.37 * (k + 1):.2f} * {field}" for k, field in enumerate(OF_ME))  # each counts
    return (
        f"import numpy as np\n\n\ndef {NAME}(me, ties):\n    seen = 0\n    mixed = {mixed}\n    for tie in ties:\n"
        + "\n".join(parts)
        + "\n        if (tie.draw + mixed) % 1.0 < 0.2:\n            tie.clause = -1\n"
        + f"        seen += tie.clause >= 0\n        if seen > {most}:\n            break\n"
    )
