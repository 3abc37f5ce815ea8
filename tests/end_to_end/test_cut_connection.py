"""A connection that ends at any byte: what the broker sends again is taken, and nothing else."""

from collections.abc import Iterator

import pytest

from server.ingest.wire import Wire, puback


@pytest.fixture(params=[True, False], ids=["MQTT 5", "MQTT 3.1.1"])
def wire(request: pytest.FixtureRequest) -> Iterator[Wire]:
    made = Wire(newer=request.param)
    yield made
    made.close()


@pytest.mark.parametrize("long_bytes", [0, 17_000])
def test_a_cut_at_every_byte_loses_nothing_and_doubles_nothing(wire: Wire, long_bytes: int) -> None:
    """The broker closes after so many bytes, and sends again what it holds no answer to."""
    long = wire.publish(b"legwatch/v1/b/info", b"x" * long_bytes, 2)
    middle = long if long_bytes else wire.window(2)
    packets = {1: wire.window(1), 2: middle, 3: wire.window(3)}
    stream = b"".join(packets.values())
    ends = [sum(len(p) for p in list(packets.values())[:n]) for n in (1, 2, 3)]
    for place in range(0, len(stream) + 1, 7 if long_bytes else 1):
        wire.got.clear()
        wire.connect()
        wire.say(stream[:place])
        whole = sum(end <= place for end in ends)
        assert [one.message.receipt.mid for one in wire.got] == [1, 2, 3][:whole]
        wire.confirm(*wire.got)
        answers = wire.heard()
        assert answers == puback(*range(1, whole + 1))
        heard = place % 3 if whole else 0  # the broker may have got some of the answers
        known = set(range(1, min(heard, whole) + 1))
        wire.got.clear()
        wire.hang_up()
        wire.connect()
        again = [mid for mid in packets if mid not in known]
        wire.say(b"".join(bytes([packets[m][0] | 8]) + packets[m][1:] for m in again))
        assert [one.message.receipt.mid for one in wire.got] == again
        wire.confirm(*wire.got)
        assert wire.heard() == puback(*again)
        wire.hang_up()
