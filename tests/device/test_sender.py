"""The order of windows and presses on their way to the broker."""

from pathlib import Path

from legwatch.contract.confirmation import Stored
from legwatch.contract.press import Press
from legwatch_device.broker_link import LinkUp
from legwatch_device.spool import Spool
from legwatch_device.testing import InProcessAgent


def press(ident: str) -> Press:
    return Press(ident, "ack", 5)


def test_presses_of_an_earlier_boot_keep_their_place_too(tmp_path: Path, spool: Spool) -> None:
    old = InProcessAgent(spool)
    old.turn(old.window(), press("p1"), old.window(), press("p2"))
    spool.close()
    bed = InProcessAgent(Spool(tmp_path / "spool.db"), boot="0000000b")
    bed.turn(bed.window(), press("p3"), LinkUp(1))
    assert bed.link.order() == "WEWEWE"
    assert bed.link.presses() == ["p1", "p2", "p3"]
    bed.spool.close()


def test_a_press_comes_behind_windows_that_are_confirmed_already(spool: Spool) -> None:
    bed = InProcessAgent(spool)
    bed.turn(LinkUp(1), bed.window(), bed.window())
    bed.turn(Stored("0000000a", 2))
    bed.turn(press("p1"), bed.window())
    assert bed.link.order() == "WWEW"


def test_a_press_keeps_its_place_between_the_windows(spool: Spool) -> None:
    bed = InProcessAgent(spool)
    bed.measure(2)
    bed.turn(Press("p1", "ack", 5))
    bed.measure(2)
    bed.turn(LinkUp(1))
    assert bed.link.order() == "WWEWW"


def test_a_press_is_sent_once_there_is_a_connection(spool: Spool) -> None:
    bed = InProcessAgent(spool)
    bed.turn(Press("p1", "ack", 5))
    bed.turn(LinkUp(1))
    bed.turn()
    assert bed.link.order() == "E"
