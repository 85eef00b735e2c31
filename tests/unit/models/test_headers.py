import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope.core.errors import ModelRefused
from llmscope.models.headers import Tensor, one_line, read_tensors
from tests.unit.models.folders import safetensors

WHOLE = safetensors({"a": ("F32", [2, 3]), "b": ("BF16", [4]), "empty": ("F32", [0, 5]), "scalar": ("I64", [])})
ONE = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


def raw(header: Any, data: bytes = bytes(8)) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def test_a_whole_file_gives_its_tensors(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(WHOLE)
    tensors = {tensor.name: tensor for tensor in read_tensors(path)}
    assert tensors["a"] == Tensor("a", "F32", (2, 3))
    assert {name: (t.elements, t.size_bytes) for name, t in tensors.items()} == {
        "a": (6, 24), "b": (4, 8), "empty": (0, 0), "scalar": (1, 8)}


def test_metadata_and_padding_are_allowed(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(raw(json.dumps({"__metadata__": {"format": "pt"}, "a": ONE}).encode() + b"   "))
    assert len(read_tensors(path)) == 1


def test_a_file_written_by_safetensors_is_read(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    writer = pytest.importorskip("safetensors.numpy")
    path = tmp_path / "model.safetensors"
    writer.save_file({"a": numpy.zeros((2, 3), "float32"), "b": numpy.zeros(5, "int8")}, path, {"format": "pt"})
    assert sorted((t.name, t.dtype, t.shape) for t in read_tensors(path)) == [("a", "F32", (2, 3)), ("b", "I8", (5,))]


@pytest.mark.parametrize(("content", "says"), [
    (b"", "truncated"),
    (b"\x01\x02", "truncated"),
    (WHOLE[:20], "truncated"),
    (WHOLE[:-1], "truncated: 1 bytes"),
    (WHOLE + b"\0", "1 bytes after its last tensor"),
    ((2**63).to_bytes(8, "little") + bytes(100), "not a safetensors file"),
    (bytes(range(1, 200)), "not a safetensors file"),
    ((1000).to_bytes(8, "little") + b"\x89PNG", "not a safetensors file"),
    ((1000).to_bytes(8, "little") + b'{"a": ', "truncated"),
    ((1_500_000).to_bytes(8, "little") + b"{" + b" " * 1_500_000, "header of 1,500,000 bytes"),
    (raw(b"{", b""), "not JSON"),
    (raw(b"{\xff\xfe", b""), "not JSON"),
    (raw(b"\xff\xfe", b""), "not a safetensors file"),
    (raw(b'{"a":' * 100_000, b""), "not JSON"),
    (raw(b"[]", b""), "not a safetensors file"),
    (raw(b'{"a": {"dtype": "F32", "dtype": "F64", "shape": [1], "data_offsets": [0, 8]}}'), "twice"),
    (raw({"a": 3}), "does not describe tensor 'a'"),
    (raw({"a": {"dtype": "F32", "shape": [2]}}), "does not describe tensor 'a'"),
    (raw({"a": {**ONE, "dtype": "F33"}}), "unknown dtype 'F33'"),
    (raw({"a": {**ONE, "dtype": ["F32"]}}), "unknown dtype"),
    (raw({"a": {**ONE, "shape": [-2]}}), "impossible shape"),
    (raw({"a": {**ONE, "shape": [2.0]}}), "impossible shape"),
    (raw({"a": {**ONE, "shape": [True, 2]}}), "impossible shape"),
    (raw({"a": {**ONE, "shape": [1] * 100_000}}), "impossible shape"),
    (raw({"a": {**ONE, "shape": [2**60, 2**60]}}), "impossible shape"),
    (raw({"a": {**ONE, "data_offsets": [0, 4]}}), "another size"),
    (raw({"a": {**ONE, "data_offsets": [8, 0]}}), "another size"),
    (raw({"a": {**ONE, "data_offsets": [0, 8, 9]}}), "impossible offsets"),
    (raw({"a": {**ONE, "data_offsets": ["0", 8]}}), "impossible offsets"),
    (raw({"a": {**ONE, "data_offsets": [4, 12]}}, bytes(12)), "a hole before tensor 'a'"),
    (raw({"a": ONE, "b": {**ONE, "data_offsets": [4, 12]}}, bytes(12)), "an overlap before tensor 'b'"),
    (raw({"a": ONE, "b": ONE}), "an overlap"),
])
def test_a_damaged_file_is_refused_in_one_line_that_names_it(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelRefused) as refusal:
        read_tensors(path)
    text = str(refusal.value)
    assert says in text and "model.safetensors" in text and text.endswith("copy or download it again.")
    assert text.isprintable()


def test_a_long_header_is_allowed_in_a_large_file(tmp_path: Path) -> None:
    path, size = tmp_path / "model.safetensors", 100_000_000
    text = json.dumps({"a": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode().ljust(1_900_000)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + size)
    assert read_tensors(path)[0].elements == size


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(WHOLE)
    calls = []

    def fstat(descriptor: int, real: Any = os.fstat) -> os.stat_result:
        calls.append(descriptor)
        if len(calls) == 2:
            path.write_bytes(WHOLE + b"more")
        return real(descriptor)

    monkeypatch.setattr("llmscope.models.headers.os.fstat", fstat)
    with pytest.raises(ModelRefused, match="changed while it was read"):
        read_tensors(path)


def test_a_folder_or_a_missing_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.safetensors"):
        with pytest.raises(ModelRefused, match="missing or not a file"):
            read_tensors(path)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_change_of_bytes_raises_anything_but_a_refusal(data: st.DataObject) -> None:
    content = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[:data.draw(st.integers(0, len(content)))] + data.draw(st.binary(max_size=3))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.safetensors")
        path.write_bytes(content)
        try:
            tensors = read_tensors(path)
        except ModelRefused as refusal:
            assert str(refusal).isprintable()
        else:
            header_bytes = int.from_bytes(content[:8], "little")
            assert 8 + header_bytes + sum(tensor.size_bytes for tensor in tensors) == len(content)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=8)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "b", "__metadata__"]), json_values | st.fixed_dictionaries(
    {"dtype": st.sampled_from(["F32", "U8"]) | json_values,
     "shape": st.lists(st.integers(-1, 3), max_size=3) | json_values,
     "data_offsets": st.lists(st.integers(-1, 30), min_size=2, max_size=2) | json_values}), max_size=3))
def test_no_header_raises_anything_but_a_refusal(header: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.safetensors")
        path.write_bytes(raw(header))
        try:
            tensors = read_tensors(path)
        except ModelRefused as refusal:
            assert str(refusal).isprintable()
        else:
            assert sum(tensor.size_bytes for tensor in tensors) == 8


@pytest.mark.parametrize("text", ["a\nb", "\x1b[31mred", "\ud800", "\u202egpj.exe"])
def test_foreign_text_cannot_break_a_line(text: str) -> None:
    assert one_line(text).isprintable() and "?" in one_line(text)


def test_long_foreign_text_is_cut_in_the_middle() -> None:
    assert one_line("a" * 5000).startswith("aaa") and len(one_line("a" * 5000)) < 300
