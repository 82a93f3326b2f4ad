"""`rekindle log`, its page of plots, and logs that are made from exports and runs."""

from __future__ import annotations

import io
import json
import mailbox
import re
from email.message import EmailMessage
from pathlib import Path

import matplotlib.text
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.explain import explained
from experiments.figures.contact_log import _apart, contact_log, headline, words
from experiments.logs.contact_log import curves, statistics
from experiments.logs.contact_statistics import STATISTICS
from experiments.logs.log import read
from tests.conftest import ROOT
from tests.experiments.conftest import Rekindle, refused

DOCS = ROOT / "docs" / "contact_logs.md"


def log(seed: int, events: int = 3_000) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    source, step = random.integers(0, 30, events), random.integers(1, 30, events)
    return pd.DataFrame(
        {"source": source, "target": (source + step) % 30, "time": np.sort(random.integers(0, 300 * 86_400, events))}
    )


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two logs in a folder of its own, which is the current one."""
    monkeypatch.chdir(tmp_path)
    log(1).to_csv("wall_posts.csv.gz", index=False)
    log(2, events=40).to_parquet("mail.parquet")
    return ["wall_posts.csv.gz", "mail.parquet"]


# The command ------------------------------------------------------------------------------------------------------


def test_logs_stand_side_by_side(logs: list[str], rekindle: Rekindle) -> None:
    ended = rekindle("log", *logs, "--resamples", "20")
    assert ended.code == 0, ended.err
    assert "wall_posts: 3,000 events of 30 people in 300 days." in ended.out
    assert "mail: 40 events" in ended.out
    assert "20 resamples" in ended.out
    lines = {line.split()[0]: line for line in ended.out.splitlines() if line.strip()}
    assert set(STATISTICS) <= set(lines)
    found = [statistics(read(path), resamples=20).set_index("statistic") for path in logs]
    for name in ("degree_q50", "contacts_per_pair_one"):
        for table in found:
            assert f"{table.loc[name, 'value']:.3g}" in lines[name]
            assert f"{table.loc[name, 'low']:.3g} … {table.loc[name, 'high']:.3g}" in lines[name]
    assert lines["signature_top3"].count("–") == 2, "forty events have no egos with fifty sends"
    for ending in ("png", "svg", "pdf"):
        path = Path(f"results/logs/contact_log.{ending}")
        assert str(path) in ended.out
        assert path.stat().st_size > 10_000


def test_observed_people_are_named_or_inferred(logs: list[str], rekindle: Rekindle) -> None:
    Path("observed.txt").write_text("3\n4\n")
    ended = rekindle("log", logs[0], "--observed", "observed.txt", "--resamples", "0")
    assert ended.code == 0, ended.err
    assert "of 30 people (2 observed) in" in ended.out
    assert "rows have no observed person" in ended.err
    rows = pd.read_csv(logs[0])
    rows[(rows["source"] == 3) | (rows["target"] == 3)].to_csv("box.csv", index=False)
    ended = rekindle("log", "box.csv", "--resamples", "0", "--format", "json")
    assert ended.code == 0, ended.err
    assert "Every contact is with one person" in ended.err
    (found,) = json.loads(ended.out)
    assert (found["people"], found["observed"]) == (30, 1)


def test_an_unknown_observed_person_and_two_logs_are_refused(logs: list[str], rekindle: Rekindle) -> None:
    Path("observed.txt").write_text("3\nnobody\n")
    assert "observed.txt, line 2: no person has the id 'nobody'" in refused(
        rekindle("log", logs[0], "--observed", "observed.txt")
    )
    assert "in one log, but 2 are given" in refused(rekindle("log", *logs, "--observed", "observed.txt"))


@pytest.mark.parametrize("form", ["csv", "json"])
def test_what_machines_read_is_clean(logs: list[str], rekindle: Rekindle, form: str) -> None:
    ended = rekindle("log", *logs, "--resamples", "20", "--format", form)
    assert ended.code == 0, ended.err
    assert not Path("results").exists()
    expected = [statistics(read(path), resamples=20) for path in logs]
    if form == "csv":
        rows = pd.read_csv(io.StringIO(ended.out), float_precision="round_trip")
        assert list(rows.columns) == ["log", "statistic", "value", "low", "high", "count", "units"]
        tables = [part.drop(columns="log").reset_index(drop=True) for _, part in rows.groupby("log", sort=False)]
        assert list(rows["log"].unique()) == ["wall_posts", "mail"]
    else:
        said = json.loads(ended.out, parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"))
        heads = [(one["log"], one["events"], one["people"], one["resamples"]) for one in said]
        assert heads == [("wall_posts", 3_000, 30, 20), ("mail", 40, read("mail.parquet").people, 20)]
        tables = [pd.DataFrame(one["statistics"]).astype({"value": float, "low": float, "high": float}) for one in said]
    for found, table in zip(tables, expected, strict=True):
        pd.testing.assert_frame_equal(found, table, check_exact=True)


def test_a_folder_for_the_plots(logs: list[str], rekindle: Rekindle) -> None:
    ended = rekindle("log", logs[0], "--resamples", "0", "--format", "csv", "-o", "some/where")
    assert ended.code == 0, ended.err
    assert "Written" not in ended.out
    assert sorted(path.name for path in Path("some/where").iterdir()) == [
        f"contact_log.{e}" for e in ("pdf", "png", "svg")
    ]
    before = Path("some/where/contact_log.svg").read_bytes()
    rekindle("log", logs[0], "--resamples", "0", "--format", "csv", "-o", "some/where")
    assert Path("some/where/contact_log.svg").read_bytes() == before


def test_without_resamples_no_bootstrap_is_spoken_of(logs: list[str], rekindle: Rekindle) -> None:
    said = rekindle("log", logs[0], "--resamples", "0").out
    assert "No intervals: no resamples." in said
    assert "bootstrap" not in said


def test_bad_logs_are_refused_before_any_work(logs: list[str], rekindle: Rekindle) -> None:
    log(3).assign(time=lambda rows: rows["time"] * 1_000).to_csv("milli.csv", index=False)
    assert "divide them by 1000" in refused(rekindle("log", logs[0], "milli.csv"))
    assert "Did you mean mail.parquet" in refused(rekindle("log", "mial.parquet"))
    assert "given twice" in refused(rekindle("log", logs[0], logs[0]))
    assert "`kind` and `channel`" in refused(rekindle("log", logs[0], "--channel", "feed"))
    many = [f"log{k}.csv" for k in range(7)]
    for name in many:
        log(4, 30).to_csv(name, index=False)
    assert "--format csv" in refused(rekindle("log", *many))
    assert rekindle("log", *many, "--format", "csv", "--resamples", "0").code == 0
    assert not Path("results").exists()


def test_logs_of_one_name_are_distinguished(logs: list[str], rekindle: Rekindle) -> None:
    Path("old").mkdir()
    log(5, 50).to_csv("old/mail.csv", index=False)
    ended = rekindle("log", "mail.parquet", "old/mail.csv", "--resamples", "0", "--format", "csv")
    assert set(pd.read_csv(io.StringIO(ended.out))["log"]) == {"mail.parquet", "old/mail.csv"}


def test_help_and_explanations(rekindle: Rekindle) -> None:
    assert "Example: rekindle log" in rekindle("log", "--help").out
    assert "geometric middles" in rekindle("explain", "hazard_slope").out
    for name, statistic in STATISTICS.items():
        (entry,) = explained(name)
        assert entry.facts["Meaning"] == statistic.definition


# The page of plots ------------------------------------------------------------------------------------------------


def test_every_panel_names_its_logs() -> None:
    found = {name: read(log(seed)) for name, seed in (("wall_posts", 1), ("mail", 2))}
    figure = contact_log(
        {name: statistics(one, resamples=20) for name, one in found.items()},
        {name: curves(one) for name, one in found.items()},
    )
    assert figure.get_size_inches().tolist() == [16, 9]
    assert len(figure.axes) == 6
    for axes in figure.axes:
        labels = {
            child.get_text(): child.get_color()
            for child in axes.get_children()
            if isinstance(child, matplotlib.text.Annotation)
        }
        assert set(labels) == {"wall posts", "mail"}
        drawn = {line.get_color() for line in axes.get_lines()}
        assert drawn == set(labels.values())


def test_a_log_that_says_little_is_drawn_all_the_same() -> None:
    one = read(pd.DataFrame({"source": ["a"], "target": ["b"], "time": [0]}))
    figure = contact_log({"tiny": statistics(one, resamples=20)}, {"tiny": curves(one)})
    said = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert said.count("log too short") == 5
    with pytest.raises(ValueError, match="at most 6"):
        contact_log({str(k): statistics(one, resamples=0) for k in range(7)}, {})


def test_the_headline_says_what_the_logs_say() -> None:
    def told(**shares: float) -> str:
        return headline(
            {name: pd.DataFrame({"statistic": ["reactivated_90d"], "value": [share]}) for name, share in shares.items()}
        )

    assert told(my_mail=0.369).endswith("my mail 37%")
    assert told(a=0.369, b=0.003).endswith("a 37%, b 0.3%")
    assert told(**{f"a_log_of_a_long_name_{k}": 0.1 + k / 10 for k in range(4)}).endswith("10% to 40% in 4 logs")
    assert told(a=np.nan).startswith("Too short")


@given(st.lists(st.floats(0.1, 0.8), min_size=1, max_size=3))
def test_labels_do_not_overlap(heights: list[float]) -> None:
    moved = np.array(_apart(heights, 0.2))
    assert (np.argsort(moved, kind="stable") == np.argsort(heights, kind="stable")).all()
    assert (np.diff(np.sort(moved)) > 0.19).all()
    assert moved.min() > 0
    assert moved.max() < 0.93


def test_long_names_are_broken() -> None:
    assert words("university_email") == "university\nemail"
    assert words("my-mail") == "my mail"


# The docs ---------------------------------------------------------------------------------------------------------


def test_the_docs_name_every_statistic() -> None:
    text = DOCS.read_text(encoding="utf-8")
    parts = [(name, name.split("_")) for name in STATISTICS]
    said = [name for name, part in parts if f"`{part[0]}" in text and (name in text or f"_{part[-1]}`" in text)]
    ranges = (
        "hazard_per_day",
        "answer_delay",
        "signature",
        "contacts_per_pair",
        "degree",
        "sends_per_week",
        "reactivated",
    )
    assert [name for name in STATISTICS if name not in said and not name.startswith(ranges)] == []
    assert all(f"`{stem}" in text for stem in ranges)


def test_a_mailbox_becomes_a_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rekindle: Rekindle) -> None:
    monkeypatch.chdir(tmp_path)
    monday = "Mon, 01 Jan 2024 "
    mails = {
        "received.mbox": [
            ("Ann <Ann@x.org>", "me@x.org", monday + "10:00:00 +0000"),
            ("ben@x.org", "me@x.org", None),
        ],
        "sent.mbox": [
            ("me@x.org", "ann@x.org", monday + "12:00:00 +0100"),
            ("me@x.org", "ann@x.org, ben@x.org", monday + "12:00:00 +0000"),
        ],
    }
    for name, messages in mails.items():
        box = mailbox.mbox(name)
        for sender, receiver, date in messages:
            message = EmailMessage()
            message["From"], message["To"] = sender, receiver
            if date is not None:
                message["Date"] = date
            message.set_content("Hello")
            box.add(message)
        box.close()
    assert rekindle("import", "received.mbox", "sent.mbox", "-o", "mail.csv").code == 0
    rows = pd.read_csv("mail.csv").to_dict("split")["data"]
    assert rows == [["ann@x.org", "me@x.org", 1_704_103_200, "mail"], ["me@x.org", "ann@x.org", 1_704_106_800, "mail"]]
    assert len(read("mail.csv")) == 2


def test_a_chat_becomes_a_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rekindle: Rekindle) -> None:
    monkeypatch.chdir(tmp_path)
    Path("chat_with_ann.txt").write_text(
        "12/31/23, 9:00 PM - Messages and calls are end-to-end encrypted.\n"
        "12/31/23, 9:05\u202fPM - Ann: Happy new year!\nand: all the best\n1/1/24, 10:05 AM - Me: You too!\n",
        encoding="utf-8",
    )
    Path("chat_with_ben.txt").write_text(
        "[31.12.23, 21:05:10] Ben: Hello\n\u200e[31.12.23, 21:06:10] Me: \u200eimage omitted\n", encoding="utf-8"
    )
    assert rekindle("import", "chat_with_ann.txt", "chat_with_ben.txt", "-o", "chat.csv").code == 0
    rows = pd.read_csv("chat.csv")
    assert rows[["source", "target"]].to_numpy().tolist() == [
        ["Ann", "Me"],
        ["Ben", "Me"],
        ["Me", "Ben"],
        ["Me", "Ann"],
    ]
    assert np.diff(rows["time"]).tolist() == [10, 60, 13 * 3_600 - 70]
    assert len(read("chat.csv")) == 4


def test_a_table_with_dates_becomes_a_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rekindle: Rekindle) -> None:
    monkeypatch.chdir(tmp_path)
    Path("export.csv").write_text("from,to,sent_at\nann,ben,2024-01-01 10:00\nben,ann,2024-01-01 12:30\n")
    columns = "source=from,target=to,time=sent_at"
    assert rekindle("import", "export.csv", "--columns", columns, "--zone", "UTC", "-o", "log.csv").code == 0
    assert list(read("log.csv").time) == [1_704_103_200, 1_704_112_200]


def test_a_run_becomes_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    part = DOCS.read_text(encoding="utf-8").split("From Python:")[1]
    exec(re.findall(r"```python\n(.*?)```", part, re.DOTALL)[0], {})
    assert "first_answered_1d" in capsys.readouterr().out
