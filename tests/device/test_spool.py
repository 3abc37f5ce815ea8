"""The spool keeps what waits, and no more than it may."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from legwatch.contract.press import Press, decode_press, encode_press
from legwatch.contract.window import encode_window
from legwatch.testing import live_window
from legwatch_device.runs import RUN, ZERO
from legwatch_device.settings import AgentSettings
from legwatch_device.spool import MOST_PRESSES, Spool, SpooledWindow


def press(ident: str) -> Press:
    return Press(ident, "ack", 5)


def test_a_broken_switch_does_not_fill_the_disk(
    spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    spool.put([], (), [(0, encode_press(press(str(n)))) for n in range(MOST_PRESSES + 5)])
    spool.trim(100)
    assert spool.presses_waiting() == MOST_PRESSES
    assert decode_press(spool.presses()[0].payload).id == "5"
    assert "5 presses dropped" in caplog.text


def window(seq: int) -> SpooledWindow:
    payload = json.dumps({"v": 1, "boot": "0000000a", "seq": seq, "leg_c": 31.0}).encode()
    return SpooledWindow("0000000a", seq, seq * 10_000, seq * 10_000, "synced", payload)


def test_a_spool_that_gets_too_large_drops_its_oldest_and_counts_them(tmp_path: Path) -> None:
    most_bytes, seq = 200_000, 0
    path = tmp_path / "spool.db"
    with closing(Spool(path)) as spool:
        for _ in range(60):
            spool.put([window(seq + n) for n in range(1, 51)])
            seq += 50
            spool.trim(10**6, most_bytes)
        kept = [item.seq for _, item in spool.after(0, 10**6)]
        assert kept[-1] == seq
        assert kept == list(range(seq - len(kept) + 1, seq + 1))  # the oldest only
        assert 500 < len(kept) < seq
        assert spool.fact("lost") == seq - len(kept)
    assert path.stat().st_size < 1.1 * most_bytes


def test_fourteen_nights_fit_into_the_usual_size(tmp_path: Path) -> None:
    """With all that a window can have."""
    full = live_window(1, 1_767_394_800_000, leg_c=31.25, room_c=18.5, moves=3, in_bed=True)
    payload = encode_window(full._replace(leg_rh=55.5, room_rh=45.5, moved_s=2.5, active_s=1.5))
    count = 4320
    with closing(Spool(tmp_path / "spool.db")) as spool:
        items = [window(n)._replace(payload=payload) for n in range(1, count + 1)]
        spool.put(items)
        size = spool._file.used_bytes()
    assert size * 14 < AgentSettings("b").spool_mb * 1_000_000


def test_a_start_of_the_agent_is_known_as_long_as_its_windows_wait(spool: Spool) -> None:
    known = [(f"{RUN}0000000a", 7), (f"{ZERO}7", 1_000), (f"{RUN}0000000b", 8), (f"{ZERO}8", 2_000)]
    spool.put([window(1)], [*known, ("lost", 3)])
    spool.forget_starts(RUN, ZERO)
    assert [spool.fact(name) for name, _ in known] == [7, 1_000, None, None]
    spool.confirm("0000000a", 1)
    spool.forget_starts(RUN, ZERO)
    assert [spool.fact(name) for name, _ in known] == [None] * 4
    assert spool.fact("lost") == 3


def test_a_window_adds_little_to_the_card(tmp_path: Path) -> None:
    """Each flush writes the pages that it changes whole, and there is one in ten seconds."""
    path = tmp_path / "spool.db"
    with closing(Spool(path)) as spool:
        log = path.with_name("spool.db-wal")
        spool.put([window(1)])
        before = log.stat().st_size
        for seq in range(2, 102):
            spool.put([window(seq)])
        assert (log.stat().st_size - before) / 100 < 5000  # 16,500 with pages of 4096 bytes
