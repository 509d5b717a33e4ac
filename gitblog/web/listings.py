"""The pages that gitblog makes of the posts: home, tags, archive, years.

Each address has one form; a number with a leading zero or past the end is no address.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from gitblog.index.views import Dated
from gitblog.web.answers import Answer, answer, quoted
from gitblog.web.presentation import Desk, Pager

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


def _home(desk: Desk, number: str = "1") -> Answer | None:
    size = desk.snapshot.config.posts_per_page
    pager = _pager(f"{desk.base}/", int(number), -(-desk.snapshot.post_count() // size))
    if pager is None:
        return None
    posts = desk.snapshot.posts(offset=(pager.number - 1) * size, limit=size)
    site, entries = desk.entries(posts)
    return desk.page("home.html", site=site, entries=entries, pager=pager)


def _home_page(desk: Desk, number: str) -> Answer | None:
    return redirect(f"{desk.base}/") if number == "1" else _home(desk, number)


def _tags(desk: Desk) -> Answer:
    site, _ = desk.frame()
    return desk.page("tags.html", site=site, tags=desk.snapshot.tags())


def _tag(desk: Desk, slug: str, number: str = "1") -> Answer | None:
    size = desk.snapshot.config.posts_per_page
    found = desk.snapshot.tagged(slug, offset=(int(number) - 1) * size, limit=size)
    if found is None:
        return None
    tag, count, posts = found
    pager = _pager(f"{desk.base}/tags/{tag.slug}/", int(number), -(-count // size))
    if pager is None:
        return None
    site, entries = desk.entries(posts)
    return desk.page("tag.html", site=site, tag=tag, count=count, entries=entries, pager=pager)


def _tag_page(desk: Desk, slug: str, number: str) -> Answer | None:
    if number != "1":
        return _tag(desk, slug, number)
    known = desk.snapshot.tagged(slug, offset=0, limit=1) is not None
    return redirect(f"{desk.base}/tags/{slug}/") if known else None


def _archive(desk: Desk) -> Answer:
    years = desk.snapshot.years()
    count = sum(posts for _, posts in years)
    posts = desk.snapshot.archive() if count <= ARCHIVE_LIMIT else ()
    site, _ = desk.frame()
    by_year = _by_year(posts, site.zone)
    return desk.page("archive.html", site=site, count=count, years=years, by_year=by_year)


def _year(desk: Desk, year: str) -> Answer | None:
    posts = desk.snapshot.archive(int(year))
    if not posts:
        return None
    site, _ = desk.frame()
    return desk.page("year.html", site=site, years=desk.snapshot.years(), posts=posts, year=int(year))


def _by_year(posts: tuple[Dated, ...], zone: ZoneInfo) -> tuple[tuple[int, tuple[Dated, ...]], ...]:
    groups = groupby(posts, lambda post: datetime.fromtimestamp(post.published, zone).year)
    return tuple((year, tuple(group)) for year, group in groups)


def _pager(first: str, number: int, pages: int) -> Pager | None:
    """Cut a listing whose first page is at `first`; None past its end. An empty one has one page."""
    last = max(1, pages)
    if number > last:
        return None
    newer = "" if number == 1 else first if number == 2 else f"{first}page/{number - 1}/"
    return Pager(number, last, newer, f"{first}page/{number + 1}/" if number < last else "")


_LISTINGS: Final[tuple[tuple[re.Pattern[str], Callable[..., Answer | None]], ...]] = tuple(
    (re.compile(pattern), make)
    for pattern, make in (
        (r"/", _home),
        (rf"/page/{_NUMBER}/", _home_page),
        (r"/tags/", _tags),
        (r"/tags/(?P<slug>[^/]+)/", _tag),
        (rf"/tags/(?P<slug>[^/]+)/page/{_NUMBER}/", _tag_page),
        (r"/archive/", _archive),
        (r"/(?P<year>[0-9]{4})/", _year),
    )
)
"""Every listing: the pattern of its path, and the function that makes it."""
