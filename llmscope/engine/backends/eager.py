"""The backend `eager`: plain transformers, nothing compiled, nothing quantised."""

import inspect
import os
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")

import torch
import transformers
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)

from llmscope.core.errors import BadInput, ModelRefused
from llmscope.engine import tokenizing
from llmscope.engine.backends import random_weights
from llmscope.models.catalog import Model, resolve
from llmscope.models.tokenizer_check import check_tokenizer

transformers.utils.logging.disable_progress_bar()
transformers.utils.logging.set_verbosity_error()


@dataclass
class Loaded:
    """A model on its device, ready for tests.

    `dirty` once a test changed its weights, `checkpointing` while its layers compute their activations again.
    `backend` names what runs it.
    """

    source: Model
    network: PreTrainedModel
    device: torch.device
    dtype: str
    dirty: bool = False
    checkpointing: bool = False
    backend: str = "eager"

    @property
    def vocab(self) -> int:
        """Number of ids the embedding table has."""
        return int(self.network.get_input_embeddings().weight.shape[0])

    @property
    def cache_name(self) -> str:
        """What the forward pass calls the cache it takes and gives."""
        takes = inspect.signature(self.network.forward).parameters
        return "cache_params" if "cache_params" in takes else "past_key_values"


    def __post_init__(self) -> None:
        self._own_attention = self.network.config._attn_implementation

    def take_attention(self, name: str) -> None:
        """Compute attention as named; `auto` is what transformers chose. Raises BadInput where the model cannot."""
        wanted = self._own_attention if name == "auto" else name
        if self.network.config._attn_implementation == wanted:
            return
        try:
            self.network.set_attn_implementation(wanted)
        except (ValueError, ImportError) as error:
            raise BadInput(f"{self.source.title} cannot compute attention as {name}: choose auto.") from error


def load(source: Model, device: torch.device, dtype: str) -> Loaded:
    """Load a model onto a device; raises ModelRefused, or what torch raises when memory runs out."""
    return place(source, build(source, dtype, device), device, dtype)


def build(source: Model, dtype: str, device: torch.device) -> PreTrainedModel:
    """Return the network with its weights, which may still lie in the mapped files; random ones on the device.

    `arch:` models get random weights from their own initialiser, the same ones on every device.
    """
    config = model_config(source)
    if source.folder is not None:
        return _from_folder(source, config, dtype)
    return random_weights.build(config, device, getattr(torch, dtype))


def place(source: Model, network: PreTrainedModel, device: torch.device, dtype: str) -> Loaded:
    """Return the network with its weights in the device's own memory, ready for tests."""
    network = network.to(device)
    if source.folder is not None:
        _own_weights(network)
    network.generation_config = transformers.GenerationConfig()
    network.eval()
    return Loaded(source, network, device, dtype)


def model_config(source: Model) -> transformers.PretrainedConfig:
    """Return transformers' config of a model's checked, sanitised config.json; unknown types are refused."""
    fields = dict(source.config)
    kind = fields.pop("model_type")
    if kind not in transformers.CONFIG_MAPPING:
        raise ModelRefused(
            f"Model type '{kind}' is not known to transformers {transformers.__version__}: choose another model, "
            "or update transformers. Code inside a model folder is never run."
        )
    fields["use_cache"] = True  # a config that asks for none would have every step read the whole text again
    config = AutoConfig.for_model(kind, **fields)
    if type(config) not in transformers.AutoModelForCausalLM._model_mapping:
        raise ModelRefused(f"Model type '{kind}' does not write text: choose a causal language model.")
    return config


def _from_folder(source: Model, config: transformers.PretrainedConfig, dtype: str) -> PreTrainedModel:
    try:
        network, loading = AutoModelForCausalLM.from_pretrained(
            source.folder, config=config, dtype=getattr(torch, dtype), use_safetensors=True, local_files_only=True,
            trust_remote_code=False, output_loading_info=True)
    except (OSError, ValueError, KeyError) as error:
        raise ModelRefused(f"{source.title} cannot be loaded: {_first_line(error)}") from error
    for key, what in (("missing_keys", "missing"), ("mismatched_keys", "of the wrong shape")):
        if names := sorted(map(str, loading[key])):
            raise ModelRefused(
                f"{len(names)} weights of {source.title} are {what}, such as {names[0]}: "
                "the weight files do not belong to this config.json. Get the folder again.")
    return network


def _own_weights(network: PreTrainedModel) -> None:
    """Copy weights that still lie in the mapped file into memory of this process.

    On the CPU safetensors hands out views of the file: a load would otherwise end before the weights
    were read, the first passes would pay for it, and a file that shrinks would kill the process. What was converted
    to another dtype is torch's own already: a second copy would leave a hole as large as the weights.
    """
    for tensor in (*network.parameters(), *network.buffers()):
        if tensor.device.type == "cpu" and not tensor.untyped_storage().resizable():
            tensor.data = tensor.data.clone()


def tokenizer_of(source: Model) -> PreTrainedTokenizerBase:
    """Return the model's tokenizer, the bundled one for `arch:` models; raises ModelRefused with the reason.

    It is tokenizer.json as it stands, whatever class the settings beside it name; a special token counts only if it
    is in the vocabulary. Where no pad token is set, the end token stands in: tests never pad, but `generate` asks
    for one.
    """
    folder = source.folder or resolve("bundled").folder
    assert folder is not None
    files = check_tokenizer(Path(folder))
    try:
        backend = tokenizing.load(files.path, trusted=source.source != "local")
        special = {name: text for name, text in files.special_tokens.items() if backend.token_to_id(text) is not None}
        tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, **special, **files.switches)
    except (ModelRefused, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic inside tokenizers is not an Exception
        raise ModelRefused(
            f"The tokenizer of {source.title} cannot be read ({_first_line(error)}): choose pp or tg, "
            "which need none, or repair the folder.") from error
    tokenizer.chat_template = files.chat_template
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0][:200] if lines else type(error).__name__).rstrip(".")
