"""The counters of this operating system: read cheaply from /proc on Linux, through psutil elsewhere."""

import sys

if sys.platform == "linux":
    from llmscope.hardware.linux import machine_times, memory, parents, process_use
else:
    from llmscope.hardware.portable import machine_times, memory, parents, process_use

__all__ = ["machine_times", "memory", "parents", "process_use"]
