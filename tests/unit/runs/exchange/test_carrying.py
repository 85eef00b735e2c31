"""Bundles and pictures: what was put in comes out bit for bit, and what is no such thing is refused in one line."""

import hashlib
import json
import os
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope import paths
from llmscope.core.errors import BadInput
from llmscope.core.spec import Cell
from llmscope.runs import owner, store
from llmscope.runs.exchange import arrival, bundle, pictures, png
from llmscope.runs.exchange.arrival import ORIGIN, read_origin
from llmscope.runs.exchange.importing import import_path
from tests.unit.runs.exchange import files
from tests.unit.runs.stored import write_run

#: Letters that are awkward in JSON, in UTF-8, and in names of folders.
TEXTS = "aB1_-.\"\\/\n\0\x7fé€😀"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "here")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != ORIGIN}


def saved(file: Path, *folders: Path) -> Path:
    file.write_bytes(pictures.carry(files.png(), folders)[0])
    return file


def test_a_picture_brings_its_run_back_bit_for_bit(run: Path, tmp_path: Path) -> None:
    picture, there = saved(tmp_path / "a.png", run), tmp_path / "there"
    arrived = import_path(picture, there)
    assert [(a.run, a.is_new, a.notes) for a in arrived] == [(run.name, True, ())]
    assert contents(there / run.name) == contents(run) and list(contents(run)) != []
    assert store.read_run(there / run.name).rows == store.read_run(run).rows
    origin = read_origin(there / run.name)
    assert origin is not None and (origin.file, origin.kind) == ("a.png", "picture")
    assert origin.sha256 == hashlib.sha256(picture.read_bytes()).hexdigest() and read_origin(run) is None
    assert [path.name for path in there.iterdir()] == [run.name]


@given(st.dictionaries(st.sampled_from(bundle.FILES), st.binary(max_size=300) | st.text(TEXTS).map(str.encode)))
def test_any_bytes_survive_text_and_picture(contents: dict[str, bytes]) -> None:
    packed = bundle.Packed("r1", {name: bundle._file(content) for name, content in contents.items()})
    text = bundle.encode(bundle.Bundle("llmscope-runs", 1, "llmscope", (packed,)))
    again = png.text_of(png.with_text(files.png((b"tEXt", b"Title\0x")), text), bundle.LIMIT_BYTES)
    assert again == text
    if store.MANIFEST in contents:
        assert {name: f.content for name, f in bundle.unpack(text).runs[0].files.items()} == contents


@given(st.binary(max_size=200), st.integers(0, 200), st.integers(0, 255))
def test_a_picture_keeps_every_other_chunk_and_a_changed_byte_never_passes(
        data: bytes, at: int, byte: int) -> None:
    before = files.png((b"tEXt", b"Title\0" + data))
    with_text = png.with_text(before, b"text")
    assert with_text.startswith(before[:-12]) and with_text.endswith(before[-12:])
    assert png.with_text(with_text, b"text") == with_text
    start = len(before) - 12
    where = start + at % (len(with_text) - 12 - start)
    changed = with_text[:where] + bytes([byte]) + with_text[where + 1:]
    try:
        found = png.text_of(changed, 100)
    except png.DamagedPicture:
        assert changed != with_text
    else:
        assert found == (b"text" if changed == with_text else None)


def test_a_run_that_is_there_is_said_and_one_of_its_name_gets_another(run: Path, tmp_path: Path) -> None:
    picture = saved(tmp_path / "a.png", run)
    assert [a.is_new for a in import_path(picture, run.parent)] == [False]
    assert len(list(run.parent.iterdir())) == 1 and read_origin(run) is None
    with (run / store.EVENTS).open("ab") as file:
        file.write(b"\n")
    new, = import_path(picture, run.parent)
    assert (new.run, new.is_new) == (f"{run.name}-2", True) and "other content" in new.notes[0]
    again, = import_path(picture, run.parent)
    assert (again.run, again.is_new) == (f"{run.name}-2", False)


def test_a_reference_is_there_already_and_another_run_of_its_name_does_not_hide_it(tmp_path: Path) -> None:
    reference, there = write_run(paths.sample_runs_folder()), tmp_path / "there"
    picture = saved(tmp_path / "a.png", reference)
    assert [(a.run, a.is_new) for a in import_path(picture, there)] == [(reference.name, False)]
    assert not there.exists()
    with (reference / store.EVENTS).open("ab") as file:
        file.write(b"\n")
    assert [a.run for a in import_path(picture, there)] == [f"{reference.name}-2"]


def test_several_runs_travel_in_a_bundle_and_a_folder_as_it_is(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / "here", number) for number in range(3)]
    cut_off = write_run(tmp_path / "here", 3, status=None)
    (tmp_path / "b.json").write_bytes(bundle.encode(bundle.pack([*runs, cut_off])))
    arrived = import_path(tmp_path / "b.json", tmp_path / "there")
    assert [a.run for a in arrived] == [folder.name for folder in (*runs, cut_off)]
    assert store.read_run(tmp_path / "there" / cut_off.name).status == "interrupted"
    (tmp_path / "usb").mkdir()
    moved = runs[0].rename(tmp_path / "usb" / runs[0].name)
    assert [a.is_new for a in import_path(moved, tmp_path / "here")] == [True]
    assert contents(tmp_path / "here" / moved.name) == contents(moved)


def test_what_an_import_that_was_cut_off_left_goes_with_the_next(run: Path, tmp_path: Path) -> None:
    left, other = tmp_path / "there" / ".importing-1", tmp_path / "there" / ".importing-2"
    left.mkdir(parents=True)
    other.mkdir()
    os.utime(left, (0, 0))
    assert import_path(run, tmp_path / "there")[0].is_new
    assert not left.exists() and other.exists()


def test_a_disk_that_refuses_is_said_and_leaves_nothing(
        run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(arrival, "write_atomically", refuse)
    with pytest.raises(BadInput, match=r"cannot be written to .*No space left"):
        import_path(run, tmp_path / "there")
    assert not list((tmp_path / "there").iterdir())


def test_events_that_are_too_large_are_left_out_and_that_is_said(
        run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "PICTURE_EVENTS_BYTES", 10)
    content, lacking = pictures.carry(files.png(), [run])
    assert lacking == f"run {run.name} goes without events.jsonl: too large, 0 MB"
    (tmp_path / "a.png").write_bytes(content)
    arrived, = import_path(tmp_path / "a.png", tmp_path / "there")
    assert "came without events.jsonl (too large" in arrived.notes[0]
    there = tmp_path / "there" / arrived.run
    assert not (there / store.EVENTS).exists() and len(store.read_run(there).rows) == 2
    assert "events.jsonl" in read_origin(there).left_out  # type: ignore[union-attr]


def test_a_run_that_goes_on_or_is_damaged_is_not_carried(run: Path) -> None:
    (run / store.RESULT).unlink()
    owner.claim(run)
    with pytest.raises(BadInput, match="goes on"):
        pictures.carry(files.png(), [run])
    owner.release(run)
    (run / store.MANIFEST).write_bytes(b"{")
    with pytest.raises(BadInput, match="no readable run"):
        pictures.carry(files.png(), [run])


def changed(**change: Any) -> bytes:
    file = {"sha256": hashlib.sha256(b"{}").hexdigest(), "text": "{}"}
    packed = {"name": "r1", "files": {"manifest.json": file}, **change}
    return json.dumps({"format": "llmscope-runs", "schema": 1, "program": "x", "runs": [packed]}).encode()


def many(count: int) -> bytes:
    return json.dumps({"format": "llmscope-runs", "schema": 1, "program": "x",
                       "runs": [{"name": f"r{n}", "files": {}} for n in range(count)]}).encode()


ONE = {"sha256": hashlib.sha256(b"{}").hexdigest(), "text": "{}"}
BAD_BUNDLES: dict[str, tuple[bytes, str]] = {
    **{f"name {name!r}": (changed(name=name), "no plain name") for name in (
        "", "..", "../evil", "/etc", "a/b", "a\\b", "C:x", "CON", "nul", "a.", ".hidden", "a\nb", "é", "x" * 81)},
    "file up": (changed(files={"manifest.json": ONE, "../evil": ONE}), "other files"),
    "file of another name": (changed(files={"manifest.json": ONE, "running": ONE}), "other files"),
    "no plan": (changed(files={"events.jsonl": ONE}), "other files"),
    "wrong hash": (changed(files={"manifest.json": ONE | {"text": "{ }"}}), "was changed on its way"),
    "no content": (changed(files={"manifest.json": {"sha256": ONE["sha256"]}}), "was changed on its way"),
    "half a letter": (changed(files={"manifest.json": ONE | {"text": "\ud800"}}), "damaged"),
    "plan that is none": (changed(), "cannot be read"),
    "no runs": (many(0), "0 runs"), "thousands of runs": (many(5000), "5,000 runs"),
    "newer": (many(1).replace(b'"schema": 1', b'"schema": 2'), "A newer llmscope"),
    "runs a text": (b'{"format":"llmscope-runs","schema":1,"program":"x","runs":"x"}', "damaged"),
    "a million lists deep": (b'{"format":"llmscope-runs","x":' + b"[" * 10**6, "damaged"),
    "cut off": (many(1)[:-9], "damaged"),
}


@pytest.mark.parametrize(("content", "said"), BAD_BUNDLES.values(), ids=BAD_BUNDLES)
@pytest.mark.parametrize("kind", ["json", "png"])
def test_a_bad_bundle_is_refused_in_one_line_and_leaves_nothing(
        tmp_path: Path, content: bytes, said: str, kind: str) -> None:
    file = tmp_path / f"evil.{kind}"
    file.write_bytes(content if kind == "json" else files.png((b"iTXt", files.runs_chunk(content))))
    with pytest.raises(BadInput) as caught:
        import_path(file, tmp_path / "there")
    line = str(caught.value)
    assert line.startswith("evil.") and line.isprintable() and len(line) < 900
    assert said in line or (kind == "json" and said == "damaged")
    assert not list((tmp_path / "there").glob("*")) and {p.name for p in tmp_path.iterdir()} <= {file.name, "there"}


_HEAD = b"\x89PNG\r\n\x1a\n"
GOOD = files.png((b"iTXt", files.runs_chunk(b"{}")))
BAD_PICTURES: dict[str, tuple[bytes, str]] = {
    "stripped": (files.png(), "carries no runs"), "JPEG": (b"\xff\xd8\xff\xe0abc", "it is a JPEG"),
    "WebP": (b"RIFF1234WEBP", "it is a WebP"), "GIF": (b"GIF89a", "it is a GIF"),
    "no chunk": (_HEAD, "cut off"), "cut off": (GOOD[:-20], "cut off"), "no end": (files.png()[:-12], "cut off"),
    "chunk of 4 GB": (_HEAD + b"\xff\xff\xff\xffiTXt", "cut off"),
    "a million chunks": (_HEAD + files.chunk(b"tEXt", b"") * 10**6, "more parts"),
    "wrong checksum": (files.png((b"iTXt", files.runs_chunk(b"{}"))).replace(b"llmscope-runs\0\1\0\0\0x",
                                                                           b"llmscope-runs\0\1\0\0\0y"), "checksum"),
    "not packed": (files.png((b"iTXt", b"llmscope-runs\0\1\0\0\0{}")), "cannot be unpacked"),
    "more behind": (files.png((b"iTXt", files.runs_chunk(b"{}") + b"x")), "do not end"),
    "torn": (files.png((b"iTXt", files.runs_chunk(b"{}")[:-5])), "do not end"),
    "empty text": (files.png((b"iTXt", files.runs_chunk(b""))), "damaged"),
}


@pytest.mark.parametrize(("content", "said"), BAD_PICTURES.values(), ids=BAD_PICTURES)
def test_a_bad_picture_is_refused_in_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "evil.png").write_bytes(content)
    with pytest.raises(BadInput, match=said) as caught:
        import_path(tmp_path / "evil.png", tmp_path / "there")
    assert str(caught.value).isprintable() and not (tmp_path / "there").exists()


_IMPORT = """
import resource, sys
from pathlib import Path
from llmscope.core.errors import BadInput
from llmscope.core.spec import Cell
from llmscope.runs.exchange.importing import import_path
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    import_path(Path(sys.argv[1]), Path(sys.argv[1]).parent / "there")
except BadInput as refused:
    print(refused)
assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 250_000
"""


def _bomb() -> bytes:
    packing = zlib.compressobj(1)
    data = b"".join(packing.compress(bytes(10**6)) for _ in range(200)) + packing.flush()
    return files.png((b"iTXt", b"llmscope-runs\0\1\0\0\0" + data))


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10**11)


BOMBS: dict[str, tuple[Callable[[Path], object], str]] = {
    "200 MB in 1 MB": (lambda p: p.write_bytes(_bomb()), "larger than 64 MB"),
    "100 GB": (_sparse, "larger than 64 MB"),
    "200,000 runs": (lambda p: p.write_bytes(many(2 * 10**5)), "200,000 runs"),
    "2 million numbers": (lambda p: p.write_bytes(b"[" + b"1," * 2 * 10**6 + b"1]"), "2,000,001 results"),
}


@pytest.mark.skipif(sys.platform != "linux", reason="measures memory as Linux counts it")
@pytest.mark.parametrize(("make", "said"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_costs_neither_memory_nor_time(
        tmp_path: Path, make: Callable[[Path], object], said: str) -> None:
    make(tmp_path / "bomb")
    done = subprocess.run([sys.executable, "-c", _IMPORT, str(tmp_path / "bomb")], capture_output=True, text=True,
                          timeout=50, check=False)
    assert done.returncode == 0, done.stderr
    assert said in done.stdout and done.stdout.count("\n") == 1


@settings(max_examples=20)
@given(st.text(TEXTS, max_size=90))
def test_only_plain_names_become_folders(name: str) -> None:
    if bundle.is_plain(name):
        assert (Path("runs") / name).parent == Path("runs") and name.isascii() and "." not in name


@pytest.mark.parametrize(("model", "prompt", "found"), [
    ("bundled", "", ()), ("arch:gpt2", "  \n", ()), ("org/name", "", ()), ("bundled", "To be", ("prompt",)),
    ("/home/anna/model", "", ("folder",)), ("C:\\Users\\anna\\model", "x", ("prompt", "folder"))])
def test_what_is_a_persons_own_in_a_run_is_known(tmp_path: Path, model: str, prompt: str,
                                                 found: tuple[str, ...]) -> None:
    folder = write_run(tmp_path, cells=(Cell(model, "gen", "cpu", "float32"),))
    manifest = json.loads((folder / store.MANIFEST).read_bytes())
    manifest["started"]["spec"]["prompt"] = prompt
    (folder / store.MANIFEST).write_text(json.dumps(manifest))
    assert pictures.personal([folder, write_run(tmp_path, 1)]) == found
