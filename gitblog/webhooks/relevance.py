"""Whether a push concerns this site.

When in doubt it does: a hint too many costs one look at the repository, one too few delays a page.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from gitblog.model import PushEvent
from gitblog.webhooks.delivery import Ignored
from gitblog.webhooks.payload import BRANCH_PREFIX, enumerated

_SCP_LIKE = re.compile(r"(?:[^/@:]+@)?([^/@:]+):(?!//)(.+)")


def reason_to_ignore(event: PushEvent, repository: str, branch: str) -> Ignored | None:
    """Give the answer to a push that cannot change the site, or None for one that may.

    `repository` is CONTENT_REPO; `branch` is "" while nothing is published yet, and then every branch counts.
    """
    if _another(event.repository, repository):
        return Ignored(
            "other_repository",
            f"this site shows {_name(repository)[1]}, not {_name(event.repository)[1]}:"
            " if it was renamed, set CONTENT_REPO to its new address",
            event.delivery_id,
        )
    if branch and BRANCH_PREFIX + branch not in event.refs:
        pushed = enumerated(ref.removeprefix(BRANCH_PREFIX) for ref in event.refs)
        return Ignored(
            "other_branch",
            f"pushed to {pushed}; this site shows {branch} (CONTENT_BRANCH chooses another)",
            event.delivery_id,
        )
    return None


def pushed_revision(event: PushEvent, branch: str) -> str:
    """Give the new commit of the branch, or of the first ref where the branch is not known yet."""
    return event.refs.get(BRANCH_PREFIX + branch) or next(iter(event.refs.values()))


def _another(pushed: str, ours: str) -> bool:
    """Only a repository of the same host can be told apart: a mirror or a host alias has other names."""
    pushed_host, pushed_name = _name(pushed)
    our_host, our_name = _name(ours)
    if not our_host or pushed_host != our_host or not pushed_name or not our_name:
        return False
    # Over https a forge may live below a path that its ssh addresses lack: "git/me/blog" is "me/blog".
    return not f"/{pushed_name}".endswith(f"/{our_name}") and not f"/{our_name}".endswith(f"/{pushed_name}")


def _name(address: str) -> tuple[str, str]:
    """Give host and name of a repository, as far as they can be compared; ("", …) for a local path."""
    try:
        url = urlsplit(address)
        host, path = url.hostname or "", url.path
    except ValueError:
        return "", ""
    scp_like = _SCP_LIKE.fullmatch(address)
    if not url.netloc and scp_like:
        host, path = scp_like[1].lower(), scp_like[2]
    name = path.strip("/").removesuffix(".git").lower()
    return host, name
