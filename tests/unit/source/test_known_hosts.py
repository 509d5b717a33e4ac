"""The shipped host keys are those whose fingerprints the forges publish."""

from __future__ import annotations

import base64
import hashlib

from gitblog.source.known_hosts import KNOWN_HOSTS

# docs.github.com, docs.gitlab.com and docs.codeberg.org, each on its page about ssh fingerprints.
PUBLISHED = {
    ("github.com", "ssh-ed25519"): "+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
    ("github.com", "ecdsa-sha2-nistp256"): "p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM",
    ("gitlab.com", "ssh-ed25519"): "eUXGGm1YGsMAS7vkcx6JOJdOGHPem5gQp4taiCfCLB8",
    ("gitlab.com", "ecdsa-sha2-nistp256"): "HbW3g8zUjNSksFbqTiUWPWg2Bq1x8xdGUrliXFzSnUw",
    ("bitbucket.org", "ssh-ed25519"): "ybgmFkzwOSotHTHLJgHO0QN8L0xErw6vd0VhFA9m3SM",
    ("bitbucket.org", "ecdsa-sha2-nistp256"): "FC73VB6C4OQLSCrjEayhMp9UMxS97caD/Yyi2bhW/J0",
    ("codeberg.org", "ssh-ed25519"): "mIlxA9k46MmM6qdJOdMnAQpzGxF4WIVVL+fj+wZbw0g",
    ("codeberg.org", "ecdsa-sha2-nistp256"): "T9FYDEHELhVkulEKKwge5aVhVTbqCW0MIRwAfpARs/E",
}


def test_every_shipped_key_has_its_published_fingerprint() -> None:
    """SHA-256 of the key, as ssh-keygen -l shows it."""
    found = {}
    for line in KNOWN_HOSTS.splitlines():
        if not line.startswith("#"):
            host, kind, key = line.split(" ")
            digest = hashlib.sha256(base64.b64decode(key)).digest()
            found[host, kind] = base64.b64encode(digest).decode().rstrip("=")

    assert found == PUBLISHED
