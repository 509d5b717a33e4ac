"""Bytes to text, whatever an author's editor wrote.

UTF-8 is expected; a byte order mark, UTF-16 with one, and single bytes of Windows' code page 1252 are
understood. Lines end in "\\n" afterwards, whatever they ended in before.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from gitblog.model import Problem, Severity

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# What `surrogateescape` makes of a byte that is not UTF-8, and the character that the byte is in cp1252.
_CP1252 = {0xDC00 + byte: bytes([byte]).decode("cp1252", "replace") for byte in range(0x80, 0x100)}


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text, or None where the bytes are none, and what the author should know."""

    text: str | None
    problems: tuple[Problem, ...] = ()


def decode(path: str, data: bytes) -> Decoded:
    """Decode a file's bytes; an error gives no text, a warning does."""
    if data.startswith(_UTF16_MARKS):
        decoded = _decode_utf16(path, data)
    else:
        decoded = _decode_utf8(path, data.removeprefix(codecs.BOM_UTF8))
    if decoded.text is None:
        return decoded
    text = decoded.text
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    nul = text.find("\0")
    if nul >= 0:
        line, column = position(text, nul)
        message = "the file holds a NUL character, so it is not text"
        hint = "save it as UTF-8 text, or give another kind of file another extension"
        return Decoded(None, (Problem(path, line, column, "encoding", message, hint),))
    return Decoded(text, decoded.problems)


def position(text: str, offset: int) -> tuple[int, int]:
    """Give line and column, both from 1, of an offset into text whose lines end in "\\n"."""
    start = text.rfind("\n", 0, offset) + 1
    return text.count("\n", 0, offset) + 1, offset - start + 1


def _decode_utf16(path: str, data: bytes) -> Decoded:
    hint = "save it as UTF-8"
    try:
        text = data.decode("utf-16")
    except UnicodeDecodeError as error:
        message = f"the file starts as UTF-16, but byte {error.start} is not"
        return Decoded(None, (Problem(path, 0, 0, "encoding", message, hint),))
    message = "the file is UTF-16; it was read as such"
    return Decoded(text, (Problem(path, 1, 1, "encoding", message, hint, Severity.WARNING),))


def _decode_utf8(path: str, data: bytes) -> Decoded:
    try:
        return Decoded(data.decode())
    except UnicodeDecodeError as error:
        before = data[: error.start].decode().replace("\r\n", "\n").replace("\r", "\n")
        line, column = position(before, len(before))
    # Byte by byte, so that one pasted Latin-1 character does not spoil the UTF-8 around it.
    text = data.decode("utf-8", "surrogateescape").translate(_CP1252)
    message = "the file is not UTF-8 here; it was read as Windows-1252"
    problem = Problem(path, line, column, "encoding", message, "save it as UTF-8", Severity.WARNING)
    return Decoded(text, (problem,))
