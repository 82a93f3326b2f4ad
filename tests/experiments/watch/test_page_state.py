"""Links set what the page can set, within its limits, and nothing else; and the page's state is a configuration."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.config.catalogue import SETTINGS, TABLES
from experiments.config.errors import ConfigError
from experiments.config.reading import load
from experiments.sweeps.design import runs_of
from experiments.watch import messages
from experiments.watch.page_state import (
    LATEST,
    MOST_BY_HAND,
    MOST_PEOPLE,
    SETTABLE,
    PageState,
    as_config,
    page_state_from,
)
from experiments.watch.session import Session
from tests.conftest import ROOT

CONFIGS = sorted((ROOT / "configs").glob("*.toml"))
PATHS = sorted(".".join(path) for path in SETTINGS if path not in TABLES)
OPENING = PageState(changes={"world.people": "60"})


def asks(pairs: list[tuple[str, str]], opening: PageState = OPENING) -> PageState:
    return page_state_from(urlencode(pairs), opening, {"a.toml": Path("a.toml")})


def test_a_link_cannot_set_what_the_page_cannot() -> None:
    for path in set(PATHS) - SETTABLE:
        with pytest.raises(ConfigError, match=rf"A link cannot set {re.escape(path)}\."):
            asks([("set", f"{path}=1")])


def test_what_the_page_can_set_is_a_setting_and_no_file() -> None:
    assert set(PATHS) >= SETTABLE
    assert not SETTABLE & {"world.log", "world.newcomers", "name", "sweep.replicates", "run.checkpoint_minutes"}


def test_what_the_command_line_set_stays_in_the_address_of_its_page() -> None:
    """A reload shows the same; another log in its place is refused."""
    opening = PageState(changes={"world.newcomers": "5", "world.people": "60", "run.adopters": "newcomers"})
    assert page_state_from(opening.query(), opening, {}) == opening
    for value in ("6", "05", ""):
        with pytest.raises(ConfigError, match=r"A link cannot set world\.newcomers"):
            asks([("set", f"world.newcomers={value}")], opening)


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([("set", "world.log=/etc/passwd")], "A link cannot set world.log"),
        ([("set", f"world.people={MOST_PEOPLE + 1}")], "at most 20,000 can be watched"),
        ([("set", "world.people=99999999999999999999")], "whole number"),
        ([("set", "run.seed=" + "9" * 2_000)], "a part of 2,009 characters"),
        ([("set", "run.strategy_days=9999")], "from 1 to 5,475"),
        ([("set", "parameters.ease=nan")], "parameters.ease"),
        ([("beside", "{" * 2_000)], "a part of 2,000 characters"),
        ([("config", "/etc/passwd")], "a link can only name a.toml"),
        ([("config", "../a.toml")], "a link can only name a.toml"),
        ([("day", str(LATEST + 1))], "from 0 to 5,475"),
        ([("day", "9" * 5_000)], "from 0 to 5,475"),
        ([("day", "²")], "from 0 to 5,475"),
        ([("follow", "20001")], "from 0 to 20,000"),
        ([("sent", "1.post.1.2")], "write day.kind.sender.receiver"),
        ([("sent", "1.like.1")], "write day.kind.sender.receiver"),
        ([("sent", "-1.like.1.2")], "from 0 to 5,475"),
        ([("sent", "1.like.1.20001")], "from 0 to 20,000"),
        ([("sent", "1.like.1.2")] * (MOST_BY_HAND + 1), "at most 200 gestures"),
        ([("x", "")] * 3_000, "more than 400 parts"),
    ],
)
def test_a_link_that_asks_for_too_much_is_refused(pairs: list[tuple[str, str]], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        asks(pairs)
    assert said in str(refused.value)


@given(
    st.text()
    | st.lists(
        st.tuples(
            st.sampled_from(["set", "beside", "sent", "day", "follow", "fork", "config", "differences", "tab"]),
            st.text() | st.sampled_from([f"{path}=" for path in PATHS]).flatmap(lambda p: st.text().map(p.__add__)),
        ),
        max_size=4,
    ).map(urlencode)
)
def test_any_link_is_read_or_refused_in_words(query: str) -> None:
    with suppress(ConfigError):  # any other error fails
        page_state_from(query, OPENING, {})


@pytest.mark.parametrize("changes", [{"world.people": "20001"}, {"world.people": "19999", "world.newcomers": "2"}])
def test_no_page_opens_with_more_people_than_can_be_drawn(changes: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="at most 20,000"):
        PageState(changes=changes).experiment()


@pytest.fixture
def of_a_log(tmp_path: Path) -> PageState:
    """A page of 80 people of a log, who are called by what no message may hold."""
    log, pairs = tmp_path / "log.csv", [(f"secret{n}", f"secret{(n * 7 + 3) % 80}") for n in range(80)]
    rows = [f"{a},{b},{900 * n}\n{b},{a},{900 * n + 300}\n" for n, (a, b) in enumerate(pairs * 9) if a != b]
    log.write_text("source,target,time\n" + "".join(rows))
    return PageState(changes={"world.log": str(log), "run.adopters": "2"}, followed=3)


def test_the_page_never_has_the_ids_of_a_log(of_a_log: PageState) -> None:
    told: list[str] = []
    session = Session(lambda message, buffers: told.append(f"{message}{buffers}"), "", of_a_log, {})
    for message in (messages.Ready(do="ready"), messages.Step(do="step", days=7), messages.Config(do="config")):
        session._take(message)
    assert session.playback is not None
    assert session.playback.day == 7
    assert "'followed': {'person': 3" in "".join(told)
    assert "secret" not in "".join(told)


def test_nor_with_more_people_of_a_log(of_a_log: PageState, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.watch.page_state.MOST_PEOPLE", 50)
    session = Session(lambda message, _: None, "", of_a_log, {})
    with pytest.raises(ConfigError, match="at most 50 can be watched"):
        session._show(of_a_log)
    assert session.playback is None


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.stem)
def test_every_preset_can_be_copied_as_a_configuration_of_the_same_run(config: Path, tmp_path: Path) -> None:
    copied = tmp_path / config.name
    copied.write_text(as_config(PageState(config=config), None))
    one, other = (load(path).model_copy(update={"sweep": None}) for path in (config, copied))
    assert [run.id for run in runs_of(one)] == [run.id for run in runs_of(other)]
