"""The part of the project's README that says how fast: some figures and plots of the kept run, between two marks."""
import pathlib

from driver import figures
from driver.peers import LIMIT, PEERS_AND_LIMIT, ROOT
from driver.workloads import w5_latency
from driver.workloads.reading import Reader

README = ROOT / "README.md"
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
PLOTS = {"W1": ("Fan-out", "w1-turn.svg"), "W2": ("One message at a time", "w2-unicast.svg"),
         "W5": ("Latency over rate", "w5-latency.svg")}


def in_bytes(value):
    return f"{value / 1000:.1f} KB"


def in_milliseconds(value):
    return f"{figures.milliseconds(value)} ms"


ROWS = (  # heading, workload, case, value, form
    ("deliveries/s into one room of 10,000, one event at a time", "W1", "turn-10000", "per_second", figures.short),
    ("the same, when events pile up", "W1", "backlog-10000", "per_second", figures.short),
    ("messages/s to 10,000 rooms of one, published in process", "W2", "process", "per_second", figures.short),
    ("the same, published through Redis", "W2", "redis", "per_second", figures.short),
    ("p99 at 25,000/s through Redis, publish to receipt", "W5", "25000", "p99_ms", in_milliseconds),
    ("p99 at 50,000/s", "W5", "50000", "p99_ms", in_milliseconds),
    ("memory for each joined connection", "W3", "idle", "bytes_each", in_bytes),
    ("connects/s, token verified and room joined", "W4", "storm", "per_second", figures.short),
)


def cell(results, workload, case, peer, value, form):
    read = Reader(results, workload)
    if workload == w5_latency.NAME and peer != LIMIT:
        return w5_latency.cell(read, peer, case, value, form)
    return read.cell(case, peer, value, form)


def section(results, plot_folder):
    """`plot_folder`: where the run's plots lie, seen from the README."""
    header = results.header
    peers = [peer for peer in PEERS_AND_LIMIT if any(record["peer"] == peer for record in results.records)]
    rows = [[heading, *[cell(results, workload, case, peer, value, form) for peer in peers]]
            for heading, workload, case, value, form in ROWS if results.has(workload)]
    pictures = "\n\n".join(f"![{heading}]({plot_folder}/{name})" for workload, (heading, name) in PLOTS.items()
                           if results.has(workload))
    rounds = "one round" if header["rounds"] == 1 else f"{header['rounds']} interleaved rounds"
    machine = f"{header['machine']['cores']} × {header['machine']['cpu']}"
    return f"""Every server on one core of one machine ({machine}), in one run of {rounds}; median (minimum–maximum).
The kernel's limit is what a program reaches that does nothing but `epoll` and `send()`.

{figures.table(["", *[PEERS_AND_LIMIT[peer].short_title for peer in peers]], rows)}

{pictures}"""


def update(results, plot_folder, readme=README):
    """Puts the section between the marks, which must be there."""
    text = pathlib.Path(readme).read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{readme}: no {BEGIN} … {END}")
    pathlib.Path(readme).write_text(f"{before}{BEGIN}\n\n{section(results, plot_folder)}\n\n{END}{after}")
