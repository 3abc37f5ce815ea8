"""A notice as a row of the table that `legwatch replay` prints."""

import shutil
import sys
from datetime import tzinfo
from textwrap import fill

from legwatch.alerting.notice import Notice, Sounding
from legwatch.night import local
from legwatch.text.message import text

_COLUMNS = "{when:<16}  {kind:<6}  {what:<12}  {level:<7}  {pushed:<11}  {sounds:<7}  {text}"
_NARROW = 110  # on a terminal of fewer columns a text begins on a line of its own ...
_INDENT = " " * 18  # ... below the kind
_TIED = "\N{NO-BREAK SPACE}°C"  # a figure and its unit stay on one line


def head() -> str:
    """Return the names of the columns."""
    names = ("kind", "what", "level", "pushed", "sounds", "text")
    return _COLUMNS.format(when="local time", **{name: name for name in names})


def row(notice: Notice, sounds: Sounding, zone: tzinfo) -> str:
    """Return a notice in one line; on a terminal in as many as its width asks for."""
    begin = _COLUMNS.format(
        when=f"{local(notice.at_ms, zone):%Y-%m-%d %H:%M}",
        kind=notice.kind.value,
        what=notice.transition.value,
        level=notice.severity.value,
        pushed=f"no:{notice.suppressed_by.value}" if notice.suppressed_by else "yes",
        sounds=sounds.value,
        text="",
    )
    said = text(notice)
    if not sys.stdout.isatty():
        return begin + said
    width, said = shutil.get_terminal_size().columns, said.replace(" °C", _TIED)
    if width < _NARROW:
        below = fill(said, width, initial_indent=_INDENT, subsequent_indent=_INDENT)
        wrapped = f"{begin.rstrip()}\n{below}"
    else:
        wrapped = fill(said, width, initial_indent=begin, subsequent_indent=" " * len(begin))
    return wrapped.replace(_TIED, " °C")
