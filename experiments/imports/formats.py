"""All formats of exports that can be read."""

from __future__ import annotations

from experiments.imports import calls, linkedin, mail, meta, signal, slack, sms, table, telegram, whatsapp

READERS = (
    mail.READER,
    whatsapp.READER,
    telegram.READER,
    signal.APP,
    signal.WRITTEN,
    meta.MESSENGER,
    meta.INSTAGRAM,
    sms.TEXTS,
    sms.CALLS,
    calls.READER,
    slack.READER,
    linkedin.READER,
    table.READER,  # last, because any of the tables above could be read as one
)
TABLE = table.READER
BY_NAME = {reader.name: reader for reader in READERS}
