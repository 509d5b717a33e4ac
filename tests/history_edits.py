"""What an author does to the files of a blog in one commit: the small steps of which random histories are made.

Each edit really happens: where a tree lacks what it needs, the edit first commits that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Final, Protocol

CONFIGURATION: Final = "blog.toml"
Tree = dict[str, bytes]

# Enough equal text that a rename is recognised, however the head changes, and that posts are taken for each other.
_FILLER = "A long enough text makes a rename recognisable, however the head changes.\n" * 4
_TITLES = "ABCDEFGH"
_NEVER_CLOSED = 'title: "never closed'
_BROKEN_CONFIGURATIONS = (b"permalink = \n", b'permalink = "/:nonsense/"\n')
_SETTINGS: Mapping[str, tuple[str, ...]] = {
    "permalink": ('permalink = "/p/:slug/"', 'permalink = "/:year/:slug/"', 'permalink = "/:slug/"'),
    "timezone": ('timezone = "Pacific/Auckland"', 'timezone = "America/Los_Angeles"'),
    "markup": ('markdown = "python-markdown"', 'markdown = "gfm"'),
    "base-path": ('url = "https://example.org/b"', 'url = "https://example.org"'),
    "layout": ('layout = "plain"', 'layout = "native"'),
}
_FOLDERS = "/".join(["d" * 200] * 6)
_UNUSABLE_NAMES = ("posts/n\udcff.markdown", "posts/n\nl.markdown", f"posts/{_FOLDERS}/x.markdown", "posts/n\udcff.png")
_DEFAULTS = ('markdown = "gfm"', 'url = "https://example.org"', 'layout = "native"')


class Branch(Protocol):
    """The branch that an edit works on."""

    def tree(self) -> Tree:
        """Give a copy of the files at its tip."""

    def commit(self, tree: Mapping[str, bytes]) -> None:
        """Move it to a new commit with these files."""

    def former(self) -> list[Tree]:
        """Give the files of every commit that the tip comes from, the latest first."""


Edit = Callable[[Branch, Random], Tree]


def post(title: str, body: str = "Words that stay the same in each post here.", **keys: str) -> bytes:
    """Write a post with front matter."""
    return _write({"title": title, **keys}, f"{body}\n{_FILLER}")


def posts(tree: Mapping[str, bytes]) -> list[str]:
    """Give the paths of the posts, in order."""
    return sorted(path for path in tree if path.startswith("posts/") and path.endswith(".md"))


def with_keys(data: bytes, **keys: str | None) -> bytes:
    """Set keys of a post's front matter; None takes a key away. A broken post is written anew."""
    if is_broken(data):
        return with_keys(post("Mended"), **keys)
    head, _, body = data.decode().removeprefix("---\n").partition("---\n")
    known = dict(line.split(": ", 1) for line in head.splitlines())
    return _write({key: value for key, value in {**known, **keys}.items() if value is not None}, body)


def is_broken(data: bytes) -> bool:
    """Tell whether a post was written by "break"."""
    return _NEVER_CLOSED.encode() in data


def good_posts(branch: Branch, random: Random, count: int = 1) -> list[str]:
    """Give some posts that are not broken, in random order, after adding those that lack."""
    tree = branch.tree()
    while len(found := [path for path in posts(tree) if not is_broken(tree[path])]) < count:
        tree[_free(tree, random)] = post(random.choice(_TITLES))
        branch.commit(tree)
    return random.sample(found, count)


def _write(keys: Mapping[str, str], body: str) -> bytes:
    head = "".join(f"{key}: {value}\n" for key, value in keys.items())
    return f"---\n{head}---\n{body}".encode()


def _free(tree: Tree, random: Random) -> str:
    """Give a path at which no post lies, rather one of the few names that are used again and again."""
    names = [f"posts/{letter}.md" for letter in "abcdef"]
    return random.choice([name for name in names if name not in tree] or [f"posts/x{len(tree)}.md"])


def _add(branch: Branch, random: Random) -> Tree:
    tree = branch.tree()
    keys = random.choice([{}, {}, {"tags": "[One, Two]"}, {"date": "2001-08-01"}, {"slug": random.choice("xyz")}])
    tree[_free(tree, random)] = post(random.choice(_TITLES), **keys)
    return tree


def _edit(branch: Branch, random: Random) -> Tree:
    (path,) = good_posts(branch, random)
    tree = branch.tree()
    title, _, rest = tree[path].decode().removeprefix("---\ntitle: ").partition("\n")
    if random.random() < 0.3:
        # Whatever the front matter said is gone.
        tree[path] = post(f"{title} anew")
    else:
        tree[path] = f"---\ntitle: {random.choice(_TITLES)}\n{rest}One more line.\n".encode()
    return tree


def _slug(branch: Branch, random: Random) -> Tree:
    (path,) = good_posts(branch, random)
    tree = branch.tree()
    tree[path] = _other(tree[path], [with_keys(tree[path], slug=slug) for slug in "uvwxyz"], random)
    return tree


def _rename(branch: Branch, random: Random) -> Tree:
    (path,) = good_posts(branch, random)
    tree = branch.tree()
    new = _free(tree, random)
    tree[new] = tree.pop(path) + (b"Edited on the way.\n" if random.random() < 0.4 else b"")
    return tree


def _rename_chain(branch: Branch, random: Random) -> Tree:
    (path,) = good_posts(branch, random)
    tree = branch.tree()
    middle = _free(tree, random)
    tree[middle] = tree.pop(path)
    branch.commit(tree)
    new = _free({**tree, path: b""}, random)
    tree[new] = tree.pop(middle)
    return tree


def _swap_slugs(branch: Branch, random: Random) -> Tree:
    one, other = good_posts(branch, random, 2)
    tree = branch.tree()
    slugs = {path: _slug_of(path, tree[path]) for path in (one, other)}
    if slugs[one] == slugs[other]:
        tree[one] = with_keys(tree[one], slug=f"{slugs[one]}-too")
        branch.commit(tree)
        slugs[one] += "-too"
    tree[one], tree[other] = with_keys(tree[one], slug=slugs[other]), with_keys(tree[other], slug=slugs[one])
    return tree


def _slug_of(path: str, data: bytes) -> str:
    named = [line for line in data.decode().splitlines() if line.startswith("slug: ")]
    return (
        named[0].removeprefix("slug: ") if named else path.removesuffix("/index.md").split("/")[1].removesuffix(".md")
    )


def _swap_files(branch: Branch, random: Random) -> Tree:
    one, other = good_posts(branch, random, 2)
    tree = branch.tree()
    if tree[one] == tree[other]:
        tree[one] += b"Not the same any more.\n"
        branch.commit(tree)
    tree[one], tree[other] = tree[other], tree[one]
    return tree


def _delete(branch: Branch, random: Random) -> Tree:
    good_posts(branch, random)
    tree = branch.tree()
    del tree[random.choice(posts(tree))]
    return tree


def _deleted(branch: Branch, random: Random) -> tuple[str, bytes]:
    """Give a post that is gone, with the bytes that it had, after deleting one where none is."""
    tree = branch.tree()
    gone = {(path, former[path]) for former in branch.former() for path in posts(former) if path not in tree}
    if gone:
        return random.choice(sorted(gone))
    (path,) = good_posts(branch, random)
    tree = branch.tree()
    data = tree.pop(path)
    branch.commit(tree)
    return path, data


def _add_again(branch: Branch, random: Random) -> Tree:
    path, _ = _deleted(branch, random)
    return {**branch.tree(), path: post("Again", f"Another text, number {len(branch.former())}.")}


def _same_again(branch: Branch, random: Random) -> Tree:
    path, data = _deleted(branch, random)
    return {**branch.tree(), path: data}


def _break(branch: Branch, random: Random) -> Tree:
    (path,) = good_posts(branch, random)
    tree = branch.tree()
    tree[path] = _broken(tree[path], random)
    return tree


def _broken(data: bytes, random: Random) -> bytes:
    if random.random() < 0.5:
        # Few different bytes, so that they come after several good versions and at several paths.
        draft = "draft: true\n" if random.random() < 0.3 else ""
        return f"---\n{_NEVER_CLOSED}\n{draft}---\nBroken {random.randint(1, 2)}.\n{_FILLER}".encode()
    title, _, rest = data.decode().removeprefix("---\ntitle: ").partition("\n")
    return f"---\n{_NEVER_CLOSED} {title}\n{rest}".encode()


def _a_broken(branch: Branch, random: Random) -> str:
    """Give a post that is broken, after breaking one where none is."""
    tree = branch.tree()
    if not any(is_broken(tree[path]) for path in posts(tree)):
        branch.commit(tree := _break(branch, random))
    return random.choice([path for path in posts(tree) if is_broken(tree[path])])


def _repair(branch: Branch, random: Random) -> Tree:
    path = _a_broken(branch, random)
    slug = {"slug": random.choice("xyz")} if random.random() < 0.4 else {}
    return {**branch.tree(), path: post("Repaired", "Whole again.", **slug)}


def _break_again(branch: Branch, random: Random) -> Tree:
    """Bring the same broken bytes back after a good version came between."""
    path = _a_broken(branch, random)
    tree = branch.tree()
    broken = tree[path]
    tree[path] = post("Repaired", "For a while.", slug=random.choice("xyz"))
    branch.commit(tree)
    return {**branch.tree(), path: broken}


def _draft(branch: Branch, random: Random) -> Tree:
    if not _public(branch.tree()):
        branch.commit(_add(branch, random))
    tree = branch.tree()
    path = random.choice(_public(tree))
    tree[path] = with_keys(tree[path], draft=random.choice(["true", "true", "yse"]))
    return tree


def _public(tree: Tree) -> list[str]:
    return [path for path in posts(tree) if not is_broken(tree[path]) and not _is_draft(tree[path])]


def _undraft(branch: Branch, random: Random) -> Tree:
    tree = branch.tree()
    if not any(_is_draft(tree[path]) for path in posts(tree)):
        (path,) = good_posts(branch, random)
        tree = branch.tree()
        tree[path] = with_keys(tree[path], draft="true")
        branch.commit(tree)
    path = random.choice([path for path in posts(tree) if _is_draft(tree[path])])
    return {**tree, path: with_keys(tree[path], draft=None)}


def _is_draft(data: bytes) -> bool:
    return b"\ndraft: " in data and not is_broken(data)


def _link(branch: Branch, random: Random) -> Tree:
    path, target = good_posts(branch, random, 2)
    tree = branch.tree()
    tree[path] += f"See [it](/{target}), [it again]({target.rpartition('/')[2]}) and [nothing](gone.md).\n".encode()
    return tree


def _image(branch: Branch, random: Random) -> Tree:
    (path,) = good_posts(branch, random)
    tree = branch.tree()
    picture, below = ("static/pic.png", "/pic.png") if random.random() < 0.3 else ("posts/pic.png", "/posts/pic.png")
    tree[picture] = f"picture {random.randint(0, 9)}".encode()
    tree[path] += f"![pic]({below})\n".encode()
    return tree


def _bundle(branch: Branch, random: Random) -> Tree:
    """Add a post that is a folder with a picture, or change its picture, or move the folder."""
    tree = branch.tree()
    folders = [path.removesuffix("/index.md") for path in posts(tree) if path.endswith("/index.md")]
    if not folders:
        text = post("Bundle", "![pic](pic.png)", **({"draft": "true"} if random.random() < 0.2 else {}))
        return {**tree, "posts/g/index.md": text, "posts/g/pic.png": b"picture of the bundle"}
    if random.random() < 0.5:
        tree[f"{folders[0]}/pic.png"] = tree.get(f"{folders[0]}/pic.png", b"") + b"!"
        return tree
    new = "posts/h" if folders[0] == "posts/g" else "posts/g"
    return {path.replace(f"{folders[0]}/", f"{new}/"): data for path, data in tree.items()}


def _unusable_name(branch: Branch, random: Random) -> Tree:
    """Add a file whose name cannot be used; or change it, rename it, or take it away."""
    tree = branch.tree()
    there = [path for path in _UNUSABLE_NAMES if path in tree]
    if not there or random.random() < 0.3:
        tree[random.choice([path for path in _UNUSABLE_NAMES if path not in tree] or there)] = b"# One\n"
        return tree if tree != branch.tree() else {path: data for path, data in tree.items() if path not in there}
    data = tree.pop(there[0])
    if random.random() < 0.7:
        tree[random.choice(_UNUSABLE_NAMES)] = data + b"More.\n"
    return tree


def _page(branch: Branch, random: Random) -> Tree:
    """Add a page, or give it another slug, or rename or delete it."""
    tree = branch.tree()
    pages = sorted(path for path in tree if path.startswith("pages/"))
    if not pages:
        return {**tree, "pages/p.md": post("Page")}
    path = random.choice(pages)
    what = random.random()
    if what < 0.4:
        tree[path] = _other(tree[path], [with_keys(tree[path], slug=slug) for slug in "mnxy"], random)
    else:
        data = tree.pop(path)
        if what < 0.7:
            tree["pages/q.md" if path == "pages/p.md" else "pages/p.md"] = data
    return tree


def _alias(branch: Branch, random: Random) -> Tree:
    path, other = good_posts(branch, random, 2)
    tree = branch.tree()
    aliases = [f"[/old/{letter}/, /p/{_slug_of(other, tree[other])}/]" for letter in "abc"]
    tree[path] = _other(tree[path], [with_keys(tree[path], aliases=each) for each in aliases], random)
    return tree


def _two_for_one(branch: Branch, random: Random) -> Tree:
    one, other = good_posts(branch, random, 2)
    tree = branch.tree()
    if (slug := _slug_of(one, tree[one])) == _slug_of(other, tree[other]):
        tree[other] = with_keys(tree[other], slug="apart")
        branch.commit(tree)
    tree[other] = with_keys(tree[other], slug=slug)
    return tree


def _same_bytes(branch: Branch, random: Random) -> Tree:
    (path,) = good_posts(branch, random)
    tree = branch.tree()
    tree[_free(tree, random)] = tree[path]
    return tree


def _setting(key: str) -> Edit:
    def change(branch: Branch, random: Random) -> Tree:
        tree = branch.tree()
        present = tree.get(CONFIGURATION, b"")
        lines = [] if present in _BROKEN_CONFIGURATIONS else present.decode().splitlines()
        name = _SETTINGS[key][0].split(" = ", maxsplit=1)[0]
        kept = [line for line in lines if not line.startswith(name)]
        # To write a default down where nothing was set would change nothing.
        wanted = [line for line in _SETTINGS[key] if line not in lines and (kept != lines or line not in _DEFAULTS)]
        tree[CONFIGURATION] = "\n".join([*kept, random.choice(wanted), ""]).encode()
        return tree

    return change


def _broken_configuration(branch: Branch, random: Random) -> Tree:
    tree = branch.tree()
    tree[CONFIGURATION] = _other(tree.get(CONFIGURATION, b""), list(_BROKEN_CONFIGURATIONS), random)
    return tree


def _no_configuration(branch: Branch, random: Random) -> Tree:
    if CONFIGURATION not in branch.tree():
        branch.commit(_setting("permalink")(branch, random))
    tree = branch.tree()
    del tree[CONFIGURATION]
    return tree


def _other(present: bytes, choices: list[bytes], random: Random) -> bytes:
    return random.choice([choice for choice in choices if choice != present])


EDITS: Final[Mapping[str, Edit]] = {
    "edit": _edit,
    "add": _add,
    "slug": _slug,
    "rename": _rename,
    "rename-chain": _rename_chain,
    "swap-slugs": _swap_slugs,
    "swap-files": _swap_files,
    "delete": _delete,
    "re-add": _add_again,
    "same-again": _same_again,
    "break": _break,
    "repair": _repair,
    "break-again": _break_again,
    "draft": _draft,
    "undraft": _undraft,
    "link": _link,
    "image": _image,
    "bundle": _bundle,
    "page": _page,
    "unusable-name": _unusable_name,
    "alias": _alias,
    "two-for-one": _two_for_one,
    "same-bytes": _same_bytes,
    **{key: _setting(key) for key in _SETTINGS},
    "broken-configuration": _broken_configuration,
    "no-configuration": _no_configuration,
}
"""Every edit by its kind."""
