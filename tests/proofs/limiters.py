"""Known limits, injected one at a time into real runs: is each named, and is nothing named wrongly for sure?"""

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from llmscope import paths
from llmscope.analysis.bottleneck import Finding, stored_finding
from llmscope.core.results import Row
from tests.llama import CONFIG, save_llama
from tests.proofs.injections import held_back, hog, hogs_everywhere, little_memory, one_core
from tests.proofs.running import SMALL, Injection, cell, measure_ceilings, nothing, run

BUNDLED, GPT2, TINY, LARGE_FILE = "bundled", "arch:gpt2", "tiny kernels", "large file"


class Case(Struct):
    """A test under a known limit, and what is to be named."""

    expected: str
    how: str
    model: str
    workload: str
    settings: dict[str, Any] = {}
    inject: Injection = nothing
    threads: int | None = None


CASES = (
    Case("compute", "a long prompt", SMALL, "pp", {"seq": 512}),
    Case("compute", "a long prompt", GPT2, "pp", {"seq": 256}),
    Case("compute", "batch 4", SMALL, "pp", {"seq": 256, "batch": 4}),
    Case("compute", "scoring text", SMALL, "val", {"seq": 256}),
    Case("compute", "half a training step", SMALL, "fwd", {"seq": 256}),
    Case("compute", "decoding far beyond the ridge", SMALL, "tg", {"new": 8, "batch": 64}),
    Case("compute", "a dtype without matrix units", SMALL, "pp", {"seq": 128, "dtype": "bfloat16"}),
    Case("compute", "one thread of two", SMALL, "pp", {"seq": 256}, threads=1),
    Case("memory bandwidth", "decoding at batch 1", SMALL, "tg", {"new": 8}),
    Case("memory bandwidth", "decoding at batch 1", GPT2, "tg", {"new": 8}),
    Case("memory bandwidth", "decoding at batch 2", SMALL, "tg", {"new": 8, "batch": 2}),
    Case("memory bandwidth", "AdamW's step", SMALL, "opt"),
    Case("memory bandwidth", "SGD's step", SMALL, "opt", {"optimizer": "sgd"}),
    Case("host overhead", "tokenizer alone", BUNDLED, "tok"),
    Case("host overhead", "preparing data", BUNDLED, "prep", {"seq": 128}),
    Case("host overhead", "tiny kernels", TINY, "tg", {"new": 16}),
    Case("host overhead", "tiny kernels", TINY, "pp", {"seq": 16}),
    Case("host overhead", "two threads on one core", SMALL, "pp", {"seq": 128}, one_core),
    Case("other programs", "a hog on the other core", SMALL, "pp", {"seq": 256}, hog),
    Case("other programs", "hogs on all cores", SMALL, "tg", {"new": 8}, hogs_everywhere),
    Case("heat or power", "stopped for 60 % of the time", SMALL, "pp", {"seq": 256}, held_back),
    Case("heat or power", "stopped for 60 % of the time", SMALL, "tg", {"new": 8}, held_back),
    Case("storage", "cold file, no conversion", LARGE_FILE, "load-cold", {"dtype": "bfloat16"}),
    Case("memory capacity", "1 GiB more and no further", SMALL, "train", {"seq": 512, "batch": 4}, little_memory),
)


def lines() -> Iterator[str]:
    """Yield a line for each case, and the count."""
    measure_ceilings()
    right = wrong_for_sure = 0
    yield f"{'injected':<17} {'how':<29} {'test':<12} {'named':<18} {'sure':<5} {'margin':<7} {'':<6} evidence"
    with tempfile.TemporaryDirectory() as folder:
        models = {TINY: str(_tiny(Path(folder) / "tiny")), LARGE_FILE: str(_large(Path(folder) / "large"))}
        for case in CASES:
            row = run(cell(models.get(case.model, case.model), case.workload, **case.settings), inject=case.inject,
                      threads=case.threads)[0]
            found = stored_finding(row)
            is_right = found is not None and found.limiter == case.expected
            right += is_right
            wrong_for_sure += bool(found and found.is_sure and not is_right)
            yield _line(case, row, found, is_right)
    yield f"{right} of {len(CASES)} right (bar 22), {wrong_for_sure} wrong for sure (bar 0)"


def _line(case: Case, row: Row, found: Finding | None, is_right: bool) -> str:
    named, sure, margin = "nothing", "", "—"
    if found is not None:
        named, sure = found.limiter, "yes" if found.is_sure else "no"
        margin = "—" if found.margin is None else f"{found.margin:.2f}"
    words = found.evidence if found else row.reason or ""
    return (f"{case.expected:<17} {case.how:<29} {row.test:<12} {named:<18} {sure:<5} {margin:<7} "
            f"{'right' if is_right else 'WRONG':<6} {words}")


def _tiny(folder: Path) -> Path:
    """Make a folder of a network so narrow that its products take no time, and so deep that there are many."""
    return save_llama(folder, CONFIG | {"num_hidden_layers": 24, "max_position_embeddings": 512})


def _large(folder: Path) -> Path:
    """Make a folder of the small architecture with its random weights on disk, 0.27 GB in bfloat16."""
    from transformers import AutoConfig, AutoModelForCausalLM

    config = json.loads((paths.resources() / "architectures" / "smollm2-135m.json").read_text())
    config = config.get("config", config)
    AutoModelForCausalLM.from_config(AutoConfig.for_model(**config)).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(paths.resources() / "bundled_model" / name, folder / name)
    return folder
