"""The pages that gitblog makes of the posts: home, tags, categories, series, authors, archive, years, months.

Each address has one form; a number with a leading zero or past the end is no address.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from gitblog.index.views import Dated, Listed, Tag, TagCount
from gitblog.model import Author
from gitblog.web.answers import Answer, answer, quoted
from gitblog.web.presentation import Desk, Pager, author_slug

# Above this many posts the archive is split into one page a year.
ARCHIVE_LIMIT: Final = 1000

_NUMBER = r"(?P<number>[1-9][0-9]{0,8})"


def listing(desk: Desk, path: str) -> Answer | None:
    """Make the listing at a path below the base path ("/tags/"); None where there is none."""
    for pattern, make in _LISTINGS:
        match = pattern.fullmatch(path)
        if match:
            return make(desk, **match.groupdict())
    return None


def redirect(address: str) -> Answer:
    """Send the reader to another address of this site for good."""
    return replace(answer(301, b"", "text/plain; charset=utf-8"), location=quoted(address))


def _home(desk: Desk) -> Answer | None:
    chosen = desk.snapshot.config.home
    if chosen != "posts" and (article := desk.snapshot.article_at(desk.base + chosen)):
        return desk.article(article)
    return _posts(desk, 1, f"{desk.base}/")


def _home_page(desk: Desk, number: str) -> Answer | None:
    """Give a page of the posts; the first has an address of its own only where something else is at the top."""
    top = f"{desk.base}/"
    chosen = desk.snapshot.config.home
    taken = [top, desk.base + chosen] if chosen != "posts" else [top]
    first = f"{top}page/1/" if any(map(desk.snapshot.document_at, taken)) else top
    if number == "1" and first == top:
        return redirect(top)
    return _posts(desk, int(number), first)


def _posts(desk: Desk, number: int, first: str) -> Answer | None:
    size = desk.snapshot.config.posts_per_page
    pager = _pager(first, f"{desk.base}/", number, -(-desk.snapshot.post_count() // size))
    if pager is None:
        return None
    posts = desk.snapshot.posts(offset=(pager.number - 1) * size, limit=size)
    site, entries = desk.entries(posts)
    return desk.page("home.html", site=site, entries=entries, pager=pager, first=first)


def _groups(desk: Desk, kind: str, template: str) -> Answer:
    site, _ = desk.frame()
    return desk.page(template, site=site, groups=desk.snapshot.groups(kind), kind=kind)


def _group(desk: Desk, kind: str, slug: str, number: str = "1") -> Answer | None:
    size = desk.snapshot.config.posts_per_page
    found = desk.snapshot.group(kind, slug, offset=(int(number) - 1) * size, limit=size)
    if found is None:
        return None
    tag, count, posts = found
    return _cut(desk, f"{desk.base}/{_FOLDERS[kind]}/{tag.slug}/", number, (kind, tag, count, posts))


def _group_page(desk: Desk, kind: str, slug: str, number: str) -> Answer | None:
    if number != "1":
        return _group(desk, kind, slug, number)
    known = desk.snapshot.group(kind, slug, offset=0, limit=1) is not None
    return redirect(f"{desk.base}/{_FOLDERS[kind]}/{slug}/") if known else None


def _cut(desk: Desk, first: str, number: str, found: tuple[str, Tag, int, tuple[Listed, ...]]) -> Answer | None:
    kind, tag, count, posts = found
    pager = _pager(first, first, int(number), -(-count // desk.snapshot.config.posts_per_page))
    if pager is None:
        return None
    site, entries = desk.entries(posts)
    about = _own_author(desk, tag.slug) if kind == "author" else None
    page = partial(desk.page, f"{kind}.html", site=site, tag=tag, about=about)
    return page(count=count, entries=entries, pager=pager, first=first)


def _series(desk: Desk, slug: str) -> Answer | None:
    found = desk.snapshot.series(slug)
    if found is None:
        return None
    tag, posts = found
    site, _ = desk.frame()
    return desk.page("series.html", site=site, tag=tag, posts=posts)


def _authors(desk: Desk) -> Answer:
    named = {each.slug: each for each in desk.snapshot.groups("author")}
    own = {author_slug(author.name): author for author in desk.snapshot.config.authors}
    unnamed = desk.snapshot.anonymous_count() if own else 0
    for slug, author in own.items():
        posts = unnamed + (named[slug].posts if slug in named else 0)
        if posts:
            named[slug] = TagCount(author.name, slug, posts)
    site, _ = desk.frame()
    return desk.page("groups.html", site=site, groups=tuple(named[slug] for slug in sorted(named)), kind="author")


def _author(desk: Desk, slug: str, number: str = "1") -> Answer | None:
    author = _own_author(desk, slug)
    if author is None:
        return _group(desk, "author", slug, number)
    size = desk.snapshot.config.posts_per_page
    tag = Tag(author.name, slug)
    count, posts = desk.snapshot.written_by(tag, offset=(int(number) - 1) * size, limit=size)
    return _cut(desk, f"{desk.base}/authors/{slug}/", number, ("author", tag, count, posts)) if count else None


def _author_page(desk: Desk, slug: str, number: str) -> Answer | None:
    if number != "1":
        return _author(desk, slug, number)
    return redirect(f"{desk.base}/authors/{slug}/") if _author(desk, slug) else None


def _own_author(desk: Desk, slug: str) -> Author | None:
    return next((each for each in desk.snapshot.config.authors if author_slug(each.name) == slug), None)


def _archive(desk: Desk) -> Answer:
    years = desk.snapshot.years()
    count = sum(posts for _, posts in years)
    posts = desk.snapshot.archive() if count <= ARCHIVE_LIMIT else ()
    site, _ = desk.frame()
    by_year = _by(posts, site.zone, "year")
    return desk.page("archive.html", site=site, count=count, years=years, by_year=by_year)


def _year(desk: Desk, year: str) -> Answer | None:
    posts = desk.snapshot.archive(int(year))
    if not posts:
        return None
    site, _ = desk.frame()
    by_month = _by(posts, site.zone, "month")
    return desk.page("year.html", site=site, posts=posts, by_month=by_month, year=int(year))


def _month(desk: Desk, year: str, month: str) -> Answer | None:
    posts = desk.snapshot.archive(int(year), int(month))
    if not posts:
        return None
    site, _ = desk.frame()
    return desk.page("month.html", site=site, posts=posts, year=int(year), month=int(month))


def _by(posts: tuple[Dated, ...], zone: ZoneInfo, part: str) -> tuple[tuple[int, tuple[Dated, ...]], ...]:
    groups = groupby(posts, lambda post: int(getattr(datetime.fromtimestamp(post.published, zone), part)))
    return tuple((number, tuple(group)) for number, group in groups)


def _pager(first: str, top: str, number: int, pages: int) -> Pager | None:
    """Cut a listing whose first page is at `first`, the others below `top`; None past its end.

    An empty one has one page.
    """
    last = max(1, pages)
    if number > last:
        return None
    newer = "" if number == 1 else first if number == 2 else f"{top}page/{number - 1}/"
    return Pager(number, last, newer, f"{top}page/{number + 1}/" if number < last else "")


_FOLDERS: Final = {"tag": "tags", "category": "categories", "author": "authors"}
_SLUG = r"(?P<slug>[^/]+)"

_LISTINGS: Final[tuple[tuple[re.Pattern[str], Callable[..., Answer | None]], ...]] = tuple(
    (re.compile(pattern), make)
    for pattern, make in (
        (r"/", _home),
        (rf"/page/{_NUMBER}/", _home_page),
        (r"/tags/", partial(_groups, kind="tag", template="tags.html")),
        (rf"/tags/{_SLUG}/", partial(_group, kind="tag")),
        (rf"/tags/{_SLUG}/page/{_NUMBER}/", partial(_group_page, kind="tag")),
        (r"/categories/", partial(_groups, kind="category", template="groups.html")),
        (rf"/categories/{_SLUG}/", partial(_group, kind="category")),
        (rf"/categories/{_SLUG}/page/{_NUMBER}/", partial(_group_page, kind="category")),
        (r"/series/", partial(_groups, kind="series", template="groups.html")),
        (rf"/series/{_SLUG}/", _series),
        (r"/authors/", _authors),
        (rf"/authors/{_SLUG}/", _author),
        (rf"/authors/{_SLUG}/page/{_NUMBER}/", _author_page),
        (r"/archive/", _archive),
        (r"/(?P<year>[0-9]{4})/", _year),
        (r"/(?P<year>[0-9]{4})/(?P<month>0[1-9]|1[0-2])/", _month),
    )
)
"""Every listing: the pattern of its path, and the function that makes it."""
