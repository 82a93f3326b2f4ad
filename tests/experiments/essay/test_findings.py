"""What is said of the claims of the essay, from made-up runs whose answer is known. Strategies have their own file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from math import exp
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

import experiments
import sim
from experiments.analysis import verdicts
from experiments.analysis.compare import resampled_counts
from experiments.analysis.verdicts import Ruling, Verdict
from experiments.config.reading import load
from experiments.essay.findings import (
    ClaimFinding,
    barrier,
    built_slowly,
    in_touch,
    naturals,
    one_like,
    smallest_gestures,
)
from experiments.figures.page import STYLES
from experiments.sweeps.runner import world_of
from experiments.sweeps.sweep_result import SweepResult
from sim.state.population import NOBODY

CONFIGS = Path(experiments.__file__).parents[1] / "configs"
DRAWS = 30
FAILING = (0, 1, 3)  # worlds: both of the first draw, and one of the second
ABSURD = 1e6  # what happens in them
Arms = Mapping[Any, Mapping[str, np.ndarray]]


def drawn(value: float, seed: int, worlds: int = 2) -> np.ndarray:
    """An outcome in each world: up to a fifth larger or smaller by draw, and the same in all worlds of a draw.

    In multiples of 2 ** -30, so that sums and differences are exact.
    """
    values = value * np.random.default_rng(seed).uniform(0.8, 1.2, DRAWS)
    return np.repeat(np.round(values * 2**30) / 2**30, worlds)


def swept(name: str, by: str, arms: Arms, seeds: Sequence[int] = ()) -> SweepResult:
    """A sweep with the thresholds of its file and these outcomes by arm and measure, with its runs in no order.

    With several seeds, the runs of a world differ, but have the outcome as their mean.
    """
    count = max(len(values) for of in arms.values() for values in of.values())
    by_seed = dict(zip(seeds, np.linspace(-1, 1, len(seeds)), strict=True)) or {1: 0.0}
    rows = [
        {by: arm, "replicate": world, "people": 240, "run.seed": seed,
         **{of: ABSURD if world in FAILING else float(values[world] + more) for of, values in measures.items()}}
        for arm, measures in arms.items() for world in range(count) for seed, more in by_seed.items()
    ]  # fmt: skip
    experiment = load(CONFIGS / f"{name}.toml", [f"sweep.replicates={count}"])
    runs = pd.DataFrame(rows).sample(frac=1, random_state=3)
    return SweepResult(experiment, runs, [], {}, Path(), frozenset(range(count)) - set(FAILING))


def by_draw(arm: np.ndarray, base: np.ndarray | None = None) -> list[float]:
    """The outcome in each draw that passes, beyond that of another arm."""
    return [float(arm[2 * k] - (0 if base is None else base[2 * k])) for k in range(1, DRAWS)]


def average(arm: np.ndarray, base: np.ndarray | None = None) -> float:
    found = by_draw(arm, base)
    return sum(found) / len(found)


def texts(found: ClaimFinding) -> str:
    """Everything that a finding says: ruling, effect, tables, and the texts in its figures."""
    figures = [picture.draw(picture.data, picture.words, STYLES["paper"]) for picture in found.pictures]
    written = [text.get_text() for figure in figures for text in figure.findobj(Text)]
    return "\n".join([found.ruling.on, found.effect, *(one.to_string() for one in found.tables.values()), *written])


def plotted(found: ClaimFinding) -> pd.DataFrame:
    return found.pictures[0].data.set_index(["panel", "row"])


@pytest.fixture(autouse=True, scope="module")
def _resampled_once() -> Iterator[None]:
    """Resamples are the same for all estimates of as many draws."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(verdicts, "resampled_counts", cache(resampled_counts))
        yield


# In touch ------------------------------------------------------------------------------------------------------------


def of_lists(numbers: Mapping[int, np.ndarray]) -> SweepResult:
    return swept(
        "in_touch",
        in_touch.LENGTH,
        {length: {"in_touch": of, "everyone_contact_share": of / length} for length, of in numbers.items()},
    )


def test_the_number_of_people_in_touch_is_told_for_short_and_long_lists() -> None:
    numbers = {length: drawn(value, length, 1) for length, value in ((250, 9.0), (30, 4.0), (115, 6.0))}
    result = of_lists(numbers)
    found = in_touch.finding({"in_touch": result})
    kept = {length: [of[k] for k in range(DRAWS) if k not in FAILING] for length, of in numbers.items()}
    usual, (low, high) = sum(kept[115]) / 27, np.quantile(kept[115], (0.05, 0.95))
    assert f"words with {usual:.1f} ({low:.1f} to {high:.1f} in 90% of draws) others, fewer" in found.effect
    assert "fewer than 15 in 100% (87% to 100%) of the plausible worlds" in found.effect
    more = (sum(kept[250]) - sum(kept[30])) / 27
    assert (
        f"if they know 83 when their world begins. If they know 114 instead of 28, it is {more:.1f} more;"
        in found.effect
    )
    assert "lists are 46, 87 and 116 long when it is counted" in found.effect
    assert found.effect.endswith("In 27 draws, no single number stands out, and so few would show only a strong one.")
    table = next(iter(found.tables.values()))
    assert table["people known at first"].to_list() == [28, 83, 114]
    assert table["90% of draws"][1] == f"{low:.1f} to {high:.1f}"
    lines = found.pictures[0].data
    mine = lines[lines["log"] == in_touch.SIMULATED]
    assert mine["length"].to_list() == [28, 83, 114]
    assert mine["value"].to_list() == pytest.approx([sum(kept[length]) / 27 for length in (30, 115, 250)])
    assert mine["high"].to_list()[1] == pytest.approx(high)
    assert found.ruling.verdict is Verdict.BY_CONSTRUCTION
    assert "people known" in texts(found)
    assert "27 of 30 draws of the assumed numbers pass the gate; 1 world" in found.pictures[0].words.footer


def test_people_who_know_more_others_may_be_in_touch_with_fewer() -> None:
    numbers = {length: drawn(value, 1, 1) for length, value in ((30, 5.0), (115, 4.0), (250, 3.0))}
    found = in_touch.finding({"in_touch": of_lists(numbers)})
    fewer = sum(numbers[30][k] - numbers[250][k] for k in range(DRAWS) if k not in FAILING) / 27
    assert f"If they know 114 instead of 28, it is {fewer:.1f} fewer;" in found.effect


def test_people_know_as_many_others_as_the_finding_says() -> None:
    for length, known in in_touch.KNOWN.items():
        parameters = sim.Parameters(industries=2, ties_at_start=length)
        world = sim.worlds.generated(people=240, burn_in_years=0, seed=1, parameters=parameters)
        assert abs(world.people["degree"].mean() - known) < 2
        assert in_touch.known_of(float(length)) == known
        experiment = load(CONFIGS / "in_touch.toml", [f"world.parameters.ties_at_start={length}"])
        lived = sim.simulate(world_of(experiment.world), days=365, seed=1, parameters=experiment.parameters).core
        ties = lived.to_world().ties
        later = ((ties["other"] != NOBODY) & (ties["acquaintance"] == 0)).sum() / 240
        assert abs(later - in_touch.KNOWN_LATER[length]) < 2, "with whom there is a tie when it is counted"
    assert in_touch.known_of(60) == 60, "asked for in another file"
    assert set(in_touch.KNOWN) == set(load(CONFIGS / "in_touch.toml", []).sweep.grid[in_touch.LENGTH])


def test_worlds_with_fifteen_or_more_in_touch_are_counted() -> None:
    many = np.where(np.arange(DRAWS) % 3 == 2, 15.5, 14.5)  # 10 of the 27 draws that pass
    found = in_touch.finding({"in_touch": of_lists({30: 0 * many + 14.75, 115: many, 250: 0 * many + 15.25})})
    assert f"others, fewer than 15 in {17 / 27:.0%} (" in found.effect
    assert "with about 15 others a month" in found.pictures[0].words.title, "one number instead of a range"


# One like ------------------------------------------------------------------------------------------------------------

NOTHING, LIKE, NOTHING_SHUT, SHUT = ONE_LIKE = ("nothing", "like", "nothing, doors shut", "like, doors shut")
LIKES = {
    "focal_liked_back_14": (0.001, 0.003, 0.001, 0.003),
    "focal_liked_back_60": (0.004, 0.012, 0.004, 0.012),
    "focal_answered": (0.05, 0.10, 0.04, 0.06),
    "focal_reconnected": (0.03, 0.06, 0.02, 0.03),
}


def of_likes(**changed: Mapping[str, float]) -> tuple[dict[str, dict[str, np.ndarray]], SweepResult]:
    """One like, each world with three seeds; ``changed`` has other outcomes by measure and arm."""
    shares = {of: dict(zip(ONE_LIKE, each, strict=True)) | changed.get(of, {}) for of, each in LIKES.items()}
    arms = {
        arm: {of: drawn(by_arm[arm], k) for k, (of, by_arm) in enumerate(shares.items())}
        for arm in (SHUT, NOTHING, LIKE, NOTHING_SHUT)
    }
    return arms, swept("one_like", "row", arms, seeds=(1, 2, 3))


def thousands(value: float) -> str:
    return f"{1000 * value:.{int(1000 * value < 9.95)}f}"


def test_one_like_is_compared_with_nothing_in_the_same_worlds() -> None:
    arms, result = of_likes()
    found = one_like.talk_again({"one_like": result})
    without, after = (average(arms[arm]["focal_reconnected"]) for arm in ("nothing", "like"))
    assert found.ruling.verdict is Verdict.BY_CONSTRUCTION
    assert "at least 2.0 more talk again in 100%" in found.effect.lower()
    assert f"about {thousands(without)} start talking again" in found.effect
    assert f"about {thousands(after)} after one like: {thousands(after - without)} more" in found.effect
    ends = np.quantile(by_draw(arms["like"]["focal_reconnected"], arms["nothing"]["focal_reconnected"]), (0.05, 0.95))
    assert f"in 90% of the draws {thousands(ends[0])} to {thousands(ends[1])}, which includes chance)" in found.effect
    few, many = (int(one) for one in re.findall(r"for (\d+) to (\d+) likes", found.effect)[0])
    assert few <= 1 / (after - without) <= many
    rows = plotted(found)
    assert rows.loc[("more than after nothing", "like"), "value"] == pytest.approx(1000 * (after - without))
    assert rows.loc[("more than after nothing", "like"), "smallest"] == pytest.approx(2)
    assert rows.loc[(one_like.PER_THOUSAND, "nothing"), "value"] == pytest.approx(1000 * without)
    (table,) = found.tables.values()
    assert table["outcome"].to_list() == ["talk again", "the other writes"]
    assert "of 1,000 ties" in texts(found)


def test_a_like_that_changes_nothing_is_told_without_a_number_of_likes() -> None:
    _, result = of_likes(focal_reconnected={"like": 0.03})
    found = one_like.talk_again({"one_like": result})
    assert "more talk again in 0% (" in found.effect
    assert "One more talks again" not in found.effect


def test_likes_back_are_few_unless_many_are_liked_back() -> None:
    """No rule says that likes are answered with likes. How many are is told, and in how many worlds they are enough."""
    arms, result = of_likes()
    found = one_like.liked_back({"one_like": result})
    liked = {arm: [arms[arm][f"focal_liked_back_{days}"] for days in (14, 60)] for arm in (LIKE, NOTHING)}
    after, without = (1000 * average(liked[arm][1]) for arm in (LIKE, NOTHING))
    soon, adds = (1000 * average(*both) for both in zip(*liked.values(), strict=True))
    assert found.ruling.verdict is Verdict.BY_CONSTRUCTION
    assert "no rule says that a like is answered with a like" in found.ruling.on
    assert f"{after:.0f} like something of theirs within 60 days, and the other notices" in found.effect
    assert f"; {without:.1f} would have anyway" in found.effect
    assert f"one like adds {adds:.1f} (" in found.effect
    assert f", and {soon:.1f} within two weeks. It is 50 or more in 0% (0% to 12%) of the plausible" in found.effect
    title = found.pictures[0].words.title
    assert f"silent, {after:.0f} are liked back within two months;\nwithout the like, {without:.1f} would" in title
    (table,) = found.tables.values()
    assert table["outcome"].to_list() == ["within 14 days", "within 60 days"]
    assert table["verdict"].to_list() == ["fails", "fails"]
    arms[LIKE]["focal_liked_back_60"] = often = np.repeat(np.where(np.arange(DRAWS) % 2, 0.06, 0.04), 2)
    arms[NOTHING]["focal_liked_back_60"] = 0 * often
    found = one_like.liked_back({"one_like": swept("one_like", "row", arms)})
    assert found.ruling.verdict is Verdict.BY_CONSTRUCTION
    assert "It is 50 or more in 52% (" in found.effect, "in the 15 odd ones of 29 draws"


def test_what_a_like_does_through_its_door_is_its_effect_less_that_with_doors_shut() -> None:
    arms, result = of_likes()
    found = one_like.open_door({"one_like": result})
    assert set(load(CONFIGS / "one_like.toml", []).sweep.rows) == set(ONE_LIKE)
    (opened, shut), (again, again_shut) = (
        [average(arms[LIKE][of], arms[NOTHING][of]), average(arms[SHUT][of], arms[NOTHING_SHUT][of])]
        for of in ("focal_answered", "focal_reconnected")
    )
    door, pairs = opened - shut, again - again_shut
    assert found.ruling.verdict is Verdict.BY_CONSTRUCTION
    assert f"Through the door, {thousands(door)} (" in found.effect
    assert f"{thousands(pairs)} more pairs talk again" in found.effect
    assert f"the same like adds {thousands(shut)} (" in found.effect
    assert "At least 2.0 of 1,000 more write in 100% (88% to 100%)" in found.effect
    title = found.pictures[0].words.title
    assert title.startswith(f"An open door makes {thousands(door)} more of 1,000 people write")
    assert title.endswith(f"with the doors of likes shut, a like adds {thousands(shut)}")
    rows = plotted(found)
    assert rows.loc[one_like.PER_THOUSAND]["value"].to_dict() == pytest.approx(
        {arm: 1000 * average(arms[arm]["focal_answered"]) for arm in ONE_LIKE}
    )
    assert rows.loc[one_like.PER_THOUSAND].index.to_list() == list(ONE_LIKE)
    assert rows.loc[("through the door", LIKE), "value"] == pytest.approx(1000 * door)
    (table,) = found.tables.values()
    shown = [f"{one:+.4f}" for one in (door, pairs)]
    assert table["mean (95% interval)"].str.split(" ").str[0].to_list() == shown
    _, nothing = of_likes(focal_answered={SHUT: 0.04})
    assert one_like.open_door({"one_like": nothing}).pictures[0].words.title.endswith("a like changes nothing")


def test_doors_that_are_shut_for_everyone_are_no_effect_of_the_like() -> None:
    """Without doors, fewer write to somebody who did nothing, too. A like adds as many as with doors."""
    arms, result = of_likes(focal_answered={LIKE: 0.07, NOTHING: 0.05, SHUT: 0.03, NOTHING_SHUT: 0.01})
    found = one_like.open_door({"one_like": result})
    adds = average(arms[LIKE]["focal_answered"], arms[NOTHING]["focal_answered"])
    assert adds == pytest.approx(average(arms[SHUT]["focal_answered"], arms[NOTHING_SHUT]["focal_answered"]))
    assert "Through the door, 0 (0 … 0) more of 1,000 people write" in found.effect
    assert f"the same like adds {thousands(adds)} (" in found.effect
    assert "1,000 more write in 0% (0% to 12%)" in found.effect
    assert plotted(found).loc[("through the door", LIKE), "value"] == pytest.approx(0, abs=1e-6)


# The smallest gestures -----------------------------------------------------------------------------------------------

GESTURES = {"nothing": 0.05, "smile": 0.07, "message": 0.3, "compliment, online": 0.09, "like": 0.08}


def of_gestures(answered: Mapping[str, float]) -> tuple[dict[str, np.ndarray], ClaimFinding]:
    wrote = {kind: drawn(value, 1) for kind, value in answered.items()}
    arms = {kind: {"focal_answered": of, "focal_reconnected": of[::-1] / 2} for kind, of in wrote.items()}
    arms["smile"]["focal_reconnected"] = drawn(0.9, 2)  # the largest of them
    return wrote, smallest_gestures.finding({"smallest_gestures": swept("smallest_gestures", "row", arms, (1, 2))})


def test_every_gesture_is_compared_with_nothing_and_the_best_come_first() -> None:
    wrote, found = of_gestures(GESTURES)
    more = {kind: average(of, wrote["nothing"]) for kind, of in wrote.items() if kind != "nothing"}
    order = ["message", "compliment, online", "like", "smile"]
    assert found.ruling == Ruling(Verdict.HOLDS)
    assert f"After one message, {thousands(more['message'])} more of 1,000 people" in found.effect
    assert f"after one smile, {thousands(more['smile'])} more. In nine of ten plausible worlds" in found.effect
    assert "worlds, at least 10 of 1,000 more write after these: compliment, online; like; smile." in found.effect
    rows = plotted(found)
    for panel in ("the other writes, of 1,000", "the two talk again, of 1,000"):
        assert rows.loc[panel].index.to_list() == order
    values = rows.loc["the other writes, of 1,000"]["value"].to_list()
    assert values == pytest.approx([1000 * more[kind] for kind in order])
    assert [table["gesture"].to_list() for table in found.tables.values()] == [order, order]
    assert "of 1,000 ties" in texts(found)


def test_the_message_is_no_smallest_gesture() -> None:
    _, found = of_gestures({**GESTURES, "message": 0.05})
    assert found.ruling == Ruling(Verdict.HOLDS)
    _, found = of_gestures({**GESTURES, "like": 0.05})
    said = "holds for compliment, online (100%) and smile (100%); fails for like (0%)"
    assert found.ruling == Ruling(Verdict.FAILS, said), "the claim is about any of them"
    assert (
        "In nine of ten plausible worlds, at least 10 of 1,000 more write after these: compliment, online; smile."
        in found.effect
    )
    _, found = of_gestures({**dict.fromkeys(GESTURES, 0.05), "message": 0.3})
    assert found.ruling == Ruling(Verdict.FAILS)
    assert "In nine of ten" not in found.effect


# The barrier ---------------------------------------------------------------------------------------------------------


def test_knowing_ones_welcome_is_compared_with_believing_as_people_do() -> None:
    back = {barrier.BELIEVED: drawn(2.0, 1), barrier.KNOWN: drawn(5.0, 1)}
    arms = {row: {"everyone_reconnected": of, "everyone_new_ties": of * 0 + 0.5} for row, of in back.items()}
    result = swept("knowing_welcome", "row", arms)
    found = barrier.finding({"knowing_welcome": result})
    more, usual = average(back[barrier.KNOWN], back[barrier.BELIEVED]), average(back[barrier.BELIEVED])
    assert found.ruling.verdict is Verdict.BY_CONSTRUCTION
    assert f"are, {more:.1f} (" in found.effect
    assert f"beside {usual:.1f} now: 2.5 times as many. At least 1 more come back in 100% (88% to 100%)" in found.effect
    assert found.pictures[0].words.title.startswith("If people knew how welcome they are, 2.5 times as many")
    effects, costs = found.tables.values()
    assert effects["outcome"].to_list() == ["old ties that come back", "new ties"]
    assert effects["mean (95% interval)"][1] == "+0.0 (0.0 … 0.0)"
    rows = plotted(found)
    known = rows.loc[("old ties that come back", barrier.KNOWN), "value"]
    assert known == pytest.approx(more + usual)
    parameters = result.experiment.parameters
    by = costs.set_index("gesture")
    assert by.loc["call, private", "odds that people dare, divided by"] == f"{exp(parameters.ladders.private_call):.1f}"
    assert by.loc["conversation, in person", "minutes"] == f"{parameters.gestures['conversation'].minutes:g}"
    assert by.loc["note"].to_list() == [
        f"{parameters.gestures['note'].minutes:g}", f"{exp(parameters.gestures['note'].felt_risk):.1f}",
    ]  # fmt: skip
    assert "smile" not in by.index, "it has a risk where it is made, and none of its own"
    assert "per person and year" in texts(found)


# Naturals ------------------------------------------------------------------------------------------------------------


@cache
def people_of(gain: float | None) -> pd.DataFrame:
    """Fifty people in each third and world, and one who sends nothing. In the third tenth, all begin all they send.

    Who begins all has ``gain`` more ties than who begins nothing; without it, all begin all they send in all tenths.
    """
    rows = []
    for world in range(2 * DRAWS):
        random = np.random.default_rng(world)
        for third in (naturals.BOLD, naturals.HESITANT):
            for sent in (0, *random.permutation(np.arange(5, 55))):
                all_of_it = gain is None or 15 <= sent < 20
                begun = int(sent) if all_of_it else int(random.integers(0, sent + 1))
                counted = third == naturals.BOLD and world not in FAILING and sent > 0
                ties = random.integers(0, 3) + (gain or 0) * begun / max(sent, 1)
                rows.append(
                    {naturals.RETICENCE: third, "replicate": world, "sent": int(sent), "initiated": begun,
                     "active_ties": float(ties) if counted else ABSURD}
                )  # fmt: skip
    return pd.DataFrame(rows).sample(frac=1, random_state=1)


def equally_busy(people: pd.DataFrame) -> list[float]:
    """Ties of those who begin more than others of their tenth, less those of others who send as much; by draw."""
    bold: dict[int, list[Any]] = {world: [] for world in range(2 * DRAWS) if world not in FAILING}
    for person in people.to_dict("records"):
        if person[naturals.RETICENCE] == "low" and person["sent"] > 0 and person["replicate"] in bold:
            bold[person["replicate"]].append(person)
    found: dict[int, list[float]] = {}
    for world, mine in bold.items():
        mine.sort(key=lambda person: person["sent"])
        rows = []
        for first in range(0, 50, 5):
            tenth = mine[first : first + 5]
            middle = sorted(one["initiated"] / one["sent"] for one in tenth)[2]  # this person is one of the others
            own = [float(first == other) for other in range(0, 50, 5)]
            for one in tenth:
                begins = one["initiated"] / one["sent"] > middle
                rows.append([begins, one["sent"], np.log(one["sent"]), *own, one["active_ties"]])
        table = np.array(rows, float)
        found.setdefault(world // 2, []).append(np.linalg.lstsq(table[:, :-1], table[:, -1])[0][0])
    return [sum(worlds) / len(worlds) for worlds in found.values()]


def of_naturals(ties: Mapping[str, np.ndarray]) -> tuple[Arms, SweepResult]:
    begun = {"low": 200.0, "high": 100.0}
    arms = {
        third: {"active_ties": of, "initiated": drawn(begun[third], 1), "reconnected": of / 4, "new_ties": of / 8}
        for third, of in ties.items()
    }
    return arms, swept("naturals", naturals.RETICENCE, arms)


def test_the_boldest_third_is_compared_with_the_most_hesitant(monkeypatch: pytest.MonkeyPatch) -> None:
    arms, result = of_naturals({"low": drawn(10.0, 2), "high": drawn(7.0, 2)})
    people = people_of(gain=8.0)
    monkeypatch.setattr(SweepResult, "people", lambda _: people)
    expected = equally_busy(people)
    assert min(expected) > 1, "in all draws, more than the smallest effect of interest"
    assert naturals.at_equal_activity(result).by_draw.tolist() == pytest.approx(expected)
    found = naturals.finding({"naturals": result})
    begun, ties = (average(arms["low"][of], arms["high"][of]) for of in ("initiated", "active_ties"))
    assert found.ruling == Ruling(Verdict.HOLDS)
    assert f"begins {begun:.0f} more gestures" in found.effect
    assert f"in touch with {ties:.1f} (" in found.effect
    assert f"beside {average(arms['high']['active_ties']):.1f}." in found.effect
    busy = f"has {sum(expected) / len(expected):.1f} ("
    assert busy in found.effect
    assert found.effect.partition(busy)[2].endswith(") ties more than the half that answers more.")
    shown = plotted(found).loc[("gestures begun", "boldest third"), "value"]
    assert shown == pytest.approx(average(arms["low"]["initiated"]))
    outcomes, equal = found.tables.values()
    assert outcomes["outcome"].to_list()[1] == "ties in touch at the end"
    assert equal["smallest of interest"].to_list() == ["1"]
    assert "boldest third" in texts(found)


EQUAL = "people who begin more of equally many gestures"


def test_people_who_only_send_more_than_others_of_their_tenth_are_no_better_connected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ties grow with gestures sent, and within a tenth those who send more also begin a larger share of them."""
    people = people_of(gain=0.0).assign(initiated=lambda these: these["sent"] ** 2 // 60)
    people["active_ties"] = np.where(people[naturals.RETICENCE] == naturals.BOLD, people["sent"] / 5.0, ABSURD)
    monkeypatch.setattr(SweepResult, "people", lambda _: people)
    _, result = of_naturals({"low": drawn(10.0, 2), "high": drawn(7.0, 2)})
    assert naturals.at_equal_activity(result).by_draw == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("more", "gain", "verdict", "on"),
    [
        ((0.9, 0.9), 8.0, Verdict.FAILS, f"holds for {EQUAL} (100%); fails for bold people (0%)"),
        ((3.0, 3.0), 0.0, Verdict.FAILS, f"holds for bold people (100%); fails for {EQUAL} (0%)"),
        ((0.9, 0.9), 0.0, Verdict.FAILS, ""),
        ((0.0, 2.0), 8.0, Verdict.DEPENDS, f"holds for {EQUAL} (100%); in some plausible worlds for bold people (52%)"),
        ((3.0, 3.0), None, Verdict.UNDECIDED, f"holds for bold people (100%); undecided for {EQUAL}"),
    ],
)
def test_bold_people_and_those_who_begin_more_of_equally_many_gestures_must_both_have_more_ties(
    more: tuple[float, float], gain: float | None, verdict: Verdict, on: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In odd draws, bold people have the second number more; 15 of the 29 draws that pass are odd."""
    people = people_of(gain)
    monkeypatch.setattr(SweepResult, "people", lambda _: people)
    _, result = of_naturals({"low": 7 + np.repeat(np.tile(more, DRAWS // 2), 2), "high": np.full(2 * DRAWS, 7.0)})
    found = naturals.finding({"naturals": result})
    assert found.ruling == Ruling(verdict, on)
    nobody = "the half that begins more of them has – ties more than the half that answers more."
    assert found.effect.endswith(nobody) == (gain is None), "if all begin all that they send, nobody is compared"


# Built slowly --------------------------------------------------------------------------------------------------------

KEPT = {
    built_slowly.WORDS: 0.2, "nothing": 0.05, built_slowly.TALKS: 0.5, built_slowly.TALKS_ONCE: 0.2,
    built_slowly.WORDS_ONCE: 0.1, "nothing, 270 days": 0.07, built_slowly.TALKS_EARLY: 0.3,
    built_slowly.WORDS_EARLY: 0.15,
}  # fmt: skip


def answered(arm: str) -> dict[str, np.ndarray]:
    """Of 240 people with 40 friends in question, each answers 3 gestures and those that the friends get besides."""
    more = {
        built_slowly.TALKS: 12.0, built_slowly.TALKS_ONCE: 4.0, built_slowly.WORDS: 60.0, built_slowly.WORDS_ONCE: 20.0
    }  # fmt: skip
    everyone = 3 + more.get(arm, 0.0) * 40 / 240
    return {"everyone_answered": np.full(2 * DRAWS, everyone), "focal": np.full(2 * DRAWS, 40.0)}


def of_four_hours(**changed: float) -> tuple[dict[str, np.ndarray], ClaimFinding]:
    kept = {arm: drawn(value, 1) for arm, value in (KEPT | changed).items()}
    result = swept("built_slowly", "row", {arm: {"focal_kept": of, **answered(arm)} for arm, of in kept.items()})
    return kept, built_slowly.finding({"built_slowly": result})


def test_four_hours_are_compared_with_nothing_and_with_each_other() -> None:
    """Those on one day are counted as long after it as the others after their last, and beside nothing on that day."""
    kept, found = of_four_hours()
    assert found.ruling == Ruling(Verdict.HOLDS)
    talks, once, words, words_once = built_slowly.ARMS
    same_day = {arm: 100 * average(kept[arm], kept["nothing"]) for arm in built_slowly.ARMS}
    early = {once: built_slowly.TALKS_EARLY, words_once: built_slowly.WORDS_EARLY}
    beyond = same_day | {arm: 100 * average(kept[of], kept["nothing, 270 days"]) for arm, of in early.items()}
    spread, alone, shared = (
        beyond[talks] - beyond[once],
        beyond[words] - beyond[words_once],
        beyond[talks] - beyond[words],
    )
    none = 100 * average(kept["nothing"])
    assert f"Of 100 silent friends, {none:.0f} would be in touch 420 days later anyway." in found.effect
    assert load(CONFIGS / "built_slowly.toml", []).run.days == 420 + 1, "the first is day 0"
    assert f"half a year leave {beyond[talks]:+.1f} (" in found.effect
    assert (
        f"on one day leave {beyond[once]:+.1f} after nine months, and {same_day[once]:+.1f} on the same day."
        in found.effect
    )
    assert f"at equal delay spreading them adds {spread:+.1f}, and spreading 80 messages {alone:+.1f};" in found.effect
    at_once = same_day[talks] - same_day[once], same_day[words] - same_day[words_once]
    assert f"counted on the same day it is {at_once[0]:+.1f} and {at_once[1]:+.1f}." in found.effect
    assert "per friend, 12 gestures after spread-out talks and 4 after those on one day" in found.effect
    assert "with messages, 60 and 20." in found.effect
    assert "In 29 draws, no single number stands out, and so few" in found.effect
    title = found.pictures[0].words.title
    assert title.startswith(f"Eight talks over half a year leave {beyond[talks]:.0f} of 100 more friends in touch")
    assert title.endswith(f"on one day, {beyond[once]:.0f}; four hours of messages, {beyond[words]:.0f}")
    rows = plotted(found)
    levels, more = (
        rows.loc[panel]["value"] for panel in ("in touch nine months later, of 100", "more than after nothing")
    )
    shown = {arm: kept[early.get(arm, arm)] for arm in built_slowly.ARMS}
    shown |= {"nothing, 420 days": kept["nothing"], "nothing, 270 days": kept["nothing, 270 days"]}
    assert levels.to_dict() == pytest.approx({arm: 100 * average(of) for arm, of in shown.items()})
    assert more.to_dict() == pytest.approx(beyond)
    assert rows.loc["more than after nothing"]["smallest"].to_list() == pytest.approx([5] * 4)
    first, adds, on_one_day = found.tables.values()
    assert first["four hours"].to_list() == list(built_slowly.ARMS)
    assert on_one_day["mean (95% interval)"].str.split(" ").str[0].to_list() == [
        f"{one / 100:+.3f}" for one in (*same_day.values(), *at_once)
    ]
    assert adds["mean (95% interval)"].str.split(" ").str[0].to_list() == [
        f"{one / 100:+.3f}" for one in (spread, alone, shared)
    ]
    assert "of 100" in texts(found)


def test_both_ways_to_spread_four_hours_and_talking_instead_of_writing_are_judged() -> None:
    _, found = of_four_hours(**{built_slowly.WORDS_EARLY: 0.21})
    assert found.ruling == Ruling(
        Verdict.FAILS,
        "holds for talks spread over half a year (100%) and talks instead of messages (100%); "
        "fails for messages spread over half a year (0%)",
    )
    _, found = of_four_hours(**{built_slowly.WORDS: 0.6})
    assert found.ruling == Ruling(
        Verdict.FAILS,
        "holds for talks spread over half a year (100%) and messages spread over half a year (100%); "
        "fails for talks instead of messages (0%)",
    )
    talking = list(found.tables.values())[1].set_index("difference").loc["talks less messages, half a year"]
    assert (talking["verdict"], talking["without correcting for chance"]) == ("fails", "0%")
    _, found = of_four_hours(**dict.fromkeys(KEPT, 0.2))
    assert found.ruling == Ruling(Verdict.FAILS)
