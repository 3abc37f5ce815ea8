"""Titles and texts for somebody half asleep."""

from legwatch.notice import Notice


def title(notice: Notice) -> str:
    """Return the first line of a push."""
    return notice.kind.value


def text(notice: Notice) -> str:
    """Return what it is, since when, the figures, and what to do."""
    return notice.kind.value
