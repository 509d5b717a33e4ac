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
from gitblog.index.views import Article, Listed
from gitblog.model import Author, MenuItem, SiteConfig
from gitblog.parse.slugs import slug_from_text
from gitblog.render.links import fill_links, link_targets, read_destination
from gitblog.web.answers import Answer, answer, quoted
from gitblog.web.discovery import Described, breadcrumbs, post_data
from gitblog.web.dressing import dress
from gitblog.web.hosts import NOWHERE
from gitblog.web.theme import Theme


@dataclass(frozen=True, slots=True)
class Site:
    """The frame of every page. `home` is the site's top ("/" or "/b/"), `origin` "" while none is set.

    `here` is the address of the page itself, with which the menu marks its own entry. `logo`, `image` and `css` are
    addresses ready to be linked, "" where none is set.
    """

    title: str
    tagline: str
    description: str
    language: str
    footer: str
    home: str
    origin: str
    zone: ZoneInfo
    menu: tuple[MenuItem, ...]
    here: str = ""
    social: tuple[MenuItem, ...] = ()
    license: str = ""
    license_url: str = ""
    accent: str = ""
    logo: str = ""
    image: str = ""
    css: str = ""


@dataclass(frozen=True, slots=True)
class Byline:
    """Somebody who wrote a post; `address` is that of the author's page on this site, "" where one person writes."""

    name: str
    url: str
    address: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A post in a listing; `summary` is its excerpt with its links filled."""

    listed: Listed
    summary: Markup
    authors: tuple[Byline, ...] = ()


@dataclass(frozen=True, slots=True)
class Pager:
    """Where a listing is cut: `newer` and `older` are addresses, "" at the ends."""

    number: int
    last: int
    newer: str
    older: str


@dataclass(frozen=True, slots=True)
class Desk:
    """What one request makes its page with: `here` is the address that was asked for, `arguments` its query as sent."""

    snapshot: Snapshot
    theme: Theme
    origin: str
    here: str = ""
    arguments: str = ""

    @property
    def base(self) -> str:
        """Give the site's base path, "" or "/b"."""
        return self.snapshot.config.addressing.base_path

    def page(self, template: str, status: int = 200, *, site: Site, **values: object) -> Answer:
        """Render a page of the site."""
        return answer(status, self.theme.render(template, site=site, **values))

    def frame(self, pieces: Iterable[str] = ()) -> tuple[Site, tuple[Markup, ...]]:
        """Give the frame of a page and its pieces of HTML with their links filled."""
        site, filled, _ = self._framed(tuple(pieces))
        return site, filled

    def article(self, article: Article) -> Answer:
        """Make the page of a post or page."""
        image = read_destination(article.image, article.listed.path) if article.image else None
        site, (body,), addresses = self._framed((article.html,), [image.target] if image and image.target else [])
        resolve = _resolver(addresses, self.base)
        picture = resolve(image.target, "") if image and image.target else image.href if image else ""
        authors = self.bylines(article.listed.authors)
        return self.page(
            f"{article.listed.kind}.html",
            site=site,
            article=article,
            body=Markup(dress(body)),  # noqa: S704 - sanitised when it was rendered
            authors=authors,
            described=self._described(article, authors, picture or site.image),
        )

    def entries(self, posts: tuple[Listed, ...]) -> tuple[Site, tuple[Entry, ...]]:
        """Give the frame of a listing and its posts as they are shown in it."""
        site, summaries = self.frame(post.excerpt for post in posts)
        bylines = (self.bylines(post.authors) for post in posts)
        dressed = (Markup(dress(summary)) for summary in summaries)  # noqa: S704 - sanitised when it was rendered
        return site, tuple(map(Entry, posts, dressed, bylines))

    def absolute(self, pieces: Iterable[str]) -> tuple[str, ...]:
        """Give pieces of HTML with their links filled as absolute addresses, for readers elsewhere."""
        pieces = tuple(pieces)
        targets = {target for piece in pieces for target in link_targets(piece)}
        addresses = self.snapshot.addresses(targets) if targets else {}
        resolve = _resolver(addresses, self.base, self.origin or NOWHERE)
        return tuple(fill_links(piece, resolve) for piece in pieces)

    def bylines(self, names: tuple[str, ...]) -> tuple[Byline, ...]:
        """Give who wrote a post that names these authors: where it names none, the site's own."""
        own = self.snapshot.config.authors
        known = {author.name: author for author in own}
        written = tuple(known.get(name, Author(name)) for name in names) or own
        alone = len(own) == 1 and written == own
        pages = ("" if alone else f"{self.base}/authors/{author_slug(each.name)}/" for each in written)
        return tuple(Byline(each.name, each.url, page) for each, page in zip(written, pages, strict=True))

    def _framed(
        self, pieces: tuple[str, ...], more: Iterable[str] = ()
    ) -> tuple[Site, tuple[Markup, ...], Mapping[str, str]]:
        config = self.snapshot.config
        targets = {target for piece in pieces for target in link_targets(piece)} | set(more)
        targets |= {item.url for item in config.menu if _is_internal(item.url)}
        addresses = self.snapshot.addresses(targets) if targets else {}
        filled = tuple(Markup(fill_links(piece, _resolver(addresses, self.base))) for piece in pieces)  # noqa: S704 - sanitised when it was rendered
        return self._site(config, addresses), filled, addresses

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
            menu=tuple(MenuItem(item.title, self._url(item.url, addresses)) for item in config.menu),
            here=quoted(self.here),
            social=config.social,
            license=config.license,
            license_url=config.license_url,
            accent=config.look.accent,
            logo=self._url(config.look.logo),
            image=self._url(config.look.image),
            css=self._url(config.look.css),
        )

    def _url(self, url: str, addresses: Mapping[str, str] | None = None) -> str:
        if not _is_internal(url):
            return url
        # What the index does not know may still be a listing or a feed ("/archive/").
        return quoted((addresses or {}).get(url, self.base + url))

    def _described(self, article: Article, authors: tuple[Byline, ...], image: str) -> Described:
        listed, origin = article.listed, self.origin
        url = article.canonical_url or (origin + quoted(listed.address) if origin else "")
        # A picture is named by its whole address or not at all: others could not fetch it.
        picture = image if not _is_internal(image) else origin + image if origin else ""
        people = tuple({"name": each.name, **({"url": each.url} if each.url else {})} for each in authors)
        structured = Markup("")
        if listed.kind == "post":
            structured += post_data(article, people, (url, picture), ZoneInfo(self.snapshot.config.addressing.timezone))
        if origin:
            top = (self.snapshot.config.title, origin + quoted(f"{self.base}/"))
            structured += breadcrumbs((top, (listed.title, origin + quoted(listed.address))))
        return Described(url, picture, structured)


def author_slug(name: str) -> str:
    """Give an author's part of the address of the author's page."""
    return slug_from_text(name) or name


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
