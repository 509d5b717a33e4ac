"""What an operator can set: one frozen `Settings`, read from the environment.

`SETTINGS` is the one table of settings: the documentation, `.env.sample` and the tests read the same rows.
Nothing here touches the network, git or the database; the only files read are those named by `NAME_FILE`.
No message holds the value of a secret, nor of anything that could hold one by mistake (an address, a URL).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gitblog.config import values
from gitblog.config.values import Parser, is_local, wrong

LOCAL_INTERVAL_SECONDS = 2
REMOTE_INTERVAL_SECONDS = 60
# The longest secret is an ssh key, of a few kilobytes; a device would give bytes for ever.
_MAX_FILE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Settings:
    """All that an operator can set; None means "not set", and `app` decides what that stands for.

    `content_dir` is "" for the repository's root. `site_url` is scheme and host alone ("https://example.org").
    `database_url` names its driver, as SQLAlchemy wants it. The `repr` holds no secret.
    """

    content_repo: str | None = None
    content_dir: str | None = None
    content_branch: str | None = None
    content_revision: str | None = None
    content_token: str | None = field(default=None, repr=False)
    content_ssh_key: str | None = field(default=None, repr=False)
    content_ssh_known_hosts: str | None = None
    webhook_secret: tuple[str, ...] = field(default=(), repr=False)
    sync_interval_seconds: int | None = None
    sync_mode: str = "web"
    database_url: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    data_dir: Path = Path("instance")
    site_url: str | None = None
    theme_dir: Path | None = None
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
    found: dict[str, Any] = {}
    for setting in SETTINGS:
        text = _given(setting, environ, read or _read_file)
        if text:
            found[setting.attribute] = setting.parse(setting.name, text)
    settings = Settings(**found)
    if settings.content_token and (settings.content_repo or "").lower().startswith("http://"):
        raise wrong("CONTENT_TOKEN", "would travel unencrypted: use an https:// address in CONTENT_REPO")
    return settings


def _given(setting: Setting, environ: Mapping[str, str], read: Callable[[str], str]) -> str:
    text = environ.get(setting.name, "").strip()
    file_name = f"{setting.name}_FILE"
    path = environ.get(file_name, "").strip() if setting.secret else ""
    if not path:
        return text
    if text:
        raise wrong(setting.name, f"is set, and so is {file_name}: keep one of the two")
    try:
        content = read(path)
    except (OSError, ValueError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8 text"
        raise wrong(file_name, f"names a file that cannot be read ({why}): check the path and its rights") from exc
    if len(content) > _MAX_FILE_BYTES:
        raise wrong(file_name, f"names a file over {_MAX_FILE_BYTES // 1024} KiB, which is no secret: check the path")
    if not (content := content.strip()):
        raise wrong(file_name, "names an empty file: write the value into it, or unset the variable")
    return content


def _read_file(path: str) -> str:
    with Path(path).open("rb") as file:
        return file.read(_MAX_FILE_BYTES + 1).decode()


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "CONTENT_REPO",
        values.repository,
        "URL (https, ssh; http without credentials) or path of the content repository.",
        unset="this checkout, if it is a git work tree with `content/`; else a demonstration",
    ),
    Setting(
        "CONTENT_DIR",
        values.folder,
        "Folder of the repository that is the site's root; `.` is the repository's own root.",
        unset="`content` for the default repository, else the root",
    ),
    Setting(
        "CONTENT_BRANCH",
        values.branch,
        "The branch that is the site.",
        unset="the remote's default branch; of a work tree, the branch checked out",
    ),
    Setting(
        "CONTENT_REVISION",
        values.revision,
        "Serve exactly this commit of the branch, whatever is pushed: 7 or more characters of its id.",
        unset="the branch's newest commit",
    ),
    Setting(
        "CONTENT_TOKEN",
        values.token,
        "Token for a private repository over https: `token` or `user:token`.",
        unset="no credentials",
        secret=True,
    ),
    Setting(
        "CONTENT_SSH_KEY",
        values.ssh_key,
        "Private key for a repository over ssh: its text, or the path of its file.",
        unset="no key",
        secret=True,
    ),
    Setting(
        "CONTENT_SSH_KNOWN_HOSTS",
        values.known_hosts,
        "Host keys that ssh may trust: lines of a known_hosts file, or its path.",
        unset="the keys of the large forges",
    ),
    Setting(
        "WEBHOOK_SECRET",
        values.secrets,
        "Secret of the webhook, at least 16 characters; `old,new` while one replaces the other.",
        unset="the webhook answers 503",
        secret=True,
    ),
    Setting(
        "SYNC_INTERVAL_SECONDS",
        values.integer(0, 86_400),
        "Seconds between two looks at the repository without a webhook; 0 switches these looks off.",
        unset=f"{REMOTE_INTERVAL_SECONDS}; {LOCAL_INTERVAL_SECONDS} for a local path",
    ),
    Setting(
        "SYNC_MODE",
        values.word("web", "worker"),
        "Who syncs: `web` is a companion of the web processes, `worker` only `gitblog worker`.",
        default="web",
    ),
    Setting(
        "DATABASE_URL",
        values.database,
        "Database of the index: `postgresql://user:password@host/name` or `sqlite:///path`.",
        unset="SQLite under `DATA_DIR`",
        secret=True,
    ),
    Setting(
        "REDIS_URL",
        values.redis,
        "Page cache shared by several processes: `redis://`, `rediss://` (TLS) or `unix://`.",
        unset="each web process keeps its own",
        secret=True,
    ),
    Setting(
        "DATA_DIR",
        values.path,
        "Folder for the clone, SQLite's file and locks; all of it may be deleted at any moment.",
        default="./instance",
    ),
    Setting(
        "SITE_URL",
        values.site_url,
        "Scheme and host of the site; once set, requests for other hosts are redirected to it.",
        unset="the `url` of `blog.toml` for absolute links, and no redirects",
    ),
    Setting(
        "THEME_DIR",
        values.path,
        "Folder whose `templates/` and `static/` take the place of the theme's files of the same names.",
        unset="the theme as it comes",
    ),
    Setting(
        "TRUSTED_PROXIES",
        values.integer(0, 10),
        "How many proxies in front of gitblog set `X-Forwarded-*` headers.",
        default="0",
    ),
    Setting(
        "STATUS_TOKEN",
        values.secret,
        "Token that opens the details of `/-/status`, and `/-/metrics`; at least 16 characters.",
        unset="the details stay closed",
        secret=True,
    ),
    Setting("HOST", values.host, "Address to listen on; `0.0.0.0` for every network.", default="127.0.0.1"),
    Setting("PORT", values.integer(1, 65_535), "Port to listen on.", default="8000"),
    Setting("WEB_CONCURRENCY", values.integer(1, 256), "How many web processes serve.", default="2"),
    Setting(
        "LOG_FORMAT",
        values.word("text", "json"),
        "How a log line is written: `text` for people, `json` for programs.",
        default="text",
    ),
    Setting(
        "LOG_LEVEL",
        values.word("debug", "info", "warning", "error", "critical"),
        "The least serious lines that are logged: `debug`, `info`, `warning`, `error` or `critical`.",
        default="info",
    ),
)
"""Every setting, in the order in which the documentation lists them."""
