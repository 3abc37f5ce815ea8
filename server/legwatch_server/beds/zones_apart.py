"""Finds the beds whose agent is on a machine with another time zone than the bed's."""

from collections.abc import Iterable, Iterator
from datetime import UTC

from legwatch.errors import SettingsError
from legwatch_runtime.zones import same_hours, zone_named
from legwatch_server.beds.registry import BedRecord


def zones_apart(beds: Iterable[BedRecord]) -> Iterator[str]:
    """Yield a sentence on each bed whose agent and the settings say different zones."""
    for bed in beds:
        sentence = zone_apart(bed)
        if sentence:
            yield sentence


def zone_apart(bed: BedRecord) -> str:
    """Return the sentence on one bed, empty if both zones have the same hours, or one is unknown.

    Zones of two names can be the same; what counts is the local time, in summer and in winter. A
    machine in UTC is one that nobody has set a zone on, as many a Pi: it says nothing of the bed.
    What the broker or the store has kept may be older than the agent's last start.
    """
    info = bed.bedside.info
    gone = bed.bedside.online is False  # it may come back from somewhere else
    if info is None or not (info.zone and bed.info_live) or gone or bed.played:
        return ""
    try:
        theirs = zone_named(info.zone, "zone")
    except SettingsError:  # of a newer list of zones than ours
        return ""
    at_ms = bed.state.at_ms or bed.seen_ms
    if same_hours(theirs, UTC, at_ms) or same_hours(theirs, bed.rules.zone, at_ms):
        return ""
    return (
        f"the agent of bed {bed.name} is on a machine in {info.zone}, the server takes the bed's "
        f"nights as in {bed.rules.zone}: set zone in the server's settings, or the zone of the "
        "agent's machine (timedatectl set-timezone)"
    )
