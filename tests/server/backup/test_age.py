"""A sealed backup is a file of the age format: nothing of it can be read, changed or cut off."""

import io
import os
import pty
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legwatch_server.backup import age
from legwatch_server.backup.age import CHUNK_BYTES, Opened, Sealed
from legwatch_server.backup.errors import Torn, Unusable, WrongPassphrase
from repository import need

WORDS = "correct horse battery"
SIZES = (1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES)


@pytest.fixture(autouse=True)
def _little_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(age, "WORK", 4)


def sealed(plain: bytes, words: str = WORDS, step: int = 10_000) -> bytes:
    out = io.BytesIO()
    seal = Sealed(out, words)
    for at in range(0, len(plain), step):
        seal.write(plain[at : at + step])
    seal.close()
    return out.getvalue()


def opened(found: bytes, words: str = WORDS, step: int = 7_000) -> bytes:
    source, plain = Opened(io.BytesIO(found), words), b""
    while part := source.read(step):
        plain += part
    return plain


@pytest.mark.parametrize("size", [0, *SIZES])
def test_what_was_sealed_is_opened(size: int) -> None:
    plain = os.urandom(size)
    assert opened(sealed(plain)) == plain


def test_no_word_of_it_can_be_read_and_no_two_are_alike() -> None:
    plain = b"[people.anna]" * 100
    one, other = sealed(plain), sealed(plain)
    assert b"anna" not in one
    assert one[200:] != other[200:]


def test_another_passphrase_opens_nothing() -> None:
    with pytest.raises(WrongPassphrase):
        opened(sealed(b"secret"), "correct horse batterz")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_is_changed_is_seen(data: st.DataObject) -> None:
    found = bytearray(sealed(b"x" * (CHUNK_BYTES + 100)))
    at = data.draw(st.integers(0, len(found) - 1))
    found[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Unusable):
        opened(bytes(found))


def test_each_changed_bit_of_the_head_is_seen() -> None:
    found = sealed(b"x")
    for bit in range(8 * (len(found) - 17)):
        changed = bytearray(found)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Unusable):
            opened(bytes(changed))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_is_cut_off_or_added_is_seen(data: st.DataObject) -> None:
    found = sealed(b"x" * (2 * CHUNK_BYTES + 100))
    borders = [len(found) - 116 - n * (CHUNK_BYTES + 16) for n in range(3)]
    at = data.draw(st.sampled_from(borders) | st.integers(0, len(found) - 1))
    with pytest.raises(Unusable):
        opened(found[:at])
    with pytest.raises(Torn):
        opened(found + found[-at - 1 :])


def test_parts_in_another_order_are_seen() -> None:
    found = sealed(os.urandom(3 * CHUNK_BYTES))
    part = CHUNK_BYTES + 16
    head = len(found) - 3 * part
    first, second = found[head : head + part], found[head + part : head + 2 * part]
    with pytest.raises(Torn):
        opened(found[:head] + second + first + found[head + 2 * part :])


def test_a_file_that_asks_for_too_much_work_is_refused() -> None:
    asks = sealed(b"x").replace(b" 4\n", b" 60\n", 1)
    with pytest.raises(Torn, match="more work"):
        opened(asks)


def by_age(words: list[str], passphrase: str, asked: int) -> str:
    """Run the program `age`, which takes a passphrase from a terminal only; return what it says."""
    age_program = need("age", "age")
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(age_program, ["age", *words])
    said = b""
    answered = 0
    while True:
        try:
            said += os.read(terminal, 1000)
        except OSError:  # it has ended
            break
        if said.lower().count(b"passphrase") > answered < asked:
            answered += 1
            time.sleep(0.3)  # it takes what was typed before it asks for nothing
            os.write(terminal, f"{passphrase}\n".encode())
    assert os.waitpid(pid, 0)[1] == 0, said
    return said.decode()


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_the_program_age_opens_it(tmp_path: Path, size: int) -> None:
    plain, file, out = os.urandom(size), tmp_path / "b.age", tmp_path / "b"
    file.write_bytes(sealed(plain))
    by_age(["--decrypt", "--output", str(out), str(file)], WORDS, 1)
    assert out.read_bytes() == plain


@pytest.mark.slow
def test_a_file_of_the_program_age_is_opened(tmp_path: Path) -> None:
    plain, file = os.urandom(CHUNK_BYTES + 5), tmp_path / "b.age"
    (tmp_path / "b").write_bytes(plain)
    by_age(["--passphrase", "--output", str(file), str(tmp_path / "b")], WORDS, 2)
    assert opened(file.read_bytes()) == plain
