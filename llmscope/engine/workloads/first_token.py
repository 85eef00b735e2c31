"""`ttft`: from the request to its first new id, and what the time went to."""

import time
from bisect import bisect_left
from typing import Any

import msgspec
import torch
from transformers import PreTrainedTokenizerBase

from llmscope.core.events import Phase
from llmscope.core.spec import Cell, Sampling
from llmscope.engine import memory
from llmscope.engine.backends.eager import Loaded
from llmscope.engine.inputs import Inputs
from llmscope.engine.meter import Meter
from llmscope.engine.templates import vetted
from llmscope.engine.timers import Block, Stopwatch
from llmscope.engine.workloads.generation import Generate, Request
from llmscope.engine.workloads.phases import Phases


class FirstToken(Generate):
    """One request for a single new id; the value is the time until it is there.

    A template that fails when it is tried out is not used, and the row says why.

    The passages are the user's message in the model's chat template, where the tokenizer has one. They are
    as long as makes the prompt `seq` ids; what is still too long is cut from the left.
    """

    phase: Phase = "first token"
    request = False

    def __init__(self, loaded: Loaded, cell: Cell, inputs: Inputs, meter: Meter,
                 tokenizer: PreTrainedTokenizerBase, text: str, prompt: str, sampling: Sampling) -> None:
        one = msgspec.structs.replace(cell, new=1)
        super().__init__(loaded, one, inputs, meter, tokenizer, text, prompt, sampling)
        self.work = None
        tokens = {name: found for name in ("bos_token", "eos_token") if (found := getattr(tokenizer, name, None))}
        samples = tuple(({"role": "user", "content": words},) for words in ("", super()._passage()))
        self._template = vetted(getattr(tokenizer, "chat_template", None), tokens, samples=samples)
        self._has_template = self._template.source is not None
        self._phases = Phases()

    def _passage(self) -> str:
        passage = super()._passage()
        if not self._has_template:
            return passage
        # The template adds ids of its own: leave out so much of the beginning that they have room.
        left_out = bisect_left(range(len(passage)), True,
                               key=lambda at: self._ids_in(self._templated(passage[at:])) < self._cell.seq) - 1
        return passage[max(0, left_out):]

    def _templated(self, passage: str) -> str:
        return self._template.render([{"role": "user", "content": passage}])

    @torch.inference_mode()
    def run(self, watch: Stopwatch) -> Block:
        """Ask for one id."""
        watch.start()
        request_ns = time.perf_counter_ns()
        prompts = [self._templated(passage) for passage in self._prompts]
        templated_ns = time.perf_counter_ns()
        encoded = self._encode(prompts)
        tokenized_ns = time.perf_counter_ns()
        listener, output = self._answer(encoded)
        block = watch.stop()
        self._last = Request(request_ns, encoded["input_ids"], listener, output.sequences)
        self._held = memory.cache_bytes(output)
        ends_ns = {"template": templated_ns, "tokenize": tokenized_ns, "prefill+sample": listener.at_ns[0]}
        begins_ns = (request_ns, templated_ns, tokenized_ns)
        self._block = Block(self._last.seconds, block.device_seconds, {
            name: (end - begin) / 1e9 for (name, end), begin in zip(ends_ns.items(), begins_ns, strict=True)})
        return self._block

    def finish(self) -> dict[str, Any]:
        """Count the ids, and check that the parts are the whole."""
        return super().finish() | self._phases.keep(self._block)

    def summary(self) -> dict[str, Any]:
        """Return the median seconds of each part, whether there is a template, and the cache's bytes."""
        about = self._phases.summary()
        if not about:
            return {}
        used = self._template.reason or self._has_template
        return about | {"chat_template": used, "held": {"kv_cache": self._held}}

    def reset(self) -> None:
        """Forget the warm-up's requests."""
        super().reset()
        self._phases.reset()
