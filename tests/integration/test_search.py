"""Search, asked as a reader asks: the same matches on both databases, and nothing of what is held."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from sqlalchemy import select, text
from werkzeug.test import Client

from gitblog.index.tables import search as search_table
from gitblog.web import Serving
from tests.served_site import START, ServedSite, Tree, post, served_site
from tests.terms_index import assert_terms_follow

ADDRESS = re.compile(r'<article class="entry[^"]*">\s*<h2><a href="([^"]+)">')
TREE: Tree = {
    "posts/cafe.md": post(
        "tags: [Git, Machine learning]", "author: Ada Lovelace", title="Café photography", body="Nothing more. état"
    ),
    "posts/fox.md": post(
        "categories: [Animals]",
        title="Other",
        date="2025-05-06",
        body="## Running heads\n\nThe quick brown fox; foo_bar baz, photographs & <b>more</b>.",
    ),
    "posts/tokyo.md": post(title="東京", date="2024-07-01", body="全文検索は楽しい。東京都2024年。한국어 검색을 ไทย"),
    "posts/part.md": post(title="Brown", date="2023-07-01", body="A quick start, and a fox that is brown."),
    "pages/about.md": "---\ntitle: About\n---\nA quick page about a fox.\n",
}
CAFE, FOX, TOKYO, PART, ABOUT = "/2026/01/cafe/", "/2025/05/fox/", "/2024/07/tokyo/", "/2023/07/part/", "/about/"
QUESTIONS = {
    "photography": {CAFE},
    "PHOTOGRAPHS": {FOX},
    "photogr*": {CAFE, FOX},
    "cafe": {CAFE},
    "etat": {CAFE},
    "quick": {FOX, PART, ABOUT},
    "quick brown": {FOX, PART},
    '"quick brown"': {FOX},
    '"brown fox': {FOX},
    '"brown quick"': set(),
    "quick -brown": {ABOUT},
    'quick -"brown fox"': {PART, ABOUT},
    "-quick": {CAFE, TOKYO},
    "-fox -cafe": {TOKYO},
    "run": {FOX},
    "foo-bar": {FOX},
    "bar-foo": set(),
    "machine": {CAFE},
    "animals": {FOX},
    "tag:git": {CAFE},
    'tag:"machine learning"': {CAFE},
    "tag:machine": set(),
    "tag:animals": {FOX},
    "-tag:git -tag:animals": {TOKYO, PART, ABOUT},
    "author:ada": {CAFE},
    'author:"Ada Lovelace"': {CAFE},
    "author:da": set(),
    "-author:ada fox": {FOX, PART, ABOUT},
    "after:2026": {CAFE},
    "before:2024": {PART},
    "after:2024 before:2026": {FOX, TOKYO},
    "after:2025-05-06 before:2025-05-07": {FOX},
    "全文検索": {TOKYO},
    "検索": {TOKYO},
    "索検": set(),
    "文": {TOKYO},
    "東京": {TOKYO},
    "都2024": {TOKYO},
    "검색": {TOKYO},
    "ไท": {TOKYO},
    "nothing -nothing": set(),
    "zzz": set(),
    "%": set(),
    "after:soon": set(),
}


def found(site: ServedSite, question: str, more: str = "") -> list[str]:
    """Ask a question; give the addresses that were found, in their order."""
    return ADDRESS.findall(site.text(f"/search/?q={quote(question)}{more}"))


def test_every_question_finds_the_same_on_both_databases(site: ServedSite) -> None:
    """Words, phrases, what must not be there, names, dates, and scripts without spaces."""
    site.push(TREE)

    assert {question: set(found(site, question)) for question in QUESTIONS} == QUESTIONS


def test_a_title_weighs_more_than_a_heading_than_a_tag_than_the_text(site: ServedSite) -> None:
    """All have the same length; of equal ones the newer comes first, then the path decides."""
    filler = "one two three four five six seven eight nine ten"
    site.push(
        {
            "posts/d1.md": post(
                title="D",
                date="2025-01-04",
                body=f"{filler} fox\n\n## end",
            ),
            "posts/d0.md": post(title="D", date="2025-01-04", body=f"{filler} fox\n\n## end"),
            "posts/c.md": post("tags: [fox]", title="C", date="2025-01-03", body=f"{filler} cat\n\n## end"),
            "posts/b.md": post(title="B", date="2025-01-02", body=f"{filler} cat\n\n## fox"),
            "posts/a.md": post(title="Fox", date="2025-01-01", body=f"{filler} cat\n\n## end"),
            "posts/new.md": post(title="D", date="2025-01-05", body=f"{filler} fox\n\n## end"),
            **{f"posts/none{n}.md": post(title="None", body=filler) for n in range(9)},
        }
    )

    assert found(site, "fox") == [
        *("/2025/01/a/", "/2025/01/b/", "/2025/01/c/"),
        *("/2025/01/new/", "/2025/01/d0/", "/2025/01/d1/"),
    ]


def test_held_and_unlisted_posts_are_never_found(site: ServedSite) -> None:
    """Not by a word, not by what they lack, not by a label; and nothing of them is in the index of terms."""
    site.push(
        {
            "posts/draft.md": post("draft: true", "tags: [fox]", body="fox"),
            "posts/unlisted.md": post("unlisted: true", "tags: [fox]", body="fox"),
            "posts/noindex.md": post("noindex: true", "tags: [fox]", body="fox"),
            "posts/unclear.md": post("draft: perhaps", "tags: [fox]", body="fox"),
            "drafts/idea.md": post(body="fox"),
            "posts/shadowed.md": post("permalink: /x/", body="cat"),
            "posts/shadowing.md": post("permalink: /x/", body="fox", date="2025-01-01"),
        }
    )
    held = {each.source_path for each in site.listed().values() if each.reason == "shadowed"}

    assert len(held) == 1
    assert found(site, "fox") + found(site, "cat") == ["/x/"]
    assert found(site, "-cat -fox") == []
    assert found(site, "tag:fox") == []
    assert found(site, "after:2000") == ["/x/"]
    with site.database.reading() as connection:
        paths = connection.scalars(select(search_table.c.path).order_by(search_table.c.path)).all()
    assert paths == ["posts/shadowed.md", "posts/shadowing.md"]


def test_a_scheduled_post_is_found_from_its_instant_to_its_end(site: ServedSite) -> None:
    """Visibility is asked at each request, so nothing has to be written when its time comes."""
    later = post("expires: 2026-01-02T05:04:05Z", body="fox", date="2026-01-02T04:04:05Z")
    site.push({"posts/later.md": later})
    seen = {}
    for now in (START, START + 3599, START + 3600, START + 7199, START + 7200):
        site.now = now
        seen[now - START] = (found(site, "fox"), found(site, "-cat"))

    here = (["/2026/01/later/"], ["/2026/01/later/"])
    assert seen == {0: ([], []), 3599: ([], []), 3600: here, 7199: here, 7200: ([], [])}


def test_an_edit_a_rename_and_a_deletion_are_followed(site: ServedSite) -> None:
    """The database's own index forgets what was there before, and equals one that is made at once."""
    site.push({"posts/a.md": post(body="fox"), "posts/b.md": post(body="cat")})
    assert found(site, "fox") == ["/2026/01/a/"]
    site.push({"posts/a.md": post(body="dog")})
    assert (found(site, "fox"), found(site, "dog")) == ([], ["/2026/01/a/"])
    site.push({"posts/a.md": None, "posts/c.md": post(body="dog")})
    assert found(site, "dog") == ["/2026/01/c/"]
    site.push({"posts/c.md": post("draft: true", body="dog")})
    assert found(site, "dog") == []
    site.push({"posts/b.md": None})
    assert found(site, "-dog") == []
    assert_terms_follow(site.database)


def test_only_terms_that_differ_are_written(site: ServedSite) -> None:
    """A push that changes no word of a post leaves its row alone."""
    site.push({"posts/a.md": post(body="fox"), "posts/b.md": post(body="fox")})
    before = _rows(site)
    site.push({"posts/a.md": post("image: /x.png", body="fox"), "posts/b.md": post(body="dog")})
    after = _rows(site)

    assert {path for path in after if before[path] != after[path]} == {"posts/b.md"}
    assert {"posts/a.md", "posts/b.md"} == after.keys()


def _rows(site: ServedSite) -> dict[str, tuple[object, ...]]:
    """Give each row of terms with what tells a rewritten row from an old one (PostgreSQL: its transaction)."""
    hidden = "xmin::text" if site.database.is_postgres else "rowid"
    with site.database.reading() as connection:
        asked = select(search_table, text(hidden))
        return {row.path: tuple(row) for row in connection.execute(asked)}


def test_another_language_of_the_site_makes_other_terms(site: ServedSite) -> None:
    """Its stemmer decides for every post, and nothing is rendered again for that."""
    site.push({"blog.toml": 'language = "en"\n', "posts/a.md": post(body="häuser running")})
    assert (found(site, "haus"), found(site, "run")) == ([], ["/2026/01/a/"])
    site.push({"blog.toml": 'language = "de"\n'})
    assert (found(site, "haus"), found(site, "run")) == (["/2026/01/a/"], [])
    site.push({"blog.toml": 'language = "de-AT"\n'})
    assert found(site, "Häusern") == ["/2026/01/a/"]


def test_results_show_marks_and_escape_the_text(small_site: ServedSite) -> None:
    """The author's text is shown as text, the reader's question too."""
    small_site.push({"posts/a.md": post(title='"A <i>fox</i> & more"', body="`<script>` fox **fox** `</mark>`")})
    page = small_site.text("/search/?q=fox%22%3E%3Cscript%3E")
    assert "<script>" not in page.replace('<script src="/-/theme/', "")
    page = small_site.text("/search/?q=fox")

    assert "A &lt;i&gt;<mark>fox</mark>&lt;/i&gt; &amp; more</a>" in page
    assert "&lt;script&gt; <mark>fox</mark> <mark>fox</mark> &lt;/mark&gt;" in page
    assert '<meta name="robots" content="noindex">' in page
    assert ">1 result<" in page


def test_results_come_in_pages_of_the_configured_size(site: ServedSite) -> None:
    """Each is found once, and past the last page there is none."""
    tree: Tree = {f"posts/p{n:02}.md": post(body="fox") for n in range(25)}
    site.push({"blog.toml": "posts_per_page = 10\n", **tree})
    pages = [found(site, "fox", f"&page={number}") for number in (1, 2, 3)]

    assert [len(page) for page in pages] == [10, 10, 5]
    assert [address for page in pages for address in page] == [f"/2026/01/p{n:02}/" for n in range(25)]
    first, second = site.text("/search/?q=fox"), site.text("/search/?q=fox&page=2")
    assert '<a rel="next" href="/search/?q=fox&amp;page=2">' in first
    assert 'rel="prev"' not in first
    assert '<a rel="prev" href="/search/?q=fox">' in second
    assert "Page 2 of 3" in second
    past = site.get("/search/?q=fox&page=4")
    assert (past.status_code, "There is no page 4" in past.text) == (404, True)


@pytest.mark.parametrize("page", ["0", "-1", "abc", "", "01", "1.0", "9" * 9, "%00", "2&page=1", "１"])
def test_a_page_that_is_no_number_is_the_first(small_site: ServedSite, page: str) -> None:
    """A typing error costs nobody the results; a number past the end says so."""
    small_site.push({"posts/a.md": post(body="fox")})
    answer = small_site.get(f"/search/?q=fox&page={page}")

    assert answer.status_code == (404 if page == "2&page=1" else 200)
    assert (ADDRESS.findall(answer.text) == ["/2026/01/a/"]) == (answer.status_code == 200)


@pytest.mark.parametrize(
    ("question", "status", "told"),
    [
        ("", 200, "words in quotes"),
        ("x" * 1_000_000, 400, "longer than 500 characters"),
        ("x" * 501, 400, "longer than 500 characters"),
        (" ".join(f"w{n}" for n in range(10_000)), 400, "longer than 500 characters"),
        (" ".join("a" * 1 for n in range(33)), 400, "more than 32 words"),
        ("\0", 200, "words in quotes"),
        ("fox\0", 200, "1 result"),
        ("tag:\0", 200, "words in quotes"),
        ('tag:"🎉\0" author:"\0%_"', 200, "0 results"),
        ("tag:" + "x" * 490, 200, "0 results"),
        ('- "" * ( ) : ^ \' \\ & | ! < >', 200, "words in quotes"),
        ('"""fox', 200, "1 result"),
        ("fox' OR 1=1 --", 200, "0 results"),
        ("NEAR(fox) {title}: ^fox", 200, "0 results"),
        ("fox:* & !cat", 200, "0 results"),
        ("\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), 200, "0 results"),
        ("\u202efox\u200b", 200, "1 result"),
        ("🎉", 200, "words in quotes"),
        ("fox after:never", 200, "is no date"),
    ],
    ids=lambda value: str(value)[:12].encode("unicode_escape").decode() if isinstance(value, str) else None,
)
def test_bad_input_is_answered_with_a_page(site: ServedSite, question: str, status: int, told: str) -> None:
    """Never a 500, and never a statement whose cost the reader chooses."""
    site.push({"posts/a.md": post(body="fox")})
    answer = site.get(f"/search/?q={quote(question)}")

    assert (answer.status_code, answer.content_type) == (status, "text/html; charset=utf-8")
    assert told in answer.text
    assert 'name="q"' in answer.text


@pytest.mark.parametrize("arguments", ["q=%ff%fe", "q", "q=&q=fox", "=", "&" * 5000, "%", "q=fox;page=2", "q=\xff"])
def test_odd_arguments_are_answered_with_a_page(small_site: ServedSite, arguments: str) -> None:
    """A query that is not UTF-8, not a query, or endless."""
    small_site.push({"posts/a.md": post(body="fox")})
    answer = small_site.client.get("/search/", environ_overrides={"QUERY_STRING": arguments})

    assert answer.status_code == 200
    assert 'name="q"' in answer.text


def test_conditional_requests_and_head(site: ServedSite) -> None:
    """Equal answers have equal tags; another question has another one; nothing of it is kept."""
    site.push({"posts/a.md": post(body="fox"), "posts/b.md": post(body="cat")})
    fox, cat = site.get("/search/?q=fox"), site.get("/search/?q=cat")
    assert fox.headers["ETag"] != cat.headers["ETag"]
    again = site.get("/search/?q=fox", headers={"If-None-Match": fox.headers["ETag"]})
    head = site.client.head("/search/?q=fox")

    assert (again.status_code, again.data) == (304, b"")
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", fox.headers["ETag"])
    assert head.headers["Content-Length"] == fox.headers["Content-Length"]
    assert "must-revalidate" in fox.headers["Cache-Control"]
    assert site.get("/search/").headers["ETag"] not in {fox.headers["ETag"], cat.headers["ETag"]}


def test_endless_questions_push_no_page_out_of_the_cache(small_site: ServedSite) -> None:
    """A page stays in the cache whatever is asked: an answer to a question is not kept."""
    small_site.push({"posts/a.md": post(body="fox")})
    client = Client(small_site.app(Serving("0", cache_bytes=200_000)))
    page = client.get("/2026/01/a/")
    for number in range(200):
        assert client.get(f"/search/?q=fox+{number}").status_code == 200
    with small_site.database.writing() as connection:
        connection.execute(text("UPDATE document SET title = 'changed in secret'"))

    assert client.get("/2026/01/a/").data == page.data
    assert "changed in secret" in client.get("/search/?q=fox").text


def test_the_address_without_its_slash_keeps_the_question(small_site: ServedSite) -> None:
    """And the next reader, who asks something else there, is led to that."""
    small_site.push({"blog.toml": 'url = "https://example.org/b"\n', "posts/a.md": post(body="fox")})
    for arguments in ("?q=fox&page=2", "?q=cat", ""):
        moved = small_site.get(f"/b/search{arguments}")
        assert (moved.status_code, moved.headers["Location"]) == (301, f"/b/search/{arguments}")
    assert ADDRESS.findall(small_site.text("/b/search/?q=fox")) == ["/b/2026/01/a/"]
    assert small_site.status_of("/search/?q=fox") == 404


def test_a_page_of_the_authors_wins(small_site: ServedSite) -> None:
    """An imported blog may have a search of its own."""
    small_site.push({"pages/search.md": "---\ntitle: My own\n---\nwords\n"})

    assert "My own" in small_site.text("/search/?q=fox")


def test_browsers_are_told_how_to_search(site: ServedSite) -> None:
    """The description names this site's own address, which every page links to."""
    site.push({"blog.toml": 'title = "A & B, a rather long title"\nurl = "https://example.org/b"\n'})
    answer = site.get("/-/opensearch.xml")
    root = ElementTree.fromstring(answer.data)  # noqa: S314 - our own answer
    space = "{http://a9.com/-/spec/opensearch/1.1/}"
    url = root.find(f"{space}Url")

    assert answer.content_type == "application/opensearchdescription+xml; charset=utf-8"
    assert root.findtext(f"{space}ShortName") == "A & B, a rather "
    assert url is not None
    assert url.attrib == {"type": "text/html", "template": "https://example.org/b/search/?q={searchTerms}"}
    assert '<link rel="search" type="application/opensearchdescription+xml"' in site.text("/b/")
    known = site.get("/-/opensearch.xml", headers={"If-None-Match": answer.headers["ETag"]})
    assert known.status_code == 304


def test_a_page_with_nothing_behind_it_offers_the_search(small_site: ServedSite) -> None:
    """Whoever followed a dead link can look for what was meant."""
    small_site.push({"posts/a.md": post()})
    lost = small_site.get("/nothing/")

    assert lost.status_code == 404
    assert 'role="search" action="/search/"' in lost.text


def test_a_text_beyond_every_limit_is_indexed_up_to_it(site: ServedSite) -> None:
    """PostgreSQL refuses a vector of a mebibyte: that must not stop the posts beside it."""
    words = " ".join(f"w{number:06x}" for number in range(200_000))
    site.push({"posts/long.md": post(title="Long", body=f"fox {words} cat"), "posts/a.md": post(body="dog")})

    assert found(site, "fox") == found(site, "w000001") == ["/2026/01/long/"]
    assert found(site, "cat") == []
    assert found(site, "dog") == ["/2026/01/a/"]


def test_a_phrase_is_found_far_behind_in_a_long_text(site: ServedSite) -> None:
    """PostgreSQL's vector forgets where a frequent word stands after its 255th place, and all after 16,383."""
    site.push({"posts/long.md": post(body="the cat " * 9_000 + "the fox sleeps"), "posts/a.md": post(body="fox the")})

    assert found(site, '"the fox"') == found(site, '"the fox sl*"') == ["/2026/01/long/"]
    assert found(site, '"fox the"') == ["/2026/01/a/"]
    assert found(site, 'fox -"the fox"') == ["/2026/01/a/"]


def test_both_databases_are_given_the_same_terms(tmp_path: Path, postgres_url: str) -> None:
    """So that they find the same: rows are equal, and each database's own index is made of them alone."""
    stored = []
    for name, url in (("one", f"sqlite:///{tmp_path / 'index.sqlite'}"), ("two", postgres_url)):
        with served_site(tmp_path / name, url) as opened:
            opened.push(TREE)
            with opened.database.reading() as connection:
                stored.append({tuple(row) for row in connection.execute(select(search_table))})

    assert stored[0] == stored[1]
    assert len(stored[0]) == len(TREE)
