"""Inputs of the tests: seeded, fresh for every sample, drawn outside the timed region unless data is timed."""

import hashlib

import torch
from transformers import PreTrainedTokenizerBase

#: Shorter inputs meet again by chance; only from this many ids on does a repeat betray a reused input.
UNIQUE_FROM = 16
#: Random numbers drawn for a larger block, which repeats them: 8 MiB.
DRAWN = 1024**2
_last_ids: dict[bytes, torch.Tensor] = {}


def text_ids(tokenizer: PreTrainedTokenizerBase, text: str) -> torch.Tensor:
    """Return the ids of a text, int64; the last are kept, as the tests of a run ask for the same again and again."""
    key = hashlib.sha256(f"{tokenizer.backend_tokenizer.to_str()}{text}".encode()).digest()
    if key not in _last_ids:
        _last_ids.clear()
        _last_ids[key] = torch.tensor(tokenizer(text, truncation=False, verbose=False)["input_ids"])
    return _last_ids[key]


class Inputs:
    """Draws ids and windows of text for one cell; the same seed gives the same inputs.

    Ids come from below `vocab`, without the `special` ones. `repeated` tells whether any input noted
    was seen before.
    """

    def __init__(self, seed: int, vocab: int, special: frozenset[int] = frozenset()) -> None:
        self._random = torch.Generator().manual_seed(seed % 2**63)
        self._ordinary = torch.tensor([i for i in range(vocab) if i not in special])
        self._seen: set[bytes] = set()
        self.repeated = False

    def ids(self, batch: int, length: int) -> torch.Tensor:
        """Return ids of shape (batch, length), int64, uniform over the vocabulary's ordinary ids."""
        return self._ordinary[torch.randint(len(self._ordinary), (batch, length), generator=self._random)]

    def windows(self, ids: torch.Tensor, batch: int, length: int) -> torch.Tensor:
        """Return (batch, length) windows that start anywhere in a text's ids; the text wraps at its end."""
        starts = torch.randint(len(ids), (batch,), generator=self._random)
        return ids[(starts[:, None] + torch.arange(length)) % len(ids)]

    def normal(self, *shape: int) -> torch.Tensor:
        """Return normally distributed float32 numbers."""
        return torch.randn(*shape, generator=self._random)

    def bits(self, count: int) -> torch.Tensor:
        """Return so many random int64 numbers; beyond 8 MiB they repeat, which no memory or bus takes note of."""
        drawn = torch.randint(-2**63, 2**63 - 1, (min(count, DRAWN),), generator=self._random)
        return drawn if count == len(drawn) else drawn.repeat(-(-count // len(drawn)))[:count]

    def position(self, length: int) -> int:
        """Return a random place in something of that length."""
        return int(torch.randint(length, (1,), generator=self._random))

    def note(self, drawn: torch.Tensor) -> None:
        """Remember an input by its hash, to notice a repeat; never call it while timing."""
        digest = hashlib.blake2b(drawn.cpu().numpy().tobytes(), digest_size=16).digest()
        self.repeated |= drawn.numel() >= UNIQUE_FROM and digest in self._seen
        self._seen.add(digest)
