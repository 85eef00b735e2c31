"""Sizes of models that write no text: their parameters are known, their costs are not."""

from typing import Any

from llmscope.models.stated import size, stated


def encoder(config: dict[str, Any]) -> dict[str, Any] | None:
    """Return the sizes of a BERT with its head for masked words or of a ViT that classifies, else None."""
    make = {("bert", "BertForMaskedLM"): _bert, ("vit", "ViTForImageClassification"): _vit}
    classes = config.get("architectures") or [""]
    family = make.get((config["model_type"], classes[0]))
    return None if family is None else family(config)


def _layers(config: dict[str, Any], *, qkv_bias: bool) -> tuple[dict[str, Any], int]:
    """Return what both have in common, and the parameters of all layers: LayerNorms, biases, an MLP of two matrices."""
    layers, hidden, heads, ffn = (size(config, key) for key in (
        "num_hidden_layers", "hidden_size", "num_attention_heads", "intermediate_size"))
    biases = (4 if qkv_bias else 1) * hidden + ffn + hidden
    each = 4 * hidden * hidden + 2 * hidden * ffn + biases + 4 * hidden
    common = {"layers": layers, "hidden": hidden, "heads": heads, "kv_heads": heads, "head_dim": hidden // heads,
              "ffn": ffn}
    return common, layers * each


def _bert(config: dict[str, Any]) -> dict[str, Any]:
    common, parameters = _layers(config, qkv_bias=True)
    hidden, vocab, positions = common["hidden"], size(config, "vocab_size"), size(config, "max_position_embeddings")
    tables = (vocab + positions + size(config, "type_vocab_size", 2)) * hidden
    head = hidden * hidden + hidden + 2 * hidden + vocab
    return common | {"parameters": tables + 2 * hidden + parameters + head, "vocab": vocab, "max_positions": positions,
                     "tied": True}


def _vit(config: dict[str, Any]) -> dict[str, Any]:
    common, parameters = _layers(config, qkv_bias=bool(config.get("qkv_bias", True)))
    hidden, patch = common["hidden"], size(config, "patch_size")
    tokens = (size(config, "image_size") // patch) ** 2 + 1
    patches = size(config, "num_channels", 3) * patch * patch * hidden + hidden
    classes = stated(config, "num_labels") or 2
    head = hidden * classes + classes
    return common | {"parameters": patches + (tokens + 1) * hidden + parameters + 2 * hidden + head,
                     "max_positions": tokens}
