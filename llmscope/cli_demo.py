"""`llmscope demo`: a reference run's tests measured here, and both side by side."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from llmscope import cli_compare, paths, terminal
from llmscope.core.errors import BadInput
from llmscope.models.catalog import resolve
from llmscope.runs import references
from llmscope.runs.probe import probe_devices
from llmscope.runs.resolve import preferred
from llmscope.runs.same_tests import closest, same_tests


def demo(
    picture: Annotated[Path | None, typer.Option(help="Save a card of both to share, a .png, too.")] = None,
) -> None:
    """Run the tests of the closest reference run on this machine, in about a minute, and compare both."""
    if picture is not None:
        cli_compare.check_picture(picture)
    found = references.shipped()
    if not found:
        raise BadInput("No reference run came with this llmscope: use 'llmscope bench --preset quick'.")
    _, devices = probe_devices()
    device = preferred(devices)
    reference = found[closest([each.entry.device_id for each in found], device.id)]
    same = same_tests(reference.started.spec, device, resolve, None)
    for cell, why in same.left_out.items():
        print(f"llmscope: {cell.test} is left out. {why}", file=sys.stderr)
    if same.spec is None:
        raise BadInput(f"None of the tests of the reference {reference.entry.id} can be run on {device.name}: use "
                       "'llmscope bench'.")
    finished = terminal.measure(same.spec, paths.runs_folder())
    code = terminal.exit_code(finished.rows, finished.ended.status)
    if code != terminal.OK:
        print(f"llmscope: not compared with the reference {reference.entry.id}", file=sys.stderr)
        raise typer.Exit(code)
    cli_compare.compare([reference.entry.id, finished.started.run], picture=picture, kind="card")
