"""What each part of the program may load, seen from a fresh interpreter."""

import subprocess
import sys

#: Runs first in the fresh interpreter: the window's library looks as if it were not installed.
WITHOUT_QT = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("PySide6", "pyqtgraph"):
            raise ImportError(f"{name} is blocked")
sys.meta_path.insert(0, Blocked())
"""


def _loaded(code: str) -> set[str]:
    """Return the top-level modules that are loaded after the code has run."""
    # To look for garbage among modules takes a fifth of the time of importing them.
    code = f"import gc, sys; gc.disable()\n{code}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_window_loads_no_model_library() -> None:
    loaded = _loaded("import llmscope.gui.main_window")
    assert "PySide6" in loaded
    assert not loaded & {"torch", "transformers", "tokenizers", "safetensors", "scipy", "pynvml"}


def test_all_but_the_window_works_without_qt() -> None:
    modules = "llmscope.cli, llmscope.runs.supervisor, llmscope.engine.cells, llmscope.hardware.host"
    assert not _loaded(f"{WITHOUT_QT}\nimport {modules}, llmscope.models.catalog") & {"PySide6", "pyqtgraph"}


def test_the_sampler_loads_no_more_than_it_needs() -> None:
    loaded = _loaded("import llmscope.hardware.sampler")
    assert not loaded & {"torch", "PySide6", "pynvml"}
