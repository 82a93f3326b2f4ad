"""Randomly changed configurations are accepted, or rejected with a helpful message.

The shipped files are changed at the level of bytes, tokens, values, keys and tables, and with options of ``--set``.
Each must be accepted, or rejected with a `ConfigError` that names the file and, unless the whole file is wrong, the
line or option. There must be no other exception, and each must take less than a second of processor time.

    python -m verification.configs [COUNT] [SEED]    prints the number of each outcome; by default 5,000 with seed 1
"""

from __future__ import annotations

import random
import re
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from experiments.commands.sweeping import planned
from experiments.config import shipped
from experiments.config.catalogue import SETTINGS
from experiments.config.errors import ConfigError
from experiments.config.reading import load

SECONDS = 1.0  # processor time allowed for each configuration
HANGS = 20.0  # seconds of processor time after which a configuration is abandoned
MOST_RUNS = 2_000  # larger sweeps are not planned, since planning them takes longer than the limit
WITHOUT_LINE = (
    "run.adopters: asks for",
    "is in UTF-",
    "is not a text file",
    "bytes; an experiment file",
    "has no [sweep]",
    "The sweep asks for",
)

PATHS = [".".join(path) for path in SETTINGS]
VALUES = [
    "inf", "-inf", "nan", "1e999", "1e300", "-1", "0", "-0.0", "1.5", "9" * 5_000, "-" + "9" * 5_000,
    "0x" + "f" * 6_000, str(2**63), str(-(2**63)), "true", '""', '"wait"', "'check_in'", '"' + "x" * 5_000 + '"',
    '"\\u0000"', '"../a"', "[]", "{}", "[{}]", "[[]]", "[1, 2]", "[2, 1]", "[0.0, inf]", "[nan, nan]", "[1, 1]",
    "[1e300, -1e300]", "[" * 5_000 + "]" * 5_000, "{ a = " * 3_000 + "1" + " }" * 3_000, "[" * 40 + "]" * 40,
    "{ from = 1, to = 2, count = 3 }", "{ from = inf, to = nan, count = 3 }", "{ from = 1 }", "{ count = {} }",
    "{ from = -1e308, to = 1e308, count = 10000 }", "{ from = 1, to = 2, count = 99999999 }",
    "{ check_in = 0.5, wait = 0.5 }", "{ check_in = nan }", "{ check_in = [] }", '["wait", "wait"]', '["wait", {}]',
    "[" + ", ".join(map(str, range(20_000))) + "]", "[" + "1, " * 20_000 + "]",
    "1979-05-27T07:32:00Z", "07:32:00", "2023-02-31", '"""\n\n"""', "'''a\nb'''", '"newcomers"', '"nothing"',
    '"log.csv"',
]  # fmt: skip
KEYS = [
    "x", "''", '"a b"', '"parameters.ease"', "a.b.c", ".".join("a" * 40), ".".join("a" * 5_000), "parameters.gestures",
    "parameters.gestures.like", "sweep", "full", "world", "name", '"\\u0000"', "ranges", "é", '"' + "k" * 5_000 + '"',
]  # fmt: skip
TOKENS = [
    "[",
    "]",
    "{",
    "}",
    "[[",
    "]]",
    '"',
    "'",
    '"""',
    "'''",
    "=",
    ".",
    ",",
    "#",
    "\n",
    "\r",
    "\\",
    "\x00",
    "_",
    "\t",
]
CHARACTERS = [
    b"\x00",
    b"\xff",
    b"\xe9",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\r",
    b"\n",
    b'"',
    b"=",
    b"[",
    b"\\",
    b"\x1b",
]
_LINE = re.compile(r"^(?P<key>[^=#\[\n]+)=(?P<value>.*)$", re.MULTILINE)
_HEADER = re.compile(r"^\[.*\]", re.MULTILINE)
_TOKEN = re.compile(r"[A-Za-z0-9_]+|\s+|.", re.DOTALL)

Spoil = Callable[[str, random.Random], str | bytes]


class TooSlowError(Exception):
    """A configuration took much longer than allowed."""


def bytes_spoilt(text: str, draw: random.Random) -> bytes:
    data = bytearray(text.encode())
    for _ in range(draw.randint(1, 8)):
        position = draw.randrange(len(data) + 1)
        if draw.random() < 0.5:
            data[position:position] = draw.choice([*CHARACTERS, bytes([draw.randrange(256)])])
        else:
            del data[position : position + draw.choice([1, 1, 2, 50])]
    return bytes(data)


def encoded_otherwise(text: str, draw: random.Random) -> bytes:
    text = text.replace("#", "# é ä 好", 1) if draw.random() < 0.5 else text
    return draw.choice(
        [
            b"\xef\xbb\xbf" + text.encode(),
            text.encode("utf-16"),
            text.encode("utf-16-be"),
            text.encode("utf-32"),
            text.encode("latin-1", errors="replace") + b"# caf\xe9",
            text.replace("\n", "\r\n").encode(),
            text.replace("\n", "\r").encode(),
            text.encode()[: draw.randrange(len(text))],
            text.encode() + b"#" * 2_000_000,
        ]
    )


def tokens_spoilt(text: str, draw: random.Random) -> str:
    tokens = _TOKEN.findall(text)
    for _ in range(draw.randint(1, 5)):
        index = draw.randrange(len(tokens))
        tokens[index] = draw.choice(
            ["", tokens[index] * 2, draw.choice(tokens), draw.choice(TOKENS), draw.choice(VALUES)]
        )
    return "".join(tokens)


def values_spoilt(text: str, draw: random.Random) -> str:
    line = draw.choice(list(_LINE.finditer(text)))
    return f"{text[: line.start('value')]} {draw.choice(VALUES)}{text[line.end('value') :]}"


def keys_spoilt(text: str, draw: random.Random) -> str:
    line = draw.choice(list(_LINE.finditer(text)))
    key = draw.choice([*KEYS, *PATHS, line["key"].strip()[:-1] or "x", line["key"].strip() + "s"])
    return f"{text[: line.start('key')]}{key} {text[line.end('key') :]}"


def tables_spoilt(text: str, draw: random.Random) -> str:
    headers = list(_HEADER.finditer(text))
    name = draw.choice(
        [*KEYS, *PATHS, "sweep.grid", "sweep.zip", "sweep.rows.a", "sweep.sample", "sweep.sample.ranges"]
    )
    header = draw.choice([f"[{name}]", f"[[{name}]]", f"[{name}]\n{draw.choice(KEYS)} = {draw.choice(VALUES)}"])
    if headers and draw.random() < 0.5:
        replaced = draw.choice(headers)
        return f"{text[: replaced.start()]}{header}{text[replaced.end() :]}"
    return f"{text}\n{header}\n"


def lines_added(text: str, draw: random.Random) -> str:
    table = draw.choice(["sweep.grid", "sweep.zip", "sweep.sample.ranges", "sweep.rows.a", "full", "parameters", "run"])
    count = draw.choice([1, 2, 3_000])
    rows = "\n".join(f"{draw.choice([*KEYS[:4], *PATHS])}{n or ''} = {draw.choice(VALUES[:20])}" for n in range(count))
    return f"{text}\n[{table}]\n{rows}\n"[:900_000]


SPOILS: dict[str, Spoil] = {
    "bytes": bytes_spoilt,
    "encoding": encoded_otherwise,
    "tokens": tokens_spoilt,
    "values": values_spoilt,
    "keys": keys_spoilt,
    "tables": tables_spoilt,
    "lines": lines_added,
    "options": lambda text, _: text,
}


def option(draw: random.Random) -> str:
    path = draw.choice(
        [*PATHS, *KEYS, "sweep.grid.parameters.ease", "sweep.sample.ranges.run.adopters", ".".join("a" * 3_000)]
    )
    value = draw.choice([*VALUES, "check_in", "[wait", "1\nb = 2", "\udcff", ""])
    return draw.choice([f"{path}={value}", f"{path}={value}", f"{path}={value}", path, f"={value}", f"{path}.={value}"])


def outcome(path: Path, changes: list[str], full: bool) -> str:
    """The outcome of a configuration; if it is a fault, a description that begins with ``FAULT``."""
    began = time.process_time()
    try:
        experiment = load(path, changes, full=full)
        took = time.process_time() - began
        sweep = experiment.sweep
        if sweep is not None and sweep.sample is not None and sweep.sample.points * sweep.replicates > MOST_RUNS:
            result = "accepted, too large to plan here"
        else:
            few = sweep and sweep.model_copy(update={"replicates": 1})
            planned(experiment.model_copy(update={"sweep": few}), path, changes)
            result = "accepted"
    except ConfigError as error:
        took, message = time.process_time() - began, str(error)
        placed = re.search(r"line \d+|--set", message) or any(part in message for part in WITHOUT_LINE)
        named = path.name in message or message.startswith("--set") or "The sweep" in message
        if not placed or not named:
            return f"FAULT: an error that does not say where: {message}"
        result = "rejected"
    except TooSlowError:
        return f"FAULT: took over {HANGS} s"
    except Exception:
        return f"FAULT: {traceback.format_exc(limit=-3)}"
    return f"FAULT: took {took:.1f} s" if took > SECONDS else result


def give_up(_: int, __: FrameType | None) -> None:
    raise TooSlowError


def main(count: int = 5_000, seed: int = 1) -> int:
    draw = random.Random(seed)
    texts = [(shipped.folder() / f"{name}.toml").read_text(encoding="utf-8") for name in shipped.names()]
    counts: Counter[tuple[str, str]] = Counter()
    faults = 0
    signal.signal(signal.SIGVTALRM, give_up)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spoilt.toml"
        for number in range(count):
            kind, spoil = draw.choice(list(SPOILS.items()))
            spoilt = spoil(draw.choice(texts), draw)
            path.write_bytes(spoilt if isinstance(spoilt, bytes) else spoilt.encode(errors="surrogatepass"))
            changes = [option(draw) for _ in range(draw.randint(1, 3))] if kind == "options" else []
            signal.setitimer(signal.ITIMER_VIRTUAL, HANGS)
            result = outcome(path, changes, full=draw.random() < 0.3)
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            counts[kind, result.partition(":")[0]] += 1
            if result.startswith("FAULT"):
                faults += 1
                print(f"{number}, {kind}, {[change[:100] for change in changes]}: {result[:1_500]}", flush=True)
    for (kind, result), count_of_kind in sorted(counts.items()):
        print(f"{kind:10}{result:35}{count_of_kind:6,}")
    print(f"{count:,} configurations, {faults} faults.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
