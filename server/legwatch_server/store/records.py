"""What is read from the store, as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from legwatch.alerting.notice import Notice
from legwatch.bedside import known
from legwatch_server.store.delivery import DeliveryState


class StoredBed(NamedTuple):
    """A bed with its state and its bedside in JSON, None before its first minute."""

    id: int
    name: str
    state: str | None
    seen_ms: int
    played: bool
    bedside: str | None
    noon: bool  # the state at a noon is kept, or at its first window: its first night has begun


class StoredBoot(NamedTuple):
    """One start of an agent: all windows up to `upto` are stored, and those in `ahead`.

    `zero_ms`: when its elapsed clock was at zero, by its last window, UTC ms; None: not known.
    """

    id: int
    upto: int
    ahead: set[int]
    zero_ms: int | None = None
    sure: bool = True  # False: that window may be older than its stored times


class LastSeen(NamedTuple):
    """When a bed's last window arrived, UTC ms; 0: never. `played`: from a recording."""

    bed: str
    seen_ms: int
    played: bool
    bedside: str | None = None  # what is known of its agent, JSON

    @property
    def sent(self) -> bool:
        """True if a word ever came; else a bed was only declared."""
        side = known(self.bedside)
        return bool(self.seen_ms) or side.online is not None or side.info is not None


class StoredSpan(NamedTuple):
    """End times of a bed's first and last stored window, UTC ms."""

    first_ms: int
    last_ms: int


class WindowRecord(NamedTuple):
    """The columns of a stored window that history uses."""

    id: int
    bed: str
    to_ms: int
    leg_c: float | None
    leg_rh: float | None
    room_c: float | None
    room_rh: float | None
    moves: int | None
    in_bed: int | None
    late: int
    arrived_ms: int
    others: tuple[tuple[str, float], ...] = ()  # values of roles that nothing judges


class Figures(NamedTuple):
    """What a night was like, as its minutes say."""

    windows: int
    known_min: int
    in_bed_min: int | None  # None: there is no mat
    leg_mean_c: float | None
    leg_low_c: float | None  # the coldest hour's mean
    leg_low_ms: int | None  # and its begin
    room_mean_c: float | None
    room_low_c: float | None
    room_low_ms: int | None
    moves: int | None
    moved_s: float | None
    still_s: float | None  # the longest time in bed without a movement


class NightSummary(NamedTuple):
    """A night that was summed up, from noon to noon at the bed."""

    night: date
    from_ms: int
    to_ms: int
    alerts: dict[str, int]  # how many fired, by kind
    figures: Figures


class Kept(NamedTuple):
    """Rows of one kind, and about how many bytes they take."""

    rows: int
    bytes: int


class Raw(NamedTuple):
    """A night of which every window is still there."""

    night: str  # ISO date
    to_ms: int


class Storage(NamedTuple):
    """What the database has, and how much room it takes; all but the first two are estimates."""

    file_bytes: int
    free_bytes: int  # for new rows
    windows: Kept  # that are not packed yet
    packed: Kept
    nights: Kept
    noons: Kept  # bytes: with what the engines were given besides windows
    told: Kept  # rows: notices; bytes: with pushes, answers and messages that were refused
    packed_ms: tuple[int, int] | None  # from the first to the last packed window
    nights_of: tuple[str, str] | None  # the first and the last night, ISO dates
    oldest: Raw | None  # the night whose windows are deleted next


class StoredNotice(NamedTuple):
    """A notice as it is stored. `text` is what was said, in English."""

    id: int
    bed: str
    who: str | None
    text: str
    notice: Notice


class TrialCount(NamedTuple):
    """A bed whose trial nights are over, and how many alerts were not sent in them."""

    bed: str
    unsent: int


class DeliveryStep(NamedTuple):
    """One change of one push."""

    at_ms: int
    person: str
    channel: str
    purpose: str
    state: DeliveryState
    attempt: int
    reason: str | None
    delivery: int


class AnswerRecord(NamedTuple):
    """One person's answer; `minutes` is the length of a snooze."""

    at_ms: int
    person: str
    action: str
    minutes: int | None
    via: str


@dataclass(frozen=True, slots=True)
class NoticeRecord:
    """A stored notice, with the steps of its deliveries."""

    id: int
    who: str | None
    notice: Notice
    text: str
    steps: tuple[DeliveryStep, ...]


@dataclass(frozen=True, slots=True)
class Incident:
    """One alert with all its notices, from the first on."""

    bed_id: int
    bed: str
    notices: tuple[NoticeRecord, ...]
    answers: tuple[AnswerRecord, ...]

    @property
    def id(self) -> int:
        """The first notice's id, by which commands name the alert."""
        return self.notices[0].id


class LastTest(NamedTuple):
    """What became of the last test of a channel; `proof` is what the service answered."""

    state: DeliveryState
    sent_ms: int | None
    error: str | None
    decided_ms: int
    proof: str | None


class FailedTries(NamedTuple):
    """The tries of one way that have failed, tests apart, since a push has left by it.

    `error`, `state` and `at_ms` are of the last try: why it has failed, what is now with its push,
    and when it was, UTC ms.
    """

    error: str
    state: DeliveryState
    number: int
    since_ms: int
    at_ms: int


class Loss(NamedTuple):
    """The last damage: when, what was wrong, and the name of the file that was set aside.

    `complete`: nothing was lost. `left`: tables of which rows are still to be saved, with the row
    number under which they lie.
    """

    at_ms: int
    why: str
    aside: str
    complete: bool
    left: tuple[tuple[str, int], ...] = ()


class Refused(NamedTuple):
    """Settings that the server did not take over: when, and why."""

    at_ms: int
    why: str


class Way(NamedTuple):
    """What one channel to one person is made of, as a digest, and since when."""

    digest: str
    since_ms: int  # 0: since before this was noted


class Loaded(NamedTuple):
    """The settings that a server judges by, without secrets, and since when.

    `reload` and `restart`: what puts other settings in force, as a command to type. `refused`: the
    last try to load others, if it failed.
    """

    at_ms: int
    table: dict[str, Any]  # as of a settings file
    salt: str  # of what is hidden in the table
    file: str
    reload: str
    restart: str
    made_from: str = ""  # the owner's file, if `legwatch up` has made `file` from it
    machine_zone: str = ""  # when the server started; empty: not known
    refused: Refused | None = None
    ended_ms: int = 0  # when the server ended in good order; 0: it runs, or it was killed
    ways: Mapping[str, Way] = {}  # to the people, by "person/channel"
