"""Requests of programs: what can be answered is answered, whatever is wrong with it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legwatch.contract.request import Do, Request, decode_request
from legwatch.errors import WireError
from legwatch.events import AlertKind

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=60),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
KEYS = ("do", "kind", "minutes", "by", "key", "value")


def request(**body: object) -> Request:
    return decode_request(json.dumps({"v": 1, "id": "r1", **body}).encode())


def test_each_request_is_read() -> None:
    assert request(do="acknowledge") == Request("r1", Do.ACKNOWLEDGE)
    assert request(do="snooze", minutes=20, kind="cold", by="helga") == Request(
        "r1", Do.SNOOZE, AlertKind.COLD, 20, "helga"
    )
    assert request(do="cramp", more="is passed over") == Request("r1", Do.CRAMP)
    assert request(do="limit", key="stillness.warn_s", value=7200) == Request(
        "r1", Do.LIMIT, key="stillness.warn_s", value=7200
    )
    assert request(do="limit", key="stillness.warn_s", value=None).value is None


@given(st.dictionaries(st.sampled_from(KEYS), JSON))
def test_one_with_an_id_is_always_answered(body: dict[str, object]) -> None:
    found = request(**body)
    assert found.id == "r1"
    assert (found.do is None) == bool(found.wrong)
    assert found.wrong.isprintable()
    assert len(found.wrong) < 200


@pytest.mark.parametrize("ident", [None, 5, "", "a b", "x" * 65, "a/b"])
def test_one_without_an_id_is_nothing(ident: object) -> None:
    with pytest.raises(WireError, match="id: "):
        request(id=ident, do="cramp")
