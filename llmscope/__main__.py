"""`python -m llmscope` and the command `llmscope`."""

import signal
import sys


def main() -> None:
    """Run the command line and exit with its code; SIGTERM stops it as Ctrl+C does."""
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        from llmscope.cli import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        print("llmscope: Stopped before anything began.", file=sys.stderr)
        code = 130
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one while the interpreter ends would print a traceback
    sys.exit(code)


if __name__ == "__main__":
    main()
