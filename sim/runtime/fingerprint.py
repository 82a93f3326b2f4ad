"""The fingerprint of the model, which changes only if results can change.

`sim/model.json` has golden digests: hashes of the results of a few small worlds, with the fingerprint of the model that
produces them. It also has a hash of the code that was last verified to produce these digests. The hash ignores
comments, docstrings, formatting, names of local variables and the folders of files.

- Code with that hash has the fingerprint in `model.json`.
- Any other code may be a different model, so it gets a fingerprint of its own, and its results are never mixed with
  those of the model. To verify it, run the golden worlds: ``python -m verification.golden --accept``. If the digests
  haven't changed, the code keeps the fingerprint, with all cached worlds and runs. If they have, it's a new version of
  the model, with a new fingerprint.

A test fails if `model.json` doesn't describe the present code, so a released version always has a verified fingerprint.
The versions of Python, NumPy and Numba aren't part of it, because the same test runs the golden worlds on each.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]
MODEL = "model.json"

Scope = Mapping[str, str]  # names of local variables, and their numbered replacements


def cache_folder() -> Path:
    """The cache folder: ``$XDG_CACHE_HOME/rekindle``, or ``~/.cache/rekindle``. It's safe to delete."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rekindle"


@cache
def model_fingerprint() -> str:
    """The fingerprint of this model, 16 hex digits."""
    return fingerprint_of(PACKAGE)


@cache
def worlds_fingerprint() -> str:
    """The fingerprint of the worlds that this model makes, 16 hex digits; a new measure doesn't change it."""
    return fingerprint_of(PACKAGE, "worlds")


@cache
def compiled_folder() -> Path:
    """The folder for compiled code of this model, for the present versions of Python, NumPy and Numba.

    Numba recompiles a function only if its own file changes, but functions of other files are inlined into it. Each
    version of the code therefore has its own folder. The paths of the files are part of the version, because compiled
    code refers to classes by their modules.
    """
    paths = sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py"))
    parts = [code_hash(PACKAGE), sys.version, version("numba"), version("numpy"), *paths]
    return cache_folder() / "compiled" / _short("\n".join(parts))


def fingerprint_of(package: Path, of: str = "fingerprint") -> str:
    """The fingerprint of the model whose package is in this folder, or of its "worlds"; 16 hex digits."""
    record = json.loads((package / MODEL).read_text(encoding="utf-8"))
    code = code_hash(package)
    return str(record[of]) if code == record["code"] else _short(f"{record[of]} {code}")


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def code_hash(package: Path) -> str:
    """A hash of the Python code in and below a folder, 64 hex digits.

    Computing it takes half a second, so it's cached under a hash of the files' bytes.
    """
    sources = {path: path.read_bytes() for path in sorted(package.rglob("*.py"))}
    every_byte = hashlib.sha256()
    for source in (Path(__file__).read_bytes(), *sources.values()):
        every_byte.update(hashlib.sha256(source).digest())
    memo = cache_folder() / "code" / every_byte.hexdigest()
    with suppress(OSError, ValueError):
        cached, check = memo.read_text(encoding="ascii").split()
        if check == _short(cached):
            return cached
    modules = {".".join(path.relative_to(package.parent).with_suffix("").parts) for path in sources}
    digests = sorted(_module_digest(source, modules) for source in sources.values())
    code = hashlib.sha256(b"".join(digests)).hexdigest()
    with suppress(OSError):
        memo.parent.mkdir(parents=True, exist_ok=True)
        scratch = memo.with_name(f"{memo.name}.{os.getpid()}")
        scratch.write_text(f"{code} {_short(code)}", encoding="ascii")
        scratch.replace(memo)
    return code


def tokens_of(source: bytes, modules: set[str]) -> Iterator[str]:
    """Yield the tokens of a Python file that can affect results.

    Args:
        source: the bytes of the file.
        modules: dotted names of the modules in the package; only their last parts become tokens.
    """
    return _Tokens(modules).of(ast.parse(source), {})


def _module_digest(source: bytes, modules: set[str]) -> bytes:
    digest = hashlib.sha256()
    for token in tokens_of(source, modules):
        digest.update(token.encode())
        digest.update(b"\0")
    return digest.digest()


class _Tokens:
    """Converts a syntax tree into tokens that are equal for equivalent sources."""

    def __init__(self, modules: set[str]) -> None:
        self._modules = modules
        self._locals = 0  # local variables numbered so far

    def of(self, value: Any, scope: Scope) -> Iterator[str]:
        """Yield the tokens of a node, a list of nodes or a plain value."""
        match value:
            case ast.Import() | ast.ImportFrom():
                yield from self._imported(value)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from self._parts(value, scope, ("name", "decorator_list", "returns"))
                yield from self.of(value.args, scope)
                yield from self.of(_without_texts(value.body), self._scope(value.body, _names_of(value.args), scope))
            case ast.Lambda():
                yield from self.of(value.args, scope)
                yield from self.of(value.body, {k: v for k, v in scope.items() if k not in _names_of(value.args)})
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                yield from self._parts(value, self._scope(value.generators, set(), scope), value._fields)
            case ast.ClassDef():
                yield from self._parts(value, scope, ("name", "bases", "keywords", "decorator_list"))
                inside = {name: token for name, token in scope.items() if name not in _bound(value.body)}
                yield from self.of(_without_texts(value.body), inside)
            case ast.Module():
                yield from self.of(_without_texts(value.body), scope)
            case ast.Name():
                yield scope.get(value.id, value.id)
            case ast.ExceptHandler():
                yield scope.get(value.name or "", value.name or "")
                yield from self._parts(value, scope, ("type", "body"))
            case ast.AST():
                yield from self._parts(value, scope, value._fields)
            case list():
                yield f"{len(value)}:"
                for item in value:
                    yield from self.of(item, scope)
            case _:
                yield repr(value)

    def _parts(self, node: ast.AST, scope: Scope, fields: Iterable[str]) -> Iterator[str]:
        """Yield the tokens of some fields of a node, without empty ones, which differ between versions of Python."""
        yield type(node).__name__
        for name in fields:
            value = getattr(node, name, None)
            if value not in (None, []) and name not in ("kind", "type_comment", "ctx"):
                yield name
                yield from self.of(value, scope)

    def _scope(self, body: list[Any], parameters: set[str], outer: Scope) -> Scope:
        """Number the local names of a function. Parameters keep their names, since callers can use them."""
        inside = {name: token for name, token in outer.items() if name not in parameters}
        for name in _bound(body):
            if name not in parameters:
                self._locals += 1
                inside[name] = f"local {self._locals}"
        return inside

    def _imported(self, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
        """Yield imported names and their aliases; of a module, only the last part of its name, without folders."""
        module = getattr(node, "module", None)
        for alias in node.names:
            whole = f"{module}.{alias.name}" if module else alias.name
            of_a_module = whole in self._modules or not module
            name = alias.name.rpartition(".")[2] if of_a_module else f"{str(module).rpartition('.')[2]}.{alias.name}"
            yield f"import {name} as {alias.asname or alias.name}"


def _without_texts(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements without docstrings."""
    return [node for node in body if not _is_text(node)]


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _names_of(arguments: ast.arguments) -> set[str]:
    return {node.arg for node in ast.walk(arguments) if isinstance(node, ast.arg)}


def _bound(body: Iterable[ast.AST]) -> list[str]:
    """The names that statements bind in their own scope, in the order of their first binding."""
    names: dict[str, None] = {}
    declared: set[str] = set()
    pending = list(reversed(list(body)))
    while pending:
        node = pending.pop()
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Lambda():
                continue
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                continue
            case ast.Global() | ast.Nonlocal():
                declared |= set(node.names)
            case ast.Name(ctx=ast.Store()):
                names[node.id] = None
            case ast.ExceptHandler(name=str() as name):
                names[name] = None
        pending += reversed(list(ast.iter_child_nodes(node)))
    return [name for name in names if name not in declared]
