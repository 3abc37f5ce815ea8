"""The server says what is wrong with itself: once to each person, without a sound."""

from pathlib import Path

from legwatch.conditions.verdict import Reason
from legwatch.night import night_of
from legwatch_server.inbox import ServerFact
from legwatch_server.testing import InProcessServer
from server.ward import MINUTE_MS, open_ward

PEOPLE = {
    "anna": {"role": "sleeper", "channels": ["phone"], "beds": ["a"], "language": "de"},
    "bert": {"channels": ["pager", "phone"], "beds": ["b"]},
    "carla": {"channels": ["pager"]},
}
FACT = ServerFact(Reason.NO_PUSH_LEAVES, (("for_min", 12),))
HOUR_MS = 60 * MINUTE_MS


def said(server: InProcessServer) -> list[tuple[str, str, str]]:
    """Return (channel, purpose, title) of every push."""
    return [(channel, push.purpose, push.title) for _, channel, push in server.pushes.arrived]


def heard(server: InProcessServer, *facts: ServerFact) -> list[tuple[str, str, str]]:
    before = len(said(server))
    server.turn(facts)
    server.settle()
    return said(server)[before:]


def test_everybody_hears_of_it_once_whichever_bed_they_watch(tmp_path: Path) -> None:
    server = open_ward(tmp_path, people=PEOPLE)
    assert sorted(heard(server, FACT, FACT)) == [
        ("pager", "quiet", "Nobody could be reached"),
        ("pager", "quiet", "Nobody could be reached"),
        ("phone", "quiet", "Es konnte niemand erreicht werden"),
    ]
    (push,) = [push for _, channel, push in server.pushes.arrived if channel == "phone"]
    assert "12 min" in push.text
    assert push.buttons == ()
    server.close()


def test_it_is_said_again_after_half_a_day_and_a_restart_in_between_repeats_nothing(
    tmp_path: Path,
) -> None:
    server = open_ward(tmp_path)
    assert len(heard(server, FACT)) == 1
    server.restart()
    server.run_to(server.clock.now_ms + 11 * HOUR_MS)
    assert heard(server, FACT) == []
    server.run_to(server.clock.now_ms + 2 * HOUR_MS)
    assert len(heard(server, FACT)) == 1
    server.close()


def test_two_facts_of_one_moment_are_two_pushes(tmp_path: Path) -> None:
    server = open_ward(tmp_path)
    assert len(heard(server, FACT, ServerFact(Reason.MEMORY_LOST))) == 2
    threads = {push.thread for _, _, push in server.pushes.arrived}
    assert len(threads) == 2
    server.close()


def test_it_stands_in_the_record_and_makes_no_bed(tmp_path: Path) -> None:
    server = open_ward(tmp_path)
    heard(server, FACT)
    assert [(one.bed, one.notice.reason) for one in server.notices()] == [
        ("server", Reason.NO_PUSH_LEAVES)
    ]
    with server.store.reader() as reader:
        assert reader.last_seen() == []
        zone = server.settings.zone_of("")
        (found,) = reader.incidents(night_of(server.clock.now_ms, zone), zone)
        assert (found.bed, reader.incident(found.id)) == ("server", found)
    assert server.unit.beds == {}
    server.close()


def test_a_failed_commit_says_nothing_and_the_next_try_says_it(tmp_path: Path) -> None:
    server = open_ward(tmp_path)
    server.unit.report_server(Reason.MEMORY_LOST, (), server.clock.now_ms)
    server.unit.undo()
    assert server.notices() == []
    assert len(heard(server, ServerFact(Reason.MEMORY_LOST))) == 1
    server.close()


def test_a_clock_that_is_set_lets_what_was_said_be_as_old_as_it_was(tmp_path: Path) -> None:
    server = open_ward(tmp_path)
    assert len(heard(server, FACT)) == 1
    server.run_to(server.clock.now_ms + 6 * HOUR_MS)
    server.clock.step(-8 * HOUR_MS)
    server.turn()
    server.restart()
    assert heard(server, FACT) == []
    server.run_to(server.timeline.now_ms() + 7 * HOUR_MS)
    assert len(heard(server, FACT)) == 1
    server.close()
