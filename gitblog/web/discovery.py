"""What search engines and other sites read in the head of a page: schema.org's data as JSON-LD.

A data block is never run, so the page's policy needs no exception for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from markupsafe import Markup

from gitblog.index.views import Article
from gitblog.web.theme import iso

# "<" would end a data block in the middle of a title; whatever is not ASCII is an escape already.
_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&"}
_CONTEXT = "https://schema.org"


@dataclass(frozen=True, slots=True)
class Described:
    """What a page says of itself to machines. `url` and `image` are absolute, "" where they are not known."""

    url: str
    image: str
    structured: Markup


def post_data(
    article: Article, authors: tuple[Mapping[str, str], ...], urls: tuple[str, str], zone: ZoneInfo
) -> Markup:
    """Describe a post; `urls` are those of the post and of its picture, `authors` have "name" and perhaps "url"."""
    listed = article.listed
    url, image = urls
    data: dict[str, object] = {
        "@context": _CONTEXT,
        "@type": "BlogPosting",
        "headline": listed.title,
        "datePublished": iso(listed.published, zone),
        "dateModified": iso(listed.updated, zone),
        "wordCount": listed.word_count,
        "author": [{"@type": "Person", **author} for author in authors],
    }
    optional = {
        "description": listed.description,
        "inLanguage": article.language,
        "keywords": ", ".join(tag.name for tag in listed.tags),
        "url": url,
        "mainEntityOfPage": url,
        "image": image,
    }
    return _block(data | {name: value for name, value in optional.items() if value})


def breadcrumbs(steps: tuple[tuple[str, str], ...]) -> Markup:
    """Describe the way to a page: (name, absolute address) from the site's top on."""
    items = [
        {"@type": "ListItem", "position": number, "name": name, "item": url}
        for number, (name, url) in enumerate(steps, 1)
    ]
    return _block({"@context": _CONTEXT, "@type": "BreadcrumbList", "itemListElement": items})


def _block(data: Mapping[str, object]) -> Markup:
    text = json.dumps(data, sort_keys=True).translate(_ESCAPES)
    return Markup(f'<script type="application/ld+json">{text}</script>\n')  # noqa: S704 - escaped on the line above
