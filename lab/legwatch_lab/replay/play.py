"""Run the rules over one recorded night, and give what is to be printed about it."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import tzinfo
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from legwatch.alerting.notice import as_json
from legwatch.alerting.sound import with_sounding
from legwatch.counted import counted
from legwatch.engine import replay
from legwatch.errors import CannotRun, RecordingError
from legwatch.events import Event, Window
from legwatch.limits.rules import Rules
from legwatch.night import local
from legwatch.recording import Recording, events
from legwatch.recording.unused import unused
from legwatch.renames import fault
from legwatch.text.message import text
from legwatch_lab.plots import plot
from legwatch_lab.replay.lived import differences, verdict
from legwatch_lab.replay.table import head, row
from legwatch_lab.replay.unreadable import begins, unread
from legwatch_lab.stored_night import OtherLimits, replayed
from legwatch_runtime.night_file import is_night_file
from legwatch_runtime.replay_file import read
from legwatch_runtime.zones import zone_named

RARE = 100_000  # new objects between two looks for garbage in cycles
AT_ONCE = 500  # windows; to make one and judge it in turns takes a twentieth longer


class Said(StrEnum):
    """Where a piece of output belongs."""

    OUT = "out"
    ASIDE = "aside"  # on standard error
    UNREADABLE = "unreadable"  # the file could not be read: why; the other files go on
    STOP = "stop"  # nothing can go on: why


class Piece(NamedTuple):
    """A piece of the output about one night; it can be sent from one process to another."""

    said: Said
    text: str


class Play(NamedTuple):
    """How the nights of one call are played and shown."""

    rules: Rules
    zone: tzinfo
    renames: Sequence[tuple[str, str]]
    bed: str
    as_table: bool
    width: int | None  # of the terminal, if there is one
    several: bool  # there are several nights: each says its name
    picture: Path | None
    limits: OtherLimits = OtherLimits(None, {})  # for stored nights, which have their own


def play(path: Path, how: Play) -> Iterator[Piece]:
    """Yield the output about one file; a piece that says why is the last one."""
    try:
        with _cycles_are_rare():
            yield from _stored(path, how) if is_night_file(path) else _night(path, how)
    except RecordingError as error:
        yield Piece(Said.UNREADABLE, "\n".join((str(error), *begins(error.opening))))
    except CannotRun as error:
        yield Piece(Said.STOP, str(error))


@contextmanager
def _cycles_are_rare() -> Iterator[None]:
    """Look for garbage in cycles more rarely: a night has ten thousands of readings, and no cycle.

    Else a tenth of the time goes into that.
    """
    before = gc.get_threshold()
    gc.set_threshold(RARE, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def played(path: Path, how: Play) -> list[Piece]:
    """Return the whole output about one file."""
    return list(play(path, how))


def _night(path: Path, how: Play) -> Iterator[Piece]:
    recording = read(path, zone=how.zone, renames=dict(how.renames), progress=not how.several)
    if wrong := fault(how.renames, recording.columns):
        raise RecordingError(f"{path}: --map: {wrong}")
    for words in unused(recording):
        yield Piece(Said.ASIDE, f"{path.name}: {words}")
    if not recording.readings:
        raise RecordingError(f"{path}: {unread(recording)}")
    yield from _notices(path, recording, how)
    if how.picture:
        target = plot.named(how.picture, plot.stem(path)) if how.several else how.picture
        for written in plot.plot(target, path, recording, how.rules):
            yield Piece(Said.ASIDE, f"{path.name}: picture in {written}")


def _stored(path: Path, how: Play) -> Iterator[Piece]:
    """Yield the output about a night that a server has stored."""
    found = replayed(path, how.limits)
    night = found.night
    zone = zone_named(night.zone, "zone")
    if found.notices and how.as_table:
        yield Piece(Said.OUT, _head(path, how, zone))
    for notice, sounds in found.notices:
        if how.as_table:
            yield Piece(Said.OUT, row(notice, sounds, zone, how.width))
        else:
            name = path.name if how.several else None
            line = as_json(notice, bed=night.bed, text=text(notice), sounds=sounds, file=name)
            yield Piece(Said.OUT, line)
    end = Said.OUT if how.as_table else Said.ASIDE
    yield Piece(end, verdict(path, found, how.limits))
    for line in differences(found, how.width):
        yield Piece(end, line)
    if how.picture:
        yield Piece(Said.ASIDE, f"{path.name}: --plot draws no stored nights")


def _notices(path: Path, recording: Recording, how: Play) -> Iterator[Piece]:
    heard = _EventCount(events(recording))
    count = 0
    for notice, sounds in with_sounding(replay(heard, how.rules)):
        if not how.as_table:
            name = path.name if how.several else None
            line = as_json(notice, bed=how.bed, text=text(notice), sounds=sounds, file=name)
            yield Piece(Said.OUT, line)
        else:
            if not count:
                yield Piece(Said.OUT, _head(path, how, how.zone))
            yield Piece(Said.OUT, row(notice, sounds, how.zone, how.width))
        count += 1
    if how.as_table:
        yield Piece(Said.OUT, _tail(path, heard, count, how.zone))


def _head(path: Path, how: Play, zone: tzinfo) -> str:
    return f"== {path.name}\n{head(zone)}" if how.several else head(zone)


class _EventCount:
    """Pass events on; count the windows and keep the times of the first and the last."""

    def __init__(self, source: Iterator[Event]) -> None:
        self._source = source
        self.windows = 0
        self.first_ms = self.last_ms = 0

    def __iter__(self) -> Iterator[Event]:
        while some := list(islice(self._source, AT_ONCE)):
            windows = [event for event in some if isinstance(event, Window)]
            if windows:
                self.first_ms = self.first_ms or windows[0].from_ms
                self.windows, self.last_ms = windows[-1].seq, windows[-1].to_ms
            yield from some


def _tail(path: Path, heard: _EventCount, count: int, zone: tzinfo) -> str:
    first, last = local(heard.first_ms, zone), local(heard.last_ms, zone)
    span = f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} {first:%Z}"
    windows = counted(heard.windows, "window")
    return f"{path.name}: {windows}, {span}: {counted(count, 'notice')}"
