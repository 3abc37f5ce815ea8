"""Two agents that send as one bed are told from one agent that starts again."""

from collections.abc import Iterable

from legwatch.rivals import Rivals, are_there, with_window

S = 1000


def after(windows: Iterable[tuple[str, int]]) -> Rivals:
    rivals = Rivals()
    for boot, to_s in windows:
        rivals = with_window(rivals, boot, to_s * S)
    return rivals


def test_two_agents_that_take_turns_are_found_after_some_turns() -> None:
    both = [("ab"[n % 2], n * 10) for n in range(9)]
    assert not are_there(after(both[:5]), 40 * S)
    assert are_there(after(both), 80 * S)
    assert not are_there(after(both), 3600 * S)  # long over


def test_three_agents_are_found_too() -> None:
    assert are_there(after([("abc"[n % 3], n * 10) for n in range(9)]), 80 * S)


def test_an_agent_that_starts_again_and_again_has_no_rival() -> None:
    starts = [(f"boot{n // 3}", n * 10) for n in range(60)]
    assert not are_there(after(starts), 600 * S)


def test_what_is_left_of_the_start_before_is_no_rival() -> None:
    mixed = [("a", 10), ("b", 100), *[(name, s) for s in range(20, 90, 10) for name in "ab"]]
    mixed = [(name, to_s + 200 * (name == "b")) for name, to_s in mixed]
    assert not are_there(after(mixed), 400 * S)
