"""`rekindle import`: a contact log from exports of mail, chats and calls.

Many parameters because each option of a command is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd
import typer
from rich.console import Console

from experiments.config.errors import ConfigError
from experiments.imports import identities, people
from experiments.imports.contacts import Choices, Reader, same
from experiments.imports.formats import BY_NAME, TABLE
from experiments.imports.gathering import Export, Gathered, counts, gather
from experiments.imports.people import People
from experiments.terminal.columns import Columns
from experiments.terminal.console import say_written, stderr_console, stdout_console
from experiments.terminal.names import visible
from experiments.terminal.numbers import counted
from experiments.terminal.progress import progress_bar
from sim.contact_logs import LogError
from sim.model.spelling import nearest
from sim.runtime.atomic_files import write_whole

_FIELDS = ("source", "target", "time", "medium")
# Options that `rekindle start` has, too.
Zone = Annotated[str | None, typer.Option(metavar="ZONE", help="Time zone of times without one, e.g. Europe/Berlin.")]
DayFirst = Annotated[bool | None, typer.Option("--day-first/--month-first", help="Is 5/6/2023 in June or in May?")]
TableColumns = Annotated[
    str | None,
    typer.Option(
        "--columns", metavar="FIELD=COLUMN,…", help="Columns of a table, e.g. source=from,target=to,time=sent_at."
    ),
]
_SHOWN = 5  # people of the summary, and reasons of a file


def import_(
    exports: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="Exports: files, unpacked folders, or folders of exports.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The log to write: .parquet, .csv or .csv.gz.")
    ] = Path("log.parquet"),
    me: Annotated[
        list[str] | None, typer.Option(help="Your name, address or number as exports have it. Can be repeated.")
    ] = None,
    aliases: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Ids that are one person's, as proposed by an earlier import.")
    ] = None,
    merge: Annotated[bool, typer.Option("--merge", help="Also merge what is almost surely one person.")] = False,
    groups: Annotated[bool, typer.Option("--groups", help="Keep messages to several people as well.")] = False,
    form: Annotated[
        str | None, typer.Option("--format", metavar="NAME", help="The format of all files. Default: recognised.")
    ] = None,
    columns: TableColumns = None,
    zone: Zone = None,
    day_first: DayFirst = None,
    country: Annotated[
        str | None, typer.Option(metavar="CODE", help="Country of numbers without a country code, e.g. DE.")
    ] = None,
    ids: Annotated[bool, typer.Option("--ids", help="Name people in the summary.")] = False,
) -> None:  # fmt: skip
    """Make a contact log from exports of mail, chats and calls: who, whom, when. No text is kept, nothing is sent."""
    _check_output(output, [*exports, *([aliases] if aliases else [])])
    choices = Choices(groups, tuple(me or ()), zone_named(zone), day_first, columns_named(columns))
    named = TABLE if columns and form is None else _format(form)
    stdout, stderr = stdout_console(), stderr_console()
    answers = identities.read(aliases) if aliases else identities.Answers({})
    confirmed = answers.aliases
    with progress_bar(stderr, "files", len(exports)) as report:
        found = gather(exports, choices, named=named, aliases=confirmed, progress=report)
    proposed = identities.proposals(found.contacts, country, found.names, answers.apart)
    if merge and (sure := {one.id: one.same_as for one in proposed if one.sure >= identities.SURE}):
        confirmed |= sure
        found = gather(exports, choices, named=named, aliases=confirmed)
        stdout.print(f"Merged: {counted(len(sure), 'id')} into {counted(len({*sure.values()}), 'other')}.")
        proposed = [one for one in proposed if one.id not in sure]
    report_import(found, stdout, ids=ids)
    if not len(found.rows):
        raise LogError("No contact between two people was found, so no log was written.")
    _warn_of_unknown(choices.me, found, stdout)
    write_log(found.rows, output)
    say_written(output, stdout)
    known = keep_people(found, output, me[0] if me else "", stdout)
    _propose(proposed, answers._replace(aliases=confirmed), _beside(output, aliases), stdout, ids=ids)
    stdout.print(_next(found, output, known, ids=ids), soft_wrap=True)


# What the user said --------------------------------------------------------------------------------------------------


def _check_output(output: Path, inputs: Sequence[Path]) -> None:
    if not output.name.endswith((".parquet", ".csv", ".csv.gz")):
        raise ConfigError(f"--output {output}: expected a name that ends in .parquet, .csv or .csv.gz.")
    if output.is_dir():
        raise ConfigError(f"--output {output} is a folder; name a file.")
    if output.exists() and any(path.exists() and path.samefile(output) for path in inputs):
        raise ConfigError(f"--output {output} is also an input; choose another name.")


def zone_named(name: str | None) -> ZoneInfo | None:
    """The time zone of this name; None without one.

    Raises:
        ConfigError: there is no such zone.
    """
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(
            f"--zone {name}: there is no such time zone; expected a name such as Europe/Berlin."
        ) from None


def columns_named(text: str | None) -> dict[str, str]:
    """Which column of a table holds what, from a text such as ``source=from,target=to,time=sent_at``.

    Raises:
        ConfigError: it does not say so of ``source``, ``target`` and ``time``.
    """
    found: dict[str, str] = {}
    for part in (text or "").split(",") if text else ():
        field, equals, column = (piece.strip() for piece in part.partition("="))
        if not equals or field not in _FIELDS or not column:
            raise ConfigError(f"--columns {text}: expected source=COLUMN,target=COLUMN,time=COLUMN[,medium=COLUMN].")
        found[field] = column
    missing = [field for field in _FIELDS[:3] if found and field not in found]
    if missing:
        raise ConfigError(f"--columns {text}: {missing[0]} is missing; expected source=…,target=…,time=….")
    return found


def _format(name: str | None) -> Reader | None:
    if name is None:
        return None
    if name not in BY_NAME:
        close = nearest(name, BY_NAME)
        hint = f"did you mean {close}?" if close else f"expected one of {', '.join(BY_NAME)}."
        raise ConfigError(f"--format {name}: there is no such format; {hint}")
    return BY_NAME[name]


# What was found ------------------------------------------------------------------------------------------------------


def report_import(found: Gathered, stdout: Console, *, ids: bool) -> None:
    """Print what each file gave, what was skipped, unread and guessed, and what all of them make together."""
    table = Columns(
        "file", "format", "contacts", "people", "first", "last", "skipped", "unread", text=("file", "format")
    )
    for one in found.exports:
        table.add_row(*_row(one))
    stdout.print(table)
    for one in found.exports:
        for sentence in _remarks(one):
            stdout.print(f"{one.path.name}: {sentence}", soft_wrap=True)
    if found.passed:
        stdout.print(f"{counted(len(found.passed), 'file')} of no known format, such as {next(iter(found.passed))}.")
    for why in _refusals(found):
        stdout.print(why, soft_wrap=True, style="bold")
    if found.copies:
        stdout.print(f"{counted(found.copies, 'contact')} that another file has, too: counted once.")
    if found.merged:
        stdout.print(f"{counted(found.merged, 'contact')} of people with themselves, after merging: left out.")
    contacts = found.contacts
    stdout.print(f"\n{counted(len(found.rows), 'contact')} of {len(contacts):,} people.")
    if ids:
        most = ", ".join(f"{visible(one)} ({count:,})" for one, count in list(contacts.items())[:_SHOWN])
        stdout.print(f"Most contacts: {most}.", soft_wrap=True)


def _warn_of_unknown(me: Sequence[str], found: Gathered, stdout: Console) -> None:
    """Say which names of the user's are nobody's in these exports, as after a slip of the pen."""
    for one in me:
        if not any(same([one], name) for name in found.ids):
            close = nearest(one, found.ids)
            hint = f" Did you mean {visible(close)}?" if close else ""
            stdout.print(
                f"--me {visible(one)}: nobody in these exports is called that.{hint}",
                soft_wrap=True,
                style="bold",
                markup=False,
            )


def _refusals(found: Gathered) -> list[str]:
    """How many of the named files and folders were left out, and why each was."""
    if not found.refused:
        return []
    many = len(found.refused)
    return [
        f"{counted(many, 'input')} could not be read, and {'is' if many == 1 else 'are'} left out:",
        *(f"  {why}" for why in found.refused.values()),
    ]


def _row(one: Export) -> list[str]:
    times, tally = one.rows["time"], one.tally
    people = len({*one.rows["source"], *one.rows["target"]})
    return [
        one.path.name,
        one.reader.title if one.sure == 1 else f"{one.reader.title}, {one.sure:.0%} sure",
        f"{len(one.rows):,}",
        f"{people:,}",
        _day(times.min()) if len(times) else "–",
        _day(times.max()) if len(times) else "–",
        f"{tally.skipped.total():,}",
        f"{tally.unread.total():,}",
    ]


def _day(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"


def _remarks(one: Export) -> list[str]:
    """What was skipped, unread and guessed in a file, as sentences."""
    said = []
    for words, number in (("skipped", one.tally.skipped), ("could not be read", one.tally.unread)):
        if number:
            reasons = [
                f"{count:,} {reason}{f' (first: {where})' if (where := one.tally.where.get(reason)) else ''}"
                for reason, count in number.most_common()
            ]
            said.append(f"{words}: {', '.join(reasons)}.")
    return [*said, *one.tally.notes]


def _beside(output: Path, aliases: Path | None) -> Path:
    """The file of proposals, which is never the one that the user has checked."""
    stem = output.name.partition(".")[0]
    path = output.with_name(f"{stem}.aliases.csv")
    checked = aliases is not None and path.exists() and path.samefile(aliases)
    return output.with_name(f"{stem}.new_aliases.csv") if checked else path


def _propose(
    proposed: Sequence[identities.Alias], answers: identities.Answers, path: Path, stdout: Console, *, ids: bool
) -> None:
    """Write what is merged and what is proposed beside it, if anything is, and say what to do with it."""
    if not proposed:
        return
    write_whole(path, lambda temporary: identities.written([*identities.lines_of(answers), *proposed], temporary))
    say_written(path, stdout)
    sure = sum(one.sure >= identities.SURE for one in proposed)
    stdout.print(
        f"{counted(len(proposed), 'id')} may be another's ({sure:,} almost surely). Write 0 under sure in wrong lines, "
        f"and import again with --aliases {path}.",
        soft_wrap=True,
    )
    if ids:
        table = Columns("id", "same as", "why", "sure", text=("id", "same as", "why"))
        for one in proposed:
            table.add_row(one.id, one.same_as, one.why, f"{one.sure:.0%}")
        stdout.print(table)


def write_log(rows: pd.DataFrame, output: Path) -> None:
    """Write a log as Parquet, CSV or gzipped CSV, by the ending of its name."""

    def write(temporary: Path) -> None:
        if output.name.endswith(".parquet"):
            rows.to_parquet(temporary, index=False)
        else:
            rows.to_csv(temporary, index=False, compression="gzip" if output.name.endswith(".gz") else None)

    write_whole(output, write)


def keep_people(found: Gathered, log: Path, you: str, stdout: Console) -> People:
    """Write, beside a log, what its people are called and which one is the user, and return it.

    What the file says already stays, apart from people who are not in the log, so that a user can correct names.

    Args:
        found: what the exports gave.
        log: the log, written or about to be.
        you: the id of the user; if it is not in the log, that of the file stays.
        stdout: where to say that the file was written.

    Raises:
        LogError: there is a file, and it cannot be read.
    """
    path, contacts = people.beside(log), found.contacts
    before = people.read(path)
    known = People(you if you in contacts else before.you, found.names | dict(before.names)).among(contacts)
    if known != People():
        write_whole(path, lambda temporary: people.written(known, temporary))
        say_written(path, stdout)
    return known


def _next(found: Gathered, output: Path, known: People, *, ids: bool) -> str:
    """The command that most users want next."""
    unread = counts(found, "unread").total()
    warning = f"{counted(unread, 'record')} could not be read; see above. " if unread else ""
    owner = f'"{next(iter(found.contacts))}"' if ids else "YOU"
    person = "" if known.you else f" --person {owner}"  # plan-week finds it beside the log
    return f"{warning}Next: rekindle plan-week {output}{person} --ids"
