"""Random weights of an architecture, the same on every device, made fast and in no more memory than they take."""

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import AutoModelForCausalLM, PretrainedConfig, PreTrainedModel

#: Numbers that normal weights are taken from, again and again. A prime, so that no two rows of a matrix are alike.
POOL = 8_388_593
_SEED = 0


def build(config: PretrainedConfig, device: torch.device, dtype: torch.dtype) -> PreTrainedModel:
    """Return a model with weights from its own initialiser, made on the device in the dtype.

    The model takes shape without memory, then gets it on the device, then is initialised as a whole: only
    this also ties what is tied and fills buffers such as those of rotary positions.
    """
    with torch.device("meta"):
        network: PreTrainedModel = AutoModelForCausalLM.from_config(config, dtype=dtype)
    network.to_empty(device=device)
    network.tie_weights()  # before a second table is filled
    with torch.no_grad(), _Drawn():
        network.init_weights()
    return network


class _Drawn(TorchDispatchMode):
    """Draws on the CPU, from a fixed seed, what is to be random: generators of devices differ.

    Normal numbers come from a pool that is drawn once: to draw each of billions takes minutes.
    """

    def __init__(self) -> None:
        super().__init__()
        self._random = torch.Generator().manual_seed(_SEED)
        self._pool = torch.randn(POOL, generator=self._random)
        self._ready: dict[Any, torch.Tensor] = {}
        self._at = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        aten, kwargs = torch.ops.aten, kwargs or {}
        if func is aten.normal_.default:
            return self._normal(args[0], *args[1:], **{k: v for k, v in kwargs.items() if k != "generator"})
        if func is aten.uniform_.default:
            drawn = torch.empty(args[0].shape).uniform_(*args[1:], generator=self._random)
            return args[0].copy_(drawn)
        if func is aten.rand.default:
            device, dtype = kwargs.get("device"), kwargs.get("dtype")
            return torch.rand(args[0], generator=self._random).to(device=device, dtype=dtype)
        return func(*args, **kwargs)

    def _normal(self, tensor: torch.Tensor, mean: float = 0.0, std: float = 1.0) -> torch.Tensor:
        key = (tensor.device, tensor.dtype, mean, std)
        if key not in self._ready:
            self._ready[key] = (self._pool * std + mean).to(device=tensor.device, dtype=tensor.dtype)
        pool, flat, done = self._ready[key], tensor.view(-1), 0
        while done < flat.numel():
            part = min(flat.numel() - done, POOL - self._at)
            flat[done:done + part] = pool[self._at:self._at + part]
            done, self._at = done + part, (self._at + part) % POOL
        return tensor
