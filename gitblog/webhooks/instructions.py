"""What `gitblog webhook` prints: what to enter at each forge. No secret is ever part of it."""

from __future__ import annotations

from collections.abc import Mapping

from gitblog.webhooks.delivery import Provider

PLACEHOLDER = "http://HOST-OF-YOURS"
MAKE_A_SECRET = "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"  # noqa: S105 (a command)


def instructions(providers: Mapping[str, Provider], origin: str, *, secret_set: bool) -> str:
    """Say for each forge what its form wants; `origin` is the site's scheme and host, "" where they are unknown."""
    parts = [_secret(secret_set=secret_set)]
    if not origin:
        parts.append(f"Set SITE_URL, or url in blog.toml, to see your own address here instead of {PLACEHOLDER}.")
    parts += [_forge(name, provider, origin or PLACEHOLDER) for name, provider in sorted(providers.items())]
    return "\n\n".join(parts)


def _secret(*, secret_set: bool) -> str:
    if secret_set:
        return (
            "WEBHOOK_SECRET is set: enter the same secret at the forge.\n"
            f"To change it, make a new one with: {MAKE_A_SECRET}\n"
            "Then set WEBHOOK_SECRET=old,new, restart gitblog, enter the new one at the forge, and set it alone."
        )
    return (
        "WEBHOOK_SECRET is not set: until it is, every delivery is answered with 503.\n"
        f"Make a secret with: {MAKE_A_SECRET}\n"
        "Set WEBHOOK_SECRET to it, restart gitblog, and enter the same secret at the forge."
    )


def _forge(name: str, provider: Provider, origin: str) -> str:
    setup = provider.setup
    rows = {
        "address": f"{origin}/-/webhooks/{name}",
        "content type": setup.content_type,
        "events": setup.events,
        "secret": setup.field,
    }
    return "\n".join([f"{provider.title}: {setup.page}", *(f"  {key:12}  {value}" for key, value in rows.items())])
