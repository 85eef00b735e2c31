"""llama-bench's table in Markdown: model, size and speed, and of the settings those that vary or are unusual."""

from collections.abc import Sequence
from typing import Any

from llmscope.runs.exchange.numbers import number

_MIB, _GIB = 1024**2, 1024**3
#: Settings in the order of their columns: the column's head, llama-bench's own value, and the column's width.
SETTINGS: dict[str, tuple[str, tuple[Any, ...], int]] = {
    "n_gpu_layers": ("ngl", (), 3), "n_cpu_moe": ("n_cpu_moe", (0,), 10), "n_threads": ("threads", (), 7),
    "cpu_mask": ("cpu_mask", ("0x0", ""), -10), "cpu_strict": ("cpu_strict", (False,), 10), "poll": ("poll", (50,), 10),
    "n_batch": ("n_batch", (2048,), 7), "n_ubatch": ("n_ubatch", (512,), 8), "type_k": ("type_k", ("f16",), 6),
    "type_v": ("type_v", ("f16",), 6), "main_gpu": ("main_gpu", (0,), 10), "split_mode": ("sm", ("layer",), 6),
    "no_kv_offload": ("nkvo", (False,), 13), "flash_attn": ("fa", (False, 0, -1), 3),
    "devices": ("dev", ("auto", ""), -12), "tensor_split": ("ts", ("0.00", ""), -12),
    "tensor_buft_overrides": ("ot", ("none", ""), -21), "use_mmap": ("mmap", (True, 1), 4),
    "load_mode": ("lm", ("mmap", ""), 10), "embeddings": ("embd", (False,), 10),
    "no_op_offload": ("nopo", (0, False), 4), "no_host": ("noh", (False,), 4)}
_ON_CPU = ("CPU", "BLAS", "ZenDNN")


def table(told: Sequence[dict[str, Any]]) -> str:
    """Return the table and the line with the build, ending with a newline."""
    names = [name for name in SETTINGS if _is_shown(name, told)]
    head = [("model", -30), ("size", 10), ("params", 10), ("backend", -10),
            *((SETTINGS[name][0], SETTINGS[name][2]) for name in names), ("test", 15), ("t/s", 20)]
    lines = [[name for name, _ in head], *(_line(test, names) for test in told)]
    rule = "|" + "|".join(f" {'-' * (abs(width) - 1)}{':' if width > 0 else '-'} " for _, width in head) + "|"
    shown = ["|" + "|".join(f" {_padded(cell, width)} " for cell, (_, width) in zip(line, head, strict=True)) + "|"
             for line in lines]
    builds = dict.fromkeys(_build(test) for test in told)
    return "\n".join([shown[0], rule, *shown[1:], "", *(f"build: {build}" for build in builds)]) + "\n"


def test_of(test: dict[str, Any]) -> str:
    """Return the id of a test, such as `pp512+tg128 @ d4096`."""
    prompt, new, depth = (test.get(name) for name in ("n_prompt", "n_gen", "n_depth"))
    parts = [f"pp{prompt}"] if prompt else []
    return "+".join(parts + ([f"tg{new}"] if new else [])) + (f" @ d{depth}" if depth else "")


def _is_shown(name: str, told: Sequence[dict[str, Any]]) -> bool:
    values = [test.get(name) for test in told]
    on_cpu = all(any(word in str(test.get("backends")) for word in _ON_CPU) for test in told)
    if name in ("n_gpu_layers", "n_threads") and on_cpu is (name == "n_threads"):
        return any(value is not None for value in values)
    usual = SETTINGS[name][1] or values[:1]
    return any(value is not None and value not in usual for value in values)


def _line(test: dict[str, Any], names: Sequence[str]) -> list[str]:
    size, parameters = number(test.get("model_size")), number(test.get("model_n_params"))
    mean, spread = number(test.get("avg_ts")), number(test.get("stddev_ts"))
    return [_text(test.get("model_type")), _scaled(size, ((_GIB, "GiB"), (_MIB, "MiB"))),
            _scaled(parameters, ((1e9, "B"), (1e6, "M"))), _text(test.get("backends")),
            *(_text(test.get(name)) for name in names), test_of(test),
            "" if mean is None else f"{mean:.2f}" + ("" if spread is None else f" ± {spread:.2f}")]


def _scaled(value: float | None, units: tuple[tuple[float, str], tuple[float, str]]) -> str:
    if value is None:
        return ""
    scale, unit = units[0] if value >= units[0][0] else units[1]
    return f"{value / scale:.2f} {unit}"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")


def _padded(text: str, width: int) -> str:
    return text.rjust(width) if width > 0 else text.ljust(-width)


def _build(test: dict[str, Any]) -> str:
    count = test.get("build_number")
    return _text(test.get("build_commit")) + ("" if count is None else f" ({count})")
