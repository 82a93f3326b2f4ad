from __future__ import annotations

from pathlib import Path

import pytest

from experiments.commands import drawing
from experiments.config.reading import load
from tests.experiments.conftest import Rekindle, refused


@pytest.mark.parametrize("change", ["run.model=own.py:f", "run.stop=own.py:f", "measures.x.function=own.py:f"])
def test_a_picture_does_not_make_a_file_run(
    config: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """A picture that somebody sends may say that it was made with a file that you have."""
    Path("own.py").write_text("open('ran', 'w').close()\n\ndef f(day):\n    return True\n")
    Path("sent.png").write_bytes(b"")
    claimed = {"figure": "one_like", "claims": ["one_like"], "style": "talk"}
    claimed["configs"] = {"one_like": load(config, [change]).model_dump(mode="json")}  # type: ignore[assignment]
    monkeypatch.setattr(drawing, "provenance_in", lambda path: claimed)
    message = refused(rekindle("figure", "--check", "sent.png"))
    assert message.startswith("--check sent.png: its metadata name a Python file, which is not executed")
    assert not Path("ran").exists()
