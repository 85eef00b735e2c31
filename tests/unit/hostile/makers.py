"""Bad files of every kind, by name: what is written, and what the one line about it says.

Whatever could run code would write the file `canary` into the current folder.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from llmscope import paths
from tests.unit.models.folders import TINY, TINY_PARAMETERS, safetensors, write_folder

EVIL = "from pathlib import Path\nPath('canary').write_text('executed')\n"
GB = 10**9


def hostile_folder(folder: Path, config: dict[str, Any] = TINY) -> Path:
    """Write a model folder beside whose files lies code that must not run."""
    write_folder(folder, config)
    (folder / "modeling_evil.py").write_text(EVIL)
    (folder / "custom_generate").mkdir()
    (folder / "custom_generate" / "generate.py").write_text(EVIL)
    return folder


def nested(depth: int, key: str = "a") -> str:
    """Return JSON of objects in objects."""
    return f'{{"{key}":' * depth + "1" + "}" * depth


#: Changes of a config.json that is otherwise in order → what its refusal says.
CONFIG_CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "internal key": ({"_attn_implementation_internal": "evil/kernel"}, "only a harmful file"),
    "internal key in a part": ({"text_config": {"_experts_implementation_internal": "evil/x"}}, "only a harmful file"),
    "layers 10^15": ({"num_hidden_layers": 10**15}, "num_hidden_layers"),
    "layers 0": ({"num_hidden_layers": 0}, "num_hidden_layers"),
    "layers text": ({"num_hidden_layers": "two"}, "num_hidden_layers"),
    "layers true": ({"num_hidden_layers": True}, "num_hidden_layers"),
    "layers list": ({"num_hidden_layers": [[2]]}, "num_hidden_layers"),
    "hidden fraction": ({"hidden_size": 8.5}, "hidden_size"),
    "hidden infinite": ({"hidden_size": float("inf")}, "hidden_size"),
    "hidden not a number": ({"hidden_size": float("nan")}, "NaN"),
    "hidden negative": ({"hidden_size": -8}, "hidden_size"),
    "hidden object": ({"hidden_size": {"a": 1}}, "hidden_size"),
    "vocab 0": ({"vocab_size": 0}, "vocab_size"),
    "vocab negative": ({"vocab_size": -1}, "vocab_size"),
    "vocab 10^12": ({"vocab_size": 10**12}, "vocab_size"),
    "positions 2^60": ({"max_position_embeddings": 2**60}, "max_position_embeddings"),
    "experts 10^9": ({"num_local_experts": 10**9}, "num_local_experts"),
    "sizes in a part": ({"text_config": {"hidden_size": 10**12}}, "hidden_size"),
    "sizes in a part of a part": ({"a": {"b": {"intermediate_size": -5}}}, "intermediate_size"),
    "heads uneven": ({"num_attention_heads": 3, "num_key_value_heads": 1, "head_dim": None}, "3 heads"),
    "key-value heads uneven": ({"num_attention_heads": 4, "num_key_value_heads": 3}, "3 key-value heads"),
    "rope factor 1e308": ({"rope_scaling": {"rope_type": "linear", "factor": 1e308}}, "factor in rope_scaling"),
    "rope factor text": ({"rope_scaling": {"rope_type": "linear", "factor": "8"}}, "factor in rope_scaling"),
    "rope factor 0": ({"rope_parameters": {"rope_type": "linear", "factor": 0}}, "factor in rope_parameters"),
    "rope type a path": ({"rope_scaling": {"rope_type": "../../evil"}}, "rope_type in rope_scaling"),
    "rope text": ({"rope_scaling": "evil"}, "rope_scaling"),
    "rope theta negative": ({"rope_theta": -1}, "rope_theta"),
    "rope code": ({"rope_scaling": {"long_factor": ["__import__('os')"]}}, "long_factor"),
    "layer types too few": ({"layer_types": ["full_attention"]}, "1 layer_types for 2 layers"),
    "layer types numbers": ({"layer_types": [1, 2]}, "layer_types"),
    "kind a path": ({"model_type": "../../evil"}, "is no name"),
    "kind absolute": ({"model_type": "/tmp/evil"}, "is no name"),
    "kind dots": ({"model_type": ".."}, "is no name"),
    "kind two lines": ({"model_type": "llama\nevil"}, "is no name"),
    "kind a list": ({"model_type": ["llama"]}, "no model_type"),
    "no classes": ({"architectures": "LlamaForCausalLM"}, "no architectures"),
    "no writer": ({"architectures": ["EvilModel"]}, "only models that write text"),
    "quantised": ({"quantization_config": {"quant_method": "evil"}}, "quantised"),
    "10^15 weights of an unknown family": (
        {"model_type": "other", "hidden_size": 10**6, "intermediate_size": 10**7, "num_hidden_layers": 1000,
         "num_attention_heads": 1, "num_key_value_heads": 1}, "describes at least"),
    "10^15 weights in a part": (
        {"model_type": "other", "text_config": {"hidden_size": 10**6, "num_hidden_layers": 1000}}, "at least"),
}
#: Whole contents of a config.json → what its refusal says.
CONFIG_CONTENTS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "not valid JSON"),
    "Python": (EVIL.encode(), "not valid JSON"),
    "pickle": (b"cos\nsystem\n(S'touch canary'\ntR.", "not valid JSON"),
    "YAML": (b"!!python/object/apply:os.system ['touch canary']", "not valid JSON"),
    "byte order mark": (b"\xef\xbb\xbf" + json.dumps(TINY).encode(), "not valid JSON"),
    "UTF-16": (json.dumps(TINY).encode("utf-16"), "not valid JSON"),
    "Latin-1": ('{"model_type": "é"}'.encode("latin-1"), "not valid JSON"),
    "cut off": (json.dumps(TINY).encode()[:-9], "not valid JSON"),
    "a number of 5,000 digits": (b'{"vocab_size": ' + b"9" * 5000 + b"}", "not valid JSON"),
    "a list": (b"[1, 2]", "not a JSON object"),
    "a text": (b'"evil"', "not a JSON object"),
    "a key twice": (json.dumps(TINY).encode()[:-1] + b', "hidden_size": 9}', "'hidden_size' twice"),
    "300,000 lists in lists": (b"[" * 300_000, "nested too deeply"),
    "30 objects in objects": (nested(30).encode(), "nested too deeply"),
    "over a megabyte": (json.dumps(TINY).encode().ljust(1_000_001), "larger than 1 MB"),
}
#: Values that are left out with a note, and the test goes on: changes of a config → the keys.
CONFIG_LEFT_OUT: dict[str, tuple[dict[str, Any], str]] = {
    "auto_map": ({"auto_map": {"AutoModelForCausalLM": "modeling_evil.Evil"}}, "auto_map"),
    "auto_map in a part": ({"text_config": {"auto_map": {"AutoConfig": "modeling_evil.Evil"}}}, "auto_map"),
    "remote code": ({"trust_remote_code": True}, "trust_remote_code"),
    "kernel from a hub": ({"attn_implementation": "evil/kernel"}, "attn_implementation"),
    "kernels on": ({"use_kernels": True}, "use_kernels"),
    "kernel config": ({"kernel_config": {"RMSNorm": "evil/kernel:Evil"}}, "kernel_config"),
    "own generate": ({"custom_generate": "evil/generate"}, "custom_generate"),
    "own weight file": ({"transformers_weights": "../../evil.bin"}, "transformers_weights"),
    "dtype unknown": ({"torch_dtype": "evil"}, "torch_dtype"),
    "dtype a function": ({"dtype": "load"}, "dtype"),
    "end id outside": ({"eos_token_id": 32}, "eos_token_id"),
    "end id huge": ({"eos_token_id": 10**30}, "eos_token_id"),
    "pad id negative": ({"pad_token_id": -1}, "pad_token_id"),
    "first id a text": ({"bos_token_id": "<s>"}, "bos_token_id"),
}


def _sparse(size: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with path.open("wb") as file:
            file.truncate(size)
    return make


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


#: Something else in the place of a file → made so.
NO_FILES: dict[str, Callable[[Path], None]] = {
    "folder": Path.mkdir, "loop of links": _loop, "pipe": lambda path: os.mkfifo(path, 0o600),
    "device": lambda path: path.symlink_to("/dev/zero"), "1 GB": _sparse(GB), "100 GB": _sparse(100 * GB),
}


def index(**change: Any) -> bytes:
    """Return the index of `write_shards`, changed."""
    return json.dumps({"weight_map": {"a": "model-00001-of-00002.safetensors",
                                      "b": "model-00002-of-00002.safetensors"}, **change}).encode()


_FIRST, _SECOND = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
PART_NAMES = {
    "parent": "../model.safetensors", "absolute": "/etc/model.safetensors", "folder": "sub/model.safetensors",
    "Windows parent": "..\\model.safetensors", "drive": "C:\\model.safetensors", "drive only": "C:model.safetensors",
    "UNC": "\\\\host\\share\\model.safetensors", "stream": "model.safetensors:x.safetensors",
    "reserved name": "CON.safetensors", "zero byte": "model.safetensors\0", "line break": "model.safetensors\n",
    "pickle": "pytorch_model.bin", "empty name": "", "home": "~/model.safetensors", "URL": "https://evil/x.safetensors",
}
#: Whole contents of an index → what its refusal says.
INDEXES: dict[str, tuple[bytes, str]] = {
    **{f"name: {key}": (index(weight_map={"a": name}), "not a plain .safetensors file name")
       for key, name in PART_NAMES.items()},
    "not JSON": (b"{", "not valid JSON"),
    "a tensor twice": (b'{"weight_map": {"a": "x.safetensors", "a": "y.safetensors"}}', "'a' twice"),
    "no map": (b"{}", "no weight_map"),
    "map a list": (index(weight_map=["a"]), "no weight_map"),
    "number for a name": (index(weight_map={"a": 1}), "not a plain"),
    "a missing part": (index(weight_map={"a": "model-00003-of-00003.safetensors"}), "is missing"),
    "wrong part": (index(weight_map={"a": _SECOND, "b": _FIRST}), "does not hold it"),
    "tensor that is nowhere": (index(weight_map={"a": _FIRST, "b": _SECOND, "c": _SECOND}), "does not hold it"),
    "two lines in a tensor's name": (index(weight_map={"a": _FIRST, "b\nc": _SECOND}), "does not hold it"),
}

_ONE = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


def header(entries: Any, data: bytes = bytes(8)) -> bytes:
    """Return a safetensors file with that header."""
    text = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    return len(text).to_bytes(8, "little") + text + data


#: Whole contents of model.safetensors → what its refusal says.
HEADERS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "truncated"),
    "three bytes": (b"abc", "truncated"),
    "random bytes": (bytes(range(7, 250)), "not a safetensors file"),
    "pickle": (b"\x80\x04cos\nsystem\n(S'touch canary'\ntR.", "not a safetensors file"),
    "zip": (b"PK\x03\x04" + bytes(100), "not a safetensors file"),
    "length 2^63": ((2**63).to_bytes(8, "little") + bytes(99), "not a safetensors file"),
    "length beyond the file": ((999).to_bytes(8, "little") + b"{}", "truncated"),
    "long header": (header(b"{" + b" " * 1_500_000), "too long"),
    "not JSON": (header(b"{'a'"), "not JSON"),
    "deep": (header(nested(100_000).encode()), "not JSON"),
    "name twice": (header(b'{"a": 1, "a": 2}'), "twice"),
    "entry a number": (header({"a": 1}), "does not describe"),
    "extra field": (header({"a": {**_ONE, "code": EVIL}}), "does not describe"),
    "dtype unknown": (header({"a": {**_ONE, "dtype": "EVIL"}}), "unknown dtype"),
    "shape negative": (header({"a": {**_ONE, "shape": [-2]}}), "impossible shape"),
    "shape overflows": (header({"a": {**_ONE, "shape": [2**62, 4]}}), "impossible shape"),
    "shape of 100,000 dimensions": (header({"a": {**_ONE, "shape": [1] * 100_000}}), "impossible shape"),
    "offsets overflow": (header({"a": {**_ONE, "data_offsets": [2**64, 2**64 + 8]}}), "impossible offsets"),
    "offsets backwards": (header({"a": {**_ONE, "data_offsets": [8, 0]}}), "another size"),
    "size wrong": (header({"a": {**_ONE, "shape": [3]}}), "another size"),
    "overlap": (header({"a": _ONE, "b": _ONE}), "overlap"),
    "hole": (header({"a": {**_ONE, "data_offsets": [4, 12]}}, bytes(12)), "hole"),
    "truncated": (header({"a": _ONE}, bytes(7)), "truncated"),
    "trailing bytes": (header({"a": _ONE}, bytes(9)), "after its last tensor"),
    "metadata a text": (header({"__metadata__": "evil", "a": _ONE}), "__metadata__"),
    "metadata not texts": (header({"__metadata__": {"a": [1]}, "a": _ONE}), "__metadata__"),
    "tensors far fewer than described": (
        safetensors({"all": ("BF16", [TINY_PARAMETERS // 100])}), "describes at least"),
}


def _tokenizer() -> dict[str, Any]:
    return dict(json.loads((paths.resources() / "bundled_model" / "tokenizer.json").read_text("utf-8")))


def _model(**change: Any) -> dict[str, Any]:
    return {"model": _tokenizer()["model"] | change}


def _split(pattern: str) -> dict[str, Any]:
    return {"pre_tokenizer": {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}}


def _normalizer(kind: str, **settings: Any) -> dict[str, Any]:
    return {"normalizer": {"type": kind, **settings}}


def _repeated(**step: Any) -> dict[str, Any]:
    return _normalizer("Sequence", normalizers=[step] * 1000)


_DEEP = '{"type":"Sequence","normalizers":[' * 100_000 + "]}" * 100_000
_ADDED = _tokenizer()["added_tokens"][0]
#: Changes of the bundled tokenizer.json, or its whole content → what its refusal says.
TOKENIZERS: dict[str, tuple[dict[str, Any] | bytes, str]] = {
    "empty": (b"", "cannot be used"),
    "not JSON": (b'{"version": "1.0", "model": {"type": "BPE"', "cannot be used"),
    "pickle": (b"cos\nsystem\n(S'touch canary'\ntR.", "cannot be used"),
    "a list": (b"[]", "cannot be used"),
    "future version": ({"version": "99.0"}, "version"),
    "no model": ({"model": None}, "cannot be used"),
    "unknown model": ({"model": {"type": "Evil"}}, "cannot be used"),
    "charsmap null panics": (_normalizer("Precompiled", precompiled_charsmap=None), "cannot be used"),
    "charsmap short panics": (_normalizer("Precompiled", precompiled_charsmap="AAAA"), "cannot be used"),
    "charsmap aborts the process": (_normalizer("Precompiled", precompiled_charsmap="/////w=="), "crash"),
    "100,000 sequences in sequences": (
        json.dumps(_tokenizer() | {"normalizer": "@"}).replace('"@"', _DEEP).encode(), "cannot be used"),
    "pattern without end": (_split(r"(a|aa|[^a])+(?<=\x00)$"), "took longer than 1 s"),
    "pattern not one": (_split("(("), "cannot be used"),
    "text that grows without end": (
        _repeated(type="Replace", pattern={"String": "e"}, content="ee"), "needed more than"),
    "a word before everything": (_repeated(type="Prepend", prepend="x" * 1000), "ids of"),
    "ids as texts": (_model(vocab={"a": "1"}, merges=[]), "cannot be used"),
    "ids negative": (_model(vocab={"a": -1}, merges=[]), "cannot be used"),
    "ids too large": (_model(vocab={"a": 2**40}, merges=[]), "cannot be used"),
    "no words": (_model(vocab={}, merges=[]), "cannot be used"),
    "one id for all": (_model(vocab=dict.fromkeys(_tokenizer()["model"]["vocab"], 0)), "cannot be used"),
    "words a list": (_model(vocab=[]), "cannot be used"),
    "merges of nothing": (_model(merges=[["nope", "never"]]), "cannot be used"),
    "bytes without a fallback": (
        {"model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "[UNK]"}}, "cannot be used"),
    "unknown id outside": ({"model": {"type": "Unigram", "unk_id": 9, "vocab": [["a", -1.0]]}}, "cannot be used"),
    "added id 10^18": ({"added_tokens": [{**_ADDED, "id": 10**18}]}, "cannot be used"),
    "added tokens a text": ({"added_tokens": "evil"}, "cannot be used"),
    "template without its token panics": ({"post_processor": {
        "type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "X", "type_id": 0}}], "pair": [],
        "special_tokens": {}}}, "cannot be used"),
}


def tokenizer_bytes(change: dict[str, Any] | bytes) -> bytes:
    """Return the content of a bad tokenizer.json."""
    return change if isinstance(change, bytes) else json.dumps(_tokenizer() | change).encode()


#: Contents of tokenizer_config.json that are refused, and what the line says.
TOKENIZER_SETTINGS: dict[str, tuple[bytes, str]] = {
    "not JSON": (b"{", "not valid JSON"),
    "a list": (b"[]", "not a JSON object"),
    "deep": (nested(30).encode(), "nested too deeply"),
    "a key twice": (b'{"eos_token": "a", "eos_token": "b"}', "twice"),
}
#: Contents that do no harm: what is of no use in them has no effect.
TOKENIZER_SETTINGS_INERT: dict[str, dict[str, Any]] = {
    "code": {"auto_map": {"AutoTokenizer": ["modeling_evil.Evil", None]}, "trust_remote_code": True},
    "unknown class": {"tokenizer_class": "EvilTokenizer"},
    "class a path": {"tokenizer_class": "../../evil.py"},
    "another backend": {"backend": "evil", "tokenizer_file": "/etc/passwd", "vocab_file": "../../evil"},
    "length huge": {"model_max_length": 10**30},
    "length a text": {"model_max_length": "evil"},
    "end a list": {"eos_token": ["</s>"]},
    "end unknown": {"eos_token": "<never seen>"},
    "end nested": {"eos_token": {"content": {"content": "x"}}},
    "template a number": {"chat_template": 7},
    "template without a default": {"chat_template": [{"name": "evil", "template": "{{ 1 }}"}]},
    "added tokens nonsense": {"added_tokens_decoder": {"-5": {"content": 7}}},
    "switch a text": {"add_bos_token": "yes"},
}

_CALL = "popen('touch canary').read()"
#: Chat templates → what the line about them says.
TEMPLATES: dict[str, tuple[str, str]] = {
    "class of a text": ("{{ ''.__class__.__mro__ }}", "unsafe"),
    "class by item": ("{{ ''['__class__']['__mro__'] }}", "unsafe"),
    "all classes": ("{% for c in ''.__class__.__mro__[1].__subclasses__() %}{{ c() }}{% endfor %}", "unsafe"),
    "class by format": ("{{ '{0.__class__.__mro__}'.format(messages) }}", "unsafe"),
    "globals of cycler": ("{{ cycler.__init__.__globals__.os." + _CALL + " }}", "cannot be used"),
    "globals of lipsum": ("{{ lipsum.__globals__['os']." + _CALL + " }}", "cannot be used"),
    "globals of a function": ("{{ raise_exception.__globals__['json'].codecs.open('canary', 'w') }}", "unsafe"),
    "globals of itself": ("{{ self.__init__.__globals__.os." + _CALL + " }}", "unsafe"),
    "import": ("{% import 'os' as os %}{{ os." + _CALL + " }}", "no loader"),
    "include": ("{% include '/etc/passwd' %}", "no loader"),
    "extends": ("{% extends '/etc/passwd' %}", "no loader"),
    "underscore variable": ("{% set n = namespace() %}{% set n.__class__ = 1 %}", "no name for a variable"),
    "changes the messages": ("{{ messages.append(1) }}", "unsafe"),
    "range 10^12": ("{% for i in range(10**12) %}{% endfor %}", "Range too big"),
    "loop in a loop": ("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "longer than"),
    "macro of itself": ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "recursion"),
    "30,000 brackets": ("{{ " + "(" * 30_000 + "1" + ")" * 30_000 + " }}", "recursion"),
    "1 GB text": ("{{ 'x' * 1000000000 }}", "memory"),
    "1 GB of a message": ("{{ messages[0].content * 1000000000 }}", "memory"),
    "2 GB wide": ("{{ 'a'|center(2000000000) }}", "memory"),
    "format of 1 GB": ("{{ '%1000000000d' % 1 }}", "memory"),
    "doubles 60 times": ("{% set n = namespace(s='xxxxxxxxxxxxxxxx') %}{% for i in range(60) %}"
                         "{% set n.s = n.s ~ n.s %}{% endfor %}", "memory"),
    "endless output": ("{% for i in range(99999) %}{{ 'aaaaaaaaaaaaaaaaaaaa' }}{% endfor %}", "1,000,000 characters"),
    "syntax": ("{% for m in messages %}", "Unexpected end"),
    "undefined": ("{{ nothing.at.all }}", "undefined"),
    "raises two lines": ("{{ raise_exception('no\nsystem') }}", "(no)"),
    "zero": ("{{ 1 / 0 }}", "division by zero"),
    "64 KB": ("x" * 65_537, "longer than 64 KB"),
}


def count() -> int:
    """Return how many distinct bad files there are here, by place and content."""
    changed = {("config", json.dumps(TINY | change)) for change, _ in (*CONFIG_CHANGES.values(),
                                                                       *CONFIG_LEFT_OUT.values())}
    whole = {(place, content) for place, table in (("config", CONFIG_CONTENTS), ("index", INDEXES),
                                                   ("weights", HEADERS), ("template", TEMPLATES),
                                                   ("tokenizer_config", TOKENIZER_SETTINGS))
             for content, _ in table.values()}
    tokenizers = {("tokenizer", tokenizer_bytes(change)) for change, _ in TOKENIZERS.values()}
    return len(changed | whole | tokenizers) + len(NO_FILES) + len(TOKENIZER_SETTINGS_INERT)
