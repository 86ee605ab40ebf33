"""W8, permessage-deflate: what it costs, and what it saves on the wire."""
from driver import figures
from driver.workloads import variant


class Deflate(variant.Variant):
    ROWS = (*variant.Variant.ROWS, ("bytes of the payload on the wire", "wire", "share", figures.two_places))

    def extra(self, session, record, name, step):
        if name == variant.WITHOUT:
            record(f"{name}-wire", {"share": 1.0}, {}, disturbed=False)
            return
        counts = step["deflate"]
        record(f"{name}-wire", {"share": counts["wire_bytes"] / counts["bytes"] if counts["bytes"] else None}, counts,
               disturbed=False, faults=[] if counts["compressed"] else ["nothing was compressed"])


WORKLOAD = Deflate("W8", "permessage-deflate", "with permessage-deflate", {"deflate": True})
