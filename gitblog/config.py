"""What an operator can set: one frozen `Settings`, read from the environment.

`SETTINGS` is the one table of settings: the documentation, `.env.sample` and the tests read the same rows.
Nothing here touches the network, git or the database; the only files read are those named by `NAME_FILE`.
No message holds the value of a secret, nor of anything that could hold one by mistake (an address, a URL).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from gitblog.errors import SettingsError

MIN_SECRET_CHARACTERS = 16
LOCAL_INTERVAL_SECONDS = 2
REMOTE_INTERVAL_SECONDS = 60

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BLANK = re.compile(r"\s")
_INTEGER = re.compile(r"[0-9]{1,9}")
_HOST = re.compile(r"[A-Za-z0-9._:%\[\]][A-Za-z0-9._:%\[\]-]*")
_SCP_LIKE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^-\s:@?#][^\s:@?#]*")
# What `git check-ref-format` refuses (its manual, rules 1 to 10), and a leading "-": an option of git.
_NOT_A_BRANCH = re.compile(r"^[-/.]|[/.]$|//|/\.|\.\.|\.lock(/|$)|@\{|^@$|^HEAD$|[\x00-\x20\x7f~^:?*\[\\]")


@dataclass(frozen=True, slots=True)
class Settings:
    """All that an operator can set; None means "not set", and `app` decides what that stands for.

    `content_dir` is "" for the repository's root. `site_url` is scheme and host alone ("https://example.org").
    `database_url` names its driver, as SQLAlchemy wants it. The `repr` holds no secret.
    """

    content_repo: str | None = None
    content_dir: str | None = None
    content_branch: str | None = None
    content_token: str | None = field(default=None, repr=False)
    content_ssh_key: str | None = field(default=None, repr=False)
    content_ssh_known_hosts: str | None = None
    webhook_secret: tuple[str, ...] = field(default=(), repr=False)
    sync_interval_seconds: int | None = None
    sync_mode: str = "web"
    database_url: str | None = field(default=None, repr=False)
    data_dir: Path = Path("instance")
    site_url: str | None = None
    trusted_proxies: int = 0
    status_token: str | None = field(default=None, repr=False)
    host: str = "127.0.0.1"
    port: int = 8000
    web_concurrency: int = 2
    log_format: str = "text"
    log_level: str = "info"

    @property
    def interval_seconds(self) -> int:
        """How often to look without a hint; 0 is never. A look at a local path costs next to nothing."""
        if self.sync_interval_seconds is not None:
            return self.sync_interval_seconds
        local = self.content_repo is None or is_local(self.content_repo)
        return LOCAL_INTERVAL_SECONDS if local else REMOTE_INTERVAL_SECONDS


Parser = Callable[[str, str], object]


@dataclass(frozen=True, slots=True)
class Setting:
    """A row of the table: `default` as it would be written ("" for none), `unset` says what no value means.

    `parse(name, text)` gives the value or raises `SettingsError`.
    A `secret` may also be given as `NAME_FILE`, the path of a file that holds it.
    """

    name: str
    parse: Parser
    help: str
    default: str = ""
    unset: str = ""
    secret: bool = False

    @property
    def attribute(self) -> str:
        """The name of the field of `Settings` that holds the value."""
        return self.name.lower()


def from_env(environ: Mapping[str, str], read: Callable[[str], str] | None = None) -> Settings:
    """Make the settings from environment variables; `read` gives the text of a `NAME_FILE` (else the disk).

    An empty variable counts as unset.
    Raises `SettingsError`: one line that names the variable and what to do.
    """
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        text = _given(setting, environ, read or _read_file)
        if text:
            values[setting.attribute] = setting.parse(setting.name, text)
    settings = Settings(**values)
    if settings.content_token and (settings.content_repo or "").lower().startswith("http://"):
        raise _wrong("CONTENT_TOKEN", "would travel unencrypted: use an https:// address in CONTENT_REPO")
    return settings


def is_local(repository: str) -> bool:
    """Whether a (valid) CONTENT_REPO is a path on this machine."""
    return "://" not in repository and not _SCP_LIKE.fullmatch(repository)


def _given(setting: Setting, environ: Mapping[str, str], read: Callable[[str], str]) -> str:
    text = environ.get(setting.name, "").strip()
    file_name = f"{setting.name}_FILE"
    path = environ.get(file_name, "").strip() if setting.secret else ""
    if not path:
        return text
    if text:
        raise _wrong(setting.name, f"is set, and so is {file_name}: keep one of the two")
    try:
        content = read(path).strip()
    except (OSError, ValueError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8 text"
        raise _wrong(file_name, f"names a file that cannot be read ({why}): check the path and its rights") from exc
    if not content:
        raise _wrong(file_name, "names an empty file: write the value into it, or unset the variable")
    return content


def _read_file(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")


def _wrong(name: str, what: str) -> SettingsError:
    return SettingsError(f"{name} {what}", reason="settings")


# --- parsers: (name of the variable, its text) -> value --------------------------------------------


def _repository(name: str, text: str) -> str:
    if _CONTROL.search(text):
        raise _wrong(name, "holds a control character, such as a line break: write the address on one line")
    if text.startswith("-"):
        raise _wrong(name, 'starts with "-": write an https or ssh address, or a path such as ./blog')
    if text.startswith("~"):
        raise _wrong(name, 'starts with "~", which is not expanded here: write the whole path')
    if re.match(r"[A-Za-z0-9+.-]*::", text):
        raise _wrong(name, 'names a git remote helper ("::"), which could run a program: use https or ssh')
    if "://" in text:
        return _repository_url(name, text)
    if ":" in text.split("/", 1)[0] and not _SCP_LIKE.fullmatch(text):
        raise _wrong(name, "is no address that is understood: write git@host:owner/repository.git, or ./ before a path")
    return text


def _repository_url(name: str, text: str) -> str:
    url = _split_url(name, text)
    scheme = url.scheme.lower()
    if scheme == "file":
        raise _wrong(name, "is a file:// URL: write the path alone, such as /srv/blog.git")
    if scheme not in {"https", "ssh", "http"}:
        raise _wrong(name, "has a scheme that is not supported: use https://, ssh:// or a local path")
    if url.password is not None or (scheme != "ssh" and "@" in url.netloc):
        raise _wrong(name, "holds credentials: take them out of the URL and put the token into CONTENT_TOKEN")
    if "?" in text or "#" in text:
        raise _wrong(name, "has a query or a fragment: take it off (a token belongs into CONTENT_TOKEN)")
    if (url.username or "").startswith("-") or not _HOST.fullmatch(url.hostname or ""):
        raise _wrong(name, "names no host that is understood: write https://host/owner/repository.git")
    if not url.path.strip("/") or _BLANK.search(text):
        raise _wrong(name, "names no repository on its host: write https://host/owner/repository.git")
    return text


def _split_url(name: str, text: str) -> SplitResult:
    """Split a URL; a bad port or a bad IPv6 address raises `SettingsError`, without the text of either."""
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        raise _wrong(name, "is not a URL that can be read: check its host and port") from None
    return url


def _folder(name: str, text: str) -> str:
    parts = [part for part in text.split("/") if part not in {"", "."}]
    if text.startswith("/") or ".." in parts or ".git" in parts or _CONTROL.search(text) or "\\" in text:
        raise _wrong(name, "must be a folder inside the repository, such as content (or . for its root)")
    return "/".join(parts)


def _branch(name: str, text: str) -> str:
    if text.startswith("refs/"):
        raise _wrong(name, "is a full ref name: write the branch alone, such as main")
    if _NOT_A_BRANCH.search(text):
        raise _wrong(name, "is not a name that git allows for a branch: write it as `git branch` prints it")
    return text


def _token(name: str, text: str) -> str:
    if _BLANK.search(text) or _CONTROL.search(text) or not text.isascii():
        raise _wrong(name, "holds blanks or characters that no token has: copy it again, as token or user:token")
    if text.endswith(":"):
        raise _wrong(name, "has a user but no token after the colon: write token or user:token")
    return text


def _ssh_key(name: str, text: str) -> str:
    """A private key (with the final line break that ssh insists on), or the path of one."""
    if text.startswith("-----BEGIN"):
        # Some platforms keep a variable on one line, with \n for each line break.
        lines = text if "\n" in text else text.replace("\\n", "\n")
        return lines.replace("\r\n", "\n").rstrip("\n") + "\n"
    if "-----" in text or _CONTROL.search(text):
        raise _wrong(name, "is neither a path nor a private key: a key starts with -----BEGIN and has several lines")
    return _path_text(name, text)


def _known_hosts(name: str, text: str) -> str:
    """Lines as in a known_hosts file, or the path of one."""
    if _BLANK.search(text):
        return text.replace("\r\n", "\n") + "\n"
    return _path_text(name, text)


def _path_text(name: str, text: str) -> str:
    if text.startswith("~"):
        raise _wrong(name, 'starts with "~", which is not expanded here: write the whole path')
    if _CONTROL.search(text):
        raise _wrong(name, "holds a control character: write a path")
    return text


def _path(name: str, text: str) -> Path:
    return Path(_path_text(name, text))


def _secret(name: str, text: str) -> str:
    if len(text) < MIN_SECRET_CHARACTERS:
        raise _wrong(
            name,
            f"is shorter than {MIN_SECRET_CHARACTERS} characters: make one with"
            " python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
        )
    if _CONTROL.search(text):
        raise _wrong(name, "holds a control character, such as a line break: write it on one line")
    return text


def _secrets(name: str, text: str) -> tuple[str, ...]:
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise _wrong(name, "has a comma with nothing beside it: write secret, or old-secret,new-secret")
    return tuple(_secret(name, part) for part in parts)


def _integer(low: int, high: int) -> Parser:
    def parse(name: str, text: str) -> int:
        # int() also takes "1_0", "+1" and digits of other scripts.
        if not _INTEGER.fullmatch(text) or not low <= int(text) <= high:
            raise _wrong(name, f"must be a whole number from {low} to {high}")
        return int(text)

    return parse


def _word(*words: str) -> Parser:
    def parse(name: str, text: str) -> str:
        if text.lower() not in words:
            raise _wrong(name, f"must be one of: {', '.join(words)}")
        return text.lower()

    return parse


def _database(name: str, text: str) -> str:
    if "#" in text:  # first, because it would cut the URL at a place that no other message explains
        raise _wrong(name, 'holds a "#": write %23 for it in a password')
    url = _split_url(name, text)
    scheme = url.scheme.lower()
    rest = text[len(url.scheme) :]
    if not rest.startswith("://") or _CONTROL.search(text):
        raise _wrong(name, "is not a database URL: write postgresql://user:password@host/name")
    # SQLAlchemy's own default for "postgresql" is another driver than the one that is installed.
    if scheme in {"postgres", "postgresql", "postgresql+psycopg2"}:
        return f"postgresql+psycopg2{rest}"
    if scheme != "sqlite":
        raise _wrong(name, "names a database that is not supported: use postgresql:// or sqlite:///")
    if not url.path.strip("/") or url.netloc or ":memory:" in url.path:
        raise _wrong(name, "names no file, and several processes share it: write sqlite:///path/of/index.sqlite")
    return f"sqlite{rest}"


def _site_url(name: str, text: str) -> str:
    """Scheme and host; the path of the site comes from `url` in blog.toml, so one given here is dropped."""
    url = _split_url(name, text)
    host = url.hostname or ""
    if url.scheme.lower() not in {"http", "https"} or not _HOST.fullmatch(host):
        raise _wrong(name, "must be a whole address such as https://blog.example.org")
    if "?" in text or "#" in text or "@" in url.netloc or _BLANK.search(text) or _CONTROL.search(text):
        raise _wrong(name, "must be scheme and host alone, such as https://blog.example.org")
    return f"{url.scheme.lower()}://{url.netloc.lower()}"


def _host(name: str, text: str) -> str:
    if not _HOST.fullmatch(text):
        raise _wrong(name, "must be an address to listen on, such as 127.0.0.1 or 0.0.0.0")
    return text


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "CONTENT_REPO",
        _repository,
        "URL (https, ssh; http without credentials) or path of the content repository.",
        unset="this checkout, if it is a git work tree with `content/`; else a demonstration",
    ),
    Setting(
        "CONTENT_DIR",
        _folder,
        "Folder of the repository that is the site's root; `.` is the repository's own root.",
        unset="`content` for the default repository, else the root",
    ),
    Setting(
        "CONTENT_BRANCH",
        _branch,
        "The branch that is the site.",
        unset="the remote's default branch; of a work tree, the branch checked out",
    ),
    Setting(
        "CONTENT_TOKEN",
        _token,
        "Token for a private repository over https: `token` or `user:token`.",
        unset="no credentials",
        secret=True,
    ),
    Setting(
        "CONTENT_SSH_KEY",
        _ssh_key,
        "Private key for a repository over ssh: its text, or the path of its file.",
        unset="no key",
        secret=True,
    ),
    Setting(
        "CONTENT_SSH_KNOWN_HOSTS",
        _known_hosts,
        "Host keys that ssh may trust: lines of a known_hosts file, or its path.",
        unset="the keys of the large forges",
    ),
    Setting(
        "WEBHOOK_SECRET",
        _secrets,
        "Secret of the webhook, at least 16 characters; `old,new` while one replaces the other.",
        unset="the webhook answers 503",
        secret=True,
    ),
    Setting(
        "SYNC_INTERVAL_SECONDS",
        _integer(0, 86_400),
        "Seconds between two looks at the repository without a webhook; 0 switches these looks off.",
        unset=f"{REMOTE_INTERVAL_SECONDS}; {LOCAL_INTERVAL_SECONDS} for a local path",
    ),
    Setting(
        "SYNC_MODE",
        _word("web", "worker"),
        "Who syncs: `web` is a companion of the web processes, `worker` only `gitblog worker`.",
        default="web",
    ),
    Setting(
        "DATABASE_URL",
        _database,
        "Database of the index: `postgresql://user:password@host/name` or `sqlite:///path`.",
        unset="SQLite under `DATA_DIR`",
        secret=True,
    ),
    Setting(
        "DATA_DIR",
        _path,
        "Folder for the clone, SQLite's file and locks; all of it may be deleted at any moment.",
        default="./instance",
    ),
    Setting(
        "SITE_URL",
        _site_url,
        "Scheme and host of the site; once set, requests for other hosts are redirected to it.",
        unset="the `url` of `blog.toml` for absolute links, and no redirects",
    ),
    Setting(
        "TRUSTED_PROXIES",
        _integer(0, 10),
        "How many proxies in front of gitblog set `X-Forwarded-*` headers.",
        default="0",
    ),
    Setting(
        "STATUS_TOKEN",
        _secret,
        "Token that opens the details of `/-/status`, at least 16 characters.",
        unset="the details stay closed",
        secret=True,
    ),
    Setting("HOST", _host, "Address to listen on; `0.0.0.0` for every network.", default="127.0.0.1"),
    Setting("PORT", _integer(1, 65_535), "Port to listen on.", default="8000"),
    Setting("WEB_CONCURRENCY", _integer(1, 256), "How many web processes serve.", default="2"),
    Setting(
        "LOG_FORMAT",
        _word("text", "json"),
        "How a log line is written: `text` for people, `json` for programs.",
        default="text",
    ),
    Setting(
        "LOG_LEVEL",
        _word("debug", "info", "warning", "error", "critical"),
        "The least serious lines that are logged: `debug`, `info`, `warning`, `error` or `critical`.",
        default="info",
    ),
)
"""Every setting, in the order in which the documentation lists them."""
