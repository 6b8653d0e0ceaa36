"""The Jinja environment of the pages."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, StrictUndefined


def environment(**options: Any) -> Environment:
    """Makes the environment; a name that a template misspells is an error, not nothing."""
    return Environment(**{**options, "undefined": StrictUndefined})
