"""The highest rate that a server holds.

A rate is held when the publisher really made at least 98 % of it, at least 99 % of what was published in the window
arrived before the grace was over, and the 99th percentile of the latency stayed within the bound. The offered rate
doubles from the peer's first rate until it isn't held, then the interval is halved until its ends are 5 % apart.
"""
import dataclasses

DELIVERED_SHARE_MIN = 0.99
PUBLISHED_SHARE_MIN = 0.98
LATENCY_P99_US_MAX = 100_000
RATE_MAX = 400_000
PRECISION = 1.05


def is_held(step):
    return (step["offered"] >= PUBLISHED_SHARE_MIN * step["rate"]
            and step["delivered_share"] >= DELIVERED_SHARE_MIN
            and step["latency_us"]["p99"] <= LATENCY_P99_US_MAX
            and step["lost_connections"] == 0)


@dataclasses.dataclass
class Found:
    held: int  # messages/s; 0 when even the lowest rate isn't held
    steps: list
    peak: float  # most messages/s that arrived in any step, held or not
    disturbed: bool  # the lowest rate that wasn't held was measured in a disturbance, which may be why
    limited_by_publisher: bool  # the first rate that wasn't held failed because it wasn't published


def find_highest(first_rate, measure, lowest_rate=100):
    """`measure(rate)` makes one step. Below `lowest_rate` none is made. Returns Found."""
    steps = {}

    def held(rate):
        steps[rate] = measure(rate)
        return is_held(steps[rate])

    low, high, rate = 0, None, first_rate
    while high is None and rate <= RATE_MAX:
        if held(rate):
            low, rate = rate, rate * 2
        else:
            high = rate
    while low == 0 and high is not None and high > lowest_rate:
        rate = high // 2
        if held(rate):
            low = rate
        else:
            high = rate
    while low and high is not None and high / low > PRECISION:
        rate = (low + high) // 2
        if held(rate):
            low = rate
        else:
            high = rate
    return Found(held=low, steps=list(steps.values()), peak=max(step["arrived"] for step in steps.values()),
                 disturbed=high is not None and steps[high]["disturbed"],
                 limited_by_publisher=high is not None
                 and steps[high]["offered"] < PUBLISHED_SHARE_MIN * high)
