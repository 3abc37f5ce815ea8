"""The stored state of a bed, for commands that show what the engine knows."""

from legwatch.engine import BedState
from legwatch.state_codec import from_json


def stored_state(text: str | None) -> BedState | None:
    """Return the stored state of a bed; None: there is none that can be read."""
    try:
        return None if text is None else from_json(text)
    except ValueError:
        return None  # the server logs this and begins the bed anew
