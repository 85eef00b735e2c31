"""Where the program's own files and the user's data lie."""

import os
from pathlib import Path

from platformdirs import user_data_path


def resources() -> Path:
    """Return the folder of shipped files: inside the wheel, or beside the package in a checkout."""
    installed = Path(__file__).parent / "_resources"
    return installed if installed.is_dir() else Path(__file__).parent.parent / "resources"


def data_folder() -> Path:
    """Return the folder for runs and settings; `LLMSCOPE_HOME` moves it. It may not exist yet."""
    home = os.environ.get("LLMSCOPE_HOME")
    return Path(home).expanduser() if home else user_data_path("llmscope", appauthor=False)


def sample_runs_folder() -> Path:
    """Return the folder of the runs that come with the program."""
    return resources() / "sample_runs"


def runs_folder() -> Path:
    """Return the folder that holds one folder for each run."""
    return data_folder() / "runs"
