"""Several exports become one log: their formats, copies, one person's ids, and the commands that do it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiments.commands import starting
from experiments.imports import identities
from experiments.imports.contacts import Choices
from experiments.imports.formats import BY_NAME, READERS
from experiments.imports.gathering import gather, recognised
from experiments.logs.log import read
from sim.contact_logs import LogError

Rekindle = Callable[..., Any]  # gives an outcome: code, out, err
JANUARY = 1_704_103_200  # 1 January 2024, 10:00 UTC


def mail(path: Path, *messages: tuple[str, str, int], name: str = "m") -> Path:
    """An mbox of messages: from, to, and hours after `JANUARY`."""
    parts = [
        f"From x Thu Jan  1 00:00:00 2020\nFrom: {one}\nTo: {two}\nMessage-ID: <{name}{one}{two}{hour}@x>\n"
        f"Date: {pd.Timestamp(JANUARY + 3600 * hour, unit='s'):%a, %d %b %Y %H:%M:%S +0000}\n"
        "Subject: SECRET\n\nSECRET\n\n"
        for one, two, hour in messages
    ]
    path.write_text("".join(parts), encoding="utf-8")
    return path


def whatsapp(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"13/01/2024, 10:0{k} - {line}\n" for k, line in enumerate(lines)), encoding="utf-8")
    return path


def telegram(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    message = {
        "id": 1,
        "type": "message",
        "date_unixtime": str(JANUARY),
        "from": "Cem",
        "from_id": "user1",
        "text": "SECRET",
    }
    path.write_text(
        json.dumps({"name": "Cem", "type": "personal_chat", "id": 1, "messages": [message]}), encoding="utf-8"
    )
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as people have it: mail, chats in a folder of their own, and a file that is no export."""
    (tmp_path / "all").mkdir()
    mail(tmp_path / "all" / "mail.mbox", ("ann@x.org", "ben@x.org", 1))
    whatsapp(tmp_path / "all" / "chats" / "WhatsApp Chat with Ben.txt", "Ben: SECRET", "Ann: SECRET")
    whatsapp(tmp_path / "all" / "chats" / "WhatsApp Chat with Zoë.txt", "Zoë: SECRET", "Ann: SECRET", "Ann: SECRET")
    telegram(tmp_path / "all" / "chats" / "telegram" / "result.json")
    (tmp_path / "all" / "list.txt").write_text("bread, milk\n")
    (tmp_path / "all" / ".DS_Store").write_text("")
    return tmp_path / "all"


def test_formats_have_names_of_their_own() -> None:
    assert len(BY_NAME) == len(READERS)


def test_each_export_in_a_folder_is_read_in_its_format_and_other_files_are_named(folder: Path) -> None:
    found = gather([folder], Choices())
    names = {one.path.name: one.reader.name for one in found.exports}
    assert names == {
        "mail.mbox": "mail", "WhatsApp Chat with Ben.txt": "whatsapp", "WhatsApp Chat with Zoë.txt": "whatsapp",
        "telegram": "telegram",
    }  # fmt: skip
    assert [path.name for path in found.passed] == ["list.txt"]
    assert len(found.rows) == 1 + 2 + 3 + 1
    assert found.rows["time"].is_monotonic_increasing
    assert found.rows["medium"].value_counts().to_dict() == {"chat": 6, "mail": 1}
    assert found.contacts["Ann"] == 5
    assert not found.rows.astype(str).apply(lambda column: column.str.contains("SECRET")).any().any()


def test_a_folder_of_one_format_is_one_export(folder: Path) -> None:
    one = recognised(folder / "chats" / "telegram")
    assert one is not None
    assert one[0].name == "telegram"
    assert [export.path.name for export in gather([folder / "chats" / "telegram"], Choices()).exports] == ["telegram"]


def test_the_same_message_in_two_exports_counts_once_and_equal_ones_in_one_export_each(tmp_path: Path) -> None:
    both = [("ann@x.org", "ben@x.org", 1), ("ben@x.org", "ann@x.org", 2)]
    one, two = mail(tmp_path / "sent.mbox", both[0]), mail(tmp_path / "all.mbox", *both)
    found = gather([one, two], Choices())
    assert len(found.rows) == 2
    twice = whatsapp(tmp_path / "WhatsApp Chat with Ben.txt", "Ben: a", "Ann: b")
    twice.write_text(twice.read_text().replace("10:01 - Ann", "10:00 - Ben") + "13/01/2024, 10:09 - Ann: c\n")
    again = tmp_path / "copy" / "WhatsApp Chat with Ben.txt"
    again.parent.mkdir()
    again.write_bytes(twice.read_bytes())
    found = gather([twice, again], Choices())
    assert (len(found.rows), found.copies) == (3, 3), "two messages of Ben's in one minute are two"


def test_ids_of_one_person_are_merged_through_chains_and_nobody_writes_to_themselves(tmp_path: Path) -> None:
    path = mail(
        tmp_path / "a.mbox",
        ("ann+a@x.org", "ben@x.org", 1), ("ben@x.org", "ann@x.org", 2), ("ann+a@x.org", "ann@x.org", 3),
    )  # fmt: skip
    found = gather([path], Choices(me=("Ann", "ann@x.org")), aliases={"ann+a@x.org": "ann@x.org"})
    assert set(found.contacts) == {"Ann", "ben@x.org"}
    assert (len(found.rows), found.merged) == (2, 1)


def test_what_has_no_format_or_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"nothing\.mbox does not exist"):
        gather([tmp_path / "nothing.mbox"], Choices())
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04 junk")
    with pytest.raises(LogError, match=r"bad\.zip cannot be read: it is damaged"):
        gather([tmp_path / "bad.zip"], Choices())
    (tmp_path / "bad.zip").unlink()
    (tmp_path / "list.txt").write_text("bread\n")
    with pytest.raises(LogError, match=r"list.txt has no known format. Known are Mail .*--columns"):
        gather([tmp_path / "list.txt"], Choices())
    with pytest.raises(LogError, match="no file in this folder has a known format"):
        gather([tmp_path], Choices())


NO_EXPORTS: dict[str, bytes | None] = {
    "list.txt": b"bread\n",
    "empty.txt": b"",
    "bad.zip": b"PK\x03\x04 x",
    "none": None,
}


@pytest.mark.parametrize("unknown", [[*NO_EXPORTS], ["bad.zip"], ["none", "list.txt"]])
def test_inputs_that_are_no_export_change_nothing_of_what_the_others_give(folder: Path, unknown: list[str]) -> None:
    """Wherever they stand among the others, each is named with its reason, and the log is that of the others alone."""
    known = [folder / "mail.mbox", folder / "chats"]
    for name in unknown:
        path, content = folder / name, NO_EXPORTS[name]
        path.mkdir() if content is None else path.write_bytes(content)
    others = [folder / name for name in unknown]
    alone = gather(known, Choices())
    for paths in ([*others, *known], [known[0], *others, known[1]], [*known, *others]):
        found = gather(paths, Choices())
        pd.testing.assert_frame_equal(found.rows, alone.rows)
        assert [one.path for one in found.exports] == [one.path for one in alone.exports]
        assert list(found.refused) == others
        assert all(str(path) in why for path, why in found.refused.items())
    assert alone.refused == {}
    with pytest.raises(LogError) as refused:
        gather(others, Choices())
    assert all(str(path) in str(refused.value) for path in others)
    with pytest.raises(LogError, match=r"typo\.mbox does not exist"):
        gather([*known, folder / "typo.mbox"], Choices())


# The commands --------------------------------------------------------------------------------------------------------


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder.parent)
    return Path(folder.name)


def test_an_import_says_what_was_read_and_shows_no_id(here: Path, rekindle: Rekindle) -> None:
    ended = rekindle("import", here, "--zone", "UTC", "-o", "log.parquet")
    assert ended.code == 0, ended.err
    for said in (
        "Mail (mbox, Maildir, .eml)",
        "7 contacts of 7 people.",
        "1 file of no known format",
        "Written: log.parquet",
    ):
        assert said in ended.out, said
    assert "x.org" not in ended.out + ended.err
    assert "Cem" not in ended.out + ended.err
    named = rekindle("import", here, "--zone", "UTC", "-o", "named.csv", "--ids")
    assert "Most contacts: Ann (5)" in named.out
    log, table = read("log.parquet"), pd.read_csv("named.csv")
    assert len(log) == len(table) == 7
    assert list(table) == ["source", "target", "time", "medium"]


def test_an_import_names_the_inputs_that_it_left_out(here: Path, rekindle: Rekindle) -> None:
    empty = here / "empty.zip"
    empty.write_bytes(b"")
    ended = rekindle("import", here / "mail.mbox", here / "list.txt", empty, "-o", "log.csv")
    assert ended.code == 0, ended.err
    said = " ".join(ended.out.split())
    assert "2 inputs could not be read, and are left out:" in said
    assert f"{here / 'list.txt'} has no known format. {empty} is empty." in said
    assert len(read("log.csv")) == 1
    without = rekindle("import", here / "mail.mbox", "-o", "log.csv")
    assert "left out" not in without.out
    none = rekindle("import", here / "list.txt", empty, "-o", "none.csv")
    assert (none.code, none.out) == (2, "")
    assert f"{here / 'list.txt'} has no known format. {empty} is empty. Known are Mail" in " ".join(none.err.split())
    assert not Path("none.csv").exists()


def test_proposals_are_merged_from_a_file_that_the_user_checks(
    tmp_path: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    mail(Path("a.mbox"), ("ann+a@x.org", "ben@x.org", 1), ("ben@x.org", "ann@x.org", 2), ("ben@x.org", "ann@x.org", 5))
    first = rekindle("import", "a.mbox")
    assert "1 id may be another's (1 almost surely)" in " ".join(first.out.split())
    assert identities.read(Path("log.aliases.csv")).aliases == {"ann+a@x.org": "ann@x.org"}
    second = rekindle("import", "a.mbox", "--aliases", "log.aliases.csv")
    assert "3 contacts of 2 people." in second.out
    assert "may be" not in second.out
    at_once = rekindle("import", "a.mbox", "--merge", "-o", "b.csv")
    assert "Merged: 1 id into 1 other." in at_once.out
    assert "3 contacts of 2 people." in at_once.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "log.txt"], "--output log.txt: expected a name that ends in .parquet, .csv or .csv.gz"),
        (["-o", "all"], "expected a name that ends in"),
        (["--zone", "Nowhere/Town"], "there is no such time zone; expected a name such as Europe/Berlin"),
        (["--format", "telegramm"], "did you mean telegram?"),
        (["--columns", "from"], "expected source=COLUMN,target=COLUMN,time=COLUMN"),
        (["--columns", "source=a,target=b"], "time is missing"),
        (["--aliases", "nothing.csv"], "nothing.csv cannot be read"),
    ],
)
def test_options_that_cannot_be_meant_are_one_paragraph(
    here: Path, rekindle: Rekindle, arguments: list[str], said: str
) -> None:
    ended = rekindle("import", here, *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert said in " ".join(ended.err.split())


def test_an_export_is_never_overwritten_by_the_log(
    tmp_path: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text(f"source,target,time\nAnn,Ben,{JANUARY}\n")
    ended = rekindle("import", "a.csv", "-o", "a.csv")
    assert ended.code == 2
    assert "is also an input" in ended.err
    assert Path("a.csv").read_text().startswith("source")


def test_from_exports_to_a_plan_in_one_command(here: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is written, a plan for the right person and minutes is made, and the same commands are printed."""
    asked: dict[str, Any] = {}
    monkeypatch.setattr(
        starting, "plan_week", lambda log, person, **options: asked.update(options, log=log, person=person)
    )
    ended = rekindle("start", here, "--yes", "--minutes", "25")
    assert ended.code == 0, ended.err
    assert (asked["person"], asked["minutes"], asked["log"]) == ("Ann", 25, Path("my_week/log.parquet"))
    assert asked["sheet"] == Path("my_week/week.html")
    assert len(read("my_week/log.parquet")) == 7
    said = " ".join(ended.out.split())
    for command in ("rekindle import all --output my_week/log.parquet", "rekindle forecast my_week/log.parquet",
                    "rekindle plan-week my_week/log.parquet --person Ann --minutes 25",
                    "--ids --sheet my_week/week.html --calendar my_week/week.ics"):  # fmt: skip
        assert command in said, command


def test_somebody_who_is_not_there_cannot_start(here: Path, rekindle: Rekindle) -> None:
    ended = rekindle("start", here / "mail.mbox", "--yes", "--me", "Nobody")
    assert ended.code == 2
    assert "--me Nobody: nobody in these exports is called that" in ended.err


@pytest.fixture
def two_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Exports in which the owner has an address in one, and a name in another; Ben has a tag."""
    monkeypatch.chdir(tmp_path)
    folder = Path("exports")
    folder.mkdir()
    mail = [f"ann@example.org,ben@example.org,{JANUARY + 86_400 * day}" for day in range(10)]
    mail += [f"ben+shop@example.org,ann@example.org,{JANUARY + 86_400 * day + 60}" for day in range(9)]
    (folder / "mail.csv").write_text("source,target,time\n" + "\n".join(mail))
    chat = [f"Annie,Chen,{JANUARY + 86_400 * day + 500}" for day in range(5)]
    (folder / "chat.csv").write_text("source,target,time\n" + "\n".join(chat))
    return folder


def answering(monkeypatch: pytest.MonkeyPatch, *answers: str) -> dict[str, Any]:
    """Answer questions in this order; returns what the plan is asked for."""
    asked: dict[str, Any] = {}
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{one}\n" for one in answers)))
    monkeypatch.setattr(
        starting, "plan_week", lambda log, person, **options: asked.update(options, log=log, person=person)
    )
    return asked


def test_somebody_with_two_names_is_one_person_and_stays_so_in_the_next_week(
    two_names: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong answers are asked again, and a second start and the printed import know what the first was told."""
    asked = answering(monkeypatch, "7", "1", "nobody", "ANN@example.org, annie", "0", "many", "30")
    first = rekindle("start", two_names)
    assert first.code == 0, first.err
    assert "'7' is none of these." in first.out
    assert "'nobody' is none of these." in first.out
    assert (asked["person"], asked["minutes"]) == ("ann@example.org", 30)
    log = read("my_week/log.parquet")
    assert set(log.names) == {"ann@example.org", "ben@example.org", "Chen"}
    assert "none of its" not in first.out
    checked = Path("my_week/log.aliases.csv").read_text()
    (command,) = (line.split() for line in first.out.splitlines() if line.startswith("  rekindle import"))
    again = rekindle(*command[1:])
    assert again.code == 0, again.err
    assert set(read("my_week/log.parquet").names) == set(log.names)
    asked = answering(monkeypatch, "30")  # who the user is, is known
    second = rekindle("start", two_names)
    assert second.code == 0, second.err
    assert asked["person"] == "ann@example.org"
    assert set(read("my_week/log.parquet").names) == set(log.names)
    assert Path("my_week/log.aliases.csv").read_text() == checked


def test_a_chat_in_which_the_owner_has_another_name_is_noticed(
    two_names: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch)
    ended = rekindle("start", two_names, "--yes", "--me", "ann@example.org", "--minutes", "20")
    assert "chat.csv: none of its 5 contacts is yours" in " ".join(ended.out.split())
    assert "mail.csv: none" not in ended.out
    both = rekindle("start", two_names, "--yes", "--me", "ann@example.org", "--me", "Annie", "--minutes", "20")
    assert both.code == 0, both.err
    assert "none of its" not in both.out


@pytest.fixture
def unsure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Mail of Ann, and chats of hers and with Ben, who have names there that may be theirs."""
    monkeypatch.chdir(tmp_path)
    mail = [f"ann.smith@x.org,ben.lee@x.org,{JANUARY + 86_400 * day}" for day in range(10)]
    mail += [f"cem@x.org,ann.smith@x.org,{JANUARY + 86_400 * day}" for day in range(10)]
    chats = [f"Ann Smith,{other},{JANUARY + 86_400 * day}" for day in range(4) for other in ("Ben Lee", "Dee")]
    Path("exports").mkdir()
    Path("exports/mail.csv").write_text("source,target,time\n" + "\n".join(mail))
    Path("exports/chat.csv").write_text("source,target,time\n" + "\n".join(chats))
    return Path("exports")


def test_without_questions_owners_of_exports_are_you_and_who_may_be_one_person_is_named(
    unsure: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answering(monkeypatch)
    ended = rekindle("start", unsure, "--yes", "--minutes", "20")
    assert ended.code == 0, ended.err
    assert asked["person"] == "ann.smith@x.org"
    said = " ".join(ended.out.split())
    assert "1 id may be another's, less than 90% surely, and counts as somebody else: Ben Lee = ben.lee@x.org." in said
    assert "none of its" not in said
    assert set(read("my_week/log.parquet").names) == {"ann.smith@x.org", "ben.lee@x.org", "Ben Lee", "cem@x.org", "Dee"}


def test_who_is_called_two_people_is_not_asked_about_again(
    unsure: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, "Ann Smith", "1", "20")
    first = rekindle("start", unsure)
    assert first.code == 0, first.err
    assert "Ben Lee = ben.lee@x.org" in first.out
    assert "Ben Lee,ben.lee@x.org,two people,0.0" in Path("my_week/log.aliases.csv").read_text()
    asked = answering(monkeypatch, "20")
    second = rekindle("start", unsure)
    assert second.code == 0, second.err
    assert "may be one person's" not in second.out
    assert asked["person"] == "ann.smith@x.org"
    imported = rekindle("import", unsure, "--aliases", "my_week/log.aliases.csv", "-o", "log.csv")
    assert imported.code == 0, imported.err
    assert "may be another's" not in imported.out


def test_taking_what_is_suggested_says_nothing_of_the_other_pairs(
    unsure: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, "none", "1", "20")  # none is almost sure, so none is what is suggested
    ended = rekindle("start", unsure)
    assert ended.code == 0, ended.err
    assert "2 ids may be another's" in ended.out
    assert (
        "two people" not in Path("my_week/log.aliases.csv").read_text()
        if Path("my_week/log.aliases.csv").exists()
        else True
    )


def test_a_folder_of_chats_is_read_file_by_file_so_that_none_is_missed_and_copies_count_once(
    tmp_path: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("chats").mkdir()
    ben = "".join(f"{day}/06/2017, 20:28 - {who}: hi\n" for day in range(13, 20) for who in ("Ann", "Ben"))
    for name in ("WhatsApp Chat with Ben.txt", "WhatsApp Chat with Ben (1).txt"):
        (Path("chats") / name).write_text(ben)
    with zipfile.ZipFile("chats/WhatsApp Chat with Cem.zip", "w") as archive:
        archive.writestr("_chat.txt", ben.replace("Ben", "Cem"))
    ended = rekindle("import", "chats", "-o", "log.csv")
    assert ended.code == 0, ended.err
    assert "28 contacts of 3 people." in ended.out
    assert "14 contacts that another file has, too: counted once." in ended.out
    (Path("chats") / "WhatsApp Chat with Zoe.txt").write_bytes(ben.replace("Ben", "Zo\xeb").encode("latin-1"))
    ended = rekindle("import", "chats", "-o", "log.csv")
    assert ended.code == 0, ended.err
    assert "28 contacts of 3 people." in ended.out
    said = " ".join(ended.out.split())
    assert "1 input could not be read, and is left out:" in said
    assert "Zoe.txt, line 2: the text is not UTF-8" in said


def test_without_anybody_to_answer_there_is_one_sentence(
    two_names: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    ended = rekindle("start", two_names)
    assert ended.code == 2
    assert ended.err.endswith("There was no answer. Answer, or use --yes to take what is suggested.\n")


def test_a_checked_file_of_aliases_is_never_overwritten_and_nothing_of_it_is_lost(
    two_names: Path, rekindle: Rekindle
) -> None:
    rekindle("import", two_names / "mail.csv", "-o", "log.csv")
    checked = Path("log.aliases.csv").read_text()
    assert "ben+shop@example.org" in checked
    more = Path("more.csv")
    more.write_text(f"source,target,time\nAnn Lee,Dan,{JANUARY}\nLee Ann,Dan,{JANUARY + 60}\n")
    ended = rekindle("import", two_names / "mail.csv", more, "-o", "log.csv", "--aliases", "log.aliases.csv")
    assert ended.code == 0, ended.err
    assert Path("log.aliases.csv").read_text() == checked
    proposed = Path("log.new_aliases.csv").read_text()
    assert "ben+shop@example.org,ben@example.org,confirmed" in proposed
    assert "Lee" in proposed


def test_files_beside_mail_that_are_no_mail_are_counted(tmp_path: Path, rekindle: Rekindle) -> None:
    """A folder with a mailbox in it is taken for mail, but what lies beside it is not lost without a word."""
    folder = tmp_path / "mix"
    folder.mkdir()
    mail(folder / "mail.mbox", ("ann@x.org", "ben@x.org", 1), ("ben@x.org", "ann@x.org", 2))
    for name in ("x.pdf", "photo.jpg"):
        (folder / name).write_bytes(b"\x00\x01 not a log")
    assert {path.name for path in gather([folder], Choices()).passed} == {"x.pdf", "photo.jpg"}
    ended = rekindle("import", folder, "-o", tmp_path / "log.csv")
    assert "2 files of no known format" in ended.out


def test_an_empty_file_is_called_one(tmp_path: Path) -> None:
    path = tmp_path / "chat.txt"
    path.write_bytes(b"")
    with pytest.raises(LogError, match=r"chat.txt is empty\."):
        gather([path], Choices())


def test_a_damaged_archive_in_a_folder_is_named_with_what_is_wrong(tmp_path: Path, rekindle: Rekindle) -> None:
    folder = tmp_path / "chats"
    whatsapp(folder / "ben.txt", "Ann: hi", "Ben: hi")
    with zipfile.ZipFile(tmp_path / "whole.zip", "w") as archive:
        archive.writestr("_chat.txt", "13/01/2024, 10:00 - Ann: hi\n" * 100)
    (folder / "cem.zip").write_bytes((tmp_path / "whole.zip").read_bytes()[:-30])
    found = gather([folder], Choices())
    assert [path.name for path in found.refused] == ["cem.zip"]
    assert found.passed == {}
    assert len(found.rows) == 2
    ended = rekindle("import", folder, "-o", tmp_path / "log.csv")
    assert "1 input could not be read, and is left out:" in ended.out
    assert "cem.zip cannot be read: it is damaged, or not open to you." in " ".join(ended.out.split())
    (folder / "ben.txt").unlink()
    with pytest.raises(LogError, match=r"no file in this folder has a known format\. .*cem.zip cannot be read"):
        gather([folder], Choices())


def test_start_takes_a_table_with_other_columns_and_says_them_in_its_commands(
    tmp_path: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = answering(monkeypatch)
    lines = [f"Ann,{other},{JANUARY + 86_400 * day}" for day in range(5) for other in ("Ben", "Cem")]
    Path("crm.csv").write_text("von,an,wann\n" + "\n".join(lines))
    columns = "source=von,target=an,time=wann"
    ended = rekindle("start", "crm.csv", "--yes", "--me", "ann", "--columns", columns)
    assert ended.code == 0, ended.err
    assert asked["person"] == "ann"
    assert "none of its" not in ended.out, "ann and Ann are one name"
    assert f"--columns {columns}" in ended.out.split("The same, as commands:")[1]
    wrong = rekindle("start", "crm.csv", "--yes", "--columns", "source=von")
    assert (wrong.code, "target is missing" in wrong.err) == (2, True)


def test_pairs_are_chosen_by_a_range_of_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    offered = [f"id{number}" for number in range(1, 10)]
    for answer, expected in (("2-4,7", [2, 3, 4, 7]), ("1 - 1", [1]), ("9", [9]), ("id3", [3])):
        monkeypatch.setattr(starting.typer, "prompt", lambda *_, answer=answer, **__: answer)
        assert starting._chosen("Which?", "none", offered) == [f"id{number}" for number in expected]
    answers = iter(["4-2", "8-12", "none"])
    monkeypatch.setattr(starting.typer, "prompt", lambda *_, **__: next(answers))
    assert starting._chosen("Which?", "none", offered) == []
