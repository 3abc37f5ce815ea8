"""Old nights are packed, summed up and deleted while windows come in, and through kills."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from functools import partial
from itertools import count, groupby
from operator import attrgetter
from pathlib import Path

from bench.past import Nights, fill, rows
from end_to_end.house import House, wait_until
from legwatch.contract.window import encode_window
from legwatch.events import Window
from legwatch.night import night_of
from legwatch_runtime.clock import utc_ms
from legwatch_server.store import nights as summed
from legwatch_server.store.connection import connect_read_only
from legwatch_server.store.minutes import MinuteSums
from legwatch_server.store.pack import Row
from legwatch_server.store.packs import of_bed

DAY_MS, HOUR_MS = 86_400_000, 3_600_000
OLD_BEDS = tuple(f"old-{number}" for number in range(20))
LIVE_BEDS = tuple(f"live-{number}" for number in range(5))
KILLS = (0.2, 0.7)  # when so much of the old windows is packed


def past() -> Nights:
    """Return two nights that are too old to keep, and the last two that are over."""
    noon_ms = utc_ms() // DAY_MS * DAY_MS + 12 * HOUR_MS
    last = noon_ms - (DAY_MS if utc_ms() < noon_ms + HOUR_MS else 0)
    begins = (last - 430 * DAY_MS, last - 429 * DAY_MS, last - 2 * DAY_MS, last - DAY_MS)
    return Nights(OLD_BEDS, [begin + 10 * HOUR_MS for begin in begins], 1000)


@contextmanager
def windows_come_in(house: House) -> Iterator[list[tuple[str, int]]]:
    """Let beds send windows all the while; yield (bed, number) of what was sent."""
    sent: list[tuple[str, int]] = []
    over, client = threading.Event(), house.publisher()

    def send() -> None:
        for seq in count(1):
            for bed in LIVE_BEDS:
                now = utc_ms()
                window = Window("0000000a", seq, now - 10_000, now, seq * 10, "synced", leg_c=30.5)
                client.publish(f"legwatch/v1/{bed}/window", encode_window(window), qos=1)
                sent.append((bed, seq))
            if over.wait(0.05):
                return

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield sent
    finally:
        over.set()
        sender.join()
        client.disconnect()
        client.loop_stop()


def packed(house: House) -> int:
    """Return how many of the old windows are packed."""
    found = house.rows("SELECT sum(packed) FROM boots WHERE bed_id<=?", len(OLD_BEDS))
    return int(found[0][0] or 0) if found else 0


def is_packed(house: House, windows: float) -> bool:
    return packed(house) > windows


def is_done(house: House) -> bool:
    stale = house.count("nights", "stale=1 OR minutes IS NULL")
    raw = house.rows("SELECT count(*) FROM nights WHERE raw=0")
    waiting = house.count("windows", f"bed_id<={len(OLD_BEDS)}")
    return not stale and raw == [(2 * len(OLD_BEDS),)] and waiting <= len(OLD_BEDS)


def check(path: Path, lived: Nights, sent: list[tuple[str, int]]) -> None:
    """Check that each window is there once, and each night says what its windows have said."""
    of_beds: dict[int, list[Row]] = {}
    for one in rows(lived):
        of_beds.setdefault(one.boot_id, []).append(one)
    with closing(connect_read_only(path)) as db:
        for bed_id, all_rows in of_beds.items():
            kept = [one for one in all_rows if one.to_ms >= lived.begins_ms[2]]
            assert list(of_bed(db, bed_id)) == kept
            by_night = groupby(all_rows, lambda one: night_of(one.to_ms, UTC))
            found = {night: list(of_night) for night, of_night in by_night}
            assert len(found) == len(lived.begins_ms)
            for night, of_night in found.items():
                assert summed.minutes_of(db, bed_id, night) == minutes(of_night, night)
        names = dict(db.execute("SELECT id, name FROM beds").fetchall())
        came = [
            (name, one.seq)
            for bed_id, name in names.items()
            if name in LIVE_BEDS
            for one in sorted(of_bed(db, bed_id), key=attrgetter("seq"))
        ]
        assert sorted(came) == sorted(sent)


def minutes(of_night: list[Row], night: date) -> object:
    begin = datetime(night.year, night.month, night.day, 12, tzinfo=UTC)
    from_ms = int(begin.timestamp() * 1000)
    sums = MinuteSums(from_ms, from_ms + DAY_MS)
    sums.add(of_night)
    return sums.minutes()


def test_old_nights_are_packed_and_deleted_while_windows_come_in_and_kills_lose_nothing(
    house: House,
) -> None:
    lived = past()
    path = house.folder / "server" / "legwatch.db"
    fill(path, lived)
    house.write_server(beds={bed: {"ended": True} for bed in OLD_BEDS})
    house.broker()
    whole = len(OLD_BEDS) * len(lived.begins_ms) * lived.windows
    server = house.server()
    with windows_come_in(house) as sent:
        for share in KILLS:
            wait_until(partial(is_packed, house, share * whole), "some to be packed")
            server.kill()
            server = house.server()
        wait_until(lambda: is_done(house), "the old nights to be deleted")
        assert "damaged" not in str(house.health())
    live = f"bed_id>{len(OLD_BEDS)}"
    wait_until(lambda: house.count("windows", live) >= len(sent), "what was sent")
    assert server.stop() == 0
    assert len(sent) > 1000
    check(path, lived, sent)
