"""The records of a run: one for each measurement, written to disk at once, so that an interrupted run keeps them.

A record names what it measured — workload, case, peer, round — and holds the figures that the report uses
(`values`), whether it was disturbed, what went wrong (`faults`), and all that the programs said (`raw`).
"""
import json
import os
import pathlib

from driver import figures


LOAD_CORE_FULL = 0.97  # of the core of generator, Redis and publisher: no more may have arrived because of it


class Results:
    def __init__(self, header, path=None, records=()):
        self.header = header
        self.path = path
        self.records = list(records)

    @classmethod
    def load(cls, path):
        content = json.loads(pathlib.Path(path).read_text())
        if "records" not in content:
            raise SystemExit(f"{path}: not the records of a run")
        return cls(content["header"], None, content["records"])

    def add(self, record):
        self.records.append(record)
        self.save()

    def save(self):
        """Never leaves half a file: it is written beside the old one and takes its place."""
        if self.path is None:
            return
        # One record a line: a difference between two runs can be read.
        lines = ",\n".join(json.dumps(record, separators=(",", ":")) for record in self.records)
        new = self.path.with_suffix(".new")
        new.write_text(f'{{"header":{json.dumps(self.header, indent=1)},\n"records":[\n{lines}\n]}}\n')
        os.replace(new, self.path)

    def of(self, workload, case, peer):
        """The records of all rounds that count: undisturbed, and not failed."""
        return [record for record in self.records
                if (record["workload"], record["case"], record["peer"]) == (workload, case, peer)
                and not record["disturbed"] and "error" not in record]

    def rounds(self, workload, case, peer, value):
        """round -> figure, of the rounds that count."""
        return {record["round"]: record["values"][value] for record in self.of(workload, case, peer)
                if record["values"].get(value) is not None}

    def load_was_bound(self, workload, case, peer):
        """Whether what arrived may be all that could be published and received, rather than all that the server can."""
        busy = figures.spread_of(self.rounds(workload, case, peer, "load_core").values())
        return ((busy is not None and busy.median > LOAD_CORE_FULL)
                or any(self.rounds(workload, case, peer, "limited_by_publisher").values()))

    def has(self, workload):
        return any(record["workload"] == workload for record in self.records)

    def peers(self, workload, *cases):
        """Who has a record of one of these cases (of any, if none is named), in the order of the run."""
        return list(dict.fromkeys(record["peer"] for record in self.records
                                  if record["workload"] == workload and (not cases or record["case"] in cases)))

    def faults(self):
        return [f"{record['workload']} {record['case']}, {record['peer']}, round {record['round']}: {fault}"
                for record in self.records for fault in record["faults"]]

    def left_out(self):
        """What the rule about disturbed measurements took out, and what failed."""
        return [f"{record['workload']} {record['case']}, {record['peer']}, round {record['round']} "
                f"({'failed' if 'error' in record else 'disturbed'})"
                for record in self.records if record["disturbed"] or "error" in record]
