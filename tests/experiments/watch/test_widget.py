from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("anywidget", reason="the extra watch is not installed")

from experiments.watch import widget
from experiments.watch.scripts import joined
from experiments.watch.widget import TieWidget

JS = Path(widget.__file__).parent / "js"


def test_the_front_end_of_the_widget_is_one_module_without_imports() -> None:
    text = TieWidget()._esm
    assert re.findall(r"^(?:import|export)\b.*", text, re.MULTILINE) == ["export default { render };"]
    for part in ("class TieCircle ", "class TieMap ", "class Circle ", "class Raster ", "function make("):
        assert text.count(part) == 1
    names = re.findall(r"^(?:const|let|function|class) (\w+)", text, re.MULTILINE)
    assert sorted(set(names)) == sorted(names)


def test_the_modules_of_a_replay_are_one_text_without_imports_or_names_that_two_have() -> None:
    text = joined(JS / "replay.js")
    assert re.findall(r"^(?:import|export)\b.*", text, re.MULTILINE) == []
    names = re.findall(r"^(?:async )?(?:const|let|function|class) (\w+)", text, re.MULTILINE)
    assert sorted(set(names)) == sorted(names)
    assert "</script" not in text


def test_a_module_stands_before_those_that_import_it(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text(
        'import { b } from "./b.js";\nimport {\n  c,\n} from "./c.js";\n\nexport const a = b + c;\n'
    )
    (tmp_path / "b.js").write_text('import { c } from "./c.js";\n\nexport const b = c;\n')
    (tmp_path / "c.js").write_text("export const c = 1;\nexport default c;\n")
    text = joined(tmp_path / "a.js")
    assert " ".join(text.split()) == "const c = 1; export default c; const b = c; const a = b + c;"


def test_every_module_is_used_and_every_import_is_there() -> None:
    found, waiting = set(), ["main.js", "widget.js", "replay.js"]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += re.findall(r'from "\./([^"]+)"', (JS / name).read_text("utf-8"))
    assert found == {path.name for path in JS.iterdir()}
