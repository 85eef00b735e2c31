"""`python -m llmscope` and the command `llmscope`."""

import io
import os
import signal
import sys


def _have_streams() -> None:
    """Put nothing in the place of streams that were closed before the start (`2>&-`): Python has None there."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: PTH123, SIM115  as open as the program


def _write_any_text() -> None:
    """Let results have any characters: on Windows a pipe takes those of one country, where JSON is UTF-8."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        is_chosen = sys.stdout.isatty() or "PYTHONIOENCODING" in os.environ
        sys.stdout.reconfigure(encoding=None if is_chosen else "utf-8", errors="backslashreplace")


def main() -> None:
    """Run the command line and exit with its code; SIGTERM stops it as Ctrl+C does."""
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        _have_streams()
        _write_any_text()
        from llmscope.cli import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        print("llmscope: Stopped before anything began.", file=sys.stderr)
        code = 130
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one while the interpreter ends would print a traceback
    sys.exit(code)


if __name__ == "__main__":
    main()
