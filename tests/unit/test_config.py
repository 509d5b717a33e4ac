"""Settings: what each variable accepts, and that no message or repr tells a secret."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from gitblog.config import SETTINGS, Setting, Settings, from_env
from gitblog.config.values import is_local
from gitblog.errors import SettingsError

CANARY = "kanarienvogel-1234567890"
LOCAL_REPOSITORIES = ("/srv/blog.git", "../blog", "blog", "./a:b", "/srv/my blog")
REMOTE_REPOSITORIES = (
    "https://github.com/me/blog.git",
    "HTTPS://git.example.org:8443/me/blog",
    "http://git.internal/blog.git",
    "ssh://git@example.org:2222/me/blog.git",
    "ssh://example.org/blog.git",
    "git@github.com:me/blog.git",
)
SSH_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----"

RIGHT = (
    ("CONTENT_DIR", "content/", "content"),
    ("CONTENT_DIR", ".", ""),
    ("CONTENT_DIR", "a/./b", "a/b"),
    ("CONTENT_BRANCH", "feature/käse-1.0", "feature/käse-1.0"),
    ("CONTENT_REVISION", "ABCDEF0", "abcdef0"),
    ("CONTENT_REVISION", "0123456789" * 4, "0123456789" * 4),
    ("CONTENT_TOKEN", "me:ghp_abc", "me:ghp_abc"),
    ("CONTENT_SSH_KEY", "/run/key", "/run/key"),
    ("CONTENT_SSH_KEY", SSH_KEY, f"{SSH_KEY}\n"),
    ("CONTENT_SSH_KEY", SSH_KEY.replace("\n", "\\n"), f"{SSH_KEY}\n"),
    ("CONTENT_SSH_KEY", SSH_KEY.replace("\n", "\r\n"), f"{SSH_KEY}\n"),
    ("CONTENT_SSH_KNOWN_HOSTS", "/etc/ssh/known", "/etc/ssh/known"),
    ("CONTENT_SSH_KNOWN_HOSTS", "host ssh-ed25519 AAAA", "host ssh-ed25519 AAAA\n"),
    ("WEBHOOK_SECRET", f"{'a' * 16} , {'b' * 16}", ("a" * 16, "b" * 16)),
    ("SYNC_INTERVAL_SECONDS", "0", 0),
    ("SYNC_MODE", "Worker", "worker"),
    ("DATABASE_URL", "postgres://u:p@h/d", "postgresql+psycopg2://u:p@h/d"),
    (
        "DATABASE_URL",
        "postgresql://u:p@h:5432/d?sslmode=require",
        "postgresql+psycopg2://u:p@h:5432/d?sslmode=require",
    ),
    ("DATABASE_URL", "postgresql:///d?host=/tmp/s", "postgresql+psycopg2:///d?host=/tmp/s"),
    ("DATABASE_URL", "sqlite:////srv/i.sqlite", "sqlite:////srv/i.sqlite"),
    ("REDIS_URL", "redis://cache", "redis://cache"),
    ("REDIS_URL", f"rediss://:{CANARY}@h:6380/1?ssl_cert_reqs=none", f"rediss://:{CANARY}@h:6380/1?ssl_cert_reqs=none"),
    ("REDIS_URL", "rediss://h?ssl_ca_certs=/etc/ca.pem", "rediss://h?ssl_ca_certs=/etc/ca.pem"),
    ("REDIS_URL", "unix:///run/redis.sock?db=2", "unix:///run/redis.sock?db=2"),
    ("REDIS_URL", f"unix://u:{CANARY}@/run/redis.sock", f"unix://u:{CANARY}@/run/redis.sock"),
    ("DATA_DIR", "/var/lib/gitblog", Path("/var/lib/gitblog")),
    ("SITE_URL", "https://Blog.Example.org/", "https://blog.example.org"),
    ("SITE_URL", "http://localhost:8000/base/path", "http://localhost:8000"),
    ("THEME_DIR", "./theme", Path("theme")),
    ("TRUSTED_PROXIES", "2", 2),
    ("STATUS_TOKEN", CANARY, CANARY),
    ("HOST", "::1", "::1"),
    ("PORT", " 9000 ", 9000),
    ("WEB_CONCURRENCY", "4", 4),
    ("LOG_FORMAT", "json", "json"),
    ("LOG_LEVEL", "DEBUG", "debug"),
)
WRONG = (
    ("CONTENT_REPO", f"https://me:{CANARY}@github.com/me/blog.git", "CONTENT_TOKEN"),
    ("CONTENT_REPO", f"https://{CANARY}@github.com/me/blog.git", "CONTENT_TOKEN"),
    ("CONTENT_REPO", f"ssh://git:{CANARY}@github.com/me/blog.git", "CONTENT_TOKEN"),
    ("CONTENT_REPO", f"https://github.com/me/blog.git?access_token={CANARY}", "query"),
    ("CONTENT_REPO", f"https://github.com/me/blog.git#{CANARY}", "fragment"),
    ("CONTENT_REPO", f"me:{CANARY}@github.com/blog", "git@host"),
    ("CONTENT_REPO", f"git@host:me/{CANARY}@x?y", "git@host"),
    ("CONTENT_REPO", "git@host:-oProxyCommand=x", "git@host"),
    ("CONTENT_REPO", "ext::sh -c id", "remote helper"),
    ("CONTENT_REPO", "--upload-pack=id", "starts with"),
    ("CONTENT_REPO", "~/blog", "whole path"),
    ("CONTENT_REPO", "file:///srv/blog.git", "path alone"),
    ("CONTENT_REPO", "git://host/blog", "scheme"),
    ("CONTENT_REPO", "https://host/a\nb", "control character"),
    ("CONTENT_REPO", "https://host/a b", "no repository"),
    ("CONTENT_REPO", "https://host/", "no repository"),
    ("CONTENT_REPO", "https:///blog", "no host"),
    ("CONTENT_REPO", "ssh://-oProxyCommand=id/blog", "no host"),
    ("CONTENT_REPO", "ssh://-o@host/blog", "no host"),
    ("CONTENT_REPO", "https://host:99999/blog", "port"),
    ("CONTENT_DIR", "/content", "inside"),
    ("CONTENT_DIR", "a/../..", "inside"),
    ("CONTENT_DIR", ".git", "inside"),
    *(
        ("CONTENT_BRANCH", name, "branch")
        for name in (
            "-x",
            "a..b",
            "@{u}",
            "@",
            "HEAD",
            "refs/heads/x",
            "a b",
            "a~1",
            "a^",
            "a:b",
            "a?",
            "a*",
            "a[b",
            "a\\b",
            "/a",
            "a/",
            "a//b",
            ".a",
            "a/.b",
            "a.",
            "a.lock",
            "a.lock/b",
            "a\x07b",
        )
    ),
    *(
        ("CONTENT_REVISION", text, "7 to 40 characters")
        for text in ("abc123", "main", "HEAD~1", "v1.0.0", "-abcdef0", "abcdef0..abcdef1", "f" * 65)
    ),
    ("CONTENT_TOKEN", f"{CANARY} x", "copy it again"),
    ("CONTENT_TOKEN", "me:", "no token"),
    ("CONTENT_SSH_KEY", f"abc\n{CANARY}", "-----BEGIN"),
    ("CONTENT_SSH_KEY", "~/.ssh/id", "whole path"),
    ("CONTENT_SSH_KNOWN_HOSTS", "~/.ssh/known_hosts", "whole path"),
    ("WEBHOOK_SECRET", "changeme", "16 characters"),
    ("WEBHOOK_SECRET", f"{CANARY},short", "16 characters"),
    ("WEBHOOK_SECRET", f"{CANARY},", "comma"),
    ("WEBHOOK_SECRET", f"{CANARY}\nx", "control character"),
    *(("SYNC_INTERVAL_SECONDS", text, "whole") for text in ("-1", "abc", "1.5", "1_0", "+1", "١", "86401")),
    ("SYNC_MODE", "both", "web, worker"),
    ("DATABASE_URL", f"mysql://u:{CANARY}@h/d", "not supported"),
    ("DATABASE_URL", f"postgresql+asyncpg://u:{CANARY}@h/d", "not supported"),
    ("DATABASE_URL", f"postgresql://u:{CANARY}#x@h/d", "%23"),
    ("DATABASE_URL", f"postgresql://u:{CANARY}@h:port/d", "port"),
    ("DATABASE_URL", "index.sqlite", "postgresql://"),
    ("DATABASE_URL", "sqlite://", "no file"),
    ("DATABASE_URL", "sqlite:///:memory:", "no file"),
    ("DATABASE_URL", "sqlite://host/x", "no file"),
    ("DATABASE_URL", "postgresql://u:p@ss@h/d", "write %40"),
    ("REDIS_URL", f"{CANARY}", "redis://"),
    ("REDIS_URL", f"memcached://{CANARY}@h", "redis://"),
    ("REDIS_URL", "redis:/h", "redis://"),
    ("REDIS_URL", "redis:///0", "no host"),
    ("REDIS_URL", "redis://h:99999", "port"),
    ("REDIS_URL", f"redis://:{CANARY}@h:port", "port"),
    ("REDIS_URL", f"redis://:{CANARY}@h/blog", "database"),
    ("REDIS_URL", f"redis://:{CANARY}#@h/0", "%23"),
    ("REDIS_URL", f"redis://h?password={CANARY}", "option"),
    ("REDIS_URL", "redis://h?socket_timeout=9", "option"),
    ("REDIS_URL", "rediss://h?ssl_cert_reqs=maybe", "option"),
    ("REDIS_URL", f"redis://h {CANARY}", "redis://"),
    ("REDIS_URL", "unix://", "no socket"),
    ("REDIS_URL", "unix://redis.sock", "no socket"),
    ("DATA_DIR", "~/blog", "whole path"),
    ("DATA_DIR", "/srv/a\nb", "control character"),
    ("SITE_URL", "blog.example.org", "https://"),
    ("SITE_URL", "https://example.org:99999", "port"),
    ("SITE_URL", "ftp://example.org", "https://"),
    ("SITE_URL", "https://", "https://"),
    ("SITE_URL", "https://example.org/?a=b", "alone"),
    ("SITE_URL", f"https://u:{CANARY}@example.org", "alone"),
    ("THEME_DIR", "a\nb", "control"),
    ("THEME_DIR", "a\0b", "control"),
    ("TRUSTED_PROXIES", "11", "0 to 10"),
    ("STATUS_TOKEN", "short", "16 characters"),
    ("HOST", "a b", "127.0.0.1"),
    ("PORT", "0", "1 to 65535"),
    ("PORT", "65536", "1 to 65535"),
    ("WEB_CONCURRENCY", "0", "1 to 256"),
    ("LOG_FORMAT", "xml", "text, json"),
    ("LOG_LEVEL", "loud", "debug"),
)


def test_an_empty_environment_gives_the_defaults() -> None:
    """Nothing needs setting."""
    assert from_env({}) == Settings()


def test_an_empty_variable_counts_as_unset() -> None:
    """Compose and platforms set variables to nothing."""
    environ = {
        name: value for setting in SETTINGS for name, value in ((setting.name, ""), (f"{setting.name}_FILE", " "))
    }

    assert from_env(environ) == Settings()


def test_every_setting_has_its_field() -> None:
    """The table and the dataclass name the same things in the same order."""
    assert [setting.attribute for setting in SETTINGS] == [field.name for field in fields(Settings)]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_documented_default_is_the_default(setting: Setting) -> None:
    """A default that is written out means what leaving the variable out means."""
    assert bool(setting.default) != bool(setting.unset)
    assert from_env({setting.name: setting.default}) == Settings()
    assert not setting.default or setting.parse(setting.name, setting.default) == getattr(Settings(), setting.attribute)


@pytest.mark.parametrize("repository", LOCAL_REPOSITORIES + REMOTE_REPOSITORIES)
def test_a_repository_is_a_path_or_an_address(repository: str) -> None:
    """What git would take, less what could run a program or hold a credential."""
    settings = from_env({"CONTENT_REPO": repository})

    assert settings.content_repo == repository
    assert is_local(repository) == (repository in LOCAL_REPOSITORIES)
    assert settings.interval_seconds == (2 if repository in LOCAL_REPOSITORIES else 60)


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), ("7", 7)])
def test_an_interval_that_is_set_wins(text: str, seconds: int) -> None:
    """Also over the short one of a local path; 0 is a value, not "unset"."""
    assert from_env({"SYNC_INTERVAL_SECONDS": text, "CONTENT_REPO": "."}).interval_seconds == seconds


@pytest.mark.parametrize(("name", "text", "value"), RIGHT)
def test_a_right_value_is_accepted(name: str, text: str, value: object) -> None:
    """Each value in its own type, normalised once."""
    assert getattr(from_env({name: text}), name.lower()) == value


@pytest.mark.parametrize(("name", "text", "advice"), WRONG)
def test_a_wrong_value_names_the_variable_and_what_to_do(name: str, text: str, advice: str) -> None:
    """One line, without a secret that stood in it."""
    with pytest.raises(SettingsError) as caught:
        from_env({name: text})

    message = caught.value.message
    assert caught.value.reason == "settings"
    assert message.startswith(f"{name} ")
    assert advice in message
    assert "\n" not in message
    assert CANARY not in message


def test_every_setting_can_be_wrong() -> None:
    """A new setting brings its own wrong values here."""
    assert {setting.name for setting in SETTINGS} - {name for name, _, _ in WRONG} == set()


def test_a_token_never_travels_over_plain_http() -> None:
    """http is for repositories without credentials."""
    with pytest.raises(SettingsError, match=r"^CONTENT_TOKEN would travel unencrypted"):
        from_env({"CONTENT_REPO": "HTTP://host/blog", "CONTENT_TOKEN": CANARY})


@pytest.mark.parametrize("name", [setting.name for setting in SETTINGS if setting.secret])
def test_a_secret_may_lie_in_a_file(name: str, tmp_path: Path) -> None:
    """NAME_FILE is read from the disk, its final line break left out."""
    urls = {"DATABASE_URL": "postgresql://u:p@h/d", "REDIS_URL": "redis://:p@h"}
    value = urls.get(name, "/a/path/of/a/key-or-secret")
    file = tmp_path / "secret"
    file.write_text(f"{value}\n", encoding="utf-8")

    assert from_env({f"{name}_FILE": str(file)}) == from_env({name: value})


def test_what_is_no_secret_has_no_file_form() -> None:
    """PORT_FILE is nothing that gitblog knows, and is not read."""
    assert from_env({"PORT_FILE": "/nowhere"}) == Settings()


def test_both_forms_of_a_secret_are_an_error() -> None:
    """Which one was meant cannot be known."""
    with pytest.raises(SettingsError, match=r"^STATUS_TOKEN is set, and so is STATUS_TOKEN_FILE"):
        from_env({"STATUS_TOKEN": CANARY, "STATUS_TOKEN_FILE": "/x"}, lambda path: CANARY)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, r"^STATUS_TOKEN_FILE names a file that cannot be read \(No such file"),
        (b" \n", "^STATUS_TOKEN_FILE names an empty file"),
        (b"\xff" * 20, r"^STATUS_TOKEN_FILE names a file that cannot be read \(it is not UTF-8"),
        (b"x" * 65_537, "^STATUS_TOKEN_FILE names a file over 64 KiB"),
    ],
)
def test_a_secret_file_that_does_not_serve_is_named(data: bytes | None, message: str, tmp_path: Path) -> None:
    """Missing, empty, binary or no secret at all."""
    file = tmp_path / "secret"
    if data is not None:
        file.write_bytes(data)

    with pytest.raises(SettingsError, match=message):
        from_env({"STATUS_TOKEN_FILE": str(file)})


def test_the_repr_holds_no_secret() -> None:
    """Settings end up in tracebacks and debuggers."""
    settings = from_env(
        {
            "CONTENT_TOKEN": CANARY,
            "CONTENT_SSH_KEY": f"-----BEGIN {CANARY}",
            "WEBHOOK_SECRET": CANARY,
            "DATABASE_URL": f"postgresql://u:{CANARY}@h/d",
            "REDIS_URL": f"redis://:{CANARY}@h",
            "STATUS_TOKEN": CANARY,
        }
    )

    assert settings.status_token == CANARY
    assert CANARY not in repr(settings)
