"""Numbers of several rounds made into one: median, minimum, maximum, ratios within a round; and their writing."""
import dataclasses
import statistics

NONE = "–"


@dataclasses.dataclass(frozen=True)
class Spread:
    """What the rounds that count say; `values` is never empty."""
    values: tuple

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def low(self):
        return min(self.values)

    @property
    def high(self):
        return max(self.values)

    @property
    def count(self):
        return len(self.values)


def spread_of(values):
    """The Spread of the values that are there, or None when none is."""
    values = tuple(value for value in values if value is not None)
    return Spread(values) if values else None


def ratios(numerators, denominators):
    """Two dictionaries round -> value: the Spread of the ratios within each round that both have, or None.

    A ratio is taken inside a round because the machine is faster at some times than at others, for all alike.
    """
    return spread_of(numerators[number] / denominators[number] for number in sorted(numerators)
                     if denominators.get(number))


def short(value):
    """A count in three figures: 950, 7.4k, 18.3k, 167k, 3.07M."""
    if value is None:
        return NONE
    for factor, letter in ((1e6, "M"), (1e3, "k")):
        scaled = value / factor
        if scaled >= 0.9995:
            digits = 2 if letter == "M" and scaled < 9.995 else 1 if scaled < 99.95 else 0
            return f"{scaled:.{digits}f}{letter}"
    return f"{value:.0f}"


def tick(value):
    """A round number on an axis: 0, 500, 1k, 2.5M."""
    for factor, letter in ((1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:g}{letter}"
    return f"{value:g}"


def milliseconds(value):
    """Times from a hundredth of a millisecond up, with the figures that mean something."""
    return f"{value:.0f}" if value >= 99.5 else f"{value:.1f}" if value >= 9.95 else f"{value:.2f}"


def two_places(value):
    return f"{value:.2f}"


def grouped(value):
    return f"{value:,.0f}"


def written(spread, form=short):
    """'median (minimum–maximum)', the median alone for one round, a dash for none."""
    if spread is None:
        return NONE
    middle = form(spread.median)
    return middle if spread.count == 1 else f"{middle} ({form(spread.low)}–{form(spread.high)})"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
