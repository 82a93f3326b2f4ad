"""What a circle or a map of ties reads of a model, and the numbers that are then drawn. It knows no model.

A model is read through a `TieAdapter`: a few functions that say who is there, and what ties each agent has. The
pictures themselves are in `experiments.watch.components`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from experiments.watch.palette import FAMILIES, FULL, Look
from experiments.watch.positions import places as places_by_community

FEWEST_LOOKS = 1  # of the strengths in a byte: a tie that is there can be seen
USUAL_SILENCE = 90  # days of silence from which `js/rings.js` draws a tie as dormant, unless it is given others


class WeightedTie(NamedTuple):
    """A tie of an agent, as it is now.

    Attributes:
        other: id of the other agent.
        strength: 0 to 1.
        silence: steps since the last contact, 0 or more; None if there was none.
        came_back: whether the tie was dormant and is not any more. It is then drawn in amber.
    """

    other: Any
    strength: float
    silence: float | None
    came_back: bool = False


class ContactMade(NamedTuple):
    """A contact in the last step, drawn on its way from one agent to another.

    Attributes:
        sender, receiver: ids of two agents.
        kind: its number in `TieAdapter.kinds`, which has a colour.
    """

    sender: Any
    receiver: Any
    kind: int = 0


def ids_of_agents(model: Any) -> list[Hashable]:
    """The ``unique_id`` of each agent of a Mesa model."""
    return [agent.unique_id for agent in model.agents]


def nothing(model: Any) -> tuple[()]:
    """No contacts, or nobody."""
    return ()


@dataclass(frozen=True)
class TieAdapter:
    """How to read the ties of a model. Only ``ties`` is needed.

    All functions are called after a step, with the model. With Mesa's option *Use Threads*, the next step can run at
    the same time: they should then read what the model put aside at the end of its step.

    Attributes:
        ties: called with the model and an id; the ties of this agent as `WeightedTie`, or tuples in the same order.
        agents: the ids of all agents, each once; by default their ``unique_id``.
        name: called with an id; what the agent is called on the screen.
        contacts: the contacts of the last step as `ContactMade`, or tuples in the same order; by default none.
        kinds: what contacts are called, at most five kinds.
        places: a place (x, y) for each agent by id, in any unit; called once for each model. By default, agents with
            many strong ties among them stand together.
        ringed: ids of agents that are drawn with a ring, and whose ties are brighter.
        dormant_after: steps of silence from which a tie is dormant; more than 0.
        unit: what a step is called, in the plural.
    """

    ties: Callable[[Any, Any], Iterable[tuple[Any, ...]]]
    agents: Callable[[Any], Iterable[Hashable]] = ids_of_agents
    name: Callable[[Any], str] = "agent {}".format
    contacts: Callable[[Any], Iterable[tuple[Any, ...]]] = nothing
    kinds: tuple[str, ...] = ("contact",)
    places: Callable[[Any], Mapping[Any, tuple[float, float]]] | None = None
    ringed: Callable[[Any], Iterable[Hashable]] = nothing
    dormant_after: float = 90
    unit: str = "steps"

    def __post_init__(self) -> None:
        if not self.dormant_after > 0:
            raise ValueError(f"dormant_after is {self.dormant_after}; it must be more than 0.")
        if not 0 < len(self.kinds) <= len(FAMILIES):
            raise ValueError(f"There are {len(self.kinds)} kinds of contact; there can be 1 to {len(FAMILIES)}.")


class TiesRead(NamedTuple):
    """The ties of a model after a step. Agents are numbered from 0, in the order of ``ids``.

    Attributes:
        step: steps of the model so far.
        ids: of all agents.
        ties: of each agent; ``other`` is a number.
        contacts: of the last step; ``sender`` and ``receiver`` are numbers.
        ringed: numbers of agents with a ring.
    """

    step: int
    ids: list[Hashable]
    ties: list[list[WeightedTie]]
    contacts: list[ContactMade]
    ringed: list[int]


def read(model: Any, adapter: TieAdapter) -> TiesRead:
    """Read a model.

    Raises:
        ValueError: if an agent, a strength, a silence or a kind of contact is not possible.
    """
    ids = list(adapter.agents(model))
    number = {agent: k for k, agent in enumerate(ids)}

    def number_of(agent: Hashable, what: str) -> int:
        if agent not in number:
            raise ValueError(f"{what} names {agent!r}, which is not among the ids of agents.")
        return number[agent]

    def tie_of(agent: Hashable, row: tuple[Any, ...]) -> WeightedTie:
        tie = WeightedTie(*row)
        if not 0 <= tie.strength <= 1:
            raise ValueError(f"The tie of {agent!r} with {tie.other!r} has strength {tie.strength}, not 0 to 1.")
        if tie.silence is not None and not tie.silence >= 0:
            raise ValueError(f"The tie of {agent!r} with {tie.other!r} has silence {tie.silence}, not 0 or more.")
        return tie._replace(other=number_of(tie.other, f"A tie of {agent!r}"))

    def contact_of(row: tuple[Any, ...]) -> ContactMade:
        contact = ContactMade(*row)
        if not 0 <= contact.kind < len(adapter.kinds):
            raise ValueError(f"A contact is of kind {contact.kind}, but there are {len(adapter.kinds)} kinds.")
        return ContactMade(
            number_of(contact.sender, "A contact"), number_of(contact.receiver, "A contact"), contact.kind
        )

    return TiesRead(
        step=int(model.steps),
        ids=ids,
        ties=[[tie_of(agent, row) for row in adapter.ties(model, agent)] for agent in ids],
        contacts=[contact_of(row) for row in adapter.contacts(model)],
        ringed=[number_of(agent, "ringed") for agent in adapter.ringed(model)],
    )


def is_dormant(tie: WeightedTie, adapter: TieAdapter) -> bool:
    """Whether there was no contact for so long, or never, that a tie is dormant."""
    return tie.silence is None or tie.silence >= adapter.dormant_after


def somebody(seen: TiesRead) -> int | None:
    """The number of an agent to begin with: the first with a ring, else one with most ties; None without agents."""
    if seen.ringed:
        return seen.ringed[0]
    return max(range(len(seen.ids)), key=lambda agent: len(seen.ties[agent]), default=None)


# Circle -----------------------------------------------------------------------------------------------------------


def circle_of(seen: TiesRead, adapter: TieAdapter, person: int) -> dict[str, Any]:
    """The circle of an agent, as `js/circle.js` draws it, ready for JSON.

    Silences are in such a unit that a tie is dormant from `USUAL_SILENCE` on.

    Args:
        seen: what was read.
        adapter: with what it was read.
        person: the number of the agent.
    """
    names = {person: adapter.name(seen.ids[person])}
    ties = []
    for tie in seen.ties[person]:
        names[tie.other] = adapter.name(seen.ids[tie.other])
        ties.append(_circle_tie(tie, adapter, seen.step, names[tie.other]))
    gestures = [
        {"other": made.receiver if made.sender == person else made.sender,
         "outgoing": made.sender == person, "family": made.kind}
        for made in seen.contacts
        if person in (made.sender, made.receiver)
    ]  # fmt: skip
    return {
        "person": person,
        "names": list(names.items()),
        "day": seen.step,
        "ties": ties,
        "gestures": gestures,
        "rings": _rings(adapter),
    }


def _circle_tie(tie: WeightedTie, adapter: TieAdapter, step: int, name: str) -> dict[str, Any]:
    silence = None if tie.silence is None else round(tie.silence * USUAL_SILENCE / adapter.dormant_after, 3)
    state = "faint" if silence is None else "dormant" if is_dormant(tie, adapter) else "active"
    return {
        "other": tie.other,
        "strength": round(float(tie.strength), 3),
        "silence": silence,
        "state": state,
        "rekindled": bool(tie.came_back),
        "history": [] if silence is None else [[step - silence]],  # a line is bright after a contact
        "about": f"{name}\nstrength {tie.strength:.2f}, {silence_text(tie, adapter)}",
    }


def silence_text(tie: WeightedTie, adapter: TieAdapter) -> str:
    """How long ago the last contact was."""
    if tie.silence is None:
        return "never in contact"
    return "in contact now" if tie.silence == 0 else f"last contact {tie.silence:,g} {adapter.unit} ago"


def _rings(adapter: TieAdapter) -> list[str]:
    third = adapter.dormant_after / 3
    return [f"within {third:.3g} {adapter.unit}", f"within {adapter.dormant_after:.3g} {adapter.unit}", "dormant"]


def circle_caption(seen: TiesRead, adapter: TieAdapter, person: int) -> str:
    """What a circle shows, in one or two sentences."""
    ties, name = seen.ties[person], adapter.name(seen.ids[person])
    if not ties:
        return f"{_capital(name)} has no ties."
    active = [tie for tie in ties if not is_dormant(tie, adapter)]
    back = sum(tie.came_back for tie in active)
    who = "the one agent they know" if len(ties) == 1 else f"the {len(ties)} they know"
    what = f"{_capital(name)} and {who}: the further out, the longer since a contact."
    return f"{what} {len(active)} in touch" + (f", {back} came back (amber)." if back else ".")


# Map --------------------------------------------------------------------------------------------------------------


def map_of(seen: TiesRead, adapter: TieAdapter) -> dict[str, bytes]:
    """All ties, as `js/tie_map.js` draws them.

    Returns:
        ``pairs``: numbers of each tie's two agents, shape (k, 2), 32-bit. ``looks``: a byte for each tie; see
        `experiments.watch.palette.Look`. A tie that both agents have is one, as strong as the stronger side.
        ``contacts``: sender, receiver and kind of each, shape (m, 3), 32-bit.
    """
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for agent, ties in enumerate(seen.ties):
        for tie in ties:
            look = Look.DORMANT if is_dormant(tie, adapter) else Look.REKINDLED if tie.came_back else Look.LIVING
            pair = (min(agent, tie.other), max(agent, tie.other))
            found[pair] = max(found.get(pair, (0, 0)), (int(look), round(FULL * tie.strength)))
    pairs = np.array(sorted(found), np.int32).reshape(-1, 2)
    looks = [look << 6 | max(FEWEST_LOOKS, strength) for look, strength in (found[pair] for pair in sorted(found))]
    return {
        "pairs": pairs.tobytes(),
        "looks": np.array(looks, np.uint8).tobytes(),
        "contacts": np.array(seen.contacts, np.int32).reshape(-1, 3).tobytes(),
    }


def places_of(model: Any, seen: TiesRead, adapter: TieAdapter) -> np.ndarray:
    """The place of each agent, shape (n, 2), 32-bit: the adapter's, or by communities of strong ties."""
    if adapter.places is not None:
        given = adapter.places(model)
        return np.array([given[agent] for agent in seen.ids], np.float32).reshape(-1, 2)
    import networkx as nx  # takes a fifth of a second to load, and models with places do not need it

    graph = nx.Graph()
    graph.add_nodes_from(range(len(seen.ids)))
    for agent, ties in enumerate(seen.ties):
        graph.add_weighted_edges_from((agent, tie.other, 0.01 + tie.strength) for tie in ties)
    home = np.zeros(len(seen.ids), int)
    for k, members in enumerate(nx.community.louvain_communities(graph, seed=1)):
        home[list(members)] = k
    pairs = np.array(graph.edges, int).reshape(-1, 2)
    weights = np.array([weight for _, _, weight in graph.edges(data="weight")], float)
    return places_by_community(home, pairs, weights) if len(home) else np.zeros((0, 2), np.float32)


def map_caption(seen: TiesRead, adapter: TieAdapter, person: int | None) -> str:
    """What a map shows, in one or two sentences."""
    who = "Everyone" if person is None else f"Everyone; {adapter.name(seen.ids[person])} is marked"
    return f"{who}. A line is a tie: bright if strong, faint if dormant, amber if it came back."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
