"""Text and file names to parts of an address: lower case, in Unicode's composed form (NFC or NFKC)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from slugify import slugify

_FORBIDDEN = re.compile(r"[\s/\\?#%.]+")


@lru_cache(maxsize=4096)
def slug_from_text(text: str) -> str:
    """Make a slug of a title, tag or category: letters of every script and digits, joined by "-".

    "" where nothing of the kind is in it.
    """
    return slugify(text, entities=False, decimal=False, hexadecimal=False, allow_unicode=True)


@lru_cache(maxsize=4096)
def slug_from_name(name: str) -> str:
    """Make a slug of a file's or folder's name: `My Post.md` without its extension is "my-post".

    "_" and "." stay, since people use them on purpose (`v1.2`). Never empty: a name without letters and
    digits stays as it is where an address can hold it ("🎉"), and becomes its bytes in hexadecimal where not.
    """
    slug = slugify(
        name,
        entities=False,
        decimal=False,
        hexadecimal=False,
        allow_unicode=True,
        regex_pattern=r"[^-_.\w]+",
    ).strip(".-")
    if slug:
        return slug
    bare = _FORBIDDEN.sub("-", unicodedata.normalize("NFC", name)).strip("-")
    if bare and bare.isprintable():
        return bare
    return name.encode("utf-8", "surrogatepass").hex()
