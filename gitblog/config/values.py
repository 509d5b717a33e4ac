"""The parsers of settings: each takes the name of the variable and its text, and gives the value or says what is wrong.

No message holds the value of a secret, nor of anything that could hold one by mistake (an address, a URL).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from gitblog.errors import SettingsError

Parser = Callable[[str, str], object]

MIN_SECRET_CHARACTERS = 16

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BLANK = re.compile(r"\s")
_INTEGER = re.compile(r"[0-9]{1,9}")
# 64 is the length of an id in a repository that hashes with SHA-256.
_REVISION = re.compile(r"[0-9A-Fa-f]{7,64}")
_HOST = re.compile(r"[A-Za-z0-9._:%\[\]][A-Za-z0-9._:%\[\]-]*")
_SCP_LIKE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^-\s:@?#][^\s:@?#]*")
# What `git check-ref-format` refuses (its manual, rules 1 to 10), and a leading "-": an option of git.
_NOT_A_BRANCH = re.compile(r"^[-/.]|[/.]$|//|/\.|\.\.|\.lock(/|$)|@\{|^@$|^HEAD$|[\x00-\x20\x7f~^:?*\[\\]")

# What may follow the "?" of a Redis URL, by scheme; every other option could undo what keeps a request short.
_REDIS_OPTIONS = {
    "redis": r"",
    "rediss": r"(ssl_cert_reqs=(none|required)|ssl_ca_certs=[^&]+)?",
    "unix": r"(db=[0-9]{1,4})?",
}


def is_local(repository: str) -> bool:
    """Tell whether a (valid) CONTENT_REPO is a path on this machine."""
    return "://" not in repository and not _SCP_LIKE.fullmatch(repository)


def wrong(name: str, what: str) -> SettingsError:
    """Make the error of a setting: one line that starts with its name."""
    return SettingsError(f"{name} {what}", reason="settings")


def repository(name: str, text: str) -> str:
    """Take an https, ssh or http address without credentials, or a path."""
    if _CONTROL.search(text):
        raise wrong(name, "holds a control character, such as a line break: write the address on one line")
    if text.startswith("-"):
        raise wrong(name, 'starts with "-": write an https or ssh address, or a path such as ./blog')
    if text.startswith("~"):
        raise wrong(name, 'starts with "~", which is not expanded here: write the whole path')
    if re.match(r"[A-Za-z0-9+.-]*::", text):
        raise wrong(name, 'names a git remote helper ("::"), which could run a program: use https or ssh')
    if "://" in text:
        return _repository_url(name, text)
    if ":" in text.split("/", 1)[0] and not _SCP_LIKE.fullmatch(text):
        raise wrong(name, "is no address that is understood: write git@host:owner/repository.git, or ./ before a path")
    return text


def _repository_url(name: str, text: str) -> str:
    url = _split_url(name, text)
    scheme = url.scheme.lower()
    if scheme == "file":
        raise wrong(name, "is a file:// URL: write the path alone, such as /srv/blog.git")
    if scheme not in {"https", "ssh", "http"}:
        raise wrong(name, "has a scheme that is not supported: use https://, ssh:// or a local path")
    if url.password is not None or (scheme != "ssh" and "@" in url.netloc):
        raise wrong(name, "holds credentials: take them out of the URL and put the token into CONTENT_TOKEN")
    if "?" in text or "#" in text:
        raise wrong(name, "has a query or a fragment: take it off (a token belongs into CONTENT_TOKEN)")
    if (url.username or "").startswith("-") or not _HOST.fullmatch(url.hostname or ""):
        raise wrong(name, "names no host that is understood: write https://host/owner/repository.git")
    if not url.path.strip("/") or _BLANK.search(text):
        raise wrong(name, "names no repository on its host: write https://host/owner/repository.git")
    return text


def _split_url(name: str, text: str) -> SplitResult:
    """Split a URL; a bad port or a bad IPv6 address raises `SettingsError`, without the text of either."""
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        raise wrong(name, "is not a URL that can be read: check its host and port") from None
    return url


def folder(name: str, text: str) -> str:
    """Take a folder inside the repository; "." and "" are its root."""
    parts = [part for part in text.split("/") if part not in {"", "."}]
    if text.startswith("/") or ".." in parts or ".git" in parts or _CONTROL.search(text) or "\\" in text:
        raise wrong(name, "must be a folder inside the repository, such as content (or . for its root)")
    return "/".join(parts)


def branch(name: str, text: str) -> str:
    """Take a name that git allows for a branch."""
    if text.startswith("refs/"):
        raise wrong(name, "is a full ref name: write the branch alone, such as main")
    if _NOT_A_BRANCH.search(text):
        raise wrong(name, "is not a name that git allows for a branch: write it as `git branch` prints it")
    return text


def revision(name: str, text: str) -> str:
    """Take a commit id or its first characters, as many as git itself prints."""
    if not _REVISION.fullmatch(text):
        raise wrong(name, "is not a commit id: write 7 to 40 characters of it, as `git log` prints them")
    return text.lower()


def token(name: str, text: str) -> str:
    """Take `token` or `user:token`."""
    if _BLANK.search(text) or _CONTROL.search(text) or not text.isascii():
        raise wrong(name, "holds blanks or characters that no token has: copy it again, as token or user:token")
    if text.endswith(":"):
        raise wrong(name, "has a user but no token after the colon: write token or user:token")
    return text


def ssh_key(name: str, text: str) -> str:
    """Take a private key (with the final line break that ssh insists on), or the path of one."""
    if text.startswith("-----BEGIN"):
        # Some platforms keep a variable on one line, with \n for each line break.
        lines = text if "\n" in text else text.replace("\\n", "\n")
        return lines.replace("\r\n", "\n").rstrip("\n") + "\n"
    if "-----" in text or _CONTROL.search(text):
        raise wrong(name, "is neither a path nor a private key: a key starts with -----BEGIN and has several lines")
    return _path_text(name, text)


def known_hosts(name: str, text: str) -> str:
    """Take lines as in a known_hosts file, or the path of one."""
    if _BLANK.search(text):
        return text.replace("\r\n", "\n") + "\n"
    return _path_text(name, text)


def _path_text(name: str, text: str) -> str:
    if text.startswith("~"):
        raise wrong(name, 'starts with "~", which is not expanded here: write the whole path')
    if _CONTROL.search(text):
        raise wrong(name, "holds a control character: write a path")
    return text


def path(name: str, text: str) -> Path:
    """Take a path; "~" is not expanded."""
    return Path(_path_text(name, text))


def secret(name: str, text: str) -> str:
    """Take a secret that is long enough to be one."""
    if len(text) < MIN_SECRET_CHARACTERS:
        raise wrong(
            name,
            f"is shorter than {MIN_SECRET_CHARACTERS} characters: make one with"
            " python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
        )
    if _CONTROL.search(text):
        raise wrong(name, "holds a control character, such as a line break: write it on one line")
    return text


def secrets(name: str, text: str) -> tuple[str, ...]:
    """Take one secret, or several with commas between."""
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise wrong(name, "has a comma with nothing beside it: write secret, or old-secret,new-secret")
    return tuple(secret(name, part) for part in parts)


def integer(low: int, high: int) -> Parser:
    """Make the parser of a whole number from `low` to `high`."""

    def parse(name: str, text: str) -> int:
        # int() also takes "1_0", "+1" and digits of other scripts.
        if not _INTEGER.fullmatch(text) or not low <= int(text) <= high:
            raise wrong(name, f"must be a whole number from {low} to {high}")
        return int(text)

    return parse


def word(*words: str) -> Parser:
    """Make the parser of one of a few words."""

    def parse(name: str, text: str) -> str:
        if text.lower() not in words:
            raise wrong(name, f"must be one of: {', '.join(words)}")
        return text.lower()

    return parse


def database(name: str, text: str) -> str:
    """Take the URL of a PostgreSQL database or of a SQLite file, with the driver that is installed."""
    if "#" in text:  # first, because it would cut the URL at a place that no other message explains
        raise wrong(name, 'holds a "#": write %23 for it in a password')
    url = _split_url(name, text)
    scheme = url.scheme.lower()
    rest = text[len(url.scheme) :]
    if not rest.startswith("://") or _CONTROL.search(text):
        raise wrong(name, "is not a database URL: write postgresql://user:password@host/name")
    if url.netloc.count("@") > 1:  # libpq would take the rest of the password for the host, and name it in an error
        raise wrong(name, 'holds two "@" before the host: write %40 for one in a password')
    # SQLAlchemy's own default for "postgresql" is another driver than the one that is installed.
    if scheme in {"postgres", "postgresql", "postgresql+psycopg2"}:
        return f"postgresql+psycopg2{rest}"
    if scheme != "sqlite":
        raise wrong(name, "names a database that is not supported: use postgresql:// or sqlite:///")
    if not url.path.strip("/") or url.netloc or ":memory:" in url.path:
        raise wrong(name, "names no file, and several processes share it: write sqlite:///path/of/index.sqlite")
    return f"sqlite{rest}"


def redis(name: str, text: str) -> str:
    """Take the URL of a Redis database, with no option but a few that say which server is believed."""
    if "#" in text:
        raise wrong(name, 'holds a "#": write %23 for it in a password')
    url = _split_url(name, text)
    if url.scheme not in {"redis", "rediss", "unix"} or "://" not in text or _BLANK.search(text):
        raise wrong(name, "is not a Redis URL: write redis://:password@host:6379/0, rediss://… or unix:///path")
    if url.scheme == "unix" and not (url.hostname is None and url.path.strip("/")):
        raise wrong(name, "names no socket: write unix:///path/of/redis.sock, and ?db=1 for another database than 0")
    if url.scheme != "unix" and not _HOST.fullmatch(url.hostname or ""):
        raise wrong(name, "names no host: write redis://host:6379/0")
    if url.scheme != "unix" and not re.fullmatch(r"(/[0-9]{0,4})?", url.path):
        raise wrong(name, "has a path that is no database: end it with /0 or another number")
    if not re.fullmatch(_REDIS_OPTIONS[url.scheme], url.query):
        raise wrong(name, f"has an option that is not known: those of {url.scheme}:// are in docs/configuration.md")
    return text


def site_url(name: str, text: str) -> str:
    """Take scheme and host; the path of the site comes from `url` in blog.toml, so one given here is dropped."""
    url = _split_url(name, text)
    host = url.hostname or ""
    if url.scheme.lower() not in {"http", "https"} or not _HOST.fullmatch(host):
        raise wrong(name, "must be a whole address such as https://blog.example.org")
    if "?" in text or "#" in text or "@" in url.netloc or _BLANK.search(text) or _CONTROL.search(text):
        raise wrong(name, "must be scheme and host alone, such as https://blog.example.org")
    return f"{url.scheme.lower()}://{url.netloc.lower()}"


def host(name: str, text: str) -> str:
    """Take an address to listen on."""
    if not _HOST.fullmatch(text):
        raise wrong(name, "must be an address to listen on, such as 127.0.0.1 or 0.0.0.0")
    return text
