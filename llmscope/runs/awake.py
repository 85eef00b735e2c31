"""Keeps the computer awake while a run goes on, as far as the system lets a program do that."""

import contextlib
import subprocess
import sys

#: Programs that keep a system awake for as long as another one runs; `cat` runs until its stdin closes.
_HOLDERS = {
    "linux": ("systemd-inhibit", "--what=idle:sleep", "--who=llmscope", "--why=A measurement is running", "cat"),
    "darwin": ("caffeinate", "-i", "cat"),
}
_ES_CONTINUOUS, _ES_SYSTEM_REQUIRED = 0x80000000, 0x00000001


class Awake:
    """Holds the computer awake from its making to `release`; must be used from one thread.

    The holder ends with this process, however that ends.
    """

    def __init__(self) -> None:
        self._holder: subprocess.Popen[bytes] | None = None
        command = _HOLDERS.get(sys.platform)
        if command is not None:
            with contextlib.suppress(OSError):
                self._holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                                stderr=subprocess.DEVNULL, start_new_session=True)
        self._windows = sys.platform == "win32" and _set_windows_state(_ES_CONTINUOUS | _ES_SYSTEM_REQUIRED)

    def release(self) -> bool:
        """Let the computer sleep again; returns whether it was really kept awake until now."""
        if self._windows:
            return _set_windows_state(_ES_CONTINUOUS)
        if self._holder is None:
            return False
        held = self._holder.poll() is None
        with contextlib.suppress(OSError):
            assert self._holder.stdin is not None
            self._holder.stdin.close()
        self._holder.wait()
        return held


def _set_windows_state(state: int) -> bool:
    import ctypes

    return bool(ctypes.windll.kernel32.SetThreadExecutionState(state))  # type: ignore[attr-defined,unused-ignore]
