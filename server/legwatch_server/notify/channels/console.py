"""The console channel: each push is one line of text, coloured on a terminal."""

import sys
from typing import TextIO

from legwatch.alerting.notice import SuppressedBy, TransitionKind
from legwatch.conditions.verdict import Severity
from legwatch.oncall.escalation import Purpose
from legwatch.options import NoOptions
from legwatch.text.language import marked
from legwatch_runtime.catalogue import language_named
from legwatch_server.notify.channels import ChannelContext, Permanent, Push, Sent

_RED, _YELLOW, _GREEN, _DIM, _PLAIN = (
    "\x1b[1;31m", "\x1b[1;33m", "\x1b[1;32m", "\x1b[2m", "\x1b[0m",
)  # fmt: skip
_NO_SOUND, _NO_SOUND_YET = marked("(no sound)"), marked("(no sound yet)")
_FIRST_WEEK = marked("(first week: no sound)")
_NEVER_SOUND = (TransitionKind.REPORTED, TransitionKind.EXPECTED)


class Console:
    """Prints to standard output."""

    Options = NoOptions

    def __init__(
        self, options: NoOptions, context: ChannelContext, *, out: TextIO | None = None
    ) -> None:
        del options, context
        self._out = out or sys.stdout

    def send(self, push: Push) -> Sent:
        """Print a push; raises Permanent if the terminal is closed."""
        head = f"{push.clock}  {push.bed}  {_marked(push)}{push.title}."
        line = f"{head} {push.text}"
        if self._out.isatty():
            line = f"{_colour(push)}{head}{_PLAIN} {push.text}"
        try:
            # One write: another person's line may come at the same moment.
            self._out.write(f"{line}\n")
            self._out.flush()
        except OSError as error:
            raise Permanent(str(error)) from None
        return Sent(delivered=True)

    def rehearse(self, push: Push) -> str:
        """Print nothing: the console needs no network that could fail."""
        del push
        return "always there"


def _marked(push: Push) -> str:
    """Mark a line without a sound: an alert that waits is printed again when it sounds."""
    if push.purpose is not Purpose.QUIET:
        return ""
    never = push.transition in _NEVER_SOUND or push.suppressed_by is SuppressedBy.LOW_URGENCY
    mark = _NO_SOUND if never else _NO_SOUND_YET
    if push.suppressed_by is SuppressedBy.TRIAL:
        mark = _FIRST_WEEK
    return f"{language_named(push.language).gettext(mark)} "


def _colour(push: Push) -> str:
    if push.transition is TransitionKind.RESOLVED:
        return _GREEN
    if push.purpose is not Purpose.LOUD:
        return _DIM
    return _RED if push.severity is Severity.URGENT else _YELLOW
