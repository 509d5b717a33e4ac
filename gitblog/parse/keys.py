"""The keys of front matter: gitblog's own names, the other generators' names for the same, and near misses.

Case does not count, and "-" is "_": `publishDate`, `Date` and `header-img` are found as they are written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

# Our name first; then Hugo's, Jekyll's, Pelican's, Nikola's and dev.to's, all folded.
SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "title": ("title",),
    "date": ("date",),
    "publish_date": ("publishdate", "pubdate", "publish_date"),
    "updated": ("updated", "lastmod", "modified", "last_modified_at"),
    "expires": ("expires", "expirydate", "unpublishdate", "expiry_date"),
    "draft": ("draft",),
    "published": ("published",),
    "status": ("status",),
    "slug": ("slug",),
    "permalink": ("permalink", "url"),
    "aliases": ("aliases", "alias", "redirect_from"),
    "tags": ("tags", "tag"),
    "categories": ("categories", "category"),
    "series": ("series",),
    "authors": ("authors", "author", "by"),
    "description": ("description", "summary", "excerpt", "subtitle"),
    "image": ("image", "cover", "cover_image", "header_img", "previewimage", "featured_image"),
    "lang": ("lang", "language"),
    "toc": ("toc", "showtoc"),
    "noindex": ("noindex",),
    "unlisted": ("unlisted", "hidden"),
    "canonical_url": ("canonical_url", "canonical", "canonicalurl"),
    "markdown": ("markdown",),
}
VISIBILITY_KEYS = ("draft", "published", "status", "expires")

# Keys that mean something to other generators and themes and nothing here: never a warning.
_FOREIGN = frozenset(
    [
        "build",
        "bundle",
        "cascade",
        "comment",
        "comments",
        "cssclass",
        "data",
        "eleventyexcludefromcollections",
        "enclosure",
        "excerpt_separator",
        "featured",
        "feed_id",
        "fileimage",
        "filters",
        "format",
        "has_math",
        "header",
        "headless",
        "icon",
        "id",
        "images",
        "intro",
        "iscjklanguage",
        "js",
        "keywords",
        "kind",
        "label",
        "layout",
        "license",
        "link",
        "linktitle",
        "markup",
        "math",
        "mathjax",
        "menu",
        "menus",
        "meta",
        "method",
        "name",
        "nav",
        "nav_order",
        "note",
        "number",
        "options",
        "order",
        "outputs",
        "page",
        "pagination",
        "params",
        "parent",
        "path",
        "pin",
        "pinned",
        "place",
        "position",
        "post",
        "previewimage_alt",
        "priority",
        "private",
        "project",
        "rating",
        "redirect_to",
        "refactor",
        "resources",
        "rights",
        "robots",
        "save_as",
        "section",
        "share",
        "sidebar",
        "site",
        "sitemap",
        "skip",
        "sort",
        "source",
        "style",
        "tagline",
        "template",
        "templateengineoverride",
        "theme",
        "thumb",
        "thumbnail",
        "topic",
        "translation",
        "translationkey",
        "translations",
        "type",
        "version",
        "video",
        "videos",
        "weight",
        "word_count",
    ]
)
_CANONICAL: Mapping[str, str] = {spelling: name for name, names in SYNONYMS.items() for spelling in names}


def fold(key: str) -> str:
    """Bring a key to the form in which it is looked up; invisible characters around it do not count."""
    return key.strip(" \t\u00a0\u200b\u200c\u200d\u2060\ufeff").casefold().replace("-", "_")


def canonical(key: str) -> str | None:
    """Give our name of a key as an author wrote it, None for a key that is not ours."""
    return _CANONICAL.get(fold(key))


@lru_cache(maxsize=4096)
def near_miss(key: str) -> str | None:
    """Give the known key that an unknown one was probably meant to be; None for other people's keys."""
    folded = fold(key)
    if folded in _CANONICAL or folded in _FOREIGN:
        return None
    return nearest(folded, tuple(_CANONICAL))


def nearest(word: str, known: Sequence[str]) -> str | None:
    """Give the known word within one edit of a short word, or two of a longer one; the first of equals."""
    limit = 1 if len(word) <= 5 else 2
    best, best_distance = None, limit + 1
    for candidate in known:
        if abs(len(candidate) - len(word)) < best_distance and len(candidate) > 2:
            distance = _edit_distance(word, candidate)
            if distance < best_distance:
                best, best_distance = candidate, distance
    return best


def _edit_distance(left: str, right: str) -> int:
    """Count insertions, deletions, replacements and swaps of neighbours (optimal string alignment)."""
    before: list[int] = []
    previous = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        current = [i]
        for j, b in enumerate(right, 1):
            cost = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        before, previous = previous, current
    return previous[-1]
