"""What an operator can set, read from the environment."""

from gitblog.config.settings import SETTINGS, Setting, Settings, from_env

__all__ = ["SETTINGS", "Setting", "Settings", "from_env"]
