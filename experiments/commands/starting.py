"""`rekindle start`: from exports to a plan for the week, by a few questions; the same as three explicit commands.

Many parameters because each option of a command is one.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from experiments.commands.forecasting import plan_week
from experiments.commands.importing import (
    DayFirst,
    TableColumns,
    Zone,
    columns_named,
    keep_people,
    report_import,
    write_log,
    zone_named,
)
from experiments.config.errors import ConfigError
from experiments.imports import identities, people
from experiments.imports.contacts import Choices, clean, same
from experiments.imports.formats import TABLE
from experiments.imports.gathering import Gathered, gather
from experiments.terminal.console import say_written, stderr_console, stdout_console
from experiments.terminal.names import visible
from experiments.terminal.numbers import counted
from experiments.terminal.progress import progress_bar
from sim.contact_logs import LogError
from sim.model.spelling import nearest
from sim.runtime.atomic_files import write_whole

_OFFERED = 9  # people among whom the user finds themselves, and pairs of ids that may be one person's
_WORLDS = 40  # enough for an order; `plan-week` takes more by default


def start(
    exports: Annotated[list[Path], typer.Argument(metavar="EXPORT", help="Exports of mail, chats or calls.")],
    folder: Annotated[Path, typer.Option(help="Where to write the log, the sheet and the calendar.")] = Path("my_week"),
    me: Annotated[
        list[str] | None, typer.Option(help="Your name, address or number; repeat it if you have several.")
    ] = None,
    minutes: Annotated[int | None, typer.Option(min=1, max=300, help="Minutes this week; otherwise asked.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing, and take the suggested answers.")] = False,
    worlds: Annotated[int, typer.Option(min=2, max=100_000, help="Simulated worlds.")] = _WORLDS,
    zone: Zone = None,
    day_first: DayFirst = None,
    columns: TableColumns = None,
) -> None:
    """Go from exports to a plan for this week: read them, say who you are, and get a sheet and a calendar."""
    stdout = stdout_console()
    stdout.print("Everything stays on this machine. No text is read, only who wrote to whom and when.\n")
    kept, log = folder / "log.aliases.csv", folder / "log.parquet"
    known = identities.read(kept) if kept.exists() else identities.Answers({})
    remembered = people.read(people.beside(log)).you
    mine = me or ([remembered] if remembered else [])
    choices = Choices(me=tuple(mine), zone=zone_named(zone), day_first=day_first, columns=columns_named(columns))
    found = _read(exports, choices, known.aliases)
    if not len(found.rows):
        report_import(found, stdout, ids=False)
        raise LogError("No contact between two people was found, so there is nothing to plan.")
    if not me and remembered and remembered not in found.contacts:
        mine = []
    person, answers = _people(found, mine, known, stdout, yes=yes)
    aliases = answers.aliases
    if aliases != known.aliases:
        found = _read(exports, choices, aliases)
    report_import(found, stdout, ids=False)
    _warn_of_strangers(found, person, aliases, stdout)
    _say_who(person, people.beside(log), stdout)
    budget = minutes or (60 if yes else _minutes())
    sheet, calendar = folder / "week.html", folder / "week.ics"
    write_log(found.rows, log)
    say_written(log, stdout)
    keep_people(found, log, person, stdout)
    if answers != identities.Answers({}):
        write_whole(kept, lambda temporary: identities.written(identities.lines_of(answers), temporary))
        say_written(kept, stdout)
    stdout.print()
    plan_week(log, person, minutes=budget, ids=True, worlds=worlds, sheet=sheet, calendar=calendar)
    stdout.print("\nThe same, as commands:", highlight=False)
    asked = [word for one in mine for word in ("--me", one)]
    asked += [] if zone is None else ["--zone", zone]
    asked += [] if day_first is None else ["--day-first" if day_first else "--month-first"]
    asked += [] if columns is None else ["--columns", columns]
    merged = ["--aliases", str(kept)] if aliases else []
    files = ["--sheet", str(sheet), "--calendar", str(calendar)]
    for words in (
        ["import", *map(str, exports), "--output", str(log), *merged, *asked],
        ["forecast", str(log), "--person", person, "--gestures", "none"],
        ["plan-week", str(log), "--person", person, "--minutes", str(budget), "--worlds", str(worlds), "--ids", *files],
    ):
        stdout.print(f"  rekindle {shlex.join(words)}", soft_wrap=True)


def _say_who(person: str, kept: Path, stdout: Console) -> None:
    """Say who the user is taken for, where that is kept, and how to change it."""
    stdout.print(
        f"You are {visible(person)}. {visible(str(kept))} keeps that for the next time; --me changes it.",
        soft_wrap=True,
        markup=False,
    )


def _minutes() -> int:
    """The minutes that the user has this week, asked again until they are a possible number."""
    while True:
        answer = _asked("How many minutes do you have this week?", default=60, type=int)
        if 1 <= answer <= 300:
            return int(answer)
        print("Expected a whole number from 1 to 300.")


def _read(exports: Sequence[Path], choices: Choices, aliases: Mapping[str, str]) -> Gathered:
    with progress_bar(stderr_console(), "files", len(exports)) as report:
        return gather(exports, choices, named=TABLE if choices.columns else None, aliases=aliases, progress=report)


def _asked(question: str, **options: Any) -> Any:
    """The answer to a question.

    Raises:
        ConfigError: there is nobody to answer it.
    """
    try:
        return typer.prompt(question, **options)
    except typer.Abort:
        raise ConfigError("There was no answer. Answer, or use --yes to take what is suggested.") from None


def _people(
    found: Gathered, me: Sequence[str], known: identities.Answers, stdout: Console, *, yes: bool
) -> tuple[str, identities.Answers]:
    """The id of the user, and which ids are whose: what is known, what the user says, and the user's own other ids."""
    contacts = found.contacts
    proposed = identities.proposals(contacts, names=found.names, apart=known.apart)
    same, denied = _same(proposed, stdout, yes=yes)
    aliases = known.aliases | same
    mine = _spelled(me, {*found.ids, *aliases, *contacts}) or _own(found, aliases, stdout, yes=yes)
    ends = list(dict.fromkeys(identities.end_of(one, aliases) for one in mine))
    person = max(ends, key=lambda one: contacts.get(one, 0))
    aliases |= {one: person for one in ends if one != person}
    whole = {one: identities.end_of(one, aliases) for one in aliases}
    apart = known.apart | denied
    _say_unmerged([one for one in proposed if one.id not in whole and {one.id, one.same_as} not in apart], stdout)
    return person, identities.Answers(whole, apart)


def _say_unmerged(left: Sequence[identities.Alias], stdout: Console) -> None:
    """Say which ids may be one person's and count as two, about which the user has said nothing."""
    if not left:
        return
    few = ", ".join(f"{visible(one.id)} = {visible(one.same_as)}" for one in left[:_OFFERED])
    more = f", and {len(left) - _OFFERED:,} more" if len(left) > _OFFERED else ""
    stdout.print(
        f"{counted(len(left), 'id')} may be another's, less than {identities.SURE:.0%} surely, and "
        f"{'counts' if len(left) == 1 else 'count'} as somebody else: {few}{more}. Start without --yes to be asked.",
        soft_wrap=True,
        markup=False,
    )


def _spelled(me: Sequence[str], ids: Collection[str]) -> list[str]:
    """The ids that somebody gave as theirs, as exports spell them.

    Raises:
        ConfigError: nobody has one of them.
    """
    known = {clean(one).casefold(): one for one in ids}
    for one in me:
        if clean(one).casefold() not in known:
            close = nearest(one, ids)
            hint = f"did you mean {close}?" if close else "leave out --me to choose from a list."
            raise ConfigError(f"--me {one}: nobody in these exports is called that; {hint}")
    return [one if one in ids else known[clean(one).casefold()] for one in me]


def _same(
    proposed: Sequence[identities.Alias], stdout: Console, *, yes: bool
) -> tuple[dict[str, str], frozenset[identities.Pair]]:
    """The proposals that the user agrees to (with ``yes``, the almost sure ones), and pairs that are two people's."""
    sure = [one for one in proposed if one.sure >= identities.SURE]
    if yes or not proposed:
        return {one.id: one.same_as for one in sure}, frozenset()
    offered = proposed[:_OFFERED]
    stdout.print("These may be one person's:")
    for number, one in enumerate(offered, start=1):
        why = f"{one.why}, {one.sure:.0%} sure"
        stdout.print(f"  {number}  {visible(one.id)} = {visible(one.same_as)} ({why})", soft_wrap=True, markup=False)
    if len(proposed) > _OFFERED:
        stdout.print(f"  {len(proposed) - _OFFERED:,} more: start again to be asked about these.")
    usual = ",".join(str(at) for at, one in enumerate(offered, start=1) if one in sure)
    right = _chosen("Which are right? Numbers, or none", usual or "none", [one.id for one in offered])
    same = {one.id: one.same_as for one in offered if one.id in right}
    if same == {one.id: one.same_as for one in offered if one in sure}:
        return same, frozenset()  # the suggestion was taken, which says nothing about the others
    return same, frozenset(identities.Pair({one.id, one.same_as}) for one in offered if one.id not in same)


def _own(found: Gathered, aliases: Mapping[str, str], stdout: Console, *, yes: bool) -> list[str]:
    """The ids of the user, chosen from the probable owners of exports and from those with most contacts."""
    contacts = found.contacts
    owners = dict.fromkeys(identities.end_of(one, aliases) for one in people.owners(one.rows for one in found.exports))
    probable = [one for one in owners if one in contacts]
    offered = list(dict.fromkeys([*probable, *(one for one in contacts if one not in aliases)]))[:_OFFERED]
    suggested = max(len(probable), 1)
    if yes:
        if not probable and len(contacts) > 1 and 2 * contacts[offered[0]] < 3 * contacts[offered[1]]:
            most = " and ".join(visible(one) for one in offered[:2])
            raise ConfigError(
                f"Nobody stands out as you: {most} have most contacts. Say who you are, as in --me "
                f"{shlex.quote(offered[0])}."
            )
        return offered[:suggested]
    stdout.print("\nWho are you? Name all that are you, such as an address and the name in a chat.")
    for number, one in enumerate(offered, start=1):
        many = counted(contacts[one], "contact")
        stdout.print(f"  {number}  {visible(one)} ({many})", soft_wrap=True, markup=False)
    usual = ",".join(map(str, range(1, suggested + 1)))
    return _chosen("Numbers, or ids, separated by commas", usual, offered, [*contacts, *aliases])


def _chosen(question: str, usual: str, offered: Sequence[str], others: Sequence[str] = ()) -> list[str]:
    """Ids by their numbers on a list, or as they are written apart from case; asked again until all are right."""
    by_name = {one.casefold(): one for one in (*others, *offered)}
    while True:
        answer = str(_asked(question, default=usual))
        parts = [one for part in answer.split(",") for one in _each(part.strip()) if one not in ("", "none")]
        found = [
            offered[int(part) - 1]
            if part.isdecimal() and 1 <= int(part) <= len(offered)
            else by_name.get(part.casefold())
            for part in parts
        ]
        wrong = [part for part, one in zip(parts, found, strict=True) if one is None]
        if not wrong and (found or usual == "none" or answer.strip() == "none"):
            return [one for one in found if one is not None]
        print(f"{wrong[0]!r} is none of these." if wrong else "Choose at least one.")


def _each(part: str) -> list[str]:
    """The numbers of a range such as 2-4; anything else as it is."""
    ends = [end.strip() for end in part.split("-")]
    if len(ends) == 2 and all(end.isdecimal() and len(end) < 3 for end in ends):
        return [str(number) for number in range(int(ends[0]), int(ends[1]) + 1)] or [part]
    return [part]


def _warn_of_strangers(found: Gathered, person: str, aliases: Mapping[str, str], stdout: Console) -> None:
    """Say which exports have no contact of the user's, because they have another name there."""
    mine = {person, *(one for one in aliases if identities.end_of(one, aliases) == person)}
    for one in found.exports:
        there = {*one.rows["source"], *one.rows["target"]}
        if there and not any(same(mine, name) for name in there):
            stdout.print(
                f"{one.path.name}: none of its {counted(len(one.rows), 'contact')} is yours, so it adds nothing to "
                f"your plan. If you have another name there, start again with --me {shlex.quote(person)} --me NAME.",
                soft_wrap=True,
                style="bold",
                markup=False,
            )
