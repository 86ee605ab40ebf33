"""How each account trades. A strategy sees finished days only and says how much to hold.

The answer is a leverage: 0 is flat, 2 is long twice the equity. Strategies are pure functions of
past closes, so that the same account does the same in every run.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Callable, Sequence

Closes = Sequence[Decimal]
Strategy = Callable[[Closes], Decimal]

FLAT = Decimal(0)
HISTORY_DAYS = 50  # the longest look back of any strategy


def follow_the_trend(closes: Closes) -> Decimal:
    """Long while the last close is above the mean of the last fifty."""
    return Decimal("2.5") if closes[-1] > sum(closes) / len(closes) else FLAT


def never_sell(closes: Closes) -> Decimal:
    """Always long, with far too much leverage."""
    return Decimal("2.5")


def buy_the_dip(closes: Closes) -> Decimal:
    """Long for the day after a falling day."""
    return Decimal("2") if closes[-1] < closes[-2] else FLAT


def wait_for_panic(closes: Closes) -> Decimal:
    """Long only after three falling days in a row, and idle for weeks in between."""
    falling = closes[-1] < closes[-2] < closes[-3] < closes[-4]
    return Decimal("2") if falling else FLAT
