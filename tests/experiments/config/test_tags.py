"""Tags name people whom the worlds have, which is checked before a world is built; they can't be varied."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from experiments.config.errors import ConfigError
from experiments.config.reading import load
from tests.experiments.conftest import Rekindle, refused

TAGS = """
[tags]
friends = [3, 17]
investors = [3, 39]
[strategies.ask]
whom = "everyone known, tagged investors"
what = "call"
session_minutes = 15
"""


def at(config: Path, text: str) -> int:
    """The number of the line that has this text."""
    return next(n for n, line in enumerate(config.read_text().splitlines(), start=1) if text in line)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("[3, 40]", "there is no person 40; the people are 0 to 39."),
        ("[-1]", "there is no person -1; the people are 0 to 39."),
        ('["Anna"]', 'there is no person "Anna"; only people of a log have names, and these are 0 to 39.'),
        ("[3, 1.5]", "1.5 is no person; expected ids such as 3, or names of a log."),
        ("[true]", "True is no person; expected ids such as 3, or names of a log."),
        ("3", "expected a list of people, such as [3, 17]."),
        ('"Anna"', "expected a list of people, such as [3, 17]."),
    ],
)
@pytest.mark.parametrize("tag", ["friends", "investors"])
def test_a_tag_of_nobody_is_refused_with_its_line_even_if_no_arm_uses_it(
    config: Path, given: str, meant: str, tag: str
) -> None:
    config.write_text(config.read_text() + re.sub(rf"{tag} = .*", f"{tag} = {given}", TAGS))
    with pytest.raises(ConfigError) as raised:
        load(config)
    assert str(raised.value) == f"tiny.toml, line {at(config, f'{tag} = ')}, tags.{tag} = {given}: {meant}"


def test_newcomers_can_be_tagged_but_not_in_the_past_of_their_world(config: Path) -> None:
    text = config.read_text() + TAGS.replace("39]", "41]")
    config.write_text(text)
    with pytest.raises(ConfigError, match="there is no person 41"):
        load(config)
    assert load(config, ["world.newcomers=2"]).parameters.tags["investors"] == [3, 41]
    assert load(config, ["world.people=42"]).parameters.tags["investors"] == [3, 41]
    config.write_text(text.replace("[tags]", "[world.parameters.tags]"))
    with pytest.raises(ConfigError, match=r"line \d+, world.parameters.tags.investors .* newcomers have their tags in"):
        load(config, ["world.newcomers=2"])


def test_a_tag_of_the_world_is_one_of_its_runs(config: Path) -> None:
    config.write_text(config.read_text() + TAGS.replace("[tags]", "[world.parameters.tags]"))
    assert (
        load(config).parameters.tags == load(config).world.parameters.tags == {"friends": [3, 17], "investors": [3, 39]}
    )


@pytest.mark.parametrize("level", ['"tags.friends" = [[3], [4]]', "tags = [{ friends = [3] }]"])
def test_a_tag_cannot_be_varied(config: Path, level: str) -> None:
    config.write_text(f"{config.read_text()}{TAGS}[sweep.grid]\n{level}\n")
    with pytest.raises(ConfigError, match=r"line \d+, sweep.grid.tags.* cannot be varied; give each group of people"):
        load(config)


def test_a_misspelt_name_of_a_tag_is_refused_with_its_line(config: Path) -> None:
    config.write_text(config.read_text() + TAGS.replace("friends", "Friends"))
    with pytest.raises(ConfigError, match=r"line \d+, tags.Friends = .* expected a name of small letters"):
        load(config)


def test_names_of_a_log_are_looked_up_before_a_world_is_built(config: Path, rekindle: Rekindle) -> None:
    pairs = [("Anna", "Bernd"), ("Bernd", "Cem"), ("Cem", "Anna")] * 30
    rows = [f"{one},{other},{1_600_000_000 + 86_400 * day}" for day, (one, other) in enumerate(pairs)]
    Path("log.csv").write_text("source,target,time\n" + "\n".join(rows))
    own = TAGS.replace("[3, 17]", '["Anna"]').replace("[3, 39]", '["Bernt"]')
    text = config.read_text().replace("people = 40\n", "").replace("burn_in_years = 0\n", "")
    config.write_text(text.replace("[world]", '[world]\nlog = "log.csv"').replace("adopters = 4", "adopters = 2") + own)
    said, line = refused(rekindle("run", config)), at(config, "investors = ")
    assert f'tiny.toml, line {line}, tags.investors: there is no person "Bernt"; did you mean "Bernd"?' in said
    assert 'tags.investors=["Bob"]: there is no person "Bob"; the log has nobody of this name.' in refused(
        rekindle("run", config, "--set", 'tags.investors=["Bob"]')
    )
    assert "there is no person 3; the people are 0 to 2." in refused(
        rekindle("run", config, "--set", "tags.friends=[3]")
    )


@pytest.mark.parametrize("text", ["weekdays = []", '[sweep.grid]\n"strategies.ask.weekdays" = [["mon"], []]'])
def test_no_weekdays_are_not_every_day(config: Path, text: str) -> None:
    config.write_text(f"{config.read_text()}{TAGS}{text}\n")
    with pytest.raises(
        ConfigError, match="names no day; leave it out for sessions on every day, or write sessions = 0"
    ):
        load(config)
