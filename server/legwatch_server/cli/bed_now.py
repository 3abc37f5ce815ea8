"""What is seen of one bed now, what is watched of it and what is not, and who would be told."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from legwatch import scope
from legwatch.alerting.alert import silenced_until_ms
from legwatch.alerting.budget import allows
from legwatch.alerting.trial_nights import night_number
from legwatch.conditions.verdict import Reason, Severity
from legwatch.contract.failing import Failing
from legwatch.contract.roles import GAUGES, ROLES, THERMOMETERS
from legwatch.engine import BedState, BedView, view
from legwatch.events import BODY_KINDS, AlertKind, ClockTrust, Window
from legwatch.limits.rules import Rules, is_night
from legwatch.limits.stillness import limits_s, switched_off
from legwatch.night import local
from legwatch.printable import printable
from legwatch.signals.occupancy import Occupancy
from legwatch.text.span import span
from legwatch_server.cli import empty_bed, would_be_told
from legwatch_server.cli.asked import ALL_WELL, Said
from legwatch_server.cli.standing import Standing
from legwatch_server.cli.watched import reading
from legwatch_server.cli.would_be_told import ALERTS
from legwatch_server.rest import Rest, Rests
from legwatch_server.settings import ServerSettings

MINUTE_MS = 60_000
LONGEST_FAULT = 100  # letters that are shown
_ROOM = "air of the room"
_SENSORS = {role.fault: role.name for role in ROLES}  # the word of the agent's settings
_READ = {role.fault: role.fields[0].name for role in ROLES}  # what each sensor of a window gives
_ROLES = {field.name: role.name for role in ROLES for field in role.fields}
_RARELY = frozenset(role.fault for role in ROLES if role.group in (THERMOMETERS, GAUGES))
_FOOT = "a bare foot"  # an alert on cold tells it, where a thermometer by the ankle shows it
_SIGN, _FOOT_SIGN = "the cover may be off", "a foot may be bare"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the store has of one bed; `windows`: the newest first.

    `heard_ms`: when the newest one arrived, UTC ms. `played`: from a recording. `refused`: that and
    why its latest messages cannot be read; empty: they can. `off`: its agent has said goodbye, or
    is lost. `out_of_order`: what of it does not work, and why. `left_out`: what of its recording is
    not played, and why. `failing`: the sensors of which readings fail. `stands`: the alerts that
    stand.
    """

    bed: str
    windows: Sequence[Window] = ()
    state: BedState | None = None
    sensors: scope.Sensors | None = None
    played: bool = False
    heard_ms: int = 0
    refused: str = ""
    off: bool = False
    out_of_order: Sequence[tuple[str, str]] = ()
    left_out: str = ""
    failing: Sequence[Failing] = ()
    stands: Sequence[Standing] = ()


@dataclass(frozen=True)
class BedNow:
    """One bed at one moment, by the settings in force."""

    seen: Seen
    settings: ServerSettings
    rests: Rests  # of all beds
    now_ms: int
    running: bool = True  # the server
    said: Said = ALL_WELL  # what it says of itself
    stuck: Collection[tuple[str, str]] = ()  # ways by which the last push has not got through

    def rows(self) -> Iterator[tuple[str, str]]:
        """Yield what to show: a name and its words."""
        yield from self.values()
        for name, why in self.seen.out_of_order:
            yield name, f"does not work: {why}"
        for one in self.seen.failing:
            yield f"{one.place} sensor", str(one)
        yield "in bed", self.in_bed()
        for what in self.stands():
            yield "stands", what
        yield "watched for", self.watched()
        for why in self.not_watched():
            yield "not watched", why
        yield "would be told", self.told()

    def values(self) -> Iterator[tuple[str, str]]:
        """Yield each value with its age."""
        for name, column, unit in (
            ("air by the legs", "leg_c", " °C"),
            ("humidity there", "leg_rh", " %"),
            (_ROOM, "room_c", " °C"),
            ("humidity there", "room_rh", " %"),
            ("movements", "moves", ""),
            ("presence", "in_bed", ""),
            ("air by the ankle", "ankle_c", " °C"),
            ("humidity there", "ankle_rh", " %"),
        ):
            found = next((w for w in self.seen.windows if reading(w, column) is not None), None)
            if found is not None:
                shown = _shown(reading(found, column))
                made = ", made, not measured" if _ROLES[column] in self._sensors.made else ""
                yield name, f"{shown + unit:<10} {self._age(found.to_ms)}{made}"
        for sensor, fault in _faults(self.seen.windows):
            yield (
                f"{_SENSORS.get(sensor, sensor)} sensor",
                f"has a fault: {printable(fault, LONGEST_FAULT)}",
            )
        if not self.seen.windows:
            yield "values", "none has ever come"
        elif self.seen.played:
            yield "values", self._of_a_recording()

    def _of_a_recording(self) -> str:
        but = f"; not all is played: {self.seen.left_out}" if self.seen.left_out else ""
        return f"{self._when_played()}{but}"

    def _when_played(self) -> str:
        at = f"at {local(self.bed_ms, self._zone):%d %b %Y %H:%M}"
        if self._over:
            return f"of a recording that is over, {at}"
        if self.running:
            return f"of a recording, {at}"
        came = f"{local(self.seen.heard_ms, self._zone):%d %b %H:%M}"
        return (
            f"of a recording, {at}; its last window came on {came}, and the server is not running"
        )

    def in_bed(self) -> str:
        """Return whether somebody is in bed, as of the last judged minute."""
        seen, state = self._view, self.seen.state
        if self.said.unkept:
            return "not known here"
        if self._rest:
            return f"not known: the bed is {self._rest}"
        if seen is None or state is None or self._unseen:
            return "not known"
        if seen.in_bed is None:
            why = "not known: the bed may be empty, or the sleeper lies uncovered"
            return self._not_yet(state.bed.signals.occupancy) or why
        if not seen.in_bed:
            return "no"
        entered_ms = state.bed.signals.occupancy.entered_ms
        since = f" since {self._at(entered_ms)}" if entered_ms else ""
        still = f", still for {span(seen.still_s / 60)}" if seen.still_s is not None else ""
        return f"yes{since}{still}"

    def _not_yet(self, mat: Occupancy) -> str:
        """Return until when a presence sensor has to say the same; empty: none says anything."""
        if mat.mat is None or mat.mat_since_ms is None:
            return ""
        hold_s = self._rules.presence.mat_in_s if mat.mat else self._rules.presence.mat_out_s
        counts_ms = -(-(mat.mat_since_ms + hold_s * 1000) // MINUTE_MS) * MINUTE_MS
        said = (
            f"not known yet: the presence sensor says {_shown(mat.mat)} since"
            f" {self._at(mat.mat_since_ms)}"
        )
        if counts_ms <= self.bed_ms:  # nothing was heard meanwhile
            return said
        return f"{said}, and if it goes on, that counts from {self._at(counts_ms)} on"

    def stands(self) -> Iterator[str]:
        """Yield an early sign and each alert that stand, and who has answered it until when."""
        if self._rest or self.said.unkept:
            return
        yield from self._sign()
        people = self.settings.everybody()
        for one in self.seen.stands:
            name = "bare foot" if one.alert.reason is Reason.FOOT_BARE else ALERTS[one.kind]
            yield f"{name} {one.words(people, self.bed_ms, self._at)}"
            if one.unreached:
                yield one.unreached

    def _sign(self) -> Iterator[str]:
        """Yield the early sign that lamp and phone show; who asked for quiet is shown none."""
        bed = None if self.seen.state is None else self.seen.state.bed
        if bed is None or not bed.shown_ms or self._snoozed(AlertKind.COLD):
            return
        of_foot = bed.foot is not None and bed.foot.sign_ms == bed.shown_ms
        what = _FOOT_SIGN if of_foot else _SIGN
        since = self._at(bed.shown_ms)
        yield f"early sign since {since}: {what}, or nobody lies there (no sound)"

    def watched(self) -> str:
        """Return what would be told of now."""
        if self.said.unkept and not self._wholly:
            return "not known here: the server knows more than is stored"
        kinds = [kind for kind in AlertKind if self._holds(kind)]
        said = [
            f"{what}{self._from_made(kind)}"
            for kind in kinds
            if not self._snoozed(kind)
            for what in self._told_by(kind)
        ]
        said += [
            f"only urgent: {ALERTS[kind]}{self._from_made(kind)}"
            for kind in kinds
            if self._urgent_sounds(kind)
        ]
        if not self._wholly and self._no_empty_bed() == "":
            said.append(f"{empty_bed.NAME}{self._from_made()}")
        return ", ".join(said) or "NOTHING"

    def _from_made(self, kind: AlertKind = AlertKind.COLD) -> str:
        """Return that an alert on the sleeper comes from made values; empty: from measured ones."""
        return " (from made values)" if self._sensors.made and kind in BODY_KINDS else ""

    def _told_by(self, kind: AlertKind) -> tuple[str, ...]:
        """Return what alerts of a kind tell at this bed now."""
        foot = kind is AlertKind.COLD and self._sensors.sees_foot(switched_off(self._rules))
        return (ALERTS[kind], _FOOT) if foot else (ALERTS[kind],)

    def _no_empty_bed(self) -> str | None:
        """Return why an empty bed would not be told now; empty: it would; None: nobody asks."""
        if self._unseen or self.seen.state is None:
            return None  # of the sleeper nothing is watched, which is said already
        bed, state = self.seen.bed, self.seen.state
        return empty_bed.why_not(
            self.settings, bed, self.bed_ms, state.bed.facts.out, self._sensors
        )

    def _holds(self, kind: AlertKind) -> bool:
        """Return True if an alert of this kind can come now, quiet or not."""
        if self._wholly or self.seen.state is None:
            return False
        if kind is AlertKind.SENSOR and not self.seen.windows:
            return False
        if kind not in BODY_KINDS:
            return self._time_passes(kind) and is_night(self.bed_ms, self._rules)
        if kind not in self._sensors.seen(switched_off(self._rules)) or self._trial is not None:
            return False
        if self._unseen:
            return False
        seen = self._view
        if seen is None or not seen.in_bed:
            return False
        return kind is AlertKind.STILL or (seen.settled and not self._room_is_warm)

    def _time_passes(self, kind: AlertKind) -> bool:
        """Return True if this kind can become due; for a recording its windows are all the time."""
        if not self._plays:
            return True
        return kind is AlertKind.SENSOR and not self._silent

    def not_watched(self) -> Iterator[str]:
        """Yield why something is not watched now."""
        if self._wholly:
            yield self._wholly
        if self._wholly or self.said.unkept:
            return
        if self.seen.refused:
            yield self.seen.refused
        if self.seen.state is None or not self.seen.windows:
            if not self.seen.refused:
                yield "the sleeper and the sensors: no word has ever come from the bedside"
            return
        rules, seen, state = self._rules, self._view, self.seen.state
        silent = self._silent
        if self.seen.off:
            yield "the sleeper: the bedside is off"
        if silent:
            what = "the sleeper and the sensors" if self._plays else "the sleeper"
            yield f"{what}: no word from the bedside for {span(self.silent_ms / MINUTE_MS)}"
        if self._plays:
            yield f"{ALERTS[AlertKind.AGENT]}: it plays a recording"
        sensors, off = self._sensors, switched_off(rules)
        yield from scope.never_come(sensors.roles, off)
        yield from scope.made_values(sensors.made)
        yield from map(": ".join, sensors.unseen(off))
        yield from scope.beyond(sensors.roles, off)
        sees_cold = AlertKind.COLD in sensors.seen(off)
        cold = " and ".join(self._told_by(AlertKind.COLD))
        if self._trial is not None:
            nights = rules.alerts.learn_nights
            yield f"the sleeper: learning, night {self._trial} of {nights}; alerts make no sound"
        if self._trial is None and not allows(state.bed.budget, self.bed_ms, rules):
            warnings = ", ".join(self._told_by(AlertKind.COLD))
            yield (
                f"{warnings} and lying still: a warning makes no sound now (enough this night, or"
                " one not long ago); an urgent alert still sounds"
            )
        yield from self._quiet()
        if seen is None and not silent:
            yield "the sleeper: the first whole minute is not over"
        if not silent and seen is not None:
            if not seen.in_bed:
                yield "the sleeper: nobody is known to be in bed"
            elif not seen.settled and sees_cold:
                at = self._at(state.bed.signals.occupancy.settled_ms)
                yield f"{cold}: judged from {at} on, when the bed has had its time to warm"
            if self._room_is_warm and sees_cold:
                limit = f"{rules.warmth.warm_room_c:g} °C"
                yield f"{cold}: the room is warm ({limit} or more)"
        if why := self._no_empty_bed():
            yield f"{empty_bed.NAME}: {why}"
        if not is_night(self.bed_ms, rules):
            hours = f"{rules.night.from_h} to {rules.night.to_h} h"
            what = "sensors" if self._plays else "sensors and the bedside"
            yield f"{what}: it is day; they are told of from {hours}"

    def _quiet(self) -> Iterator[str]:
        """Yield of which alerts somebody has asked for quiet, and until when."""
        for kind in AlertKind:
            if until_ms := self._snoozed(kind):
                but = "; an urgent alert still sounds" if self._urgent_sounds(kind) else ""
                what = " and ".join(self._told_by(kind))
                yield f"{what}: somebody asked for quiet until {self._at(until_ms)}{but}"

    def told(self) -> str:
        """Return who would be told, in their order."""
        if self._wholly and not self.said.deaf:  # that it is deaf, people are told
            return "nobody"
        unready = dict(self.said.unready)
        at = self.seen.bed, self.bed_ms
        return would_be_told.words(self.settings, *at, unready, self.stuck)

    def line(self) -> str:
        """Return everything in one line, for a log."""
        parts = [f"{name} {' '.join(words.split())}" for name, words in self.values()]
        parts += [f"in bed: {self.in_bed()}", *(f"stands: {what}" for what in self.stands())]
        parts.append(f"watched for: {self.watched()}")
        why = "; ".join(self.not_watched())
        return f"{self._at(self.bed_ms, seconds=True)} {self.seen.bed}: " + " | ".join(
            [*parts, *([f"not: {why}"] if why else [])]
        )

    @cached_property
    def bed_ms(self) -> int:
        """The time of the bed: that of a recording, and what went by since its last window.

        A recording that is over stays at its end; without a server nobody knows how far it is.
        """
        newest = self.seen.windows[:1]
        if not self.seen.played or not newest:
            return self.now_ms
        return newest[0].to_ms + (0 if self._stands else self._unheard_ms)

    @cached_property
    def silent_ms(self) -> int:
        """For how long no window has come, in real time."""
        newest = self.seen.windows[0] if self.seen.windows else None
        if self.seen.played or (newest is not None and newest.clock == ClockTrust.PLAYED):
            return self._unheard_ms  # also of a bed that played, and of which no live word has come
        return max(0, self.bed_ms - max((w.to_ms for w in self.seen.windows), default=0))

    @property
    def _unheard_ms(self) -> int:
        return max(0, self.now_ms - self.seen.heard_ms)

    @property
    def _plays(self) -> bool:
        """True if the bed plays a recording, or waits for its first one."""
        return self.seen.played or (not self.seen.windows and self.settings.plays(self.seen.bed))

    @property
    def _over(self) -> bool:
        return self.seen.played and self.seen.off

    @property
    def _stands(self) -> bool:
        """True if the time of a recording goes on no more, as far as is known."""
        return self.seen.played and (self.seen.off or not self.running)

    @cached_property
    def _wholly(self) -> str:
        """Why nothing at all is watched; empty: something is."""
        if not self.running:
            return "everything: the server is not running"
        if self.said.deaf:
            return "everything: the server has no connection to the broker"
        if self._rest:
            return f"everything: the bed is {self._rest}"
        if self._over and not self.said.unkept:  # else the next one may play already
            return "everything: its recording is over"
        return ""

    @cached_property
    def _unseen(self) -> bool:
        """True if nobody knows what the bed is like now: its bedside is off, or says nothing."""
        return self.seen.off or self._silent

    @property
    def _silent(self) -> bool:
        """True if no window has come for so long that what the last one said is stale."""
        return self.silent_ms > self._rules.health.stale_s * 1000

    @cached_property
    def _rest(self) -> str:
        """Until when the bed is paused, or that it is out of use; empty: it is watched."""
        watched = self.rests.of(self.seen.bed, self.now_ms) is Rest.WATCHED
        return "" if watched else self.rests.said(self.seen.bed, self.now_ms)

    @cached_property
    def _sensors(self) -> scope.Sensors:
        return self.seen.sensors or scope.Sensors(frozenset())

    @cached_property
    def _view(self) -> BedView | None:
        return None if self.seen.state is None else view(self.seen.state)

    @cached_property
    def _trial(self) -> int | None:
        state, newest = self.seen.state, self.seen.windows[:1]
        if state is None:
            return None
        live = bool(newest) and newest[0].clock != ClockTrust.PLAYED
        return night_number(state.bed.trial, self.bed_ms, self._rules, live=live)

    @cached_property
    def _room_is_warm(self) -> bool:
        room_c = None if self._view is None else self._view.room_c
        return room_c is not None and room_c >= self._rules.warmth.warm_room_c

    def _snoozed(self, kind: AlertKind, severity: Severity = Severity.WARNING) -> int:
        """Return until when alerts of a kind are quiet, UTC ms; 0: they are not."""
        state = self.seen.state
        if state is None:
            return 0
        until_ms = silenced_until_ms(state.bed.alerts.of(kind), severity)
        return until_ms if until_ms > self.bed_ms else 0

    def _urgent_sounds(self, kind: AlertKind) -> bool:
        """Return True if only warnings are quiet, and this kind can be urgent."""
        quiet = self._snoozed(kind) and not self._snoozed(kind, Severity.URGENT)
        wanted = kind is AlertKind.COLD and self._rules.alerts.learn_urgent
        learns = self._trial is not None and not wanted
        urgent = kind is AlertKind.COLD or (
            kind is AlertKind.STILL and limits_s(self._rules)[2] > 0
        )
        return urgent and bool(quiet) and not learns

    @cached_property
    def _rules(self) -> Rules:
        return self.settings.rules_of(self.seen.bed)

    @cached_property
    def _zone(self) -> ZoneInfo:
        return self.settings.zone_of(self.seen.bed)

    def _at(self, ms: int, *, seconds: bool = False) -> str:
        return f"{local(ms, self._zone):%H:%M:%S}" if seconds else f"{local(ms, self._zone):%H:%M}"

    def _age(self, at_ms: int) -> str:
        if self._stands:
            return f"at {self._at(at_ms, seconds=True)}"
        age_s = max(0, self.bed_ms - at_ms) / 1000
        return f"{age_s:.0f} s ago" if age_s < 120 else f"{span(age_s / 60)} ago"


def _shown(value: object) -> str:
    """Return a value of a sensor as people read it; that of a presence sensor is a bool."""
    if isinstance(value, bool):
        return "somebody" if value else "nobody"
    return f"{value:.1f}" if isinstance(value, float) else f"{value}"


def _faults(windows: Sequence[Window]) -> Iterator[tuple[str, str]]:
    """Yield the fault of each sensor that has one; it lasts until the sensor gives a reading.

    A thermometer may be read more rarely than a window is sent. The others are asked in every
    window, so a fault of theirs is over with it.
    """
    known: set[str] = set()
    for number, window in enumerate(windows):
        for sensor, fault in window.faults:
            if sensor not in known and (not number or sensor in _RARELY):
                known.add(sensor)
                yield sensor, fault
        known |= {sensor for sensor, column in _READ.items() if reading(window, column) is not None}
