"""Would an empty bed be told now, and to whom? For the carers who ask for it, and nobody else."""

from legwatch.conditions import out
from legwatch.limits.rules import Rules
from legwatch.night import is_within, local, night_of
from legwatch.oncall.people import told_out_of_bed
from legwatch.scope import Sensors
from legwatch_server.on_duty import on_duty
from legwatch_server.settings import ServerSettings

NAME = "an empty bed"


def told(settings: ServerSettings, bed: str, at_ms: int) -> tuple[str, ...]:
    """Return who asks for it and would be told, all at once; a limit that is off tells nobody."""
    return _ask(settings, bed, at_ms) if settings.rules_of(bed).out.after_s else ()


def why_not(
    settings: ServerSettings, bed: str, at_ms: int, known: out.OutNight, sensors: Sensors
) -> str | None:
    """Return why it would not be told now; empty: it would; None: nobody asks for it."""
    rules = settings.rules_of(bed)
    if not _ask(settings, bed, at_ms):
        return None
    if not rules.out.after_s:
        return "its limit is off (out.after_s = 0)"
    if not sensors.sees_empty():
        return "neither a presence sensor nor air and movement together can tell it now"
    night = out.of_night(known, at_ms, rules)
    if night.episode_ms:
        since = f"{local(night.episode_ms, settings.zone_of(bed)):%H:%M}"
        return f"it was told at {since}; now only the return is told"
    if not night.out_min and not out.is_sleeping_time(at_ms, rules):
        return f"only of somebody who gets up from {_hours(rules)} it is told"
    if night.lain_min < out.LAIN_MIN:
        return f"nobody has lain there for {out.LAIN_MIN} min in this night yet"
    return ""


def _ask(settings: ServerSettings, bed: str, at_ms: int) -> tuple[str, ...]:
    people, night = settings.everybody(), night_of(at_ms, settings.zone_of(bed))
    return told_out_of_bed(people, bed, on_duty(settings, night, bed))


def _hours(rules: Rules) -> str:
    """Return the hours in which who gets up has not got up for the day."""
    from_h, to_h, until_h = rules.night.from_h, rules.night.to_h, rules.out.until_h
    return f"{from_h} to {until_h if is_within(until_h, from_h, to_h) else to_h} h"
