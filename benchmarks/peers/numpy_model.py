"""Our ordinary day as operations on whole arrays: NumPy alone, no compiled loops.

A phase is done for everyone at once. Where one person does several things in order (prompts of a day, gestures that
reach one receiver in a round), everyone's first is done together, then everyone's second, and so on: see `waves`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.peers.start import (
    GESTURE,
    KINDS,
    NEVER,
    NO_ANSWER,
    ROUNDS,
    SECONDS_A_DAY,
    Start,
    laid_out_anew,
    letters,
    tie_columns,
)
from sim.model.parameters import HALF_LIVES
from sim.reference.entry_points import Channel, Kind

LONGEST = 40 * 365  # days for which fading is tabulated


class NumpyModel:
    """A step is a day.

    Ties lie in blocks: those of a person are rows ``first`` to ``first + held``, and there is room for some more.
    """

    def __init__(self, start: Start, seed: int) -> None:
        self.rng, self.p, self.day = np.random.default_rng(seed), start.p, start.day
        self.sent = np.zeros(KINDS, np.int64)
        for name, values in start.people.items():
            whole = values.dtype.kind in "iu"
            setattr(self, name, values.astype(np.int64 if whole else np.float64))
        self.n = len(self.sociability)
        self.first, self.held = start.first[:-1].astype(np.int64), np.diff(start.first).astype(np.int64)
        self.ties = tie_columns(start)
        self._lay_out_anew(np.zeros(self.n, np.int64))
        ages = np.arange(LONGEST)[:, None]
        self.weighed = (self.p["kernel"] * 0.5 ** ((ages + 1) / HALF_LIVES)).astype(np.float32)
        self.faded = (0.5 ** (ages / HALF_LIVES)).astype(np.float32)
        spells = int(self.p["spell_days"])
        self.spell_ends = self.day + 1 + self.rng.integers(spells, size=self.n)
        self.spell = self._new_spells(self.n)
        self.crowd = np.argsort(self.community, kind="stable")  # a community's people one after another
        self.crowd_first = np.searchsorted(self.community[self.crowd], np.arange(self.community.max() + 2))
        self.later, self.waiting = letters(start)

    def _lay_out_anew(self, more: np.ndarray) -> np.ndarray:
        """Give everybody room for these and some more; returns by how much each person's rows moved, shape (n,)."""
        self.first, self.room, moved = laid_out_anew(self.first, self.held, more, self.ties)
        return moved

    def _new_spells(self, count: int) -> np.ndarray:
        sd = self.p["spell_sd"]
        return np.exp(sd * self.rng.standard_normal(count) - 0.5 * sd**2)

    def _rows_of(self, people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """All ties of these people: which of the people each is of (a position in `people`), and its row."""
        held = self.held[people]
        which = np.repeat(np.arange(len(people)), held)
        before = np.cumsum(held) - held
        return which, np.arange(len(which)) + (self.first[people] - before)[which]

    def _find(self, people: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Rows of the ties between these, -1 for strangers; shape as given."""
        found = np.full(len(people), -1)
        which, rows = self._rows_of(people)
        hit = self.ties["other"][rows] == others[which]
        found[which[hit]] = rows[hit]
        return found

    # What people know

    def _activation(self, rows: np.ndarray) -> np.ndarray:
        silence = np.minimum(self.day - self.ties["last_contact"][rows], LONGEST - 1)
        return np.asarray(np.einsum("ij,ij->i", self.ties["traces"][rows], self.weighed[silence]))

    def _strength(self, rows: np.ndarray) -> np.ndarray:
        activation = self._activation(rows)
        return np.asarray(activation / (activation + self.p["half_strength"]))

    def _openness(self, rows: np.ndarray) -> np.ndarray:
        return faded(self.ties["openness"][rows], self.day - self.ties["opened"][rows], self.p["openness_half_life"])

    def _tries(self, rows: np.ndarray) -> np.ndarray:
        days = self.day - self.ties["last_sent"][rows]
        return faded(self.ties["unanswered"][rows], days, self.p["unanswered_half_life"])

    def _remember(self, rows: np.ndarray, mass: np.ndarray) -> None:
        """A contact adds its mass, the less the stronger the tie is; each row occurs once."""
        rows, mass = rows[mass > 0.0], mass[mass > 0.0]
        if not len(rows):
            return
        gain = mass * (1.0 - self._strength(rows))
        silence = np.minimum(self.day - self.ties["last_contact"][rows], LONGEST - 1)
        self.ties["traces"][rows] = self.ties["traces"][rows] * self.faded[silence] + gain[:, None]
        self.ties["last_contact"][rows] = self.day

    # A day

    def step(self) -> None:
        """Simulate one day."""
        self._morning()
        fresh, seen = self._reach_out(self._prompts())
        sent, arriving = self._dispatch(fresh, seen)
        sent, delivered = self._rounds(sent, arriving)
        self._settle(sent, delivered)
        self.waiting["row"] = -1  # rows may have moved by tomorrow
        self.day += 1

    def _morning(self) -> None:
        p = self.p
        if self.day % 7 == 0:
            self.minutes_left = p["weekly_minutes"] * np.clip(self.sociability, p["minutes_low"], p["minutes_high"])
        cost = p["minutes"][Kind.POST]
        posts = self.rng.random(self.n) < -np.expm1(-p["post_rate"] / 7.0 * self.sociability)
        posts &= self.minutes_left >= cost
        self.minutes_left[posts] -= cost
        self.last_post[posts] = self.day
        over = np.flatnonzero(self.spell_ends == self.day)
        self.spell[over] = self._new_spells(len(over))
        self.spell_ends[over] += int(p["spell_days"])

    def _prompts(self) -> np.ndarray:
        """What brings somebody to mind today, as gestures that have no kind yet, in order of (person, second)."""
        p, everyone = self.p, np.arange(self.n)
        zeal = self.sociability * self.spell
        routine = np.repeat(everyone, self.rng.poisson(p["routine_rate"] * zeal))
        feed = np.repeat(everyone, self.rng.poisson(p["feed_rate"] * zeal))
        meets = np.repeat(everyone, self.rng.poisson(p["encounter_rate"] * zeal))
        who = self.rng.random(len(meets))
        known = who < p["encounter_known"]
        near = who[~known] < p["encounter_known"] + p["encounter_community"]
        found = np.concatenate(
            [
                self._of(routine, self._come_to_mind(routine), Channel.PRIVATE),
                self._of(feed, self._shown(feed), Channel.FEED),
                self._of(meets[known], self._come_to_mind(meets[known]), Channel.IN_PERSON),
                self._strangers(meets[~known], near),
                self._birthdays(),
            ]
        )
        found["second"] = self.rng.integers(SECONDS_A_DAY, size=len(found))
        return found[np.lexsort((found["second"], found["sender"]))]

    def _of(self, people: np.ndarray, rows: np.ndarray, channel: int) -> np.ndarray:
        """Prompts that fall on these rows of people's ties; without those that fall on nobody (-1)."""
        people, rows = people[rows >= 0], rows[rows >= 0]
        found = np.zeros(len(people), GESTURE)
        found["sender"], found["row"], found["channel"] = people, rows, channel
        found["receiver"] = self.ties["other"][rows]
        return found

    def _come_to_mind(self, people: np.ndarray) -> np.ndarray:
        """For each of these (repeats are independent), the row of whom a prompt falls on; -1 if nobody can be."""
        which, rows = self._rows_of(people)
        return self._weighted(len(people), which, rows, 0.0)

    def _shown(self, people: np.ndarray) -> np.ndarray:
        """The same among those whom the feed can show."""
        showable = self.day - self.last_post < self.p["post_days"]
        which, rows = self._rows_of(people)
        shown = showable[self.ties["other"][rows]]
        shown[shown] = self.ties["acquaintance"][rows[shown]] == 0
        return self._weighted(len(people), which[shown], rows[shown], self.p["feed_boost"])

    def _weighted(self, count: int, which: np.ndarray, rows: np.ndarray, boost: float) -> np.ndarray:
        """For each of `count` choices, one of its rows in proportion to its pull; `which` is sorted."""
        if not len(rows):
            return np.full(count, -1)
        affinity = self.ties["affinity"][rows]
        weights = affinity * self._activation(rows) ** self.p["pull_exponent"] + self.p["pull_floor"]
        if boost:
            weights += boost * affinity * self._openness(rows)
        until = np.cumsum(weights, dtype=np.float64)
        stop = np.searchsorted(which, np.arange(count), side="right")
        start = np.searchsorted(which, np.arange(count), side="left")
        below = np.where(start > 0, until[start - 1], 0.0)
        share = np.where(stop > 0, until[stop - 1], 0.0) - below
        chosen = np.searchsorted(until, below + self.rng.random(count) * share, side="right")
        chosen = np.clip(chosen, start, np.maximum(stop - 1, 0))
        return np.where((stop > start) & (share > 0.0), rows[np.minimum(chosen, len(rows) - 1)], -1)

    def _strangers(self, people: np.ndarray, near: np.ndarray) -> np.ndarray:
        """Encounters with anyone of the community, or anyone at all."""
        first, stop = self.crowd_first[self.community[people]], self.crowd_first[self.community[people] + 1]
        u = self.rng.random(len(people))
        others = np.where(
            near, self.crowd[first + (u * (stop - first)).astype(np.int64)], (u * self.n).astype(np.int64)
        )
        people, others = people[others != people], others[others != people]
        found = np.zeros(len(people), GESTURE)
        found["sender"], found["receiver"], found["channel"] = people, others, Channel.IN_PERSON
        found["row"] = self._find(people, others)
        return found

    def _birthdays(self) -> np.ndarray:
        """Everyone who holds a tie to those who have a birthday may notice."""
        _, rows = self._rows_of(np.flatnonzero(self.birthday == self.day % 365))
        rows = rows[self.rng.random(len(rows)) < self.p["birthday_noticed"]]
        rows = rows[self.ties["acquaintance"][rows] == 0]
        return self._of(self.ties["other"][rows], self.ties["mirror"][rows], Channel.PRIVATE)

    # Reaching out

    def _reach_out(self, prompts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gestures that come of prompts, and feed items seen."""
        p = self.p
        needed = self._barriers(prompts)
        rng = logit(np.maximum(self.rng.random(len(prompts)), 1e-300))
        prompts["kind"] = -1
        seen = np.zeros(len(prompts), bool)
        for wave in waves(prompts["sender"]):
            wave = self._scroll(prompts, wave, seen)
            person, channel = prompts["sender"][wave], prompts["channel"][wave]
            practice = faded(self.practice[person], self.day - self.practised[person], p["practice_half_life"])
            dared = needed[wave] <= (p["ease"] + p["practice_effect"] * practice + rng[wave])[:, None]
            step = np.where(dared.any(axis=1), dared.shape[1] - 1 - dared[:, ::-1].argmax(axis=1), -1)
            kind = p["ladder"][channel, step]
            goes = (step >= 0) & (self.minutes_left[person] >= p["minutes"][kind])
            wave, person, kind = wave[goes], person[goes], kind[goes]
            prompts["kind"][wave] = kind
            self._spend(person, kind)
        fresh = prompts[prompts["kind"] >= 0]
        fixed = p["channel"][fresh["kind"]]
        fresh["channel"] = np.where(fixed >= 0, fixed, fresh["channel"])
        fresh["answers"], fresh["day"] = NO_ANSWER, self.day
        return fresh, self._items(prompts[seen])

    def _barriers(self, prompts: np.ndarray) -> np.ndarray:
        """Comfort that each step of each prompt's ladder needs, shape (prompts, steps); inf where there is none."""
        p, rows = self.p, np.maximum(prompts["row"], 0)
        known = prompts["row"] >= 0
        strength, openness, tries = (
            known * self._strength(rows),
            known * self._openness(rows),
            known * self._tries(rows),
        )
        opened_by = known * self.ties["opened_by"][rows].astype(np.int64)
        kinds = p["ladder"][prompts["channel"]]
        welcome = expit(answer_logit(kinds, strength[:, None], openness[:, None], tries[:, None], p))
        welcome = np.where(p["answer"][kinds] > -np.inf, welcome, 0.5)
        doubt = logit(welcome) - logit(p["acceptance_ratio"] * welcome)
        door = openness[:, None] * 0.5 ** np.maximum(0, p["rung"][kinds] - opened_by[:, None])
        felt = self.reticence[prompts["sender"]][:, None] + doubt
        risk = p["risk"][prompts["channel"][:, None], kinds]
        return np.where(kinds >= 0, risk + (1.0 - strength[:, None]) * (1.0 - door) * felt, np.inf)

    def _scroll(self, prompts: np.ndarray, wave: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """Pay for feed items that are looked at; returns the prompts that something can come of."""
        p, person = self.p, prompts["sender"][wave]
        feed = prompts["channel"][wave] == Channel.FEED
        looks = feed & (self.minutes_left[person] >= p["scroll_minutes"])
        self.minutes_left[person[looks]] -= p["scroll_minutes"]
        seen[wave[looks]] = True
        return wave[looks | ~feed]

    def _spend(self, people: np.ndarray, kinds: np.ndarray) -> None:
        """A gesture takes minutes and, if it has words, gives practice; each person occurs once."""
        p = self.p
        self.minutes_left[people] -= p["minutes"][kinds]
        people = people[p["worded"][kinds] == 1]
        practice = faded(self.practice[people], self.day - self.practised[people], p["practice_half_life"])
        self.practice[people] = practice + p["practice_gain"] * (1.0 - practice)
        self.practised[people] = self.day

    def _items(self, prompts: np.ndarray) -> np.ndarray:
        """Feed items: posts on their way from the people who are shown to those who look."""
        items = prompts.copy()
        items["sender"], items["receiver"] = prompts["receiver"], prompts["sender"]
        items["row"], items["kind"], items["answers"] = self.ties["mirror"][prompts["row"]], Kind.POST, NO_ANSWER
        return items

    # Dispatch

    def _dispatch(self, fresh: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What is sent before any answer of today, and what arrives; strangers become acquaintances."""
        due = self.later["day"] == self.day
        late, self.later = self.later[due], self.later[~due]
        here = self.waiting["arrives"] <= self.day
        due_now, self.waiting = self.waiting[here], self.waiting[~here]
        everything = np.concatenate([fresh, late, due_now, seen])
        lost = np.flatnonzero(everything["row"] < 0)
        everything["row"][lost] = self._find(everything["sender"][lost], everything["receiver"][lost])
        self._acquaint(everything)
        sent = everything[: len(fresh) + len(late)]
        sent = sent[np.argsort(sent["second"], kind="stable")]
        self._count_tries(sent)
        return sent, np.concatenate([sent, everything[len(fresh) + len(late) :]])

    def _acquaint(self, gestures: np.ndarray) -> None:
        """A person who writes to a stranger becomes an acquaintance of theirs, and they of the writer."""
        new = gestures["row"] < 0
        if not new.any():
            return
        one, two = gestures["sender"][new].astype(np.int64), gestures["receiver"][new].astype(np.int64)
        low, high = np.divmod(np.unique(np.minimum(one, two) * self.n + np.maximum(one, two)), self.n)
        owner, other = np.concatenate([low, high]), np.concatenate([high, low])
        order = np.argsort(owner, kind="stable")
        more = np.bincount(owner, minlength=self.n)
        if (self.held + more > self.room).any():
            moved = self._lay_out_anew(more)
            gestures["row"] += np.where(new, 0, moved[gestures["sender"]])
        rows = np.empty(len(owner), np.int64)
        rank = np.arange(len(owner)) - np.searchsorted(owner[order], owner[order])
        rows[order] = (self.first + self.held)[owner[order]] + rank
        self.held += more
        common = np.where(self.group[owner] == self.group[other], self.p["group_pull"], 0.0)
        for values in self.ties.values():
            values[rows] = 0
        for name in ("last_sent", "last_received", "last_two_way", "opened", "planned", "post_seen"):
            self.ties[name][rows] = NEVER
        self.ties["other"][rows], self.ties["mirror"][rows] = other, np.roll(rows, len(low))
        self.ties["affinity"][rows] = np.exp(self.p["affinity_sd"] * self.rng.standard_normal(len(rows)) + common)
        self.ties["last_contact"][rows], self.ties["acquaintance"][rows] = self.day, 1
        gestures["row"][new] = self._find(one, two)

    def _count_tries(self, gestures: np.ndarray) -> None:
        """Own tries without an answer: as before each gesture into it, as after it into the tie."""
        p = self.p
        for wave in waves(gestures["row"]):
            rows, kind = gestures["row"][wave], gestures["kind"][wave]
            tries = self._tries(rows)
            gestures["tries"][wave] = tries
            counts = p["mass"][kind] > 0.0
            after = np.minimum(p["unanswered_most"], tries + (p["answer"][kind] > -np.inf))
            self.ties["unanswered"][rows[counts]] = after[counts]
            self.ties["last_sent"][rows[counts]] = self.day

    # Rounds

    def _rounds(self, sent: np.ndarray, arriving: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Deliver and answer until nothing more arrives today; what is left waits for tomorrow."""
        received = np.zeros(self.n, np.int64)
        all_sent, delivered = [sent], []
        for _ in range(ROUNDS):
            if not len(arriving):
                break
            arriving = arriving[np.lexsort((arriving["second"], arriving["receiver"]))]
            replies = [self._deliver(arriving, wave, received) for wave in waves(arriving["receiver"])]
            delivered.append(arriving)
            reply = np.concatenate(replies)
            late = reply["day"] > self.day
            self.later = np.concatenate([self.later, reply[late]])
            arriving = reply[~late]
            all_sent.append(arriving)
        self.waiting = np.concatenate([self.waiting, arriving])
        return np.concatenate(all_sent), np.concatenate(delivered or [arriving])

    def _deliver(self, gestures: np.ndarray, wave: np.ndarray, received: np.ndarray) -> np.ndarray:
        """One gesture for each of some receivers: is it noticed, what does it leave, is it answered? Returns those."""
        p, ties = self.p, self.ties
        rows, kind = ties["mirror"][gestures["row"][wave]], gestures["kind"][wave]
        post = kind == Kind.POST
        written = self.last_post[gestures["sender"][wave]]
        noticed = np.where(post, ties["post_seen"][rows] < written, self.rng.random(len(wave)) < p["noticed"][kind])
        ties["post_seen"][rows[post]] = written[post]
        gestures["noticed"][wave] = noticed
        wave, rows, kind, post = wave[noticed], rows[noticed], kind[noticed], post[noticed]
        strength, openness = self._strength(rows), self._openness(rows)
        self._remember(rows, p["encoding_received"] * p["mass"][kind])
        ties["unanswered"][rows] = 0.0
        opens = p["opens"][kind] >= openness
        ties["openness"][rows[opens]], ties["opened"][rows[opens]] = p["opens"][kind][opens], self.day
        ties["opened_by"][rows[opens]] = p["rung"][kind][opens]
        wave, rows, kind, strength, openness = (a[~post] for a in (wave, rows, kind, strength, openness))
        me, tries = gestures["receiver"][wave], gestures["tries"][wave]
        load = 1.0 + received[me] / p["load_scale"]
        received[me] += 1
        likely = expit(answer_logit(kind, strength, openness, tries, p) + self._mutual(gestures[wave], rows)) / load
        reply = np.where((kind == Kind.NOTE) | (kind == Kind.INVITATION), Kind.MESSAGE, kind)
        answers = (self.rng.random(len(wave)) < likely) & (self.minutes_left[me] >= p["minutes"][reply])
        return self._answers(gestures[wave[answers]], rows[answers], reply[answers])

    def _mutual(self, gestures: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """What a mutual tie adds to the log odds of an acquaintance's answer."""
        added = np.zeros(len(rows))
        for k in np.flatnonzero(self.ties["acquaintance"][rows]):
            both = [self._rows_of(gestures[side][k : k + 1])[1] for side in ("sender", "receiver")]
            one, two = (self.ties["other"][of[self.ties["acquaintance"][of] == 0]] for of in both)
            if np.isin(one, two).any():
                added[k] = np.log(self.p["mutual_odds"])
        return added

    def _answers(self, gestures: np.ndarray, rows: np.ndarray, kinds: np.ndarray) -> np.ndarray:
        """Answers at once in person and on the phone, otherwise after a lognormal delay."""
        p, me = self.p, gestures["receiver"]
        self._spend(me, kinds)
        note = gestures["kind"] == Kind.NOTE
        median = np.where(note, p["note_delay_median"], p["delay_median"])
        sigma = np.where(note, p["note_delay_sigma"], p["delay_sigma"])
        delay = np.clip(60.0 * median * np.exp(sigma * self.rng.standard_normal(len(me))), 1.0, 3_650 * SECONDS_A_DAY)
        at_once = (gestures["channel"] == Channel.IN_PERSON) | (gestures["kind"] == Kind.CALL)
        later = gestures["second"] + delay.astype(np.int64)
        second = np.where(at_once, np.minimum(gestures["second"] + 1, SECONDS_A_DAY - 1), later)
        reply = np.zeros(len(me), GESTURE)
        reply["sender"], reply["receiver"], reply["row"], reply["kind"] = me, gestures["sender"], rows, kinds
        reply["channel"] = np.where(p["channel"][kinds] >= 0, p["channel"][kinds], gestures["channel"])
        reply["day"], reply["second"] = self.day + second // SECONDS_A_DAY, second % SECONDS_A_DAY
        reply["answers"] = gestures["kind"]
        today = reply[reply["day"] == self.day]
        self._count_tries(today)
        reply["row"][reply["day"] > self.day] = -1
        reply[reply["day"] == self.day] = today
        return reply

    # Settling

    def _settle(self, sent: np.ndarray, delivered: np.ndarray) -> None:
        """What gestures leave with their senders, two-way contact, first answers, and forgetting."""
        p = self.p
        self.sent += np.bincount(sent["kind"], minlength=KINDS)
        sent = sent[np.argsort(sent["second"], kind="stable")]
        for wave in waves(sent["row"]):
            self._remember(sent["row"][wave], p["encoding_sent"] * p["mass"][sent["kind"][wave]])
        noticed = delivered[delivered["noticed"] & (delivered["kind"] != Kind.POST)]
        for wave in waves(np.minimum(noticed["row"], self.ties["mirror"][noticed["row"]])):
            self._settle_noticed(noticed[wave])
        self._forget()

    def _settle_noticed(self, gestures: np.ndarray) -> None:
        """An answer makes a tie; a gesture each way within a month is two-way contact. Each pair occurs once."""
        p, ties = self.p, self.ties
        theirs, mine = gestures["row"], ties["mirror"][gestures["row"]]
        answer = gestures["answers"] != NO_ANSWER
        self._remember(mine[answer], p["encoding_answered"] * p["mass"][gestures["answers"][answer]])
        ties["acquaintance"][mine[answer]] = ties["acquaintance"][theirs[answer]] = 0
        weighs = p["mass"][gestures["kind"]] > 0.0
        theirs, mine = theirs[weighs], mine[weighs]
        two_way = self.day - ties["last_received"][theirs] <= p["two_way_days"]
        for side in (mine[two_way], theirs[two_way]):
            ties["last_two_way"][side] = self.day
            ties["two_way"][side] += ties["two_way"][side] < 255
        ties["last_received"][mine] = self.day

    def _forget(self) -> None:
        """A person with too many ties names acquaintances first, then the weakest; rare, so person by person."""
        pairs = []
        for person in np.flatnonzero(self.held > self.capacity).tolist():
            rows = np.arange(self.first[person], self.first[person] + self.held[person])
            worst = np.lexsort((self._activation(rows), self.ties["acquaintance"][rows] == 0))
            named = rows[worst[: self.held[person] - self.capacity[person]]]
            pairs += [(person, other) for other in self.ties["other"][named].tolist()]
        for person, other in pairs:
            self._drop(person, other)
            self._drop(other, person)

    def _drop(self, person: int, other: int) -> None:
        """Take out one direction: the last of the person's rows moves to its place."""
        row = self._find(np.array([person]), np.array([other]))[0]
        if row < 0:  # each has named the other
            return
        self.held[person] -= 1
        last = self.first[person] + self.held[person]
        if row != last:
            for values in self.ties.values():
                values[row] = values[last]
            self.ties["mirror"][self.ties["mirror"][row]] = row

    sociability: np.ndarray
    reticence: np.ndarray
    practice: np.ndarray
    practised: np.ndarray
    minutes_left: np.ndarray
    last_post: np.ndarray
    community: np.ndarray
    group: np.ndarray
    birthday: np.ndarray
    capacity: np.ndarray


def waves(keys: np.ndarray) -> Iterator[np.ndarray]:
    """Positions of everyone's first, then of everyone's second, and so on: in each wave no key occurs twice."""
    if not len(keys):
        return
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    rank = np.arange(len(keys)) - np.repeat(begins, np.diff(np.append(begins, len(keys))))
    by_rank = order[np.argsort(rank, kind="stable")]
    yield from np.split(by_rank, np.cumsum(np.bincount(rank))[:-1])


def faded(values: np.ndarray, days: np.ndarray, half_life: float) -> np.ndarray:
    """What is left of values after these many days."""
    if half_life <= 0.0:
        return np.where(days <= 0, values, 0.0)
    return np.asarray(values * 0.5 ** (np.maximum(days, 0) / half_life))


def logit(probability: np.ndarray) -> np.ndarray:
    """Log odds."""
    return np.asarray(np.log(probability / (1.0 - probability)))


def expit(x: np.ndarray) -> np.ndarray:
    """The probability with these log odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


def answer_logit(kinds: Any, strength: Any, openness: Any, tries: Any, p: Any) -> np.ndarray:
    """Log odds of an answer."""
    known = p["answer_strength"] * strength + p["answer_openness"] * openness
    again = p["answer_second"] * np.minimum(1.0, tries) - p["answer_fatigue"] * np.maximum(0.0, tries - 1.0)
    return np.asarray(p["answer"][kinds] + known + again)
