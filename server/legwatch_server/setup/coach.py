"""The placement coach: each sensor shows that it feels what it has to feel.

What it judges are differences within a minute, so an offset of a sensor does not matter here.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from legwatch.text.language import Language
from legwatch_server.setup.talk import Talk

WARMS_C, HOLD_S = 2.0, 60  # a hand brings the sensor so far in a minute
STILL_S, MOST_STILL_S = 20, 2.0  # seconds of movement while somebody lies still
TURN_S, LEAST_TURN_S = 20, 0.3
OUT_S = 30
BESIDE_S, NOTABLE_C = 300, 0.5  # two thermometers side by side; DHT22: +-0.5 °C by its data sheet
Sample = Mapping[str, Any]
Live = Callable[[float], AbstractContextManager[Iterator[Sample]]]


class Result(StrEnum):
    """What came of one exercise."""

    GOOD = "good"
    BAD = "bad"
    LEFT = "left"  # not done


@dataclass(frozen=True, slots=True)
class Warmed:
    """What a hand has done: by how much each thermometer has risen."""

    leg_c: float | None
    room_c: float | None

    @property
    def exchanged(self) -> bool:
        """True if the hand has warmed the other thermometer."""
        return (self.room_c or 0.0) >= WARMS_C > (self.leg_c or 0.0)


def warmed(samples: Iterator[Sample], show: Callable[[Sample, float], None]) -> Warmed:
    """Watch until the thermometer by the legs has risen by 2 °C, or for a minute."""
    first: dict[str, float] = {}
    risen: dict[str, float] = {}
    for sample in samples:
        for name in ("leg_c", "room_c"):
            if name in sample:
                first.setdefault(name, sample[name])
                risen[name] = max(risen.get(name, 0.0), sample[name] - first[name])
        show(sample, risen.get("leg_c", 0.0))
        if risen.get("leg_c", 0.0) >= WARMS_C:
            break
    return Warmed(risen.get("leg_c"), risen.get("room_c"))


def moved_s(samples: Iterator[Sample], show: Callable[[Sample, float], None]) -> float | None:
    """Return the seconds of movement in all samples; None: the sensor said nothing."""
    total, heard = 0.0, False
    for sample in samples:
        seconds = sample.get("moved_s", float(bool(sample["moves"])) if "moves" in sample else None)
        heard |= seconds is not None
        total += seconds or 0.0
        show(sample, total)
    return total if heard else None


def last_in_bed(samples: Iterator[Sample], show: Callable[[Sample, float], None]) -> bool | None:
    """Return whether the presence sensor saw somebody at the end; None: it said nothing."""
    seen = None
    for sample in samples:
        seen = sample.get("in_bed", seen)
        show(sample, 0.0)
    return seen


def apart_c(samples: Iterator[Sample], show: Callable[[Sample, float], None]) -> float | None:
    """Return leg minus room in the mean of the last third; None: too little was heard."""
    found = list[float]()
    for sample in samples:
        if "leg_c" in sample and "room_c" in sample:
            found.append(sample["leg_c"] - sample["room_c"])
        show(sample, found[-1] if found else 0.0)
    last = found[-max(1, len(found) // 3) :]
    return sum(last) / len(last) if len(found) >= 3 else None


class Coach:
    """Leads through the exercises; `live` gives what the sensors say for so many seconds."""

    def __init__(self, talk: Talk, words: Language, live: Live, roles: frozenset[str]) -> None:
        self._talk, self._words, self._live, self._roles = talk, words, live, roles

    def lead(self) -> dict[str, Result]:
        """Do every exercise for which there is a sensor; return what came of each."""
        done: dict[str, Result] = {}
        if "leg" in self._roles:
            done["hand"] = self._hand()
        if "movement" in self._roles:
            done["still"], done["turn"] = self._still(), self._turn()
        if "presence" in self._roles:
            done["out"] = self._out()
        if {"leg", "room"} <= self._roles:
            done["beside"] = self._beside()
        return done

    def _hand(self) -> Result:
        _ = self._words.gettext
        self._talk.say(_("1. Hold the sensor for the legs in your hand, for up to a minute."))
        if not self._ready():
            return Result.LEFT
        with self._live(HOLD_S) as samples:
            found = warmed(samples, self._show(_("risen by {figure} °C")))
        if (found.leg_c or 0.0) >= WARMS_C:
            return self._good(_("It feels your hand."))
        if found.exchanged:
            return self._bad(
                _("The other one got warm: leg and room are exchanged. Swap them in the settings.")
            )
        if found.leg_c is None:
            return self._bad(_("It gave no reading: look at cable and pin."))
        return self._bad(
            _("It has risen by {c} °C only. Is it the right one, and in your hand?").format(
                c=self._words.number(found.leg_c)
            )
        )

    def _still(self) -> Result:
        _ = self._words.gettext
        self._talk.say(
            _("2. Put all in its place. Lie down, and lie still for {s} s.").format(s=STILL_S)
        )
        if not self._ready():
            return Result.LEFT
        with self._live(STILL_S) as samples:
            found = moved_s(samples, self._show(_("{figure} s of movement")))
        if found is None:
            return self._bad(_("The movement sensor says nothing: look at cable and pin."))
        if found > MOST_STILL_S:
            return self._bad(
                _("It moves by itself: {s} s. Turn down its sensitivity, or fix it better.").format(
                    s=self._words.number(found)
                )
            )
        return self._good(_("It is still when you are."))

    def _turn(self) -> Result:
        _ = self._words.gettext
        self._talk.say(_("3. Turn over once, as in sleep, within {s} s.").format(s=TURN_S))
        if not self._ready():
            return Result.LEFT
        with self._live(TURN_S) as samples:
            found = moved_s(samples, self._show(_("{figure} s of movement")))
        if found is None or found < LEAST_TURN_S:
            return self._bad(_("It has not felt you. Put it nearer to the hips, and firmly."))
        return self._good(_("It feels a turn."))

    def _out(self) -> Result:
        _ = self._words.gettext
        self._talk.say(_("4. Get up, and stay away for {s} s.").format(s=OUT_S))
        if not self._ready():
            return Result.LEFT
        with self._live(OUT_S) as samples:
            found = last_in_bed(samples, self._show(""))
        if found is None:
            return self._bad(_("The presence sensor says nothing: look at cable and pin."))
        if found:
            return self._bad(_("It still sees somebody. A radar needs some more time; a mat not."))
        return self._good(_("It sees that the bed is empty."))

    def _beside(self) -> Result:
        _ = self._words.gettext
        self._talk.say(_("5. Lay both thermometers side by side, away from the bed, for 5 min."))
        if not self._talk.yes(_("Do it now?"), offered=False):
            return Result.LEFT
        with self._live(BESIDE_S) as samples:
            found = apart_c(samples, self._show(_("{figure} °C apart")))
        if found is None:
            return self._bad(_("One of them gave no readings."))
        figure = self._words.number(abs(found))
        if abs(found) < NOTABLE_C:
            return self._good(_("They agree: {c} °C apart.").format(c=figure))
        return self._bad(
            _(
                "They are {c} °C apart. legwatch corrects up to 2 °C by itself, each evening in the"
                " empty bed; more: offset_c = {offset} under [sensors.leg]."
            ).format(c=figure, offset=f"{-found:.1f}")
        )

    def _ready(self) -> bool:
        return self._talk.yes(self._words.gettext("Begin?"))

    def _show(self, form: str) -> Callable[[Sample, float], None]:
        def show(sample: Sample, figure: float) -> None:
            said = [f"{self._words.number(sample['leg_c'])} °C"] if "leg_c" in sample else []
            said += [form.format(figure=self._words.number(figure))] if form else []
            self._talk.now("  ".join(said))

        return show

    def _good(self, text: str) -> Result:
        self._talk.say(self._words.gettext("Good: {text}").format(text=text))
        return Result.GOOD

    def _bad(self, text: str) -> Result:
        self._talk.say(self._words.gettext("Not yet: {text}").format(text=text))
        return Result.BAD
