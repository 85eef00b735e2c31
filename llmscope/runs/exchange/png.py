"""A text inside a PNG, chunk by chunk; the picture itself is neither decoded nor changed.

The format: https://www.w3.org/TR/png-3/#11iTXt. A chunk is its length, its type, its data, and the CRC of both.
"""

import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: Chunks of a picture: far more than any has, and few enough to be gone through at once.
CHUNKS_LIMIT = 100_000
_END = b"IEND"
#: Keyword, compressed (1) with zlib (0), no language, no keyword in that language.
_HEAD = b"llmscope-runs\0" + b"\1\0" + b"\0" + b"\0"
_LEVEL = 6


class DamagedPicture(ValueError):
    """What is wrong with a PNG, as the second half of a sentence."""


def with_text(png: bytes, text: bytes) -> bytes:
    """Return the PNG with a UTF-8 text compressed in an iTXt chunk before its end, in the place of an older one."""
    before, end = bytearray(SIGNATURE), b""
    for kind, data, whole in _chunks(png):
        if kind == _END:
            end = whole
        elif not _is_ours(kind, data):
            before += whole
    return bytes(before) + _chunk(b"iTXt", _HEAD + zlib.compress(text, _LEVEL)) + end


def text_of(png: bytes, limit_bytes: int) -> bytes | None:
    """Return the text, None where the picture has none; raises DamagedPicture, also for more than the limit."""
    for kind, data, whole in _chunks(png):
        if _is_ours(kind, data):
            if zlib.crc32(whole[4:-4]) != int.from_bytes(whole[-4:], "big"):
                raise DamagedPicture("its runs are damaged: the checksum does not fit")
            return _unpacked(data[len(_HEAD):], limit_bytes)
    return None


def _unpacked(data: bytes, limit_bytes: int) -> bytes:
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(data, limit_bytes + 1)
    except zlib.error as error:
        raise DamagedPicture("its runs are damaged and cannot be unpacked") from error
    if len(text) > limit_bytes:
        raise DamagedPicture(f"its runs are larger than {limit_bytes // 10**6} MB")
    if not unpacking.eof or unpacking.unused_data:
        raise DamagedPicture("its runs are damaged: they do not end where they should")
    return text


def _is_ours(kind: bytes, data: bytes) -> bool:
    return kind == b"iTXt" and data.startswith(_HEAD)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield type, data and all bytes of each chunk up to the end; what follows it is no part of the picture."""
    if not png.startswith(SIGNATURE):
        raise DamagedPicture("it is not a PNG")
    at = len(SIGNATURE)
    for _ in range(CHUNKS_LIMIT):
        length, kind = int.from_bytes(png[at:at + 4], "big"), png[at + 4:at + 8]
        after = at + 12 + length
        if after > len(png) or at + 12 > len(png):
            raise DamagedPicture("it is cut off")
        yield kind, png[at + 8:after - 4], png[at:after]
        if kind == _END:
            return
        at = after
    raise DamagedPicture("it has more parts than a picture can have")
