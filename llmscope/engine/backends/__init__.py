"""What runs a network: plain transformers, the same compiled, or with 8-bit weights."""

import shutil
from typing import Any

import torch

from llmscope.core.errors import BadInput
from llmscope.engine.backends import eager
from llmscope.engine.backends.eager import Loaded
from llmscope.models.catalog import Model
from llmscope.models.limits import INT8_NEEDS


def load(source: Model, device: torch.device, dtype: str, backend: str) -> Loaded:
    """Load a model onto a device for a backend; raises BadInput where the backend cannot work here."""
    if backend == "compile" and device.type == "cpu" and not any(map(shutil.which, ("c++", "g++", "clang++", "cl"))):
        raise BadInput("torch.compile needs a C++ compiler for the CPU: install one (g++ on Linux), or use the backend "
                       "eager.")
    quantize: Any = _int8() if backend == "int8" else None
    loaded = eager.load(source, device, dtype)
    loaded.backend = backend
    if quantize is not None:
        quantize(loaded.network)
    if backend == "compile":
        # Sizes as symbols: a cache that grows would otherwise be compiled for every length.
        loaded.network.forward = torch.compile(loaded.network.forward, dynamic=True)
    return loaded


def _int8() -> Any:
    """Return what turns a network's linear layers into 8-bit weights, one scale a row (torchao)."""
    try:
        from torchao.quantization import Int8WeightOnlyConfig, quantize_
    except ImportError as error:
        raise BadInput(f"{INT8_NEEDS} ({error})") from error
    return lambda network: quantize_(network, Int8WeightOnlyConfig())
