"""What the server needs of its store; `database` has it on SQLite.

Every method raises StoreError if the store does not work now. One contract test runs against every
implementation.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date, tzinfo
from typing import TYPE_CHECKING, Protocol

from legwatch.alerting.notice import Notice
from legwatch.events import AlertKind, Window
from legwatch_server.claims import Target, TargetKind
from legwatch_server.store.batch import Batch, NewNotice, StoredTime
from legwatch_server.store.changes import Changes
from legwatch_server.store.delivery import Delivery, Episode
from legwatch_server.store.errors import StoreDamaged
from legwatch_server.store.minutes import Minute
from legwatch_server.store.records import (
    FailedTries,
    Incident,
    LastSeen,
    LastTest,
    Loaded,
    Loss,
    NightSummary,
    Storage,
    StoredBed,
    StoredBoot,
    StoredNotice,
    StoredSpan,
    TrialCount,
    Way,
    WindowRecord,
)

if TYPE_CHECKING:
    from legwatch.lived import LivedNight  # it brings the engine along


class Transaction(Protocol):
    """All that the writer stores at once: the whole of it, or nothing after an exception."""

    def write(self, batch: Batch) -> None:
        """Store all rows of a batch but its notices and what is `answered`."""

    def add_notice(self, new: NewNotice) -> int:
        """Store a notice; return its id."""

    def notice(self, ident: int) -> StoredNotice | None:
        """Return a notice; None if there is none with this id."""

    def for_plan(self, episode: Episode) -> Sequence[Delivery]:
        """Return an alert's deliveries, and the information that older alerts have still open."""

    def unfinished(self) -> Sequence[Delivery]:
        """Return all that is not sent or to be taken back, and the loud ones of those alerts."""

    def apply(self, changes: Changes, now_ms: int) -> None:
        """Change and add deliveries."""

    def move(self, by_ms: int, evening: str) -> None:
        """Move what is open; `evening`: the ISO date of the last rehearsal now, empty: none."""

    def note_rehearsal(self, evening: str, announced: frozenset[int]) -> None:
        """Note an evening as rehearsed; `announced`: beds whose end of trial nights it tells."""


class WriterStore(Protocol):
    """What the writer thread keeps of beds, presses and answers; only that thread uses it."""

    def check(self) -> None:
        """Raise StoreDamaged if the store was damaged or taken away; cheap, for each turn."""

    def renew(self, error: StoreDamaged, memory: Batch | None, now_ms: int) -> None:
        """Go on in a new store after damage, with the beds in `memory` and what can be read."""

    @property
    def keeps(self) -> bool:
        """False while what is stored ends with the machine's power: no agent may let go of it."""

    def go_without(self, why: str, memory: Batch, now_ms: int) -> None:
        """Go on without the disk, which takes nothing; raises StoreError."""

    def come_back(self, memory: Batch, now_ms: int) -> bool:
        """Go back to the disk with all that came meanwhile; False: it takes nothing yet."""

    def loss(self) -> Loss | None:
        """Return the last damage; None: there was none."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Begin to store; raises ValuesRefused for values that cannot be stored."""

    def beds(self) -> list[StoredBed]:
        """Return all beds."""

    def unseen(self) -> list[tuple[int, Window]]:
        """Return (bed id, window) of what the stored state of the bed has not seen yet."""

    def next_bed_id(self) -> int:
        """Return an id that no bed ever had."""

    def next_boot_id(self) -> int:
        """Return an id that no boot ever had."""

    def boot(self, bed_id: int, bed: str, boot: str) -> StoredBoot | None:
        """Return a start of an agent; None if it is new."""

    def presses(self, bed_id: int, most: int) -> tuple[str, ...]:
        """Return the ids of a bed's last presses, oldest first."""

    def pressed(self, bed_id: int, press_id: str) -> bool:
        """Return True if the press is stored."""

    def answered(self, delivery: int) -> bool:
        """Return True if a person has answered the push."""

    def used_ms(self, token: bytes) -> int | None:
        """Return when a link was used, UTC ms; None: not yet. `token` is the link's signature."""

    def target(self, of: TargetKind, ident: int) -> Target | None:
        """Return the bed, notice and person of an answer; None if they no longer exist."""

    def rehearsed(self) -> str:
        """Return the evening (ISO date) of the last rehearsal; empty: none."""

    def time(self) -> StoredTime | None:
        """Return the time line of the last run; None: there was none."""

    def ways(self) -> dict[str, Way]:
        """Return the ways to the people as noted last, by "person/channel"; empty: none noted."""

    def has_noted(self, settings: Loaded) -> bool:
        """Return True if exactly these settings were noted last as in force."""

    def said(self) -> dict[str, int]:
        """Return by reason when the server last said it of itself, UTC ms."""

    def trial_ends_announced(self) -> set[int]:
        """Return the ids of the beds whose end of trial nights was announced."""


class PushSource(Protocol):
    """What a push is made from."""

    def notice(self, ident: int) -> StoredNotice | None:
        """Return a notice; None if there is none with this id."""

    def heard_beds(self) -> Sequence[str]:
        """Return the beds of which a word has ever come, sorted; others were only declared."""

    def trial_count(self, bed_id: int) -> TrialCount:
        """Count the alerts that a bed's trial nights have suppressed."""

    def has_step(self, delivery: int, reason: str) -> bool:
        """Return True if a step of the delivery has this reason."""


class OutboxStore(PushSource, Protocol):
    """One channel's part of the outbox; one thread uses it."""

    def next_ms(self) -> int:
        """Return when the next delivery is due, UTC ms; NEVER_MS: none."""

    def to_send(self, now_ms: int, most: int) -> Sequence[Delivery]:
        """Return at most `most` due deliveries: alerts before information, oldest first."""

    def to_recall(self, now_ms: int, most: int) -> Sequence[Delivery]:
        """Return the due recalls."""

    def to_follow(self, now_ms: int, most: int) -> Sequence[Delivery]:
        """Return the sent deliveries of which the service is to be asked."""

    def around(self, delivery: Delivery) -> Sequence[Delivery]:
        """Return a delivery as it is now, and the others of its alert on all channels."""

    def transaction(self, *, synced: bool = True) -> AbstractContextManager[None]:
        """Do all that follows at once, or nothing after an exception.

        Not `synced`: until the next commit of any thread that is, a power cut may undo it.
        """

    def apply(self, changes: Changes, now_ms: int) -> None:
        """Change and add deliveries."""

    def close(self) -> None:
        """Give the connection back."""


class Reader(Protocol):
    """What commands, page, health and history ask; it changes nothing."""

    def incidents(self, night: date, zone: tzinfo, bed: str | None = None) -> list[Incident]:
        """Return the alerts with a notice from noon to noon, ordered by their first notice."""

    def incident(self, ident: int) -> Incident | None:
        """Return the alert that a notice belongs to; None if there is no such notice."""

    def loaded(self) -> Loaded | None:
        """Return the settings that the server has loaded, and when; None: that is not known."""

    def last_night(self, zone: tzinfo) -> date | None:
        """Return the last night with a notice; None if there are no notices."""

    def last_seen(self) -> list[LastSeen]:
        """Return the last arrival of every bed, in the order of their names."""

    def beds(self, name: str | None = None) -> list[tuple[int, str]]:
        """Return (id, name) of this bed, or of all in the order of their names."""

    def states(self, name: str | None = None) -> list[tuple[str, str]]:
        """Return (name, state JSON) of this bed, or of all in the order of their names."""

    def span(self, bed_id: int) -> StoredSpan | None:
        """Return the times of a bed's first and last live window; None if there is none."""

    def first_window(self, bed_id: int, since_ms: int) -> int:
        """Return the id of a bed's first live window after `since_ms`; 0 if there is none."""

    def windows(self, bed_id: int, since_id: int) -> Iterator[Window]:
        """Yield a bed's live windows from an id on, in the order of arrival."""

    def standing(self, bed_id: int, kind: AlertKind) -> Notice | None:
        """Return the last notice of a bed's alert of this kind that stands; None: none stands."""

    def newest(self, bed_id: int, most: int, *, rests: bool = False) -> list[Window]:
        """Return the last windows of a bed, the newest first; `rests`: nobody watches it now."""

    def windows_after(self, ident: int, most: int) -> list[WindowRecord]:
        """Return the next windows of all beds in the order of their ids."""

    def last_window(self) -> int:
        """Return the id of the last window of all; 0: none."""

    def window_count(self) -> int:
        """Return the number of windows."""

    def nights(self, bed_id: int, first: date, last: date) -> list[NightSummary]:
        """Return a bed's nights from one to another that are summed up, oldest first."""

    def minutes(self, bed_id: int, night: date) -> list[Minute]:
        """Return the minutes of a night that is summed up, from noon on; else none."""

    def lived(self, bed_id: int, bed: str, night: date, zone: tzinfo) -> "LivedNight":
        """Return a bed's night as it was lived; `zone` is for one whose begin was not kept."""

    def storage(self) -> Storage:
        """Return what the store has, and how much room it takes."""

    def notices_after(self, ident: int, most: int) -> list[StoredNotice]:
        """Return the next notices of all beds in the order of their ids."""

    def heard_beds(self) -> list[str]:
        """Return the beds of which a word has ever come, sorted; others were only declared."""

    def last_notice(self) -> int:
        """Return the id of the last notice of all; 0: none."""

    def backlog(self, now_ms: int) -> dict[str, int]:
        """Count the deliveries that are due and not sent, by channel."""

    def ways(self) -> dict[str, Way]:
        """Return the ways to the people as noted last, by "person/channel"; empty: none noted."""

    def last_test(self, person: str, channel: str) -> LastTest | None:
        """Return what became of the last silent test; None: there was none."""

    def failed_tries(self, person: str, channel: str, after_ms: int) -> FailedTries | None:
        """Return the tries since a time, and since the last push that left; None: none failed."""

    def confirmed_ms(self, person: str) -> int | None:
        """Return when a person last confirmed that they can be woken; None: never."""

    def close(self) -> None:
        """Close the connection."""


class Store(WriterStore, Protocol):
    """The whole store; the process that writes has one."""

    def outbox(self, channel: str) -> OutboxStore:
        """Open a channel's part of the outbox, on a connection of its own."""

    def reader(self) -> AbstractContextManager[Reader]:
        """Open the store for reading, from any thread."""

    def close(self) -> None:
        """Close the writer's connection."""
