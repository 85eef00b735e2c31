"""`gen`: requests as a user makes them, from text to text, with the time of every new id."""

import time
from typing import Any

import msgspec
import numpy as np
import torch
from tokenizers.decoders import DecodeStream
from transformers import BatchEncoding, GenerationConfig, PreTrainedTokenizerBase
from transformers.generation.streamers import BaseStreamer

from llmscope.core.events import Phase
from llmscope.core.scenarios import SCENARIOS
from llmscope.core.spec import Cell, Sampling
from llmscope.core.statistics import percentile
from llmscope.engine import checks, memory
from llmscope.engine.backends.eager import Loaded
from llmscope.engine.inputs import Inputs
from llmscope.engine.meter import Meter
from llmscope.engine.timers import Block, Stopwatch

#: The parts of a request must add up to the whole within this share.
SUM_TOLERANCE = 0.01


class Listener(BaseStreamer):
    """Hears every new id of `generate`, notes when, and turns it into text."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, meter: Meter, text: bool) -> None:
        self._backend = getattr(tokenizer, "backend_tokenizer", None)
        self._tokenizer, self._meter, self._with_text = tokenizer, meter, text
        self.at_ns: list[int] = []
        self.ids: list[list[int]] = []
        self._streams: list[DecodeStream] | None = None
        self._prompt_seen = False

    def put(self, value: torch.Tensor) -> None:
        """Take the prompt first, then one id of each sequence at a time."""
        if not self._prompt_seen:
            self._prompt_seen = True
            return
        new = value.tolist()
        now = time.perf_counter_ns()
        self.at_ns.append(now)
        self.ids.append(new)
        for sequence, text in enumerate(self._decode(new)):
            self._meter.add_text(sequence, text, now)
        self._meter.add(len(new))

    def end(self) -> None:
        """Nothing is held back."""

    def _decode(self, new: list[int]) -> list[str]:
        if not self._with_text:
            return []
        if self._backend is None:
            return [self._tokenizer.decode([i]) for i in new]
        if self._streams is None:
            self._streams = [DecodeStream(skip_special_tokens=True) for _ in new]
        return [stream.step(self._backend, i) or "" for stream, i in zip(self._streams, new, strict=True)]


class Generate:
    """One request of `batch` prompts of exactly `seq` ids, `sequences` answers of `new` ids each.

    A prompt is a fresh passage of the shipped text followed by the user's own words, or by those of the
    cell's scenario, which also says how to sample. It is cut from the left. The end token is suppressed.
    The clock runs from the request to the last id; detokenizing is inside.
    """

    phase: Phase = "generate"
    request = True
    work: int | None

    def __init__(self, loaded: Loaded, cell: Cell, inputs: Inputs, meter: Meter,
                 tokenizer: PreTrainedTokenizerBase, text: str, prompt: str, sampling: Sampling) -> None:
        self._network, self._device, self._cell = loaded.network, loaded.device, cell
        self._inputs, self._meter, self._tokenizer = inputs, meter, tokenizer
        self._text, self._sampling = text, cell.sampling(sampling)
        self._prompt = SCENARIOS[cell.scenario].prompt if cell.scenario else prompt
        tokenizer.truncation_side = "left"
        self.work = cell.batch * cell.new * self._sampling.sequences
        self._settings = self._generation_config(loaded)
        self._requests: list[Request] = []

    def _generation_config(self, loaded: Loaded) -> GenerationConfig:
        sampling, config = self._sampling, loaded.network.config
        eos = getattr(config, "eos_token_id", None)
        chosen: dict[str, Any] = {"do_sample": False}
        if sampling.temperature > 0:
            chosen = {"do_sample": True, "temperature": sampling.temperature, "top_p": sampling.top_p,
                      "top_k": sampling.top_k}
        if self._cell.cache == "static":
            chosen["cache_implementation"] = "static"
        return GenerationConfig(
            **chosen, num_return_sequences=sampling.sequences, max_new_tokens=self._cell.new,
            min_new_tokens=self._cell.new, eos_token_id=eos, use_cache=True,
            pad_token_id=self._tokenizer.pad_token_id or 0, return_dict_in_generate=True)

    def prepare(self) -> None:
        """Pick a fresh passage for each prompt, long enough to fill the sequence length."""
        self._prompts = [self._passage() for _ in range(self._cell.batch)]

    def _passage(self) -> str:
        ending = f"\n\n{self._prompt}" if self._prompt else ""
        start = self._inputs.position(len(self._text))
        length = 4 * self._cell.seq
        while True:
            repeated = self._text[start:] + self._text * (1 + length // len(self._text))
            passage = repeated[:length] + ending
            # One spare id, so that cutting to the length never depends on how the passage begins.
            if self._ids_in(passage) > self._cell.seq:
                return passage
            length *= 2

    def _ids_in(self, passage: str) -> int:
        return len(self._tokenizer(passage, truncation=False, verbose=False)["input_ids"])

    def _encode(self, prompts: list[str]) -> BatchEncoding:
        return self._tokenizer(prompts, truncation=True, max_length=self._cell.seq, return_tensors="pt")

    @torch.inference_mode()
    def run(self, watch: Stopwatch) -> Block:
        """Answer one request."""
        watch.start()
        request_ns = time.perf_counter_ns()
        encoded = self._encode(self._prompts)
        listener, output = self._answer(encoded)
        block = watch.stop()
        self._last = Request(request_ns, encoded["input_ids"], listener, output.sequences)
        self._held = memory.cache_bytes(output)
        return Block(self._last.seconds, block.device_seconds, {})

    def _answer(self, encoded: BatchEncoding) -> tuple[Listener, Any]:
        listener = Listener(self._tokenizer, self._meter, text=self.request)
        return listener, self._network.generate(
            encoded["input_ids"].to(self._device), attention_mask=encoded["attention_mask"].to(self._device),
            generation_config=self._settings, streamer=listener)

    def finish(self) -> dict[str, Any]:
        """Count the new ids in the output itself and check that the parts add up."""
        last, cell = self._last, self._cell
        self._inputs.note(last.prompt_ids)
        if tuple(last.prompt_ids.shape) != (cell.batch, cell.seq):
            raise checks.NotTrustworthy(f"the prompt has {last.prompt_ids.shape[1]} ids, not {cell.seq}")
        last.check(cell.batch * self._sampling.sequences, cell.seq, cell.new)
        self._requests.append(last)
        return {"ttft_ms": last.ttft_s * 1e3, "token_ns": [t - last.request_ns for t in last.at_ns]}

    def summary(self) -> dict[str, Any]:
        """Return TTFT, gaps between tokens with the percentiles that n supports, TPOT, end-to-end seconds."""
        if not self._requests:
            return {}
        requests = self._requests
        gaps_ms = np.concatenate([r.gaps_ms for r in requests])
        ttft_s = float(np.median([r.ttft_s for r in requests]))
        itl: dict[str, Any] = {"n": len(gaps_ms)}
        if len(gaps_ms):
            itl |= {"p50": float(np.median(gaps_ms)), "max": float(gaps_ms.max())}
            itl |= {f"p{p:g}": percentile(gaps_ms, p) for p in (90.0, 95.0, 99.0)}
        tpot_ms = float(np.median([r.gaps_ms.mean() for r in requests])) if len(gaps_ms) else None
        streams = self._cell.batch * self._sampling.sequences
        return {
            "ttft_ms": ttft_s * 1e3, "itl_ms": itl, "tpot_ms": tpot_ms,
            "e2e_s": float(np.median([r.seconds for r in requests])),
            "decode_tok_s": streams * 1e3 / tpot_ms if tpot_ms else None,
            "decode_tok_s_per_sequence": 1e3 / tpot_ms if tpot_ms else None,
            "sequences": self._sampling.sequences, "sampling": msgspec.to_builtins(self._sampling),
            "held": {"kv_cache": self._held},
        }

    def reset(self) -> None:
        """Forget the warm-up's requests."""
        self._requests.clear()


class Request:
    """Times and ids of one answered request."""

    def __init__(self, request_ns: int, prompt_ids: torch.Tensor, listener: Listener, output: torch.Tensor) -> None:
        self.request_ns, self.prompt_ids, self.at_ns = request_ns, prompt_ids, listener.at_ns
        self._heard, self._output = listener.ids, output
        self.seconds = (self.at_ns[-1] - request_ns) / 1e9
        self.ttft_s = (self.at_ns[0] - request_ns) / 1e9
        self.gaps_ms = np.diff(np.array(self.at_ns)) / 1e6

    def check(self, sequences: int, prompt: int, new: int) -> None:
        """Raise NotTrustworthy unless tensor, listener and request agree on the number and the time of ids."""
        expected = (sequences, prompt + new)
        if tuple(self._output.shape) != expected:
            raise checks.NotTrustworthy(f"the output has shape {tuple(self._output.shape)}, not {expected}")
        if torch.tensor(self._heard).T.tolist() != self._output[:, prompt:].tolist():
            raise checks.NotTrustworthy("the streamed ids are not the ids in the output")
        parts = self.ttft_s + float(self.gaps_ms.sum()) / 1e3
        if self.ttft_s <= 0 or abs(parts / self.seconds - 1) > SUM_TOLERANCE:
            raise checks.NotTrustworthy("first token and gaps do not add up to the request")
        self._heard, self._output = [], torch.empty(0)
