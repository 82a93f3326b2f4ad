"""Strategies and places on Mesa: the same tables as the fast engine reads, as objects with plain numbers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from sim.model.playbook import Playbook


def readable(table: np.ndarray) -> list[SimpleNamespace]:
    """The rows of a table, with its fields as plain numbers; `packed` is the row in the form that rules accept."""
    raw = np.ascontiguousarray(table).view(f"V{table.dtype.itemsize}")
    names: tuple[str, ...] = table.dtype.names or ()
    rows = zip(table.tolist(), raw, strict=True)
    return [SimpleNamespace(**dict(zip(names, values, strict=True)), packed=packed) for values, packed in rows]


def strategies_of(book: Playbook) -> list[SimpleNamespace]:
    """All strategies, by number, with the fields of `sim.model.playbook.STRATEGY`.

    `lists` and `clauses` are lists of objects instead of positions: a list has `terms`, `fact` and `sign`, and a clause
    has `terms` and `choices`.
    """
    terms, choices = readable(book.terms), readable(book.choices)
    lists = [_with(row, terms=_part(terms, row.first_term, row.terms)) for row in readable(book.lists)]
    clauses = [
        _with(
            row,
            terms=_part(terms, row.first_term, row.terms),
            choices=_part(choices, row.first_choice, row.choices),
        )
        for row in readable(book.clauses)
    ]
    return [
        _with(
            row,
            lists=_part(lists, row.first_list, row.lists),
            clauses=_part(clauses, row.first_clause, row.clauses),
        )
        for row in readable(book.strategies)
    ]


def _part(rows: list[Any], first: int, count: int) -> list[Any]:
    return rows[first : first + count]


def _with(row: SimpleNamespace, **fields: Any) -> SimpleNamespace:
    return SimpleNamespace(**{**vars(row), **fields})
