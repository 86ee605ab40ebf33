"""Turns the outcomes of the rounds into Markdown: medians of the undisturbed rounds, with spread and ratios."""
import statistics

from driver.peers import PEERS
from driver.search import LATENCY_P99_US_MAX

NONE = "–"


def spread(values, form):
    """'median (minimum–maximum)', or a dash when no round counts."""
    if not values:
        return NONE
    middle = form.format(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({form.format(min(values))}–{form.format(max(values))})"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


class Rounds:
    """The rounds of one peer."""

    def __init__(self, results, peer):
        self.peer = peer
        self.all = [outcome for outcome in results["outcomes"] if outcome["peer"] == peer]
        self.whole = [outcome for outcome in self.all if "error" not in outcome]

    def set_ups(self):
        return [outcome for outcome in self.whole if not outcome["set_up_disturbed"]]

    def searches(self):
        return [outcome for outcome in self.whole if not outcome["held_disturbed"]]

    def at(self, rate):
        steps = [outcome["at_rates"][rate] for outcome in self.searches() if rate in outcome["at_rates"]]
        return [step for step in steps if not step["disturbed"]]

    def held(self):
        return [outcome["held"] for outcome in self.searches()]

    def title(self):
        return PEERS[self.peer].title


def rates_table(peers):
    base = statistics.median(peers[0].held()) if peers[0].held() else 0
    rows = []
    for rounds in peers:
        held = rounds.held()
        middle = statistics.median(held) if held else 0
        ratio = f"{base / middle:.1f}" if base and middle else NONE
        limited = any(outcome["limited_by_publisher"] for outcome in rounds.searches())
        half = rounds.at("half")
        cpu = [step["cpu"]["server"] for step in half]
        rows.append([rounds.title(), ("at least " if limited else "") + spread(held, "{:,.0f}"), len(held), ratio,
                     spread([outcome["peak"] for outcome in rounds.searches()], "{:,.0f}"),
                     *[spread([step["latency_us"][key] / 1000 for step in half], "{:.2f}")
                       for key in ("p50", "p99", "p999")],
                     spread([one["user"] for one in cpu], "{:.2f}"), spread([one["kernel"] for one in cpu], "{:.2f}")])
    head = ["server", "held messages/s", "n", f"{peers[0].peer} holds … times this",
            "most deliveries/s in any step", "p50 ms at half", "p99 ms at half", "p99.9 ms at half",
            "user at half", "kernel at half"]
    return table(head, rows)


def fixed_rates_table(peers):
    rows = []
    for rounds in peers:
        row = [rounds.title()]
        for rate in ("25000", "50000"):
            steps = rounds.at(rate)
            was_held = any(rate in outcome["at_rates"] for outcome in rounds.searches())
            row += [spread([step["latency_us"][key] / 1000 for step in steps], "{:.2f}")
                    if was_held or not rounds.searches() else "not held" for key in ("p50", "p99", "p999")]
        rows.append(row)
    head = [f"{key} ms at {rate} deliveries/s" for rate in ("25k", "50k") for key in ("p50", "p99", "p99.9")]
    return table(["server", *head], rows)


def set_up_table(peers):
    rows = []
    for rounds in peers:
        ups = rounds.set_ups()
        each = [(outcome["idle_kb"] - outcome["before_kb"]) / outcome["connections"] for outcome in rounds.whole]
        connections = {outcome["connections"] for outcome in rounds.whole}
        rows.append([rounds.title(), ", ".join(f"{number:,}" for number in connections) or NONE, len(ups),
                     spread([outcome["set_up"]["per_second"] for outcome in ups], "{:,.0f}"),
                     spread([outcome["set_up"]["setup_us"]["p50"] / 1000 for outcome in ups], "{:.1f}"),
                     spread([outcome["set_up"]["setup_us"]["p99"] / 1000 for outcome in ups], "{:.1f}"),
                     spread(each, "{:.2f}"), spread([outcome["idle_kb"] / 1024 for outcome in rounds.whole], "{:.0f}"),
                     spread([outcome["highest_kb"] / 1024 for outcome in rounds.whole], "{:.0f}")])
    head = ["server", "connections", "n", "connections/s with join", "set-up p50 ms", "p99 ms", "KB for each joined",
            "MB idle", "MB at most, overload included"]
    return table(head, rows)


def notes(results, peers):
    left_out = [f"{rounds.peer}: {len(rounds.all) - len(rounds.searches())} of {len(rounds.all)} searches"
                for rounds in peers if len(rounds.searches()) < len(rounds.all)]
    loads = [step["noise"]["loadavg"] for outcome in results["outcomes"] for step in outcome.get("steps", [])]
    faults = [f"- {outcome['peer']}, round {outcome['round']}: {fault}" for outcome in results["outcomes"]
              for fault in outcome["faults"]]
    lines = [results["rule"], f"Left out by this rule, or failed: {'; '.join(left_out) or 'nothing'}."]
    if loads:
        lines.append(f"Load average during the steps: {min(loads):.2f} to {max(loads):.2f} "
                     "(the run's own programs included).")
    return "\n\n".join(lines + (["Faults:\n\n" + "\n".join(faults)] if faults else []))


def markdown(results):
    names = list(dict.fromkeys(outcome["peer"] for outcome in results["outcomes"]))
    peers = [Rounds(results, name) for name in names]
    computer = results["machine"]
    size = results["room_size"]
    rooms = ("each connection in a room of its own" if size == 1
             else f"rooms of {size} members; deliveries are {size} times the messages")
    computer_text = (f"{computer['cores']} × {computer['cpu']}, {computer['memory_gib']} GiB, "
                     f"Linux {computer['kernel']}")
    return f"""# Measured {results["date"]}

`{results["command"]}` at {results["commit"]}. {computer_text}.
Server on one core; load generator, publisher and Redis on another; loopback, no TLS, {rooms}.
Median (minimum–maximum) of n undisturbed rounds.
Held: 99 % delivered and p99 within {LATENCY_P99_US_MAX // 1000} ms for {results["window_seconds"]:g} s. CPU in cores.

## Rate through Redis

{rates_table(peers)}

## Latency at fixed rates, publish to receipt

{fixed_rates_table(peers)}

## Connections

{set_up_table(peers)}

{notes(results, peers)}
"""
