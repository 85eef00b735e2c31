"""Sizes as a config.json states them; what it states is never trusted to be a number."""

from typing import Any

from llmscope.core.errors import ModelRefused

#: No size of a model is larger; without a limit, figures could have thousands of digits.
_MOST = 2**40


def stated(config: dict[str, Any], key: str) -> int | None:
    """Return a whole number from 0 on, None where the config does not give one."""
    value = config.get(key)
    return value if type(value) is int and 0 <= value <= _MOST else None


def size(config: dict[str, Any], key: str, default: int | None = None) -> int:
    """Return a size, or its default where it is null or absent; raises `ModelRefused` where there is none."""
    value = config.get(key)
    if value is None and default is not None:
        return default
    if type(value) is not int or not 1 <= value <= _MOST:
        raise unusable(config, key)
    return value


def indices(config: dict[str, Any], key: str, count: int) -> frozenset[int] | None:
    """Return which of so many layers a config lists, None where it lists none; raises `ModelRefused`."""
    value = config.get(key)
    if value is None:
        return None
    if not isinstance(value, list) or len(value) > count or not all(type(index) is int for index in value):
        raise unusable(config, key)
    return frozenset(value)


def unusable(config: dict[str, Any], key: str) -> ModelRefused:
    """Return the refusal of a model whose config gives no such value, or not one that can be."""
    return ModelRefused(f"config.json of this {config['model_type']} model gives no usable {key}: "
                        "copy or download it again.")
