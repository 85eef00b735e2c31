"""Started in place of the sampler: one reading, then it waits; with `FAKE_SAMPLER=dies` it ends."""

import os
import sys

print('{"event":"telemetry","t_ns":1,"cpu_percent":null,"others_percent":null,"memory_used_bytes":null,'
      '"memory_total_bytes":null}', flush=True)
if os.environ.get("FAKE_SAMPLER") != "dies":
    for _line in sys.stdin:
        pass
