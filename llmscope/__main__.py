"""`python -m llmscope` and the command `llmscope`."""

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        from llmscope.cli import run
    except KeyboardInterrupt:  # pressed before anything could begin
        sys.exit(130)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
