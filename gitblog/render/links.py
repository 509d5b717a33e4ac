"""Links of authors: where they lead, and the neutral tokens that stand for addresses inside the site.

A token is the value of one `href` or `src`: `gitblog:TARGET?QUERY#FRAGMENT`, each part percent-encoded.
It holds no address, so that moving a post renders nothing again.
Only a real attribute of a real tag can be a token: text cannot hold a raw "<" and a value no raw quote.
The pass replaces every address that the author wrote; `drop_foreign_tokens` empties what it did not issue.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from urllib.parse import quote, unquote

SCHEME = "gitblog"
KEPT_SCHEMES = frozenset({"http", "https", "mailto"})
MAX_TARGET_BYTES = 1024

# What browsers ignore in an address (WHATWG URL: tab and newlines), and controls that no address needs.
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_TOKEN = re.compile(
    r'(<[a-z][a-z0-9]*(?: [a-z-]+="[^"]*")*? (?:href|src)=")'
    r'(gitblog:(?P<target>[^"?#]*)(?:\?(?P<query>[^"#]*))?(?:#(?P<fragment>[^"]*))?)(?=")'
)

# Names of the browser's objects that an `id` could stand for (DOM clobbering), and ids that themes use.
_RESERVED_IDS = frozenset(
    {"alert", "all", "body", "children", "content", "cookie", "document", "domain", "footer", "form"}
    | {"forms", "frames", "head", "header", "history", "images", "links", "location", "main", "menu"}
    | {"name", "nav", "navigation", "navigator", "open", "opener", "origin", "parent", "plugins"}
    | {"print", "prototype", "screen", "scripts", "scroll", "search", "self", "status", "stop", "toc"}
    | {"top", "url", "window"}
)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a link leads: `href` is what to write, `target` is "" outside the site.

    `complaint` says why the link is dropped; "" where it is kept.
    """

    href: str = ""
    target: str = ""
    fragment: str = ""
    complaint: str = ""


def read_destination(written: str, source: str) -> Destination:
    """Understand an address as `source` (the document's path) wrote it, entities decoded."""
    address = _CONTROL.sub("", written).strip()
    if address.startswith("#"):
        return Destination(href=f"#{safe_id(address[1:])}")
    scheme = _SCHEME.match(address)
    if scheme:
        if scheme[1].lower() in KEPT_SCHEMES:
            return Destination(href=address)
        return Destination(complaint=f"links of the kind {scheme[1].lower()[:20]}: are not published")
    rest, _, fragment = address.partition("#")
    path, _, query = rest.partition("?")
    if path.replace("\\", "/").startswith("//"):
        return Destination(href="https:" + address.replace("\\", "/"))
    # Browsers read a backslash as a slash; an engine may have encoded it.
    return _inside(unquote(path).replace("\\", "/"), unquote(query), safe_id(unquote(fragment)), source)


def _inside(path: str, query: str, fragment: str, source: str) -> Destination:
    target = _normalised(path, source)
    if target is None:
        return Destination(complaint="it leads out of the site's folder")
    if len(target.encode(errors="replace")) > MAX_TARGET_BYTES or _CONTROL.search(target):
        return Destination(complaint=f"it is longer than {MAX_TARGET_BYTES} bytes or holds control characters")
    return Destination(make_token(target, query, fragment), target, fragment)


def _normalised(path: str, source: str) -> str | None:
    """Give the path under the site's root, or an address where `path` starts with "/"; None outside."""
    if not path:
        return source
    segments = [] if path.startswith("/") else source.split("/")[:-1]
    for segment in path.split("/"):
        if segment == "..":
            if not segments:
                return None
            segments.pop()
        elif segment not in ("", "."):
            segments.append(segment)
    if not segments:
        return "/"
    if not path.startswith("/"):
        return "/".join(segments)
    return "/" + "/".join(segments) + ("/" if path.endswith("/") else "")


def make_token(target: str, query: str = "", fragment: str = "") -> str:
    """Give the token for a target (a path, or an address that starts with "/")."""
    token = f"{SCHEME}:{quote(target, safe='/', errors='replace')}"
    if query:
        token += f"?{quote(query, safe='', errors='replace')}"
    return f"{token}#{quote(fragment, safe='', errors='replace')}" if fragment else token


def safe_id(name: str) -> str:
    """Give the id by which a heading is known: as it is, unless it could stand for an object of the page."""
    return f"section-{name}" if name.lower() in _RESERVED_IDS else name


def fill_links(text: str, resolve: Callable[[str, str], str]) -> str:
    """Replace each token of sanitised HTML by the escaped address that `resolve(target, fragment)` gives.

    The author's query is put before the address's fragment.
    """

    def fill(match: re.Match[str]) -> str:
        address = resolve(unquote(match["target"]), unquote(match["fragment"] or ""))
        if match["query"]:
            path, mark, fragment = address.partition("#")
            joint = "&" if "?" in path else "?"
            address = f"{path}{joint}{quote(unquote(match['query']), safe=_QUERY_SAFE)}{mark}{fragment}"
        return match[1] + html.escape(address, quote=True)

    return _TOKEN.sub(fill, text)


# RFC 3986, section 3.4: what a query may hold unencoded, without "%", "#" and quotes.
_QUERY_SAFE = "/?:@!$&()*+,;=-._~"


def link_targets(text: str) -> tuple[str, ...]:
    """Give the distinct targets of the tokens in sanitised HTML, in the order of their first use."""
    return tuple(dict.fromkeys(unquote(match["target"]) for match in _TOKEN.finditer(text)))


def drop_foreign_tokens(text: str, issued: Collection[str]) -> str:
    """Empty every token that the pass did not issue: two HTML parsers may read hostile markup differently."""
    return _TOKEN.sub(lambda match: match[0] if html.unescape(match[2]) in issued else match[1], text)


def tokens_in(text: str) -> frozenset[str]:
    """Give the tokens of sanitised HTML as they were issued."""
    return frozenset(match[2] for match in _TOKEN.finditer(text))
