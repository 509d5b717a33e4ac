"""What readers find on the pages around posts: series, categories, authors, months, what is near and what is gone."""

from __future__ import annotations

import json
import re

from tests.served_site import ServedSite, Tree, post

AUTHORS = '[[author]]\nname = "Ada"\nurl = "https://ada.example"\ndescription = "Writes."\n[[author]]\nname = "Bob"\n'


def _links(html: str) -> list[str]:
    return re.findall(r'href="([^"]*)"', html)


def _main(html: str) -> str:
    return html.split("<main", 1)[1].split("</main>", 1)[0]


def test_a_series_is_in_the_order_of_its_parts(site: ServedSite) -> None:
    """A part says which it is, and leads to the others; one that is scheduled does not count yet."""
    parts: Tree = {
        f"posts/part{number}.md": post("series: The sea", title=f"Part {number}", date=f"2025-0{number}-01")
        for number in (1, 2, 3)
    }
    late: Tree = {"posts/late.md": post("series: The sea", title="Part 4", date="2026-06-01")}
    site.push({**parts, **late})

    second = _main(site.text("/2025/02/part2/"))
    assert re.sub(r"<[^>]*>", "", second.split('aria-label="Series">')[1].split("</p>")[0]).strip() == (
        "Part 2 of 3 of The sea"
    )
    assert "/series/the-sea/" in _links(second)
    titles = re.findall(r">(Part \d)</a>", site.text("/series/the-sea/"))
    assert titles == ["Part 1", "Part 2", "Part 3"]
    assert "/series/the-sea/" in _links(site.text("/series/"))
    assert site.status_of("/series/nothing/") == 404


def test_a_category_is_listed_like_a_tag(site: ServedSite) -> None:
    """Numbered pages, one form of each address, and its own index."""
    tree: Tree = {f"posts/{n}.md": post("categories: [Guide]", title=f"Post {n}", date=f"2025-01-0{n}") for n in (1, 2)}
    site.push({"blog.toml": "posts_per_page = 1\n", **tree})

    assert re.findall(r">(Post \d)</a>", site.text("/categories/guide/")) == ["Post 2"]
    assert re.findall(r">(Post \d)</a>", site.text("/categories/guide/page/2/")) == ["Post 1"]
    assert site.get("/categories/guide/page/1/").headers["Location"] == "/categories/guide/"
    assert site.get("/categories").headers["Location"] == "/categories/"
    assert "/categories/guide/" in _links(site.text("/categories/"))
    assert "/categories/guide/" in _links(site.text("/2025/01/1/"))
    for address in ("/categories/other/", "/categories/guide/page/3/", "/tags/guide/"):
        assert (address, site.status_of(address)) == (address, 404)


def test_a_post_without_authors_is_the_sites_own(site: ServedSite) -> None:
    """Whoever `blog.toml` names has it on the author's page, beside what names that author; nobody else has."""
    site.push(
        {
            "blog.toml": "posts_per_page = 2\n" + AUTHORS,
            "posts/all.md": post(title="Post 1", date="2025-01-01"),
            "posts/ada.md": post("authors: [Ada]", title="Post 2", date="2025-01-02"),
            "posts/cleo.md": post("authors: [Cleo]", title="Post 3", date="2025-01-03"),
        }
    )

    assert re.findall(r">(Post \d)</a>", site.text("/authors/ada/")) == ["Post 2", "Post 1"]
    assert re.findall(r">(Post \d)</a>", site.text("/authors/bob/")) == ["Post 1"]
    assert re.findall(r">(Post \d)</a>", site.text("/authors/cleo/")) == ["Post 3"]
    assert _links(_main(site.text("/authors/"))) == ["/authors/ada/", "/authors/bob/", "/authors/cleo/"]
    assert "https://ada.example" in _links(site.text("/authors/ada/"))
    assert "/authors/cleo/" in _links(site.text("/2025/01/cleo/"))
    assert site.status_of("/authors/dora/") == 404


def test_one_author_alone_gets_no_links_to_a_page_of_the_author(small_site: ServedSite) -> None:
    """Where one person writes, every listing is that person's."""
    small_site.push({"blog.toml": '[[author]]\nname = "Ada"\n', "posts/a.md": post()})
    page = small_site.text("/2026/01/a/")

    assert "Ada" in _main(page)
    assert [link for link in _links(page) if "/authors/" in link] == []


def test_a_month_holds_its_posts(site: ServedSite) -> None:
    """In the site's time zone; the year leads there, and a month without a post is no address."""
    night = post(title="Post 1", date="2025-01-31T23:30:00Z")
    site.push({"blog.toml": 'timezone = "Europe/Berlin"\n', "posts/night.md": night})

    assert "Post 1" in site.text("/2025/02/")
    assert "/2025/02/" in _links(site.text("/2025/"))
    for address in ("/2025/01/", "/2025/00/", "/2025/13/", "/2025/2/"):
        assert (address, site.status_of(address)) == (address, 404)


def test_a_page_can_be_the_top_of_the_site(site: ServedSite) -> None:
    """The posts begin at /page/1/ then; a page that is not there leaves them at the top."""
    about = {"pages/about.md": "---\ntitle: About\n---\nMY OWN\n", "posts/a.md": post(title="Post 1")}
    site.push({"blog.toml": 'home = "/about/"\n', **about})

    assert "MY OWN" in site.text("/")
    assert "Post 1" in site.text("/page/1/")
    site.push({"pages/about.md": None})
    assert "Post 1" in site.text("/")
    assert site.get("/page/1/").headers["Location"] == "/"


def test_related_posts_share_the_rarer_tags(site: ServedSite) -> None:
    """The more of them the better; what is held back, unlisted or the post itself is never among them."""
    site.push(
        {
            "posts/a.md": post("tags: [x, y]", title="Post 1", date="2025-01-01"),
            "posts/b.md": post("tags: [x]", title="Post 2", date="2025-01-02"),
            "posts/c.md": post("tags: [x, y]", title="Post 3", date="2024-01-03"),
            "posts/d.md": post("tags: [z]", title="Post 4", date="2025-01-04"),
            "posts/e.md": post("tags: [x, y]", "draft: true", title="Post 5"),
            "posts/f.md": post("tags: [x, y]", "unlisted: true", title="Post 6", date="2025-01-01"),
        }
    )
    related = _main(site.text("/2025/01/a/")).split("Related posts")[1]

    assert re.findall(r">(Post \d)</a>", related) == ["Post 3", "Post 2"]


def test_a_post_names_what_mentions_it(site: ServedSite) -> None:
    """Whichever way they link; a draft that does is not betrayed."""
    site.push(
        {
            "posts/a.md": post(title="Post 1", date="2025-01-01", body="[me](a.md)"),
            "posts/b.md": post(title="Post 2", date="2025-01-02", body="[x](a.md)"),
            "pages/c.md": "---\ntitle: Post 3\n---\n[x](/2025/01/a/)\n",
            "posts/d.md": post("draft: true", title="Post 4", body="[x](a.md)"),
        }
    )
    mentions = _main(site.text("/2025/01/a/")).split("Mentioned in")[1]

    assert sorted(re.findall(r">(Post \d)</a>", mentions)) == ["Post 2", "Post 3"]


def test_a_404_names_what_is_near(site: ServedSite) -> None:
    """A slip of the pen, another year, an old generator's ending; a draft and an unlisted post stay unknown."""
    site.push(
        {
            "posts/harbour.md": post(title="Post 1", date="2025-01-01"),
            "posts/harbours.md": post("draft: true", title="Post 2"),
            "posts/harbour-x.md": post("unlisted: true", title="Post 3"),
            "pages/about.md": "---\ntitle: Post 4\n---\nx\n",
        }
    )
    for address in ("/2025/01/harbuor/", "/2019/05/harbour/", "/harbour.html", "/posts/Harbour"):
        answer = site.get(address)
        offered = re.findall(r">(Post \d)</a>", answer.get_data(as_text=True))

        assert (address, answer.status_code, offered) == (address, 404, ["Post 1"])
    assert re.findall(r">(Post \d)</a>", site.get("/abuot/").get_data(as_text=True)) == ["Post 4"]
    for far in ("/wp-login.php", "/" + "x" * 500, "/%ff"):
        assert "Did you look" not in site.get(far).get_data(as_text=True)


def test_a_410_says_since_when(site: ServedSite) -> None:
    """The date of the commit that took the post away."""
    site.push({"posts/a.md": post(date="2025-01-01")}, at=1_740_000_000)
    site.push({"posts/a.md": None}, at=1_741_000_000)
    answer = site.get("/2025/01/a/")

    assert answer.status_code == 410
    assert 'datetime="2025-03-03T11:06:40+00:00">3 March 2025</time>' in answer.get_data(as_text=True)


# --- what machines read -----------------------------------------------------------------------------


def _structured(html: str) -> list[dict[str, object]]:
    return [json.loads(block) for block in re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)]


def test_a_post_describes_itself_to_machines(site: ServedSite) -> None:
    """schema.org, Open Graph and microformats say the same; a title cannot end the block it stands in."""
    title = 'A </script><script>alert(1)</script> & \\"more\\"'
    lines = ("tags: [sea]", "description: Waves.", "image: cover.png", "authors: [Ada]")
    tree: Tree = {"posts/a/index.md": post(*lines, title=f'"{title}"'), "posts/a/cover.png": b"picture"}
    site.push({"blog.toml": 'url = "https://example.org/b"\n' + AUTHORS, **tree})
    html = site.text("/b/2026/01/a/")
    blog_post, crumbs = _structured(html)
    url = "https://example.org/b/2026/01/a/"

    assert blog_post["@type"] == "BlogPosting"
    assert blog_post["headline"] == 'A </script><script>alert(1)</script> & "more"'
    assert (blog_post["url"], blog_post["image"]) == (url, url + "cover.png")
    assert blog_post["author"] == [{"@type": "Person", "name": "Ada", "url": "https://ada.example"}]
    assert blog_post["datePublished"] == "2026-01-01T00:00:00+00:00"
    assert crumbs["@type"] == "BreadcrumbList"
    for expected in (
        f'<link rel="canonical" href="{url}">',
        f'<meta property="og:url" content="{url}">',
        f'<meta property="og:image" content="{url}cover.png">',
        '<meta property="og:type" content="article">',
        '<meta name="twitter:card" content="summary_large_image">',
        '<meta name="description" content="Waves.">',
        'class="h-entry"',
        'class="dt-published"',
        'class="p-name" rel="author"',
    ):
        assert expected in html
    assert html.count("<script") == 3
    assert "<script>" not in html


def test_without_an_address_nothing_relative_is_told_to_others(small_site: ServedSite) -> None:
    """A path means nothing to a site that shows a link to this one."""
    small_site.push({"blog.toml": '[theme]\nimage = "/i.png"\n', "posts/a.md": post()})
    html = small_site.text("/2026/01/a/")

    assert [block["@type"] for block in _structured(html)] == ["BlogPosting"]
    for absent in ("og:url", "og:image", "canonical"):
        assert absent not in html


# --- what an author sets ----------------------------------------------------------------------------


def test_what_the_author_sets_is_on_every_page(small_site: ServedSite) -> None:
    """Links below the base path where they are the site's own."""
    small_site.push(
        {
            "blog.toml": 'url = "https://example.org/b"\nlanguage = "ar"\n'
            '[theme]\naccent = "teal"\nlogo = "/logo.svg"\nimage = "/i.png"\ncss = "/custom.css"\n'
            '[[social]]\ntitle = "S"\nurl = "https://s.example/@a"\n'
            '[[menu]]\ntitle = "All"\nurl = "/archive/"\n'
            '[footer]\ntext = "F"\nlicense = "CC0"\nlicense_url = "https://c.example/0"\n',
            "posts/a.md": post(),
            "static/logo.svg": "<svg/>",
        }
    )
    for address in ("/b/", "/b/archive/", "/b/2026/01/a/", "/b/tags/"):
        html = small_site.text(address)
        for expected in (
            '<html lang="ar" dir="rtl" class="accent-teal">',
            'src="/b/logo.svg"',
            '<link rel="stylesheet" href="/b/custom.css">',
            '<a rel="me" href="https://s.example/@a">S</a>',
            '<a rel="license" href="https://c.example/0">CC0</a>',
            '<meta property="og:image" content="https://example.org/b/i.png">',
            "<p>F</p>",
        ):
            assert (address, expected in html, expected) == (address, True, expected)
        assert ('href="/b/archive/" aria-current="page"' in html) == (address == "/b/archive/")
