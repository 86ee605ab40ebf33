"""The platform's SQLite database: which user owns which challenge.

The gateway reads it and never writes. Each change is one short transaction with the default
rollback journal, because a reader without write permission cannot open a write-ahead log.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Iterable

from .challenge import Challenge, amount

_SCHEMA = """
CREATE TABLE IF NOT EXISTS challenges (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  status TEXT NOT NULL,
  starting_balance TEXT NOT NULL,
  current_equity TEXT NOT NULL
) STRICT
"""
_UPSERT = """
INSERT INTO challenges (id, user_id, status, starting_balance, current_equity)
VALUES (?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET status = excluded.status, current_equity = excluded.current_equity
"""


def save_challenges(path: Path, challenges: Iterable[Challenge]) -> None:
    """Writes the rows of these challenges; creates file and table when they are missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        (c.id, c.user_id, c.status.value, amount(c.rules.starting_balance), amount(c.equity))
        for c in challenges
    ]
    connection = sqlite3.connect(path)
    try:
        with connection:
            connection.execute(_SCHEMA)
            connection.executemany(_UPSERT, rows)
    finally:
        connection.close()
