"""Who is observed in a log: the people all of whose contacts are in it.

A mailbox shows all contacts of its owner, but what the others write to each other is unseen; so do the logs of some
phones. What is counted for each person then has meaning only for those who are observed. A simulated log shows
everything, so it is cut in the same way before it is compared.
"""

from __future__ import annotations

import heapq
from dataclasses import replace
from pathlib import Path

import numpy as np

from experiments.logs.log import Log
from experiments.logs.statistic_groups import keyed_random
from sim.contact_logs import LogError, Note, person_of
from sim.contact_logs.errors import counted

FEWEST_OTHERS = 5  # people who have contact with nobody but one observed person, for most of these
MOST = 2 / 3
LARGEST_SHARE = 0.1  # of the people of a log who can be inferred to be observed
MOST_UNKNOWN = 0.1  # of the ids of a file of observed people can be without contacts
_OF_OBSERVERS = 2**64 - 2  # seed of the draw of observed people; the last but one that a bootstrap would use


def observed_of(log: Log) -> np.ndarray | None:
    """Whether each person is observed, (people,), as far as a log itself says so; None if it looks complete.

    People are observed if every contact involves one of them. That can be true of many sets of people, so a set is only
    taken if it follows from the log: the only contact of somebody is in it (as that somebody would
    explain fewer contacts), and these must explain all contacts. They must also be few, and most of them must be the
    only contact of several people.
    """
    if log.observed is not None:
        return log.observed
    chosen = _explaining(log)
    if not chosen.any() or (chosen.sum() > 1 and chosen.mean() > LARGEST_SHARE):
        return None
    several = _only_contact_of(log)[chosen] >= FEWEST_OTHERS
    return chosen if several.mean() >= MOST else None


def _explaining(log: Log) -> np.ndarray:
    """The people who follow from contacts with one person only, (people,); nobody if some contacts stay unexplained.

    A person with a single unexplained contact points to the other person, who is then chosen and explains all of their
    contacts, which can leave others with a single one.
    """
    low, high = log.by_pair.low, log.by_pair.high
    others: list[set[int]] = [set() for _ in range(log.people)]
    for one, other in zip(low.tolist(), high.tolist(), strict=True):
        others[one].add(other)
        others[other].add(one)
    chosen = np.zeros(log.people, bool)
    # Those who explain most come first, so that of two people who only know each other, the order decides nothing else.
    waiting = [(-len(others[next(iter(of))]), k) for k, of in enumerate(others) if len(of) == 1]
    heapq.heapify(waiting)
    while waiting:
        _, leaf = heapq.heappop(waiting)
        if len(others[leaf]) != 1:
            continue
        (centre,) = others[leaf]
        chosen[centre] = True
        for other in others[centre]:
            others[other].discard(centre)
            if len(others[other]) == 1:
                heapq.heappush(waiting, (-len(others[next(iter(others[other]))]), other))
        others[centre] = set()
    return chosen & (not any(others))


def _only_contact_of(log: Log) -> np.ndarray:
    """For how many people each person is the only contact, (people,)."""
    low, high = log.by_pair.low, log.by_pair.high
    degree = np.bincount(np.append(low, high), minlength=log.people)
    return np.bincount(np.append(low[degree[high] == 1], high[degree[low] == 1]), minlength=log.people)


def cut(log: Log, observed: np.ndarray) -> Log:
    """The log as these people would show it: the rows in which one of them takes part.

    Args:
        log: a log.
        observed: who is observed, bool, (people,).

    Raises:
        LogError: none of them has a contact.
    """
    rows = observed[log.source] | observed[log.target]
    if not rows.any():
        raise LogError("None of the observed people has a contact in the log.")
    return log.chosen(rows, observed)


def number_observed(log: Log) -> int | None:
    """How many people are observed; None if everyone is."""
    return None if log.observed is None else int(log.observed.sum())


def as_observed(log: Log, number: int | None, *, seed: int = 1) -> Log:
    """A log cut like one with this many observed people, who are drawn at random from those who send anything.

    A log that is cut already stays as it is, and so does any log if the number is None.

    Args:
        log: simulated log, or another real one.
        number: the result of `number_observed` for the log to compare with.
        seed: seed of the draw.
    """
    if number is None or log.observed is not None:
        return log
    senders = np.unique(log.source)
    random = keyed_random(_OF_OBSERVERS - seed)
    drawn = random.choice(senders, min(number, len(senders)), replace=False)
    observed = np.zeros(log.people, bool)
    observed[drawn] = True
    return cut(log, observed)


def with_observed(log: Log, file: Path | None) -> Log:
    """The log with its observed people: those of a file or, without one, those whom the log itself shows.

    A note says whom, and how many rows are left out because nobody in them is observed.

    Raises:
        LogError: the file cannot be used, or has an id that the log has not; the message names the line.
    """
    if file is None:
        observed = observed_of(log)
        return (
            log if observed is None else replace(log, observed=observed, notes=(*log.notes, _inferred(log, observed)))
        )
    observed, notes = read_observed(file, log)
    found = cut(log, observed)
    if len(found) < len(log):
        left_out = counted(len(log) - len(found), "row has", "rows have")
        notes = (*notes, Note(f"{left_out} no observed person and cannot be used, because others' rows are missing."))
    return replace(found, notes=(*found.notes, *notes))


def _inferred(log: Log, observed: np.ndarray) -> Note:
    number = int(observed.sum())
    them, these = ("one person", "this person") if number == 1 else (f"one of {number:,} people", "these people")
    return Note(
        f"Every contact is with {them}, and most of the others have no other contact, so the log is taken to show the "
        f"ties of {these} alone: statistics of people count {these} only. If that is wrong, name the observed people "
        "with --observed FILE.",
        ", ".join(map(str, log.names[observed][:3])),
    )


def read_observed(file: Path, log: Log) -> tuple[np.ndarray, tuple[Note, ...]]:
    """Who is observed according to a file of ids, one per line: bool, (people,), and a note on ids without contacts.

    An observed person can have had no contact, so a few ids may be missing from the log; more are a mistake.

    Raises:
        LogError: the file cannot be read or has no id, or over a tenth of its ids are not in the log; the message names
            the line.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as problem:
        why = "it is a folder" if file.is_dir() else (problem.strerror or str(problem)).lower()
        raise LogError(f"{file} cannot be read: {why}. It must be a text file with one id per line.") from None
    except UnicodeDecodeError:
        raise LogError(f"{file} cannot be read: it is not text in UTF-8. It must have one id per line.") from None
    place = {str(name): k for k, name in enumerate(log.names)}
    observed = np.zeros(log.people, bool)
    ids = {number: line for number, line in enumerate(lines, start=1) if line.strip()}
    unknown = []
    for number, line in ids.items():
        try:
            observed[place[line] if line in place else person_of(log.names, line)] = True
        except LogError as problem:
            unknown.append(f"{file}, line {number}: {str(problem).removesuffix('.')}")
    if not ids:
        raise LogError(f"{file} has no id. Write the ids of observed people, one per line.")
    if len(unknown) > MOST_UNKNOWN * len(ids):
        more = f" {counted(len(unknown), 'id')} of {len(ids):,} are not in the log."
        raise LogError(f"{unknown[0]}{'' if unknown[0].endswith('?') else '.'}{more}")
    absent = f"{counted(len(unknown), 'observed person has', 'observed people have')} no contact in the log."
    return observed, (Note(absent, "; ".join(unknown)),) if unknown else ()
