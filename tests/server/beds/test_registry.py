"""What the memory of a bed takes only once it is needed, and what beds have in common."""

from dataclasses import replace
from datetime import UTC

from legwatch_runtime.profiles import rules_for
from legwatch_server.beds.noted import Noted, shared
from legwatch_server.beds.registry import BedRecord, SequenceTracker

RULES = rules_for("standard", {}, UTC)


def test_only_a_gap_needs_a_set_and_none_is_left_when_it_has_closed() -> None:
    boot = SequenceTracker(1, "0000000a", 0)
    boot.add(1)
    assert (boot.upto, boot.ahead, boot.has(1), boot.has(2)) == (1, None, True, False)
    boot.add(4)
    boot.add(3)
    assert (boot.upto, boot.ahead, boot.has(3), boot.has(2)) == (1, {3, 4}, True, False)
    boot.add(2)
    assert (boot.upto, boot.ahead) == (4, None)


def test_what_an_agent_no_longer_holds_closes_the_gap() -> None:
    boot = SequenceTracker(1, "0000000a", 0)
    boot.add(3)
    boot.add(6)
    boot.holds_from(3)
    assert (boot.upto, boot.ahead) == (3, {6})
    boot.holds_from(9)
    assert (boot.upto, boot.ahead) == (8, None)
    boot.holds_from(20)
    assert (boot.upto, boot.ahead) == (19, None)


def test_beds_share_what_they_have_nothing_of() -> None:
    one, other = (BedRecord(number, f"bed-{number}", RULES) for number in (1, 2))
    for name in ("leaps", "bedside", "others", "unread", "rivals", "noted"):
        assert getattr(one, name) is getattr(other, name)
    assert one.state.bed.trial is other.state.bed.trial


def test_beds_share_what_is_noted_of_one_night_by_the_same_limits() -> None:
    other = replace(RULES)
    by_one = shared(Noted(1, 2, RULES))
    assert shared(Noted(1, 2, RULES)) is by_one
    assert shared(Noted(1, 2, other)).rules is other
    assert shared(Noted(1, 2, RULES, ticked=True)).ticked
    assert not shared(Noted(1, 2, RULES)).ticked


def test_a_start_of_an_agent_is_found_by_its_name() -> None:
    old, new = (SequenceTracker(number, f"0000000{number}", 0) for number in (1, 2))
    bed = BedRecord(1, "anna", RULES, boots=(old, new))
    assert (bed.boot("00000001"), bed.boot("00000002")) == (old, new)
    assert bed.boot("00000003") is None
