"""HTTP: asks the index, hands values to templates, and sends what comes out."""

from gitblog.web.site import Serving, Surroundings, register

__all__ = ["Serving", "Surroundings", "register"]
