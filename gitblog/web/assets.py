"""Files: the author's, as they are, and the theme's.

A file's type follows from its extension by the table below and nothing else: no guess from its bytes, no
table of the machine it runs on. What a browser would run as a document is sent with a sandbox.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

from gitblog.index.queries import Snapshot
from gitblog.index.views import ServedFile
from gitblog.web import headers
from gitblog.web.answers import Answer

UNKNOWN: Final = "application/octet-stream"

_TEXT = "; charset=utf-8"
TYPES: Final = {
    "": UNKNOWN,
    "7z": "application/x-7z-compressed",
    "aac": "audio/aac",
    "apng": "image/apng",
    "asc": "text/plain" + _TEXT,
    "atom": "application/atom+xml",
    "avif": "image/avif",
    "bib": "text/plain" + _TEXT,
    "bmp": "image/bmp",
    "bz2": "application/x-bzip2",
    "c": "text/plain" + _TEXT,
    "css": "text/css" + _TEXT,
    "csv": "text/csv" + _TEXT,
    "diff": "text/plain" + _TEXT,
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "epub": "application/epub+zip",
    "flac": "audio/flac",
    "gif": "image/gif",
    "go": "text/plain" + _TEXT,
    "gpx": "application/gpx+xml",
    "gz": "application/gzip",
    "htm": "text/html" + _TEXT,
    "html": "text/html" + _TEXT,
    "ico": "image/x-icon",
    "ics": "text/calendar" + _TEXT,
    "ipynb": "application/json",
    "jfif": "image/jpeg",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "js": "text/javascript" + _TEXT,
    "json": "application/json",
    "jxl": "image/jxl",
    "log": "text/plain" + _TEXT,
    "m4a": "audio/mp4",
    "m4v": "video/mp4",
    "markdown": "text/markdown" + _TEXT,
    "md": "text/markdown" + _TEXT,
    "mjs": "text/javascript" + _TEXT,
    "mov": "video/quicktime",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "oga": "audio/ogg",
    "ogg": "audio/ogg",
    "ogv": "video/ogg",
    "opus": "audio/ogg",
    "otf": "font/otf",
    "patch": "text/plain" + _TEXT,
    "pdf": "application/pdf",
    "png": "image/png",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "ps": "application/postscript",
    "pub": "text/plain" + _TEXT,
    "py": "text/plain" + _TEXT,
    "rs": "text/plain" + _TEXT,
    "rss": "application/rss+xml",
    "sh": "text/plain" + _TEXT,
    "sql": "text/plain" + _TEXT,
    "svg": "image/svg+xml",
    "tar": "application/x-tar",
    "tex": "text/plain" + _TEXT,
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "toml": "text/plain" + _TEXT,
    "tsv": "text/tab-separated-values" + _TEXT,
    "ttf": "font/ttf",
    "txt": "text/plain" + _TEXT,
    "vcf": "text/vcard" + _TEXT,
    "vtt": "text/vtt" + _TEXT,
    "wasm": "application/wasm",
    "wav": "audio/wav",
    "weba": "audio/webm",
    "webm": "video/webm",
    "webmanifest": "application/manifest+json",
    "webp": "image/webp",
    "woff": "font/woff",
    "woff2": "font/woff2",
    "xhtml": "application/xhtml+xml",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml",
    "xsl": "application/xml",
    "xz": "application/x-xz",
    "yaml": "text/plain" + _TEXT,
    "yml": "text/plain" + _TEXT,
    "zip": "application/zip",
    "zst": "application/zstd",
}
"""Every extension that has a type, in lower case."""


def type_of(path: str) -> str:
    """Give the media type of a file by its extension; an unknown one is bytes, to be saved."""
    extension = PurePosixPath(path).suffix.removeprefix(".").lower()
    return TYPES.get(extension, UNKNOWN)


def runs_script(media_type: str) -> bool:
    """Say whether a browser that opens the type would run what is in it: HTML, SVG, every other XML."""
    essence = media_type.partition(";")[0]
    return essence in {"text/html", "application/xml", "text/xml"} or essence.endswith("+xml")


def policy_of(media_type: str) -> str:
    """Give the Content-Security-Policy that a file of the type is sent with."""
    return headers.SANDBOX_POLICY if runs_script(media_type) else headers.PAGE_POLICY


def file_answer(snapshot: Snapshot, file: ServedFile, *, with_body: bool) -> Answer:
    """Give a file as it is at the snapshot; its tag is its blob id, so equal bytes have equal tags.

    Without the body nothing is read: HEAD and "not modified" of a large picture cost one small query.
    """
    media_type = type_of(file.path)
    return Answer(
        status=200,
        body=snapshot.file_bytes(file.blob_id) if with_body else b"",
        etag=blob_tag(file),
        media_type=media_type,
        policy=policy_of(media_type),
        accepts_ranges=True,
        size=None if with_body else file.size,
    )


def blob_tag(file: ServedFile) -> str:
    """Give the entity tag of a file."""
    return f'"{file.blob_id}"'
