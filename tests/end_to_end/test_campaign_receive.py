"""The short form of the campaign on received bytes."""

from campaigns.receive import NOISE, SHORT_BYTES, campaign


def test_no_noise_does_more_than_end_the_connection() -> None:
    rows = list(campaign(long=False))
    assert [row.name for row in rows] == list(NOISE)
    assert sum(row.size_bytes for row in rows) >= SHORT_BYTES
    assert not any(row.wrong for row in rows), [str(row) for row in rows if row.wrong]
    kinds = {row.name: row for row in rows}
    assert kinds["changed"].ended > 0
    assert kinds["packets"].found > 0
