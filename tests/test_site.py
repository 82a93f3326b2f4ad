"""The site of the documentation can be built, has every name of the program, and asks no other server for anything."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from inspect import ismodule
from pathlib import Path

import pytest

import sim
from experiments import cli
from experiments.config.catalogue import SETTINGS, TABLES
from sim.model.outcomes import MADE_OF_OTHERS, MEASURES
from sim.model.parameters import Parameters
from tests.conftest import ROOT

for _name in ("sphinx", "furo", "myst_parser"):
    pytest.importorskip(_name, reason="the extra `docs` is not installed")

LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href", "object": "data"}


class Outside(HTMLParser):
    """Collects what a page loads from another server; links that a reader may follow are none of it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get(LOADED.get(tag, "")) or ""
        if re.match(r"(\w+:)?//", address):
            self.found.append(address)


def loaded_from_outside(text: str, suffix: str) -> list[str]:
    """The addresses of other servers from which a page or a style sheet loads something."""
    if suffix == ".css":
        return re.findall(r"(?:url\(|@import)\s*[\"']?((?:\w+:)?//[^\"')\s]+)", text)
    page = Outside()
    page.feed(text)
    return page.found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a built site. Any warning ends the build, such as a link to what isn't there."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, ROOT / "docs" / "build_site.py", folder]
    built = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return folder


def headings(page: Path) -> set[str]:
    """The text of the headings of a page, without the sign of their link."""
    found = re.findall(r"<h\d>(.*?)<a class=\"headerlink\"", page.read_text(encoding="utf-8"))
    return {re.sub(r"<[^>]+>", "", heading) for heading in found}


def test_nothing_comes_from_another_server(site: Path) -> None:
    files = [path for path in site.rglob("*") if path.suffix in (".html", ".css")]
    assert len(files) > 50
    found = {str(path): loaded_from_outside(path.read_text(encoding="utf-8"), path.suffix) for path in files}
    assert {path: addresses for path, addresses in found.items() if addresses} == {}


def test_what_comes_from_another_server_is_found() -> None:
    page = '<link rel="stylesheet" href="//a.example/x.css"><a href="https://b.example"><script src="https://c.example/x.js">'
    assert loaded_from_outside(page, ".html") == ["//a.example/x.css", "https://c.example/x.js"]
    style = '@import "https://a.example/x.css"; p { background: url(//b.example/x.png) } q { background: url(x.png) }'
    assert loaded_from_outside(style, ".css") == ["https://a.example/x.css", "//b.example/x.png"]


def test_every_command_parameter_measure_and_setting_has_a_section(site: Path) -> None:
    reference = site / "docs" / "reference"
    assert {f"rekindle {name}" for name in (*cli.COMMANDS, *cli.GROUPS)} <= headings(reference / "commands.html")
    numbers = {name for name in Parameters.model_fields if ("parameters", name) not in TABLES}
    assert numbers <= headings(reference / "parameters.html")
    assert {name for name in MEASURES if not name.startswith(MADE_OF_OTHERS)} <= headings(reference / "measures.html")
    settings = {".".join(path) for path in SETTINGS.keys() - TABLES if "parameters" not in path[:2]}
    assert settings <= headings(reference / "settings.html")


def test_every_public_name_of_the_model_is_documented(site: Path) -> None:
    page = (site / "docs" / "reference" / "sim.html").read_text(encoding="utf-8")
    for name in sim.__all__:
        if ismodule(getattr(sim, name)):
            assert (site / "docs" / "reference" / f"sim.{name}.html").is_file(), name
        else:
            assert f'id="sim.{name}"' in page, name
