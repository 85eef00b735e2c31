"""Sizes as a config.json states them; what it states is never trusted to be a number."""

from typing import Any

from llmscope.core.errors import ModelRefused


def stated(config: dict[str, Any], key: str) -> int | None:
    """Return a whole number, None where the config does not give one."""
    value = config.get(key)
    return value if type(value) is int else None


def size(config: dict[str, Any], key: str, default: int | None = None) -> int:
    """Return a size, or its default where it is null or absent; raises `ModelRefused` where there is none."""
    value = config.get(key)
    if value is None and default is not None:
        return default
    if type(value) is not int or value < 1:
        raise unusable(config, key)
    return value


def unusable(config: dict[str, Any], key: str) -> ModelRefused:
    """Return the refusal of a model whose config gives no such value, or not one that can be."""
    return ModelRefused(f"config.json of this {config['model_type']} model gives no usable {key}: "
                        "copy or download it again.")
