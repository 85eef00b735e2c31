"""What settings and figures of a grid are called on screen."""

from llmscope.analysis.sweeps import Axis, Figure, Grid
from llmscope.gui.words import model_name, tr
from llmscope.runs.export_grid import unit


def axis_name(axis: Axis) -> str:
    """Return a setting as a heading; those of other programs as they name them."""
    return {"batch": tr("Batch size"), "seq": tr("Sequence length"), "new": tr("New tokens"), "depth": tr("Depth"),
            "dtype": tr("Precision"), "threads": tr("CPU threads"), "model": tr("Model"), "backend": tr("Backend"),
            "device": tr("Device"), "attention": tr("Attention"), "cache": tr("Cache"), "optimizer": tr("Optimizer"),
            "checkpointing": tr("Checkpointing"), "scenario": tr("Request")}.get(axis, axis)


def figure_name(figure: Figure) -> str:
    """Return a figure as a heading."""
    return {"speed": tr("Speed"), "ttft": tr("First token"), "memory": tr("Peak memory"),
            "energy": tr("Energy")}[figure]


def shown(axis: Axis | None, value: str) -> str:
    """Return a value of a setting as it stands at an axis: models without their folders."""
    return model_name(value) if axis == "model" else value


def figure_title(grid: Grid) -> str:
    """Return `Speed of pp, tok/s`."""
    return tr("{0} of {1}, {2}").format(figure_name(grid.figure), grid.workload, unit(grid))
