"""What is measured: name -> workload, in the order of the report."""
from driver.workloads import (w1_fan_out, w2_unicast, w3_memory, w4_connects, w5_latency, w6_slow_readers, w7_tls,
                              w8_deflate, w9_polling)

WORKLOADS = {workload.NAME: workload for workload in [
    w1_fan_out, w2_unicast, w3_memory, w4_connects, w5_latency, w6_slow_readers, w7_tls.WORKLOAD, w8_deflate.WORKLOAD,
    w9_polling]}
