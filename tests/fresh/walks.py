"""The two ways to run legwatch for real without containers, walked as the guides print them."""

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import IO

from fresh.guide import blocks, first_toml, type_block
from fresh.releases import NEVER_WELL, TABLES, release
from fresh.root import LONGEST_S, FreshRoot, Holder

LONG_S = 120.0
# A person names own pins; here is no Pi, so the sensors are made ones.
NO_PINS = r"""s/"dht22"/"simulated"/
s/"gpio_motion"/"simulated"/
/^pin = /d
"""
TOPIC = "s/legwatch-choose-your-own-odd-name/legs-of-nobody-7f3kq/\n"
CONNECT = """
import sys
import paho.mqtt.client as mqtt
def say(client, data, flags, reason, properties):
    print(reason)
    client.disconnect()
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="x", protocol=mqtt.MQTTv311)
client.on_connect = say
client.username_pw_set(*sys.argv[1:])
client.connect("127.0.0.1")
client.loop_forever()
"""
ASK = (
    "import sqlite3; "
    "store = sqlite3.connect('file:{}/legwatch.db?mode=ro', uri=True); "
    "print(store.execute('SELECT {} FROM windows').fetchone()[0])"
)

MISSING = """
import sqlite3, sys
now, aside = (
    {row for row in sqlite3.connect(file).execute("SELECT from_ms FROM windows")}
    for file in sys.argv[1:]
)
print(len(aside - now))
"""


class House:
    """The fresh machines of a walk, in one network of their own."""

    def __init__(self, lower: Path, folder: Path, log: IO[str]) -> None:
        self._lower, self._folder, self._log = lower, folder, log
        self._net = Holder(("--net",), "net")
        self._roots: list[FreshRoot] = []

    def machine(self, name: str) -> FreshRoot:
        """Return a fresh machine."""
        print(f"\n==== {name}", file=self._log)
        root = FreshRoot(self._lower, self._folder / name, self._net, self._log)
        self._roots.append(root)
        return root

    def end(self) -> None:
        """Let all of it be gone."""
        for root in self._roots:
            root.end()
        self._net.end()


@contextmanager
def house(lower: Path, folder: Path, log: IO[str]) -> Iterator[House]:
    """Give a house, and take it away."""
    made = House(lower, folder, log)
    try:
        yield made
    finally:
        made.end()


def soon(root: FreshRoot, line: str, word: str) -> str:
    """Type a line until it prints the word."""
    end_s = time.monotonic() + LONG_S
    while word not in (said := root.type(line, codes=(0, 1))):
        assert time.monotonic() < end_s, f"{line} never said {word!r}: {said}"
        time.sleep(0.5)
    return said


def windows(root: FreshRoot, user: str, state: str) -> int:
    """Return how many windows the server of this machine has stored."""
    return asked(root, user, state, "count(*)")


def asked(root: FreshRoot, user: str, state: str, what: str) -> int:
    """Return a figure of all windows of a store."""
    program = "/opt/legwatch" if (root.place / "opt/legwatch").exists() else root.folder
    python = f"{program}/.venv/bin/python"
    return int(root.type(f'sudo -u {user} {python} -c "{ASK.format(state, what)}"'))


def more_windows(root: FreshRoot, user: str, state: str) -> None:
    """Wait for windows that were not stored before."""
    before, end_s = windows(root, user, state), time.monotonic() + LONG_S
    while windows(root, user, state) < before + 2:
        assert time.monotonic() < end_s, "no new window"
        time.sleep(0.5)


def verified(root: FreshRoot, unit: str) -> None:
    """Let systemd itself read the unit where the guide has put it."""
    said = root.root(f"systemd-analyze verify /etc/systemd/system/{unit}.service 2>&1")
    assert said == ""


def locked_in(root: FreshRoot, unit: str, user: str) -> Path:
    """Check whose a unit's process is, and that it has no right; return its files."""
    process = root.process(unit)
    status = dict(
        line.split(":\t", 1)
        for line in (process / "status").read_text().splitlines()
        if ":\t" in line
    )
    assert root.root(f"id -u {user}").strip() == status["Uid"].split()[0]
    assert (int(status["CapEff"], 16), status["NoNewPrivs"]) == (0, "1")
    return process / "root"


def home_server(made: House) -> None:
    """Set up a server and a Pi until the bed is heard; then start both machines anew."""
    on_server, on_pi, look, further = blocks("deploy/README.md", "A home server without containers")
    server = made.machine("server")
    server.edits(TOPIC)
    password = type_block(server, on_server)
    pi = made.machine("pi")
    pi.edits("s/homeserver.local/127.0.0.1/\ns/^bed = /window_s = 1\\nbed = /\n" + NO_PINS)
    type_block(pi, on_pi, {"cat >/etc/legwatch/mqtt-password": password})
    soon(server, look[0], "bed1: last word ")
    assert "anna         ntfy " in server.type(look[1], codes=(0, 1))
    further_bed(server, further)
    for root, unit in ((server, "legwatch-server"), (pi, "legwatch-agent")):
        verified(root, unit)
        locked_in(root, unit, "legwatch")
    for root in (server, pi):
        root.start_anew()
    more_windows(server, "legwatch", "/var/lib/legwatch/server")


def further_bed(server: FreshRoot, lines: list[str]) -> None:
    """Give the broker a user for a second bed; who has no good password stays outside."""
    type_block(server, lines, {"mosquitto_passwd": "not-a-secret\nnot-a-secret\n"})
    (server.place / "tmp/connect.py").write_text(CONNECT)
    connect = "/opt/legwatch/.venv/bin/python /tmp/connect.py"
    assert server.type(f"{connect} bed2 not-a-secret") == "Success\n"
    for stranger in ("bed2 wrong", "server not-a-secret"):
        assert server.type(f"{connect} {stranger}") == "Not authorized\n"


def one_pi(made: House) -> None:
    """Set up one Pi as the README says: first in a terminal, then to last."""
    in_terminal, to_last = blocks("README.md", "Install on a Pi")
    pi = made.machine("one-pi")
    copy, run = in_terminal
    pi.type(copy)
    pi.edits(NO_PINS + "s/^window_s = 10/window_s = 1/\n")
    pi.type("nano agent.toml")
    in_a_terminal(pi, run)
    (pi.place / "home/pi/legwatch/server.toml").write_text(first_toml("README.md"))
    pi.root("chown pi: /home/pi/legwatch/server.toml")
    in_a_terminal(pi, "scripts/run --config server.toml --agent-config agent.toml")
    first = asked(pi, "pi", "/home/pi/.local/state/legwatch/server", "min(from_ms)")
    type_block(pi, to_last)
    verified(pi, "legwatch")
    soon(pi, ".venv/bin/legwatch alerts", "bed1: last word ")
    assert asked(pi, "pi", "/var/lib/legwatch/server", "min(from_ms)") == first  # in a terminal
    more_windows(pi, "pi", "/var/lib/legwatch/server")
    sees = locked_in(pi, "legwatch", "pi")
    assert [path.name for path in (sees / "home/pi").iterdir()] == ["legwatch"]
    pi.start_anew()
    more_windows(pi, "pi", "/var/lib/legwatch/server")


def installed(made: House) -> None:
    """Install by the one line; update while it runs, also badly; take it away."""
    to_install, to_take_away = blocks("deploy/README.md", "One Pi for everything")
    install, *edits, start = to_install
    away, purge = to_take_away
    pi = made.machine("installed")
    pi.edits(NO_PINS + "s/^window_s = 10/window_s = 1/\n" + TOPIC)
    said = pi.type(install, online=True)
    assert "sudo systemctl start legwatch" in said
    for line in (*edits, start):
        pi.type(line)
    verified(pi, "legwatch")
    unit = "/etc/systemd/system/legwatch.service"
    pi.root(f"systemd-analyze security --offline=true --threshold=40 {unit}")
    locked_in(pi, "legwatch", "legwatch")
    state = "/var/lib/legwatch/server"
    soon(pi, "sudo legwatch now", "bed1")
    more_windows(pi, "legwatch", state)
    settings = pi.root("cat /etc/legwatch/server.toml /etc/legwatch/agent.toml")
    before = windows(pi, "legwatch", state)
    assert "is up to date and runs" in pi.type(install, online=True)
    assert pi.root("cat /etc/legwatch/server.toml /etc/legwatch/agent.toml") == settings
    more_windows(pi, "legwatch", state)
    assert windows(pi, "legwatch", state) > before
    pi.type("echo 'raise SystemExit(3)' >> core/legwatch/__main__.py")
    assert "the version of before runs again" in pi.type(
        f"{install} 2>&1", online=True, codes=(1, 3)
    )
    more_windows(pi, "legwatch", state)
    pi.start_anew()
    more_windows(pi, "legwatch", state)
    pi.type("sudo legwatch backup /home/pi/b.tar --keys")
    stored = windows(pi, "legwatch", state)
    pi.type(away)
    kept = pi.root("ls /etc/legwatch /var/lib/legwatch/server /opt")
    assert "server.toml" in kept
    assert "legwatch.db" in kept
    assert not (pi.place / "opt/legwatch").exists()
    pi.type(purge)
    assert not (pi.place / "etc/legwatch").exists()
    assert not (pi.place / "var/lib/legwatch").exists()
    pi.type("git checkout -q core || sed -i '$d' core/legwatch/__main__.py")
    pi.type(install, online=True)
    assert "agent.toml.before-" in pi.type("sudo legwatch restore /home/pi/b.tar --replace")
    pi.type(start)
    more_windows(pi, "legwatch", state)
    assert windows(pi, "legwatch", state) > stored


def paired(made: House) -> None:
    """Set up a server and a Pi elsewhere, and let the bed in with a code; then cut it off."""
    on_server, on_pi = blocks("deploy/README.md", "A server, and beds elsewhere in the house")
    server, pi = made.machine("house-server"), made.machine("house-pi")
    server.edits(TOPIC)
    pi.edits(NO_PINS + "s/^window_s = 10/window_s = 1/\n")
    for line in on_server:
        server.type(line, online=line.endswith("--server"))
    for line in on_pi:
        pi.type(line, online=line.endswith("--bed"))
    soon(server, "sudo legwatch beds", "No bed was ever heard of")
    with_code(server, pi, "bed1")
    pi.type("sudo systemctl start legwatch")
    for root in (server, pi):
        verified(root, "legwatch")
        unit = "/etc/systemd/system/legwatch.service"
        root.root(f"systemd-analyze security --offline=true --threshold=40 {unit}")
        locked_in(root, "legwatch", "legwatch")
    state = "/var/lib/legwatch/server"
    soon(server, "sudo legwatch beds", "bed1  in use; last word 0 min ago")
    more_windows(server, "legwatch", state)
    for root, line in ((server, on_server[0]), (pi, on_pi[0])):  # an update, each as what it is
        assert "is up to date and runs" in root.type(line.rpartition(" ")[0], online=True)
    more_windows(server, "legwatch", state)
    assert "set up otherwise" in pi.type(f"{on_server[0]} 2>&1", codes=(1,))
    for root in (server, pi):
        root.start_anew()
    more_windows(server, "legwatch", state)
    server.type("sudo legwatch beds end bed1 --yes")
    soon(pi, "cat /run/standin/legwatch.service.log", "wrong user or password for 'bed1'")


def with_code(server: FreshRoot, pi: FreshRoot, bed: str) -> None:
    """Let a bed in: type on the server, and then what it says at the Pi."""
    line = f"sudo legwatch beds add {bed}"
    with subprocess.Popen(
        server.words(line, "pi"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as waiting:
        assert waiting.stdout
        said = ""
        while "legwatch pair " not in said:
            said = waiting.stdout.readline()
            assert said
        code = said.split()[2]
        assert f"the bedside of '{bed}'" in pi.type(f"sudo legwatch pair {code} --server 127.0.0.1")
        last = waiting.stdout.read()
        assert f"Bed {bed} is paired" in last
    server.note(f"$ {line}\n{said}{last}")


def updated(made: House) -> None:
    """Update to a newer release; then to one that is never well, and through a power cut."""
    install, *edits, start = blocks("deploy/README.md", "One Pi for everything")[0]
    pi = made.machine("updated")
    pi.edits(NO_PINS + "s/^window_s = 10/window_s = 1/\n" + TOPIC)
    pi.type(install, online=True)
    for line in edits:
        pi.type(line)
    pi.type(start, online=True)  # the update looks at its server from the same network
    state = "/var/lib/legwatch/server"
    more_windows(pi, "legwatch", state)
    pi.type(f"cp {Path(release(pi, '0.2.0')).parent}/* .")
    look, update = blocks("deploy/README.md", "An update of what is installed")
    assert "Nothing was changed." in pi.type(*look)
    assert "legwatch 0.2.0 runs, and is well." in pi.type(*update, online=True)
    more_windows(pi, "legwatch", state)
    goes_back(pi, state)
    loses_power(pi, state)
    assert "/opt/legwatch.update\n" not in pi.root("ls -d /opt/legwatch*")
    assert not (pi.place / "etc/systemd/system/legwatch.service.d").exists()


def goes_back(pi: FreshRoot, state: str) -> None:
    """Update to a version that changes the database and is never well."""
    bad, before = release(pi, "0.3.0", NEVER_WELL, TABLES), windows(pi, "legwatch", state)
    said = pi.type(f"sudo legwatch update {bad} --within 20", online=True, codes=(1,))
    assert "its server says: this version is made so" in said
    assert "Not in it is what was stored since the update: " in said
    assert "legwatch 0.2.0 runs again, and all is as before.\n" in said
    assert before < windows(pi, "legwatch", state)
    more_windows(pi, "legwatch", state)
    ((lost, aside),) = re.findall(r"update: (\d+) windows.*?stays in (\S+),", said, re.DOTALL)
    (pi.place / "tmp/missing.py").write_text(MISSING)
    missing = int(pi.type(f"sudo python3 /tmp/missing.py {state}/legwatch.db {aside}"))
    assert int(lost) >= missing >= int(lost) - 2 > 0  # of the last ones no confirmation came back


def loses_power(pi: FreshRoot, state: str) -> None:
    """Cut the power while the installer is at work; the next start of the machine goes back."""
    line = f"sudo legwatch update {release(pi, '0.4.0')}"
    with subprocess.Popen(pi.words(line, "pi", online=True), stdout=subprocess.DEVNULL) as running:
        end_s = time.monotonic() + LONG_S
        while not (pi.place / "opt/legwatch.before").exists():
            assert time.monotonic() < end_s, "it was never halfway"
            time.sleep(0.02)
        pi.start_anew()
        running.wait(LONG_S)
    more_windows(pi, "legwatch", state)
    assert "0.2.0" in pi.root("grep ^version /opt/legwatch/pyproject.toml")
    assert pi.root("legwatch --version").split() == ["legwatch", "0.2.0"]


def in_a_terminal(root: FreshRoot, line: str) -> None:
    """Type what runs until Ctrl-C; end it when it watches."""
    line = line.partition("#")[0].strip()
    said = ""
    patience = Timer(LONGEST_S, root.end)  # what never says it would be heard for ever
    patience.start()
    with subprocess.Popen(
        root.words(line, "pi", online=True),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        assert running.stdout
        for spoken in running.stdout:
            said += spoken
            if "Watching the bed 'bed1'" in spoken:
                time.sleep(3)
                root.signal("legwatch up", signal.SIGINT)
    patience.cancel()
    root.note(f"$ {line}\n{said}^C ({running.returncode})")
    root.judge(line, said, running.returncode)
    assert "Watching the bed 'bed1'" in said
