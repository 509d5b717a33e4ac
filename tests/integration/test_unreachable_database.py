"""What anybody reads while the database is away: that it is, and nothing of where it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitblog.app import create_app, settings_from_environment

TOKEN = "a-token-of-the-operator"


@pytest.mark.parametrize("address", ["/-/readyz", "/-/status", "/"])
def test_who_may_not_read_the_details_reads_nothing_of_the_database(tmp_path: Path, address: str) -> None:
    """Its host, port and user are in the driver's words; with the token they are told."""
    client = create_app(
        settings_from_environment(
            {
                "DATABASE_URL": "postgresql://somebody:password@127.0.0.1:1/blog",
                "DATA_DIR": str(tmp_path / "data"),
                "CONTENT_REPO": str(tmp_path),
                "STATUS_TOKEN": TOKEN,
            }
        )
    ).test_client()
    public = client.get(address)
    told = client.get("/-/status", headers={"Authorization": f"Bearer {TOKEN}"})

    assert public.status_code == 503
    for detail in (b"127.0.0.1", b"somebody", b"password", b"refused"):
        assert (detail, detail in public.data) == (detail, False)
    assert b"127.0.0.1" in told.data


def test_a_token_may_be_of_any_letters(tmp_path: Path) -> None:
    """A client sends it as UTF-8, and each byte arrives as a Latin-1 character."""
    token = "pässwörter-gänzlich"
    environ = {"DATA_DIR": str(tmp_path / "data"), "CONTENT_REPO": str(tmp_path), "STATUS_TOKEN": token}
    client = create_app(settings_from_environment(environ)).test_client()
    sent = f"Bearer {token}".encode().decode("latin-1")

    assert client.get("/-/status", headers={"Authorization": sent}).status_code == 503
    assert client.get("/-/status", headers={"Authorization": "Bearer another-token-here"}).status_code == 401
