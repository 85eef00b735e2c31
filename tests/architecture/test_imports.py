"""What each part of the program may load, seen from a fresh interpreter; the terminal's tests run without Qt."""

import subprocess
import sys


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


def test_the_sampler_loads_no_more_than_it_needs() -> None:
    loaded = _loaded("import llmscope.hardware.sampler")
    assert not loaded & {"torch", "PySide6", "pynvml"}
