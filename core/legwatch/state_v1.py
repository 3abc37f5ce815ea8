"""Bring a state of version 1, which older versions of legwatch have stored, to version 2.

A state is made of nested lists. In version 1 the signals held the memory of the cold rules, and
whether the leg sensor is stuck; what the last minute has found was not kept. Several fields were
added while the version stayed 1: an old state lacks them at the end of its lists, and the reader of
version 2 gives them their defaults. The places below are those of version 1 and never change.
"""

from typing import Any

VERSION = 1
_SIGNALS = 7  # fields of the signals before the memory of the cold rules
_COLD_FIELDS, _FALL, _CONTRAST = 17, 13, 15
_SEVERITY, _FIRED, _EPISODE = 0, 3, 18
# The fields of an alert before its episode, if nothing has happened yet.
_NEW_ALERT = (None,) * 5 + (False, 0) + (False,) * 3 + (None, False) + (None,) * 6
_TRIAL_OVER = [0, 0, 0, 0, False, True]


def upgraded(fields: list[Any]) -> list[Any]:
    """Return the lists of version 2."""
    bed, waiting, end_ms, at_ms = fields
    return [_bed(bed), waiting, end_ms, at_ms]


def _bed(fields: list[Any]) -> list[Any]:
    observation, legs, alerts, budget, *added = fields
    signals, cold, later = observation[:_SIGNALS], observation[_SIGNALS], observation[9:]
    # A state without trial nights is old: this bed needs no trial nights any more.
    trial = added[0] if added else _TRIAL_OVER
    early_sign_ms = added[1] if len(added) > 1 else 0
    found = [legs]  # the rest is found again in the next minute
    alerts = [_with_episode(alert) for alert in alerts]
    return [[*signals, *later], _cold_memory(cold), alerts, budget, trial, early_sign_ms, found]


def _cold_memory(fields: list[Any]) -> list[Any]:
    """Drop the fall of an old state, which has another kind of contrast.

    It is known again in half an hour.
    """
    if len(fields) == _COLD_FIELDS:
        return fields
    shorter = fields[:_CONTRAST]
    shorter[_FALL] = []
    return shorter


def _with_episode(fields: list[Any]) -> list[Any]:
    """Name the episode of a firing alert of an old state by the time at which it fired."""
    nameless = len(fields) <= _EPISODE or fields[_EPISODE] is None
    if not fields[_SEVERITY] or not nameless:
        return fields
    before = [*fields[:_EPISODE], *_NEW_ALERT[len(fields) :]]
    return [*before, fields[_FIRED], *fields[_EPISODE + 1 :]]
