"""A bed elsewhere in the house is let in with a code; whoever has none stays outside."""

import select
import signal
import socket
import sqlite3
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Self

import pytest

from end_to_end.house import wait_until
from end_to_end.paired_house import Client, PairedHouse, password_of, stays
from end_to_end.test_up import Up
from legwatch.contract.pairing import (
    Ask,
    Given,
    PairingCode,
    decode,
    encode,
    read_code,
    write_code,
)
from legwatch_server.pairing.authority import passing

WINDOW = {"v": 1, "boot": "0badcafe", "seq": 1, "clock": "synced", "leg_c": 31.0, "moves": 0}


@pytest.fixture
def house(tmp_path: Path, mosquitto: None) -> Iterator[PairedHouse]:
    made = PairedHouse(tmp_path)
    yield made
    made.close()


def test_a_bed_is_let_in_and_is_watched_from_then_on(house: PairedHouse) -> None:
    code = house.add("bed2")
    exit_code, said = house.pair(code, house.folder / "bed2")
    assert (exit_code, said.splitlines()[0]) == (
        0,
        "Paired: this Pi is the bedside of 'bed2', and its server knows it.",
    )
    assert code.ended()[0] == 0
    assert "Bed bed2 is paired: its bedside is 127.0.0.1" in code.screen.said()
    files = {f.name: f.stat().st_mode & 0o777 for f in (house.folder / "bed2").iterdir()}
    assert files == {"agent.toml": 0o640, "house-ca.pem": 0o644, "mqtt-password": 0o600}
    house.agent(house.folder / "bed2")
    wait_until(lambda: house.windows("bed2") > 2, "its windows")
    assert "bed2" in house.said("beds")


def test_a_bed_has_its_own_topics_and_no_others(house: PairedHouse) -> None:
    pi = house.paired("bed2")
    house.paired("bed3")
    bed2 = Client(house.port, "bed2", password_of(pi), ca=house.ca)
    assert bed2.answer() == "Success"
    for topic in ("legwatch/v1/bed3/rules", "legwatch/v1/+/stored", "$SYS/#"):
        bed2.subscribe(topic)
    assert bed2.subscribe("legwatch/v1/bed2/rules") == "Granted QoS 1"
    now_ms = int(time.time() * 1000)
    window = {**WINDOW, "from_ms": now_ms - 10_000, "to_ms": now_ms, "mono_ms": 1000}
    bed2.publish("legwatch/v1/bed2/window", window)
    bed2.hears("legwatch/v1/bed2/stored")
    for bed in ("bed3", "bed9", "server"):
        for channel, body in (("window", window), ("status", b"online")):
            _spoken_for_another(house, password_of(pi), f"legwatch/v1/{bed}/{channel}", body)
    again = {**window, "seq": 2}
    _spoken_for_another(house, password_of(pi), "legwatch/v1/bed2/window", again)
    wait_until(lambda: house.windows("bed2") == 2, "its own window, behind all others")
    assert {house.windows(bed) for bed in ("bed3", "bed9", "server")} == {0}
    assert {topic.split("/")[2] for topic, _ in bed2.got} <= {"bed2"}
    bed2.close()


def _spoken_for_another(house: PairedHouse, password: str, topic: str, body: object) -> None:
    """Publish as bed2; the broker may cut the connection off for it."""
    client = Client(house.port, "bed2", password, ca=house.ca)
    assert client.answer() == "Success"
    client.publish(topic, body)
    client.close()


def test_nobody_comes_in_without_a_user_or_without_tls(house: PairedHouse) -> None:
    pi = house.paired("bed2")
    for user, password in (
        ("bed2", "wrong"),
        ("server", password_of(pi)),
        ("server", ""),
        ("bed3", password_of(pi)),
        ("", ""),
    ):
        stranger = Client(house.port, user, password, ca=house.ca)
        assert stranger.answer() in {"Not authorized", "lost"}
        stranger.close()
    plain = Client(house.port, "bed2", password_of(pi), ca=None)
    assert plain.answer() == "lost"
    plain.close()


def test_whoever_takes_the_server_s_place_is_told_nothing(house: PairedHouse) -> None:
    """A broker with a certificate of its own does not get the password of a bed that has paired."""
    pi = house.paired("bed2")
    with false_server(house.folder) as false:
        settings = (pi / "agent.toml").read_text()
        there = settings.replace(f"port = {house.port}", f"port = {false.port}")
        (pi / "agent.toml").write_text(there)
        agent = house.agent(pi)
        wait_until(lambda: "its certificate is" in agent.said(), "the agent's word")
    assert false.heard == []


def test_the_doctor_of_a_bed_tells_its_server_from_another(house: PairedHouse) -> None:
    pi = house.paired("bed2")
    agent = house.agent(pi)
    wait_until(lambda: "agent up" in agent.said(), "the agent")
    well = house.run("doctor", "--config", str(pi / "agent.toml"))
    assert (well.wait(), "ok     agent      it runs" in well.said()) == (0, True), well.said()
    assert f"127.0.0.1:{house.port} can be reached, and is the bed's own" in well.said()
    assert "agent up" in agent.said()
    assert "the connection was lost" not in agent.said()  # to look does not cut it off
    agent.stop()
    with false_server(house.folder) as false:
        there = (
            (pi / "agent.toml").read_text().replace(f"port = {house.port}", f"port = {false.port}")
        )
        (pi / "agent.toml").write_text(there)
        ill = house.run("doctor", "--config", str(pi / "agent.toml"))
        assert ill.wait() == 1
    assert "is not this bed's server" in ill.said()
    assert "it does not run: nothing is measured" in ill.said()


def test_a_code_counts_once(house: PairedHouse) -> None:
    code = house.add("bed2")
    assert house.pair(code, house.folder / "a")[0] == 0
    exit_code, said = house.pair(code, house.folder / "b")
    assert (exit_code, "nobody waits for a bed there" in said) == (1, True)
    assert not (house.folder / "b/agent.toml").exists()


def test_a_code_that_is_over_lets_nobody_in(house: PairedHouse) -> None:
    code = house.add("bed2", "--minutes", "0.02")
    assert code.ended() == (
        1,
        (
            "Nobody came in time; the code is worth nothing any more. Type `legwatch beds add bed2`"
            " again for a new code."
        ),
    )
    assert house.pair(code, house.folder / "a")[0] == 1
    assert "bed2" not in house.users


def test_a_sign_that_was_typed_wrong_is_noticed_before_anything_is_asked(
    house: PairedHouse,
) -> None:
    code = house.add("bed2")
    other = "7" if code.text[0] != "7" else "8"
    exit_code, said = house.pair(code, house.folder / "a", text=other + code.text[1:])
    assert (exit_code, "a sign is wrong" in said) == (2, True)
    assert house.pair(code, house.folder / "a")[0] == 0


def test_who_guesses_closes_the_door(house: PairedHouse) -> None:
    code = house.add("bed2")
    right = read_code(code.text)
    begun_s = time.monotonic()
    for guess in range(5):
        wrong = write_code(PairingCode(right.fingerprint, bytes([guess] * 5)))
        exit_code, said = house.pair(code, house.folder / "a", text=wrong)
        assert (exit_code, "the code is wrong" in said) == (1, True)
    assert time.monotonic() - begun_s > 5
    assert code.ended()[1].startswith("5 wrong codes came, so the code was given up")
    assert house.pair(code, house.folder / "a")[0] == 1
    assert house.users == {}


def test_guesses_at_the_same_time_are_no_more_than_others(house: PairedHouse) -> None:
    code = house.add("bed2")
    answers: list[bytes] = []

    def guess(number: int) -> None:
        with _door(code.port) as line:
            line.sendall(encode(Ask(f"{number:010x}", "0")))
            answers.append(line.recv(1000))

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(14)]
    for thread in threads:
        thread.start()
    with _door(code.port) as line:  # the right one, behind them
        time.sleep(0.5)
        line.sendall(encode(Ask(read_code(code.text).secret.hex(), "0")))
        last = line.recv(1000)
    for thread in threads:
        thread.join()
    assert b"password" not in b"".join((*answers, last))
    assert house.users == {}


def test_a_man_in_the_middle_is_told_nothing(house: PairedHouse) -> None:
    """He shows a certificate of his own: the bedside says no word to him."""
    code = house.add("bed2")
    with false_server(house.folder) as false:
        exit_code, said = house.pair(code, house.folder / "a", port=false.port)
    assert (exit_code, "not the server that has made this code" in said) == (1, True)
    assert false.heard == []
    assert house.pair(code, house.folder / "a")[0] == 0  # the code is as good as before


def test_a_listener_on_the_line_hears_nothing_of_use(house: PairedHouse) -> None:
    code = house.add("bed2")
    with listener(code.port) as between:
        assert house.pair(code, house.folder / "a", port=between.port)[0] == 0
    line = b"".join(between.heard)
    assert len(line) > 1000
    for secret in (
        read_code(code.text).secret.hex(),
        password_of(house.folder / "a"),
        "bed2",
        "BEGIN CERTIFICATE",
    ):
        assert secret.encode() not in line


def test_what_is_said_at_the_door_by_strangers_does_no_harm(house: PairedHouse) -> None:
    code = house.add("bed2")
    for words in (b"GET / HTTP/1.1\r\n\r\n", b"\0" * 5000, b""):
        with socket.create_connection(("127.0.0.1", code.port)) as plain:
            plain.sendall(words)
    for words in (
        b"x" * 70_000,
        b'{"v":1}\n',
        b'{"v":1,"secret":5,"version":""}\n',
        b"[]\n",
        b"\xff\n",
    ):
        with suppress(OSError), _door(code.port) as line:  # it may be cut off meanwhile
            line.sendall(words)
    held = [socket.create_connection(("127.0.0.1", code.port)) for _ in range(50)]
    assert house.pair(code, house.folder / "a")[0] == 0
    assert code.ended()[0] == 0
    assert "Traceback" not in code.screen.said()
    for plain in held:
        plain.close()


def test_a_bedside_that_does_not_say_that_it_has_kept_it_is_not_let_in(house: PairedHouse) -> None:
    pi = house.paired("bed2")
    assert "is paired already" in house.said("beds", "add", "bed2", code=1)
    code = house.add("bed2", "--again")
    with _door(code.port) as line, line.makefile("rb") as lines:
        line.sendall(encode(Ask(read_code(code.text).secret.hex(), "0")))
        given = decode(Given, lines.readline())
    assert "was not let in" in code.ended()[1]
    wait_until(lambda: _refused(house, "bed2", given.password), "the new one is forgotten")
    before = Client(house.port, "bed2", password_of(pi), ca=house.ca)
    assert before.answer() == "Success"  # the Pi that it has goes on
    before.close()


def test_of_two_codes_for_one_bed_the_second_cuts_nobody_off(house: PairedHouse) -> None:
    first, second = house.add("bed2"), house.add("bed2")
    assert house.pair(first, house.folder / "a")[0] == 0
    exit_code, said = house.pair(second, house.folder / "b")
    assert (exit_code, "was paired with another Pi meanwhile" in said) == (1, True)
    assert second.ended()[0] == 1
    kept = Client(house.port, "bed2", password_of(house.folder / "a"), ca=house.ca)
    assert kept.answer() == "Success"
    kept.close()


def test_an_interrupted_add_lets_nobody_in(house: PairedHouse) -> None:
    code = house.add("bed2")
    code.screen.signal(signal.SIGINT)
    assert code.ended(10) == (
        1,
        "Ended: the code is worth nothing any more, and nobody was let in.",
    )
    assert house.users == {}


def test_a_pi_that_can_write_nothing_does_not_use_the_code_up(house: PairedHouse) -> None:
    code = house.add("bed2")
    typed = house.run(
        *("pair", code.text, "--server", f"127.0.0.1:{code.port}"),
        *("--config", "/proc/sys/agent.toml"),
    )
    assert typed.wait() == 1
    assert "Traceback" not in typed.said()
    assert house.pair(code, house.folder / "a")[0] == 0


def test_an_ended_bed_is_cut_off_at_once_and_no_other_notices(house: PairedHouse) -> None:
    first, second = house.paired("bed2"), house.paired("bed3")
    bed2 = Client(house.port, "bed2", password_of(first), ca=house.ca)
    bed3 = Client(house.port, "bed3", password_of(second), ca=house.ca)
    assert (bed2.answer(), bed3.answer()) == ("Success", "Success")
    assert "lets its bedside in no more" in house.said("beds", "end", "bed2", "--yes")
    wait_until(bed2.lost.is_set, "the end of its connection", 5)
    assert _refused(house, "bed2", password_of(first))
    assert stays(lambda: not bed3.lost.is_set(), 2)
    assert house.up.said().count("connection was lost") == 0
    assert "Client server disconnected" not in house.broker_log()
    bed2.close()
    bed3.close()


def test_the_users_outlive_a_restart_and_damage_is_said(house: PairedHouse) -> None:
    pi = house.paired("bed2")
    house.up.signal(signal.SIGTERM)
    assert house.up.wait(15) == 0
    (house.folder / "state/logs/broker.log").unlink()
    house.up = house.start()
    bed2 = Client(house.port, "bed2", password_of(pi), ca=house.ca)
    assert bed2.answer() == "Success"
    (house.folder / "state/server/house/users.json").write_text("{")
    wait_until(lambda: "users.json is damaged" in house.up.said(), "the word on the damage")
    assert stays(lambda: not bed2.lost.is_set(), 2)  # whom the broker knows it lets in
    assert "is damaged" in house.said("beds", "add", "bed4", code=1)
    bed2.close()


def test_a_house_that_is_restored_elsewhere_knows_its_beds(house: PairedHouse) -> None:
    pi, backup, new = house.paired("bed2"), house.folder / "b.tar", house.folder / "new"
    house.said("backup", str(backup), "--keys")
    house.up.signal(signal.SIGTERM)
    assert house.up.wait(15) == 0
    new.mkdir()
    words = ("restore", str(backup), "--settings", str(new), "--state", str(new / "state"))
    assert house.run(*words).wait() == 0
    assert "bed2" not in (new / "server.toml").read_text()  # what was paired is in the state
    house.toml, house.state = new / "server.toml", new / "state"
    house.up = house.start()
    bed2 = Client(house.port, "bed2", password_of(pi), ca=pi / "house-ca.pem")
    assert bed2.answer() == "Success"
    bed2.close()


@pytest.mark.parametrize(
    ("bed", "why"),
    [
        ("server", "is the server's own name"),
        ("Bed 2", "is not 1-32"),
        ("bed2", "is paired already"),
    ],
)
def test_a_name_that_cannot_be_is_said_before_a_code_is_made(
    house: PairedHouse, bed: str, why: str
) -> None:
    if bed == "bed2":
        house.paired(bed)
    said = house.said("beds", "add", bed, code=1 if bed == "bed2" else 2)
    assert why in said
    assert "legwatch pair" not in said


def _refused(house: PairedHouse, user: str, password: str) -> bool:
    client = Client(house.port, user, password, ca=house.ca)
    answer = client.answer()
    client.close()
    return answer == "Not authorized"


def _door(port: int) -> ssl.SSLSocket:
    """Come to a door as somebody who does not care who is behind it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), 10) as plain:
        return context.wrap_socket(plain)


class Between:
    """Stands where the server is looked for: hears what is said, on a port of its own."""

    def __init__(self, serve: Callable[[socket.socket, list[bytes]], None]) -> None:
        self.heard: list[bytes] = []
        self._listens, self._serve = socket.create_server(("127.0.0.1", 0)), serve
        self.port = int(self._listens.getsockname()[1])
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listens.shutdown(socket.SHUT_RDWR)
        self._listens.close()
        self._thread.join(10)

    def _run(self) -> None:
        while True:
            try:
                line, _ = self._listens.accept()
            except OSError:  # the end
                return
            with line, suppress(OSError):
                self._serve(line, self.heard)


def false_server(folder: Path) -> Between:
    """Answer TLS with a certificate of one's own."""
    made, file = passing(), folder / "false.pem"
    file.write_bytes(made.key_pem() + made.certificate_pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)

    def serve(plain: socket.socket, heard: list[bytes]) -> None:
        with context.wrap_socket(plain, server_side=True) as line:
            if said := line.recv(1000):
                heard.append(said)

    return Between(serve)


def listener(port: int) -> Between:
    """Pass on what is said between two, and remember it."""

    def serve(here: socket.socket, heard: list[bytes]) -> None:
        with socket.create_connection(("127.0.0.1", port)) as there:
            both = {here: there, there: here}
            while True:
                for one in select.select([*both], [], [])[0]:
                    if not (said := one.recv(4096)):
                        return
                    heard.append(said)
                    both[one].sendall(said)

    return Between(serve)


def test_a_port_that_another_has_does_not_end_the_watch_on_the_bed_here(
    house: PairedHouse, tmp_path: Path
) -> None:
    """The bed at the machine itself is watched, and it is said that no other can come in."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "agent.toml").write_text(
        'bed = "here"\nwindow_s = 1\n[sensors.leg]\ndriver = "simulated"\n'
    )
    words = ("--config", str(house.toml), "--agent-config", str(other / "agent.toml"))
    up = Up(other, *words)
    house.processes.append(up)
    wait_until(lambda: "WARNING: no bed elsewhere can come in" in up.said(), "the warning")
    assert f"127.0.0.1:{house.port} cannot be used: " in up.said()
    database = other / "state/server/legwatch.db"
    wait_until(lambda: database.exists() and _windows(database) > 2, "windows of the bed here")


def _windows(database: Path) -> int:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5)) as db:
        return int(db.execute("SELECT count(*) FROM windows").fetchone()[0])
