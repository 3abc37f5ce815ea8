"""Writes the states of beds and of agents as JSON, with msgspec in a fifth of the time.

Each reads what the other has written. They write the same bytes but for very small and very large
numbers, and for what is not ASCII.
"""

from collections.abc import Callable
from functools import partial

from legwatch import bedside, state_codec

try:
    from msgspec.json import Encoder
except ImportError:  # this machine has no wheel of msgspec
    to_json, side_json = state_codec.to_json, bedside.to_json
else:
    _encode: Callable[[object], bytes] = Encoder().encode

    def _text(value: object) -> str:
        try:
            return _encode(value).decode()
        except (TypeError, ValueError):  # half a character: the other encoder writes it
            return state_codec.encode(value)

    to_json = partial(state_codec.to_json, encode=_text)
    side_json = partial(bedside.to_json, encode=_text)
