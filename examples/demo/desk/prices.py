"""Historic prices, replayed as four prints a day.

The file is `sp500-2000.csv` of the npm package `vega-datasets`: the S&P 500, one row for each
trading day since January 2000. A daily bar does not say whether its high or its low came first; a
day that closed higher is replayed as open, low, high, close, and any other as open, high, low,
close, which is the smoother of the two guesses.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

PRICES_FILE = Path("node_modules/vega-datasets/data/sp500-2000.csv")
SYMBOL = "SPX"
PRINTS_PER_DAY = 4


@dataclass(frozen=True)
class TradingDay:
    """One row of the file; prices are rounded to cents."""

    date: str
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal

    @property
    def prints(self) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        """The day's prices in the order in which they are replayed."""
        if self.close >= self.open:
            return self.open, self.low, self.high, self.close
        return self.open, self.high, self.low, self.close


def read_prices(path: Path) -> list[TradingDay]:
    """Reads every day of the file, oldest first. Raises OSError, KeyError or ValueError."""
    cent = Decimal("0.01")
    with path.open(newline="", encoding="utf-8") as file:
        days = [
            TradingDay(row["date"], *(Decimal(row[k]).quantize(cent) for k in _PRICE_COLUMNS))
            for row in csv.DictReader(file)
        ]
    if len(days) < 2:
        raise ValueError(f"{path} holds no trading days")
    return days


_PRICE_COLUMNS = ("open", "high", "low", "close")
