from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.watch.palette import FULL, Look
from experiments.watch.weighted_ties import (
    USUAL_SILENCE,
    TieAdapter,
    WeightedTie,
    circle_caption,
    circle_of,
    map_caption,
    map_of,
    places_of,
    read,
    somebody,
)
from tests.conftest import ROOT

IDS = ["Ann", "Bob", 7, 8, 9]
SILENCES = st.none() | st.integers(0, 200) | st.floats(0, 200)


@st.composite
def networks(draw: Any) -> dict[Any, dict[Any, WeightedTie]]:
    """The ties of each of `IDS`, by the other."""
    network: dict[Any, dict[Any, WeightedTie]] = {}
    for agent in IDS:
        others = draw(st.sets(st.sampled_from([other for other in IDS if other != agent])))
        network[agent] = {
            other: WeightedTie(other, draw(st.floats(0, 1)), draw(SILENCES), draw(st.booleans()))
            for other in sorted(others, key=str)
        }
    return network


def adapter(network: dict[Any, dict[Any, WeightedTie]], **more: Any) -> TieAdapter:
    return TieAdapter(ties=lambda model, agent: network[agent].values(), agents=lambda model: IDS, **more)


MODEL = SimpleNamespace(steps=12)


@given(networks(), st.floats(0.5, 300))
def test_a_map_has_each_pair_once_and_its_more_alive_and_stronger_side(network: Any, dormant_after: float) -> None:
    how = adapter(network, dormant_after=dormant_after)
    drawn = map_of(read(MODEL, how), how)
    pairs = np.frombuffer(drawn["pairs"], np.int32).reshape(-1, 2).tolist()
    looks = dict(zip(map(tuple, pairs), np.frombuffer(drawn["looks"], np.uint8).tolist(), strict=True))
    assert set(looks) == {
        (a, b) for b in range(5) for a in range(b) if IDS[b] in network[IDS[a]] or IDS[a] in network[IDS[b]]
    }
    for (a, b), byte in looks.items():
        sides = [network[x][y] for x, y in ((IDS[a], IDS[b]), (IDS[b], IDS[a])) if y in network[x]]
        alive = [tie for tie in sides if tie.silence is not None and tie.silence < dormant_after]
        look = Look.DORMANT if not alive else Look.REKINDLED if any(tie.came_back for tie in alive) else Look.LIVING
        assert byte >> 6 == look
        of_this_look = [tie for tie in alive if tie.came_back or look != Look.REKINDLED] or sides
        assert byte & FULL == max(1, *(round(FULL * tie.strength) for tie in of_this_look))


@given(networks(), st.floats(0.5, 300))
def test_a_circle_has_every_tie_of_the_agent_in_the_zone_of_its_silence(network: Any, dormant_after: float) -> None:
    how = adapter(network, dormant_after=dormant_after)
    seen = read(MODEL, how)
    for agent, name in enumerate(IDS):
        circle = circle_of(seen, how, agent)
        assert [IDS[tie["other"]] for tie in circle["ties"]] == list(network[name])
        for tie, given_tie in zip(circle["ties"], network[name].values(), strict=True):
            assert tie["rekindled"] == given_tie.came_back
            assert tie["strength"] == pytest.approx(given_tie.strength, abs=1e-3)
            if given_tie.silence is None:
                assert (tie["silence"], tie["state"], tie["history"]) == (None, "faint", [])
                continue
            assert tie["silence"] == pytest.approx(given_tie.silence / dormant_after * USUAL_SILENCE, abs=1e-3)
            assert tie["state"] == ("dormant" if given_tie.silence >= dormant_after else "active")
        assert dict(circle["names"]) == {k: f"agent {IDS[k]}" for k in [agent, *(t["other"] for t in circle["ties"])]}
        assert circle["day"] == 12


def test_contacts_are_those_of_the_agent_with_their_direction_and_kind() -> None:
    how = adapter(
        {agent: {} for agent in IDS},
        contacts=lambda model: [("Ann", "Bob", 1), ("Bob", 7), (7, "Ann")],
        kinds=("call", "letter"),
    )
    seen = read(MODEL, how)
    gestures = circle_of(seen, how, 0)["gestures"]
    assert gestures == [{"other": 1, "outgoing": True, "family": 1}, {"other": 2, "outgoing": False, "family": 0}]
    rows = np.frombuffer(map_of(seen, how)["contacts"], np.int32).reshape(-1, 3).tolist()
    assert rows == [[0, 1, 1], [1, 2, 0], [2, 0, 0]]


def test_words_say_what_is_shown() -> None:
    network: dict[Any, dict[Any, WeightedTie]] = {agent: {} for agent in IDS}
    network["Ann"] = {"Bob": WeightedTie("Bob", 0.5, 3), 7: WeightedTie(7, 0.25, 31), 8: WeightedTie(8, 0, None)}
    how = adapter(network, name=str, dormant_after=30, unit="weeks")
    seen = read(MODEL, how)
    circle = circle_of(seen, how, 0)
    assert [tie["about"].split("\n")[1] for tie in circle["ties"]] == [
        "strength 0.50, last contact 3 weeks ago",
        "strength 0.25, last contact 31 weeks ago",
        "strength 0.00, never in contact",
    ]
    assert circle["rings"] == ["within 10 weeks", "within 30 weeks", "dormant"]
    assert circle_caption(seen, how, 0).startswith("Ann and the 3 they know: ")
    assert circle_caption(seen, how, 0).endswith(" 1 in touch.")
    network["Ann"][9] = WeightedTie(9, 0.5, 29, came_back=True)
    assert circle_caption(read(MODEL, how), how, 0).endswith(" 2 in touch, 1 came back (amber).")
    assert circle_caption(seen, how, 1) == "Bob has no ties."
    assert map_caption(seen, how, 2).startswith("Everyone; 7 is marked.")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("Bob", 1.5, 3), "tie of 'Ann' with 'Bob' has strength 1.5"),
        (("Bob", float("nan"), 3), "has strength nan"),
        (("Bob", 0.5, -1), "has silence -1"),
        (("Zoe", 0.5, 1), "tie of 'Ann' names 'Zoe'"),
    ],
)
def test_a_tie_that_is_not_possible_is_refused_with_its_agents(row: tuple[Any, ...], said: str) -> None:
    how = TieAdapter(ties=lambda model, agent: [row] if agent == "Ann" else [], agents=lambda model: IDS)
    with pytest.raises(ValueError, match=said):
        read(MODEL, how)


def test_other_mistakes_of_an_adapter_are_refused() -> None:
    silent = {agent: {} for agent in IDS}  # type: ignore[var-annotated]
    with pytest.raises(ValueError, match="dormant_after is 0"):
        adapter(silent, dormant_after=0)
    with pytest.raises(ValueError, match="There are 6 kinds"):
        adapter(silent, kinds=tuple("abcdef"))
    with pytest.raises(ValueError, match="kind 1, but there are 1"):
        read(MODEL, adapter(silent, contacts=lambda model: [("Ann", "Bob", 1)]))
    with pytest.raises(ValueError, match="ringed names 'Zoe'"):
        read(MODEL, adapter(silent, ringed=lambda model: ["Zoe"]))


def test_one_begins_with_somebody_ringed_or_with_the_most_ties() -> None:
    network: dict[Any, dict[Any, WeightedTie]] = {agent: {} for agent in IDS}
    network[8] = {9: WeightedTie(9, 1, 0)}
    assert somebody(read(MODEL, adapter(network))) == 3
    assert somebody(read(MODEL, adapter(network, ringed=lambda model: [9, 8]))) == 4
    assert somebody(read(MODEL, TieAdapter(ties=lambda model, agent: [], agents=lambda model: []))) is None


@given(networks())
def test_everyone_has_a_place(network: Any) -> None:
    how = adapter(network)
    found = places_of(MODEL, read(MODEL, how), how)
    assert found.shape == (5, 2)
    assert found.dtype == np.float32
    assert np.linalg.norm(found, axis=1).max() < 1 + 1e-6
    given_places = adapter(network, places=lambda model: {agent: (k, -k) for k, agent in enumerate(IDS)})
    assert places_of(MODEL, read(MODEL, given_places), given_places).tolist() == [[k, -k] for k in range(5)]


def test_agents_with_strong_ties_stand_together() -> None:
    group = [agent // 10 for agent in range(40)]

    def ties(model: Any, agent: int) -> list[tuple[int, float, int]]:
        return [(other, 0.8 if group[other] == group[agent] else 0.02, 1) for other in range(40) if other != agent]

    how = TieAdapter(ties=ties, agents=lambda model: range(40))
    at = places_of(MODEL, read(MODEL, how), how)
    apart = np.linalg.norm(at[:, None] - at[None], axis=2)
    is_same = np.array(group)[:, None] == np.array(group)[None]
    assert apart[is_same].max() < 0.8 * apart[~is_same].mean()


@pytest.mark.parametrize("module", ["weighted_ties", "widget", "components", "mesa_page"])
def test_what_any_model_can_use_does_not_load_the_model(module: str) -> None:
    """`sim` is compiled where it is loaded for the first time, which takes minutes."""
    pytest.importorskip("solara")
    pytest.importorskip("altair")
    code = f"import sys; import experiments.watch.{module}; assert 'sim' not in sys.modules, 'sim is loaded'"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, check=True)
