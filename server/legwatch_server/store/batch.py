"""What one transaction of the writer stores."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from legwatch.alerting import told_here
from legwatch.alerting.notice import Notice
from legwatch.alerting.told_here import Known
from legwatch.conditions.verdict import Severity
from legwatch.events import Window
from legwatch.limits.rules import Rules
from legwatch_server.store.delivery import Episode
from legwatch_server.store.records import Loaded

if TYPE_CHECKING:  # it brings the engine, which commands that only read do not need
    from legwatch.lived import Entry

Row = tuple[object, ...]
# Stands for the bed of a notice about the server itself; no row of `beds` has this id.
SERVER_ID, SERVER = 0, "server"


class SetAside(NamedTuple):
    """A message that cannot be read or stored; None: the message does not name it.

    What has the same `name` is one row with a count; without a name each is a row.
    """

    arrived_ms: int
    topic: str
    bed: str | None
    boot: str | None
    seq: int | None
    why: str
    payload: bytes
    name: bytes | None = None


class NewWindow(NamedTuple):
    """A window to be stored. `late`: too old for an alert."""

    bed_id: int
    boot_id: int
    window: Window
    arrived_ms: int
    late: bool


class NewState(NamedTuple):
    """What is kept of a bed: the engine's state, and what is known of its agent, both in JSON.

    The state has seen all windows of the bed, those of this batch too.
    """

    bed_id: int
    state: str
    seen_ms: int
    played: bool
    bedside: str


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice to be stored, with its bed and its text in English.

    `who` gave the answer that caused the notice, if any. `played`: from a recording; then the
    recording's time decides who is on call. `known`: what the bedside has told its sleeper of it.
    """

    bed_id: int
    bed: str
    notice: Notice
    text: str
    who: str | None = None
    played: bool = False
    known: Known = told_here.NOTHING


class NewEvent(NamedTuple):
    """What the engine of a bed was given besides windows.

    `after`: how many windows of this batch came before it.
    """

    bed_id: int
    after: int
    at_ms: int
    entry: "Entry"
    who: str | None = None


class NewNoon(NamedTuple):
    """What a bed's night was begun with; `after` and `notices`: those of this batch before it."""

    bed_id: int
    night: str  # ISO date of its evening
    at_ms: int  # its noon
    after: int
    notices: int
    state: str  # JSON
    rules: Rules
    played: bool


class StoredTime(NamedTuple):
    """What the next start needs to go on with the server's time line."""

    boot: str  # the machine's run
    zero_ms: int  # the time line at the start of that run
    at_ms: int  # a moment that is past
    doubt_ms: int = 0  # until when nobody trusts the time; 0: somebody does


class Holding(NamedTuple):
    """An alert whose next person has to wait so long; 0: not any more."""

    episode: Episode
    severity: Severity
    waits_s: int


@dataclass(slots=True)
class Batch:
    """The rows that one transaction writes."""

    beds: list[tuple[int, str]] = field(default_factory=list)  # id, name
    # id, bed id, boot, upto
    boots: list[tuple[int, int, str, int]] = field(default_factory=list)
    uptos: dict[int, int] = field(default_factory=dict)  # by boot id: SequenceTracker.upto
    windows: list[NewWindow] = field(default_factory=list)
    states: list[NewState] = field(default_factory=list)
    lived: list[NewEvent | NewNoon] = field(default_factory=list)
    swept: bool = False  # every bed that waited for long is among `states`
    notices: list[NewNotice] = field(default_factory=list)
    holdings: list[Holding] = field(default_factory=list)
    signs_over: list[Episode] = field(default_factory=list)  # early signs that stand no longer
    time: StoredTime | None = None  # the time line, when it is to be noted
    said: dict[str, int] = field(default_factory=dict)  # by reason: when the server said it last
    presses: list[Row] = field(default_factory=list)  # (bed id, press id, button, at_ms, kind)
    # Columns: at_ms, token, notice id, bed id, person, action, minutes, via
    answers: list[Row] = field(default_factory=list)
    answered: list[tuple[int, str]] = field(default_factory=list)  # delivery id, how
    # Columns: arrived_ms, topic, bed, boot, seq, why, payload
    quarantine: list[SetAside] = field(default_factory=list)
    loaded: Loaded | None = None  # the settings in force, when they are to be noted
