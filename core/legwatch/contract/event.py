"""The messages of the topic `event`: a press of the button, or what the bedside has told by itself.

A server that does not know the second kind sets it aside and confirms it by its id.
"""

from legwatch.contract.fields import parse
from legwatch.contract.press import Press, press_of
from legwatch.contract.told_at_bed import ToldAtBed, told_of


def decode_event(payload: bytes | bytearray) -> Press | ToldAtBed:
    """Return the event in `payload`; raises WireError."""
    body = parse(payload)
    return told_of(body) if "told" in body else press_of(body)
