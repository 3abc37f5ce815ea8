"""What the set-up writes: only what was answered, and all else stays."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from legwatch.errors import LegwatchError, SettingsError
from legwatch_runtime.command import main as legwatch
from legwatch_server.setup.plan import Place, Plan, of_before
from legwatch_server.setup.written import write
from repository import REPO

SENSORS = {"leg": {"driver": "dht22", "pin": 4}, "movement": {"driver": "gpio_motion", "pin": 17}}
PLAN = Plan(bed="mum", sleeper="helga", language="de", sensors=SENSORS, topic="legwatch-5f")


def test_both_files_are_written_and_read_again(tmp_path: Path) -> None:
    assert [file.name for file in write(PLAN, tmp_path)] == ["agent.toml", "server.toml"]
    assert of_before(tmp_path, Plan()) == PLAN
    assert write(PLAN, tmp_path) == []
    assert sorted(file.name for file in tmp_path.iterdir()) == ["agent.toml", "server.toml"]
    for name in ("agent.toml", "server.toml"):
        assert legwatch(["check-config", str(tmp_path / name)]) in (0, 1)


def test_what_else_stands_there_stays_and_the_old_file_lies_beside(tmp_path: Path) -> None:
    example = (REPO / "config/agent.example.toml").read_text()
    (tmp_path / "agent.toml").write_text(example)
    before = "# of the owner\nprofile = 'at_risk'\n[people.karl]\nrole = 'carer'\n"
    (tmp_path / "server.toml").write_text(before)
    write(PLAN, tmp_path)
    server, agent = (tmp_path / f"{n}.toml" for n in ("server", "agent"))
    assert server.read_text().startswith("# of the owner\nprofile = 'at_risk'\n")
    assert sorted(tomllib.loads(server.read_text())["people"]) == ["helga", "karl"]
    assert "# The bedside agent." in agent.read_text()
    assert tomllib.loads(agent.read_text())["sensors"] == SENSORS
    (kept,) = tmp_path.glob("server.toml.before-*")
    assert kept.read_text() == before


def test_what_would_be_refused_is_not_written(tmp_path: Path) -> None:
    for plan in (
        replace(PLAN, sensors={"leg": {"driver": "dht22"}}),
        replace(PLAN, sensors={"leg": {"driver": "none_such"}}),
        replace(PLAN, sensors={"knee": {"driver": "simulated"}}),
        replace(PLAN, bed="Not A Bed"),
        replace(PLAN, heartbeat="no address"),
    ):
        with pytest.raises(LegwatchError):
            write(plan, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_toml_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "server.toml").write_text("[[[")
    with pytest.raises(LegwatchError, match=r"is no TOML|TOML"):
        write(PLAN, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["server.toml"]


def test_a_server_alone_is_open_to_the_house(tmp_path: Path) -> None:
    write(replace(PLAN, place=Place.SERVER), tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["server.toml"]
    assert tomllib.loads((tmp_path / "server.toml").read_text())["house"] == {"port": 8883}


def test_the_installers_examples_are_nobodys_answers(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text((REPO / "config/agent.example.toml").read_text())
    assert of_before(tmp_path, Plan()) == Plan()
    (tmp_path / "server.toml").write_text((REPO / "deploy/pi/server.toml").read_text())
    assert of_before(tmp_path, Plan()) == Plan()
    write(PLAN, tmp_path)
    assert of_before(tmp_path, Plan()) == PLAN


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "nobody is here to be asked"),
        (["--yes"], "--sensor"),
        (["--yes", "--sensor", "leg"], "is not ROLE=DRIVER"),
        (["--yes", "--sensor", "leg=dht22,4"], "is not KEY=VALUE"),
        (["--yes", "--simulated", "--bed", "A B", "--topic", "none"], "bed"),
    ],
)
def test_wrong_options_are_said_and_nothing_is_written(
    words: list[str], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert legwatch(["setup", "--settings", str(tmp_path), *words]) == 2
    assert why in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_options_alone_set_up_a_bed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--yes", "--place", "one", "--bed", "mum", "--sleeper", "helga", "--topic", "none"]
    words += [
        "--sensor",
        "leg=ds18b20,id=28-00000a1b2c3d",
        "--sensor",
        "movement=gpio_motion,pin=17",
    ]
    assert legwatch(["setup", "--settings", str(tmp_path), *words, "--language", "en"]) == 0
    said = capsys.readouterr().out
    assert "It is watched for: cold legs" in said
    agent = tomllib.loads((tmp_path / "agent.toml").read_text())
    assert agent["sensors"]["leg"] == {"driver": "ds18b20", "id": "28-00000a1b2c3d"}


def test_a_phone_s_topic_is_made_and_kept(tmp_path: Path) -> None:
    words = ["setup", "--settings", str(tmp_path), "--yes", "--simulated", "--no-push"]
    topics = set()
    for _ in range(2):
        assert legwatch(words) == 0
        people = tomllib.loads((tmp_path / "server.toml").read_text())["people"]
        topics.add(people["sleeper"]["address"]["ntfy"])
    (topic,) = topics
    assert len(topic) == len("legwatch-") + 24


def test_a_wrong_settings_error_names_file_and_key(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"agent\.toml, sensors\.leg"):
        write(replace(PLAN, sensors={"leg": {"driver": "dht22", "pin": 99}}), tmp_path)
