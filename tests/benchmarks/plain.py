"""The workloads against a plain script on the same model: alternating passes in one process."""

import random
import time
from collections.abc import Callable, Iterator

from tests.benchmarks.report import Bar, interval, shown

PAIRS, PAIRED_S = 24, 12.0
SEQ, NEW = 128, 32


def bars() -> Iterator[Bar]:
    """Yield one bar for each of pp, tg, gen and train: tokens/s of ours ÷ of the plain script."""
    import torch

    from llmscope.core.spec import Cell, RunSpec
    from llmscope.engine.backends import eager
    from llmscope.engine.meter import Meter
    from llmscope.engine.timers import Stopwatch
    from llmscope.engine.workloads import make
    from llmscope.models.catalog import resolve

    device = torch.device("cpu")
    meter = Meter(lambda event: None)
    for workload in ("pp", "tg", "gen", "train"):
        source = resolve("bundled")
        ours_model, plain_model = eager.load(source, device, "float32"), eager.load(source, device, "float32")
        cell = Cell("bundled", workload, device="cpu", dtype="float32", seq=SEQ, new=NEW)  # type: ignore[arg-type]
        ours = make(cell, 0, RunSpec(cells=(cell,)), source, ours_model, device, meter)
        meter.begin_cell(0)
        plain = PLAIN[workload](plain_model.network, eager.tokenizer_of(source))
        watch = Stopwatch(device)

        def our_pass(ours=ours, watch=watch) -> float:  # type: ignore[no-untyped-def]
            ours.prepare()
            seconds = float(ours.run(watch).seconds)
            ours.finish()
            return seconds

        found = interval([theirs / mine for mine, theirs in _pairs(our_pass, plain)])
        meter.end_cell()
        low, high = found.low or 0, found.high or 0
        yield Bar(f"eager {cell.test} ÷ plain script, tokens/s", shown(found), "interval meets [0.97, 1.03]",
                  low <= 1.03 and high >= 0.97)


def _pairs(ours: Callable[[], float], plain: Callable[[], float]) -> Iterator[tuple[float, float]]:
    """Yield seconds of adjacent passes, in random order within each pair, after four of each as warm-up.

    At least 24 pairs, and more of short passes, which are the noisier ones.
    """
    order = random.Random(1)
    for _ in range(4):
        ours()
        plain()
    started = time.perf_counter()
    pairs = 0
    while pairs < PAIRS or time.perf_counter() - started < PAIRED_S:
        if order.random() < 0.5:
            mine, theirs = ours(), plain()
        else:
            theirs = plain()
            mine = ours()
        pairs += 1
        yield mine, theirs


def _prefill(model, tokenizer) -> Callable[[], float]:  # type: ignore[no-untyped-def]
    import torch

    @torch.inference_mode()
    def run() -> float:
        ids = torch.randint(1, 4096, (1, SEQ))
        started = time.perf_counter()
        model(input_ids=ids, use_cache=True, logits_to_keep=1)
        return time.perf_counter() - started

    return run


def _decode(model, tokenizer) -> Callable[[], float]:  # type: ignore[no-untyped-def]
    import torch

    @torch.inference_mode()
    def run() -> float:
        ids, cache = torch.randint(1, 4096, (1, 1)), None
        started = time.perf_counter()
        for _ in range(NEW):
            out = model(input_ids=ids, past_key_values=cache, use_cache=True)
            ids, cache = out.logits[:, -1:].argmax(-1), out.past_key_values
        return time.perf_counter() - started

    return run


def _generate(model, tokenizer) -> Callable[[], float]:  # type: ignore[no-untyped-def]
    import torch

    from llmscope.engine.texts import held_out_text

    text = held_out_text()

    @torch.inference_mode()
    def run() -> float:
        start = random.randrange(len(text) // 2)
        passage = text[start : start + 8 * SEQ]
        started = time.perf_counter()
        prompt = tokenizer(passage, truncation=True, max_length=SEQ, return_tensors="pt")
        out = model.generate(**prompt, do_sample=True, temperature=0.8, top_k=50, top_p=0.9, max_new_tokens=NEW,
                             min_new_tokens=NEW, eos_token_id=0, pad_token_id=0)
        tokenizer.decode(out[0, SEQ:])
        return time.perf_counter() - started

    return run


def _train(model, tokenizer) -> Callable[[], float]:  # type: ignore[no-untyped-def]
    import torch

    from llmscope.engine.texts import held_out_text

    ids = torch.tensor(tokenizer(held_out_text(), verbose=False)["input_ids"])
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)

    def run() -> float:
        started = time.perf_counter()
        at = random.randrange(len(ids) - SEQ)
        batch = ids[None, at : at + SEQ]
        model(input_ids=batch, labels=batch, use_cache=False).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return time.perf_counter() - started

    return run


PLAIN: dict[str, Callable[..., Callable[[], float]]] = {
    "pp": _prefill, "tg": _decode, "gen": _generate, "train": _train}
