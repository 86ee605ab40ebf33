"""Records that a run could have made, for the tests of what reads them."""
from driver.results import Results

HEADER = {"date": "2026-01-31T12:00:00+00:00", "command": "bench/run", "commit": "abc1234", "rounds": 3, "quick": False,
          "finished": True, "machine": {"cpu": "x", "cores": 2, "memory_gib": 1, "kernel": "6.1"}}


def record(workload, case, peer, number=1, disturbed=False, faults=(), raw=None, **values):
    return {"workload": workload, "case": case, "peer": peer, "round": number, "values": values, "disturbed": disturbed,
            "faults": list(faults), "raw": raw or {}}


def failed(workload, peer, number=1, why="no port"):
    return record(workload, "visit", peer, number, faults=[why]) | {"error": why}


def results(*records, **header):
    return Results(HEADER | header, None, records)


def cells(text, *beginnings):
    """The cells of the first row of a Markdown table whose first cells begin so."""
    for line in text.splitlines():
        row = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and all(cell.startswith(wanted) for cell, wanted in zip(row, beginnings)):
            return row
    raise AssertionError(f"no row {beginnings} in:\n{text}")
