"""A notice as a row of the table that `legwatch replay` prints."""

import shutil
import sys
from datetime import tzinfo
from textwrap import fill

from legwatch.alerting.notice import Notice, Sounding, SuppressedBy
from legwatch.night import local
from legwatch.oncall.escalation import ANSWERED, is_over
from legwatch.text.message import text

_WHEN = 16  # a day and a minute
_COLUMNS = "{when:<16}  {kind:<6}  {what:<12}  {level:<7}  {pushed:<11}  {sounds:<7}  {text}"
_NARROW = 110  # on a narrower terminal the text has its own line ...
_INDENT = " " * 18  # ... that begins below `kind`
_UNBROKEN = "\N{NO-BREAK SPACE}°C"  # keeps a figure and its unit on one line


def head(zone: tzinfo) -> str:
    """Return the line of column names, which says in whose time the times are."""
    names = ("kind", "what", "level", "pushed", "sounds", "text")
    place = str(zone).rpartition("/")[2].replace("_", " ")
    when = f"time ({place})"
    when = when if len(when) <= _WHEN else place[:_WHEN]
    return _COLUMNS.format(when=when, **{name: name for name in names})


def width() -> int | None:
    """Return the width of the terminal to which standard output goes; None: it is no terminal."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def row(notice: Notice, sounds: Sounding, zone: tzinfo, width: int | None) -> str:
    """Return a notice as one line, or wrapped to a width."""
    begin = _COLUMNS.format(
        when=f"{local(notice.at_ms, zone):%Y-%m-%d %H:%M}",
        kind=notice.kind.value,
        what=notice.transition.value,
        level=notice.severity.value,
        pushed=_pushed(notice),
        sounds=sounds.value,
        text="",
    )
    message = text(notice)
    if width is None:
        return begin + message
    message = message.replace(" °C", _UNBROKEN)
    if width < _NARROW:
        below = fill(message, width, initial_indent=_INDENT, subsequent_indent=_INDENT)
        wrapped = f"{begin.rstrip()}\n{below}"
    else:
        wrapped = fill(message, width, initial_indent=begin, subsequent_indent=" " * len(begin))
    return wrapped.replace(_UNBROKEN, " °C")


def _pushed(notice: Notice) -> str:
    """Return whether a push goes out; of an answer it goes to others who were told of the alert."""
    by = notice.suppressed_by
    if notice.transition in ANSWERED:
        return "to others"
    ended_in_quiet = by is SuppressedBy.SILENCED and is_over(notice)
    return "yes" if by is None or ended_in_quiet else f"no:{by.value}"
