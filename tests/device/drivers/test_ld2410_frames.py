"""The frames of a radar are found in whatever its line brings, and none is made up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.drivers.ld2410_sender import STILL, frame
from legwatch_device.drivers.ld2410_frames import HEAD, LONGEST, Frames, Targets

END = bytes(2 * LONGEST)  # the line goes on

cm = st.none() | st.integers(0, 600)
frames = st.builds(
    frame,
    cm,
    cm,
    moving_energy=st.integers(0, 100),
    still_energy=st.integers(0, 100),
    engineering=st.booleans(),
)
noise = st.binary(max_size=60).filter(lambda some: HEAD not in some)


def found(stream: bytes) -> list[Targets]:
    return Frames().feed(stream + END)


def is_within(some: list[Targets], whole: list[Targets]) -> bool:
    left = iter(whole)
    return all(one in left for one in some)


def test_a_frame_is_read_byte_by_byte() -> None:
    assert found(STILL) == [Targets(None, 0, 0, 59)]


@pytest.mark.parametrize("engineering", [False, True])
def test_both_modes_tell_the_same_targets(*, engineering: bool) -> None:
    sent = frame(120, 90, moving_energy=70, still_energy=100, engineering=engineering)
    assert found(sent) == [Targets(120, 70, 90, 100)]
    assert found(frame(engineering=engineering)) == [Targets(None, 0, None, 0)]


@given(st.lists(st.tuples(noise, frames), max_size=6))
def test_each_frame_between_noise_is_found_once(sent: list[tuple[bytes, bytes]]) -> None:
    stream = b"".join(some + one for some, one in sent)
    assert found(stream) == [found(one)[0] for _, one in sent]


@given(st.lists(frames, min_size=1, max_size=5), st.data())
def test_it_does_not_matter_in_which_pieces_the_bytes_come(
    sent: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(sent) + END
    reader, got = Frames(), list[Targets]()
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        got += reader.feed(stream[:size])
        stream = stream[size:]
    assert got == [found(one)[0] for one in sent]


@given(st.lists(frames, min_size=2, max_size=5), st.data())
def test_a_stream_that_begins_amid_a_frame_has_all_that_follow(
    sent: list[bytes], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(1, len(sent[0]) - 1))
    stream = sent[0][cut:] + b"".join(sent[1:])
    assert found(stream) == [found(one)[0] for one in sent[1:]]


@given(st.lists(frames, min_size=3, max_size=5), st.data())
def test_a_torn_frame_takes_no_whole_one_with_it(sent: list[bytes], data: st.DataObject) -> None:
    """There is no checksum: two halves of frames can make one, and no more than one."""
    torn = data.draw(st.integers(0, len(sent) - 1))
    cut = data.draw(st.integers(0, len(sent[torn]) - 1))
    lost = data.draw(st.integers(1, len(sent[torn]) - cut))
    stream = b"".join(
        one if number != torn else one[:cut] + one[cut + lost :] for number, one in enumerate(sent)
    )
    whole = [found(one)[0] for number, one in enumerate(sent) if number != torn]
    assert is_within(whole, found(stream))
    assert len(found(stream)) <= len(sent)


def test_a_torn_frame_as_long_as_if_the_next_one_were_its_end_is_none() -> None:
    torn, next_one = frame(engineering=True), frame(120, 90)
    lost = len(next_one)
    stream = torn[:15] + torn[15 + lost :] + next_one
    assert len(stream) == len(torn)
    assert found(stream) == found(next_one)


@given(st.binary(max_size=400))
def test_noise_is_no_target_and_is_not_kept(some: bytes) -> None:
    reader = Frames()
    reader.feed(some)
    reader.feed(bytes(1000))
    assert len(reader._bytes) < 100


@pytest.mark.parametrize(
    ("place", "byte"),
    [(6, 3), (7, 0), (8, 4), (8, 0xFF), (10, 4), (11, 101), (14, 200), (17, 0), (18, 1), (19, 0)],
)
def test_a_frame_with_an_impossible_byte_is_none(place: int, byte: int) -> None:
    sent = bytearray(frame(120, 90))
    sent[place] = byte
    assert found(bytes(sent)) == []
