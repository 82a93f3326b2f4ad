from __future__ import annotations

import numpy as np
import pytest

import sim
from experiments.config.settings import Experiment
from experiments.sweeps import runner
from experiments.sweeps.design import runs_of
from experiments.terminal.legend import PLAIN, Legend
from experiments.watch.layout import MOST_GESTURES, family_of, only_differences
from experiments.watch.naming import colours_of_arms, names_of_families
from experiments.watch.page_state import with_strategy
from experiments.watch.palette import FIRST, FULL, SECOND, Family, Look
from experiments.watch.playback import REMEMBERED, WITH, WITHOUT, Gestures, Playback, name_of
from experiments.watch.positions import places
from sim.engine.views import State


@pytest.fixture(scope="module")
def world() -> sim.World:
    return sim.worlds.generated(people=120, burn_in_years=0.5, seed=4, cache=False)


def stage_of(world: sim.World, *strategies: str) -> Playback:
    told = {"name": "x", "run": {"adopters": 8, "strategy_days": 60, "strategy": "check_in"}}
    experiment = Experiment.model_validate(told)
    return Playback(world, [with_strategy(experiment, each) for each in strategies or [experiment.run.strategy]])


def test_people_stand_apart_and_with_their_community(world: sim.World) -> None:
    community = np.repeat(np.arange(9), 30)
    rng = np.random.default_rng(1)
    pairs = rng.integers(0, 270, (2_000, 2))
    at = places(community, pairs[pairs[:, 0] != pairs[:, 1]], np.ones((pairs[:, 0] != pairs[:, 1]).sum()))
    assert np.linalg.norm(at, axis=1).max() == pytest.approx(1, abs=1e-6)
    middle = np.array([at[community == each].mean(axis=0) for each in range(9)])
    nearest = np.linalg.norm(at[:, None] - middle[None], axis=2).argmin(axis=1)
    assert (nearest == community).all()
    apart = np.linalg.norm(at[:, None] - at[None], axis=2) + np.eye(270)
    assert apart.min() > 0.004


def test_communities_with_many_ties_between_them_are_neighbours() -> None:
    community = np.repeat(np.arange(12), 5)
    ring = [(5 * c, 5 * ((c + 1) % 12)) for c in range(12)]
    at = places(community, np.array(ring), np.ones(12))
    middle = np.array([at[community == each].mean(axis=0) for each in range(12)])
    far = np.linalg.norm(middle[:, None] - middle[None], axis=2)
    neighbours = np.mean([far[c, (c + 1) % 12] for c in range(12)])
    assert neighbours < 0.75 * far[np.triu_indices(12, 1)].mean()


@pytest.mark.parametrize("people", [1, 2, 3, 7])
def test_few_people_have_places_too(people: int) -> None:
    at = places(np.arange(people), np.zeros((0, 2), int), np.zeros(0))
    assert at.shape == (people, 2)
    assert np.isfinite(at).all()


def test_the_same_world_has_the_same_places(world: sim.World) -> None:
    one, other = stage_of(world, "wait"), stage_of(world.copy(), "check_in")
    assert one.layout.places is other.layout.places
    assert (one.layout.pairs == other.layout.pairs).all()


def test_a_byte_says_what_a_tie_is(world: sim.World) -> None:
    playback = stage_of(world)
    playback.play(40)
    picture = playback.look()[0]
    model = sim.ReconnectionModel(world=playback.arms[0].run.world(), seed=1)
    back = {tuple(pair) for pair in playback.arms[0].run.reconnections().tolist()}
    looks = picture.ties >> 6
    assert set(looks) >= {Look.DORMANT, Look.LIVING, Look.REKINDLED}
    for (low, high), byte in list(zip(playback.layout.pairs.tolist(), picture.ties.tolist(), strict=True))[::53]:
        mine, theirs = model.people[low].ties.get(high), model.people[high].ties.get(low)
        if mine is None or theirs is None:
            assert byte == 0
            continue
        strength = max(model.people[low].strength_of(mine), model.people[high].strength_of(theirs))
        assert byte & FULL == max(1, round(FULL * strength))
        assert (byte >> 6 == Look.REKINDLED) <= ((low, high) in back)


def test_doors_are_those_open_to_the_followed_person_where_the_tie_is_dormant(world: sim.World) -> None:
    playback = stage_of(world)
    playback.play(20)
    assert not playback.look()[0].people.any(), "nobody is followed"
    person = int(playback.adopters[0])
    doors = playback.look(followed=person)[0].people
    expected = np.zeros(len(doors), int)
    for tie in playback.ties_of(person):
        expected[tie.other] = round(FULL * tie.door) if tie.state == State.DORMANT else 0
    np.testing.assert_allclose(doors, expected, atol=1)
    assert (doors > 0).sum() > 2


def test_what_reconnects_comes_into_the_picture(world: sim.World) -> None:
    playback = stage_of(world)
    playback.play(60)
    ties = playback.look()[0].ties
    back = playback.arms[0].run.reconnections()
    drawn = {tuple(pair) for pair in playback.layout.pairs.tolist()}
    assert len(back) > 20
    assert all(tuple(pair) in drawn for pair in back.tolist())
    assert (ties >> 6 == Look.REKINDLED).sum() > 0.5 * len(back)
    assert (
        len(playback.layout.row)
        == len(playback.layout.pairs)
        == len({tuple(p) for p in playback.layout.pairs.tolist()})
    )


def test_what_is_drawn_does_not_depend_on_who_looked_before(world: sim.World) -> None:
    watched, left_alone = stage_of(world, "wait", "check_in"), stage_of(world, "wait", "check_in")
    for _ in range(60):
        watched.step()
        watched.look()
    left_alone.play(60)
    assert left_alone.changed
    np.testing.assert_array_equal(watched.layout.pairs, left_alone.layout.pairs)
    for one, other in zip(watched.look(), left_alone.look(), strict=True):
        np.testing.assert_array_equal(one.ties, other.ties)
        np.testing.assert_array_equal(one.people, other.people)


def test_two_worlds_differ_in_nothing_before_they_begin_and_in_little_after_a_like(world: sim.World) -> None:
    playback = stage_of(world, "wait")
    playback.play(5)
    low, high = (int(person) for person in playback.layout.pairs[0])
    playback.fork(sim.Gesture(day=5, kind="like", sender=low, receiver=high))
    assert [arm.name for arm in playback.arms] == [WITH, WITHOUT]
    for picture in playback.look(differences=True):
        assert not picture.ties.any()
        assert not picture.people.any()
    playback.step()
    first, second = playback.look(differences=True)
    assert low in first.flashes["sender"]
    assert len(second.flashes) == 0


def test_outcomes_are_those_of_the_run(world: sim.World) -> None:
    playback = stage_of(world)
    playback.play(30)
    scalars = playback.arms[0].run.measures().scalars
    (outcome,) = playback.outcomes()
    assert (outcome.reconnected, outcome.active_ties) == (scalars["reconnected"], scalars["active_ties"])
    assert scalars["reconnected"] > 0


def test_gestures_by_hand_of_a_configuration_are_sent_as_in_a_run(world: sim.World) -> None:
    told = {"run": {"strategy_days": 20, "follow_up_days": 0}, "inject": {"kind": "like", "ties": 6}}
    experiment = Experiment.model_validate({"name": "x", **told})
    playback = Playback(world, [experiment])
    playback.play(20)
    (run,) = runs_of(experiment)
    assert playback.arms[0].run.world() == runner.simulate(run, world).world
    assert playback.arms[0].run.world() != sim.simulate(world, days=20, strategy="wait", seed=run.seed).world


def test_only_differences_are_left(world: sim.World) -> None:
    playback = stage_of(world, "wait", "check_in")
    playback.play(40)
    whole = playback.look()
    first, second = only_differences(*whole)
    same = whole[0].ties == whole[1].ties
    assert not first.ties[same].any()
    assert (first.ties[~same] != 0).sum() + (second.ties[~same] != 0).sum() > 0
    kept = first.ties != 0
    assert (first.ties[kept] == whole[0].ties[kept]).all()


def test_a_picture_is_no_larger_than_it_may_be(world: sim.World) -> None:
    playback = stage_of(world)
    for _ in range(30):
        playback.step()
    flashes = playback.look()[0].flashes
    assert len(flashes) == MOST_GESTURES
    assert flashes["bright"][0] == 1
    assert len(playback.look()[0].flashes) == 0  # each is shown once


def test_memory_of_gestures_ends_somewhere(world: sim.World) -> None:
    playback = stage_of(world)
    ring = Gestures(400)
    for _ in range(20):
        playback.step()
        ring.add(playback.arms[0].sent[-1])
    whole = playback.arms[0].gestures
    assert ring.count == whole.count > 400
    person = int(ring.rows["sender"][ring.count % 400 - 1])
    assert ring.of(person).tolist() == [
        g for g in whole.of(person).tolist() if g in whole.rows[whole.count - 400 : whole.count].tolist()
    ]
    assert len(whole.rows) == REMEMBERED


def test_a_followed_person_has_all_their_ties_and_what_was_said(world: sim.World) -> None:
    playback = stage_of(world)
    person = int(playback.adopters[0])
    playback.play(30)
    ties = playback.ties_of(person)
    assert {tie.other for tie in ties} == set(playback.arms[0].run.known_to(person).tolist())
    told = [line for tie in ties for line in tie.history]
    assert any(mine for _, mine, _, _ in told)
    assert all(0 <= day < 30 for day, *_ in told)


# Added strategies and gestures ---------------------------------------------------------------------------------------

GESTURES = {
    "voice_memo": {"based_on": "message", "minutes": 2.0},
    "wave": {"based_on": "like"},
    "postcard": {"based_on": "note"},
    "video_call": {"based_on": "call"},
    "walk": {"based_on": "conversation"},
    "dinner": {"based_on": "invitation"},
}
GIFTS = {"whom": "ties, longest silent first", "what": "voice_memo", "session_minutes": 2.0, "label": "Birthday gifts"}


def test_an_added_gesture_belongs_to_the_family_of_those_like_it() -> None:
    rows = sim.Parameters(gestures=GESTURES).gestures
    assert {kind: family_of(kind, rows[kind]) for kind in GESTURES} == {
        "voice_memo": Family.WORDS,
        "wave": Family.REACTION,
        "postcard": Family.NOTE,
        "video_call": Family.VOICE,
        "walk": Family.VOICE,
        "dinner": Family.INVITATION,
    }
    for kind in ("like", "question", "note", "call", "conversation", "invitation"):
        assert family_of(kind, rows[kind]) == family_of(f"my_{kind}", rows[kind]), "a copy is like the original"


def test_families_are_named_with_added_gestures_and_of_many_only_some_are() -> None:
    names = names_of_families(sim.Parameters(gestures=GESTURES).gestures)
    assert names[Family.WORDS] == "question, comment, message, voice memo"
    assert names[Family.VOICE] == "call, conversation, video call, walk"
    more = {f"memo_{number}": GESTURES["voice_memo"] for number in range(4)}
    assert names_of_families(sim.Parameters(gestures=more).gestures)[Family.WORDS].endswith("message, memo 0, 3 more")


def test_an_added_strategy_is_played_with_its_label_colour_and_gestures(world: sim.World) -> None:
    parameters = sim.Parameters(
        strategies={"gifts": {**GIFTS, "colour": "#e69f00"}},
        gestures=GESTURES,
        effort_minutes=300.0,
        follow_through=3.0,
    )
    told = {"name": "x", "run": {"adopters": 8, "strategy_days": 60, "strategy": "check_in"}}
    experiment = Experiment.model_validate(told).model_copy(update={"parameters": parameters})
    stage = Playback(world, [with_strategy(experiment, each) for each in ("gifts", {"gifts": 0.5, "check_in": 0.5})])
    assert [arm.name for arm in stage.arms] == ["Birthday gifts", "50% Birthday gifts, 50% check in"]
    assert [arm.colour for arm in stage.arms] == ["#e69f00", SECOND]
    kinds, flashes = set(), []
    for _ in range(14):
        stage.step()
        flashes.append(stage.look()[0].flashes)
        kinds |= {row[2] for person in stage.adopters.tolist() for tie in stage.ties_of(person) for row in tie.history}
    assert "voice memo" in kinds
    assert (np.concatenate(flashes)["family"] == Family.WORDS).any()


def test_two_worlds_never_have_one_colour() -> None:
    legend = Legend({"gifts": {"colour": "#e69f00"}, "dark": {"colour": "#000000"}, "grey": {"colour": SECOND}})
    assert colours_of_arms(["wait", "check_in"], legend) == [FIRST, SECOND]
    assert colours_of_arms(["wait"], legend) == [FIRST]
    assert colours_of_arms(["gifts", "gifts"], legend) == ["#e69f00", SECOND]
    assert colours_of_arms(["grey", "grey"], legend) == [SECOND, FIRST]
    assert colours_of_arms(["dark", "wait"], legend)[0] not in ("#000000", SECOND), "it could not be seen"


def test_names_without_labels_have_no_underscores() -> None:
    assert name_of("handwritten_notes", PLAIN) == "handwritten notes"
    assert name_of({"check_in": 0.25, "show_up": 0.75}) == "25% check in, 75% show up"
