"""The demonstration's accounts: who they are, how they trade and from which day.

Ids are derived from the names, so that a bookmarked page still works after a restart.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from .strategies import Strategy, buy_the_dip, follow_the_trend, never_sell, wait_for_panic


@dataclass(frozen=True)
class Account:
    """One trader with one challenge. `first_date` is the market day on which trading begins."""

    name: str
    title: str
    strategy: Strategy
    first_date: str

    @property
    def user_id(self) -> str:
        return str(uuid.uuid5(_NAMESPACE, f"user/{self.name}"))

    @property
    def challenge_id(self) -> str:
        return str(uuid.uuid5(_NAMESPACE, f"challenge/{self.name}"))


_NAMESPACE = uuid.UUID("6f757463-7279-4465-b6d0-64656d6f0001")

ACCOUNTS = (
    Account("alice", "Alice follows the trend", follow_the_trend, "2016-11-01"),
    Account("bob", "Bob never sells", never_sell, "2015-08-03"),
    Account("carol", "Carol buys the dip", buy_the_dip, "2004-01-02"),
    Account("dave", "Dave waits for a panic", wait_for_panic, "2014-01-02"),
)
