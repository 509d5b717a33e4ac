"""GitHub's Markdown by comrak: what the author sees in GitHub's preview is what the blog shows."""

from __future__ import annotations

from functools import cache

import comrak


def to_html(text: str) -> str:
    """Turn GitHub Flavored Markdown into HTML; raw HTML passes through unchanged."""
    extensions, rendering = _options()
    try:
        return comrak.render_markdown(text, extension_options=extensions, render_options=rendering)
    except BaseException as exc:
        # A panic of the Rust code is no Exception, and its class has no public name (pyo3).
        if type(exc).__name__ == "PanicException":
            raise ValueError(str(exc)) from exc
        raise


@cache
def _options() -> tuple[comrak.ExtensionOptions, comrak.RenderOptions]:
    extensions = comrak.ExtensionOptions()
    extensions.alerts = True
    extensions.autolink = True
    extensions.description_lists = True
    extensions.footnotes = True
    extensions.strikethrough = True
    extensions.table = True
    extensions.tasklist = True
    rendering = comrak.RenderOptions()
    rendering.alert_style = comrak.AlertStyle.Specific
    rendering.tasklist_classes = True
    rendering.unsafe_ = True
    return extensions, rendering
