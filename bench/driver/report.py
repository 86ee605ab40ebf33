"""Turns the records of a run into Markdown and plots. The records are all it needs, so it can be made at any time."""
from driver import machine, targets
from driver.search import DELIVERED_SHARE_MIN, LATENCY_P99_US_MAX, PUBLISHED_SHARE_MIN
from driver.workloads import WORKLOADS


def markdown(results, plot_folder):
    """The page; `plot_folder` is where its plots lie, seen from the page."""
    measured = [workload for name, workload in WORKLOADS.items() if results.has(name)]
    charts = {workload.NAME: present_plots(workload, results) for workload in measured}
    sections = [f"## {workload.NAME} {workload.TITLE}\n\n"
                + "".join(f"![{workload.TITLE}]({plot_folder}/{name})\n\n" for name in charts[workload.NAME])
                + workload.section(results) for workload in measured]
    standing = "## How Outcry stands\n\nBy the median.\n\n" + targets.standing_table(results)
    left_out = "## What was left out\n\n" + notes(results)
    return "\n\n".join([head(results.header), standing, *sections, left_out]) + "\n"


def present_plots(workload, results):
    return {name: chart for name, chart in workload.plots(results).items() if chart is not None}


def head(header):
    computer = header["machine"]
    unfinished = "" if header.get("finished") else "\n\n**The run was interrupted**: what it had measured by then."
    return f"""# Measured {header["date"]}

`{header["command"]}` at {header["commit"]}. {computer["cores"]} × {computer["cpu"]}, {computer["memory_gib"]} GiB, \
Linux {computer["kernel"]}.
Server on one core; load generator, publisher and Redis on another; loopback. Each figure is the median
(minimum–maximum) of the n undisturbed of {header["rounds"]} interleaved rounds; a ratio is taken within a round. CPU in
cores. Held: {PUBLISHED_SHARE_MIN:.0%} of the rate was published, {DELIVERED_SHARE_MIN:.0%} of it delivered, and p99 \
within {LATENCY_P99_US_MAX // 1000} ms. '≥': the core of load generator, Redis and publisher was full.{unfinished}"""


def notes(results):
    left_out = results.left_out()
    lines = [machine.RULE]
    if left_out:
        lines.append("Left out by this rule, or failed:\n\n" + "\n".join(f"- {entry}" for entry in left_out))
    else:
        lines.append("Nothing was left out.")
    noises = [step["noise"] for record in results.records for step in steps_of(record) if not record["disturbed"]]
    if noises:
        loads = [noise["loadavg"] for noise in noises]
        lines.append("In what counts, processes outside the run used at most "
                     f"{max(noise['others'] for noise in noises):.2f} of a core, and the hypervisor took at most "
                     f"{max(noise['steal'] for noise in noises):.1%}. Load average: {min(loads):.2f} to "
                     f"{max(loads):.2f}, the run's own programs included.")
    if results.faults():
        lines.append("Faults:\n\n" + "\n".join(f"- {fault}" for fault in results.faults()))
    return "\n\n".join(lines)


def steps_of(record):
    raw = record.get("raw", {})
    return [step for step in (raw if isinstance(raw, list) else [raw]) if "loadavg" in step.get("noise", {})]


def write(results, folder, name):
    """Writes NAME.md, and the plots into the folder NAME beside it. Returns the page."""
    text = markdown(results, name)
    (folder / f"{name}.md").write_text(text)
    plot_folder = folder / name
    plot_folder.mkdir(exist_ok=True)
    for old in plot_folder.glob("*.svg"):
        old.unlink()
    for workload in WORKLOADS.values():
        if results.has(workload.NAME):
            for file, chart in present_plots(workload, results).items():
                (plot_folder / file).write_text(chart)
    return text
