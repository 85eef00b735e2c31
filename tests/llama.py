"""A Llama of two narrow layers with random weights, for tests that need a real model and not its words."""

import shutil
from pathlib import Path
from typing import Any

from llmscope import paths

CONFIG: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 4096, "hidden_size": 32,
    "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
    "max_position_embeddings": 256, "tie_word_embeddings": False, "bos_token_id": 0, "eos_token_id": 0,
}


def save_llama(folder: Path, config: dict[str, Any]) -> Path:
    """Make it a Hugging Face folder with float32 weights and the bundled tokenizer; returns the folder."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(AutoConfig.for_model(**config), dtype=torch.float32).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(paths.resources() / "bundled_model" / name, folder / name)
    return folder
