"""Can the command of another package be called? Its author reads it before it runs."""

import inspect
from collections.abc import Callable
from typing import Any

_WANTED = "must take one list of arguments, and return an exit code or None"


def misfit(run: Callable[..., Any]) -> str:
    """Return what a command takes and what it must take; empty: it fits, or nothing tells."""
    try:
        signature = inspect.signature(run)
    except Exception:  # noqa: BLE001 - a signature is another package's code, too
        return ""
    try:
        signature.bind([])
    except TypeError:
        return f"{_names(signature)}, and {_WANTED}"
    return ""


def _names(signature: inspect.Signature) -> str:
    """Return the parameters without types and defaults, whose text is another package's code."""
    empty = inspect.Parameter.empty
    plain = [one.replace(annotation=empty) for one in signature.parameters.values()]
    plain = [one if one.default is empty else one.replace(default=empty) for one in plain]
    return str(inspect.Signature(plain))
