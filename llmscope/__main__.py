"""`python -m llmscope` and the command `llmscope`."""

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from llmscope.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
