"""What templates see: frozen values, ready to be shown.

Link tokens become addresses here, with one question to the index for a whole page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote
from zoneinfo import ZoneInfo

from markupsafe import Markup

from gitblog.index.queries import Snapshot
from gitblog.index.views import Listed
from gitblog.model import MenuItem, SiteConfig
from gitblog.render.links import fill_links, link_targets
from gitblog.web.answers import Answer, answer, quoted
from gitblog.web.hosts import NOWHERE
from gitblog.web.theme import Theme


@dataclass(frozen=True, slots=True)
class Site:
    """The frame of every page. `home` is the site's top ("/" or "/b/"), `origin` "" while none is set."""

    title: str
    tagline: str
    description: str
    language: str
    footer: str
    home: str
    origin: str
    zone: ZoneInfo
    menu: tuple[MenuItem, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A post in a listing; `summary` is its excerpt with its links filled."""

    listed: Listed
    summary: Markup


@dataclass(frozen=True, slots=True)
class Pager:
    """Where a listing is cut: `newer` and `older` are addresses, "" at the ends."""

    number: int
    last: int
    newer: str
    older: str


@dataclass(frozen=True, slots=True)
class Desk:
    """What one request makes its page with."""

    snapshot: Snapshot
    theme: Theme
    origin: str

    @property
    def base(self) -> str:
        """Give the site's base path, "" or "/b"."""
        return self.snapshot.config.addressing.base_path

    def page(self, template: str, status: int = 200, *, site: Site, **values: object) -> Answer:
        """Render a page of the site."""
        return answer(status, self.theme.render(template, site=site, **values))

    def frame(self, pieces: Iterable[str] = ()) -> tuple[Site, tuple[Markup, ...]]:
        """Give the frame of a page and its pieces of HTML with their links filled."""
        config, pieces = self.snapshot.config, tuple(pieces)
        targets = {target for piece in pieces for target in link_targets(piece)}
        targets |= {item.url for item in config.menu if _is_internal(item.url)}
        addresses = self.snapshot.addresses(targets) if targets else {}
        filled = tuple(Markup(fill_links(piece, _resolver(addresses, self.base))) for piece in pieces)  # noqa: S704 - sanitised when it was rendered
        return self._site(config, addresses), filled

    def entries(self, posts: tuple[Listed, ...]) -> tuple[Site, tuple[Entry, ...]]:
        """Give the frame of a listing and its posts as they are shown in it."""
        site, summaries = self.frame(post.excerpt for post in posts)
        return site, tuple(map(Entry, posts, summaries))

    def absolute(self, pieces: Iterable[str]) -> tuple[str, ...]:
        """Give pieces of HTML with their links filled as absolute addresses, for readers elsewhere."""
        pieces = tuple(pieces)
        targets = {target for piece in pieces for target in link_targets(piece)}
        addresses = self.snapshot.addresses(targets) if targets else {}
        resolve = _resolver(addresses, self.base, self.origin or NOWHERE)
        return tuple(fill_links(piece, resolve) for piece in pieces)

    def _site(self, config: SiteConfig, addresses: Mapping[str, str]) -> Site:
        return Site(
            title=config.title,
            tagline=config.tagline,
            description=config.description,
            language=config.language,
            footer=config.footer,
            home=f"{self.base}/",
            origin=self.origin,
            zone=ZoneInfo(config.addressing.timezone),
            menu=tuple(MenuItem(item.title, self._menu_url(item.url, addresses)) for item in config.menu),
        )

    def _menu_url(self, url: str, addresses: Mapping[str, str]) -> str:
        if not _is_internal(url):
            return url
        # What the index does not know may still be a listing or a feed ("/archive/").
        return quoted(addresses.get(url, self.base + url))


def _is_internal(url: str) -> bool:
    return url.startswith("/") and not url.startswith("//")


def _resolver(addresses: Mapping[str, str], base: str, origin: str = "") -> Callable[[str, str], str]:
    """Give the function that turns a token's target and fragment into a link.

    An address that the index does not know may still be a listing ("/archive/"). A path that it does not know
    is a file that is not served: the link leads nowhere, since naming it could tell of a held post.
    """

    def resolve(target: str, fragment: str) -> str:
        address = addresses.get(target) or (base + target if _is_internal(target) else "")
        if not address:
            return ""
        return origin + quoted(address) + (f"#{quote(fragment)}" if fragment else "")

    return resolve
