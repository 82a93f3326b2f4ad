"""Contact logs, who contacted whom and when: reading them from files and tables, validating and sorting them."""

from sim.contact_logs.errors import LogError, Note
from sim.contact_logs.ids import person_of
from sim.contact_logs.reading import COLUMNS, ContactLog, Rows, load, read, read_log

__all__ = ["COLUMNS", "ContactLog", "LogError", "Note", "Rows", "load", "person_of", "read", "read_log"]
