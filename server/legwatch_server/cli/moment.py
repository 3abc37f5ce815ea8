"""A time in a list of times: the day is said where it changes."""

from datetime import tzinfo

from legwatch.night import local


def moment(at_ms: int, before_ms: int, zone: tzinfo, form: str = "%H:%M") -> str:
    """Return a local time, with its day if that is not the day of the time before it."""
    at = local(at_ms, zone)
    return f"{at:{form}}" if at.date() == local(before_ms, zone).date() else f"{at:%d %b {form}}"
