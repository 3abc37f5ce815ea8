"""Every command that a document names is run: here, by another test, or in its parts.

The table has each as documents.py finds it. A new one has to be put in, one that no document names
any more has to be taken out.
"""

import ast
import gzip
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

import documents
from fresh.guide import blocks
from repository import REPO, not_installed

TESTS = REPO / "tests"


@dataclass(frozen=True)
class Run:
    """What is typed into a shell for it, and a pattern of what must be printed."""

    line: str
    says: str

    @property
    def text(self) -> str:
        return self.line


@dataclass(frozen=True)
class Test:
    """The test that runs it."""

    __test__ = False
    name: str

    @property
    def text(self) -> str:
        """Return it and what else is in its file, but no other test."""
        file, _, test = self.name.partition("::")
        nodes = ast.parse((TESTS / file).read_text()).body
        kept = [
            node for node in nodes if _name(node) == test or not _name(node).startswith("test_")
        ]
        assert test in map(_name, kept), f"{file} has no {test}"
        return "\n".join(map(ast.unparse, kept))


@dataclass(frozen=True)
class NotHere:
    """Why no test can run it; what of it can be checked is checked below."""

    why: str


def _name(node: ast.stmt) -> str:
    return node.name if isinstance(node, ast.FunctionDef) else ""


Way = Run | Test | NotHere

LUMPED = Run("legwatch nights make --model lumped --seed 1 --out nights", "CPU s a night")
MAKE = Run("legwatch nights make --seed 1 --kind quiet --out nights", "1 night and its truth")
REPLAY = Run(
    "legwatch replay NIGHT.csv.gz > as_it_is; grep -q 'cold  *fired' as_it_is"
    " && legwatch replay NIGHT.csv.gz --set stillness.warn_s=3600 | diff as_it_is - | cat",
    r"(?s)^> .* still +fired +warning .*^> .*: \d+ notices$",
)
PLOT = Run(
    "legwatch replay NIGHT.csv.gz --plot FILE.png 2>&1 && head -c 4 FILE.png | tail -c 3",
    r"picture in FILE\.png\nPNG$",
)
SETUP = Test("end_to_end/test_setup.py::test_a_network_that_is_away_is_said")
MAP = Run("legwatch replay RENAMED.csv.gz --map OLD=leg_temperature_c", "cold +fired ")
TZ = Run("legwatch replay NIGHT.csv.gz --tz Europe/Berlin", "cold +fired ")
GOLDEN = Run(
    "legwatch replay tests/nights/uncovered.csv.gz --format jsonl"
    """ | sed 's/,"sounds":"[a-z_]*"//' > new.jsonl"""
    " && diff new.jsonl tests/nights/uncovered.notices.jsonl && echo the same",
    "^the same$",
)
SCORE = Run("legwatch score tests/nights/body --kind uncovered_both", "uncovered_both +1 +1 ")
OWN = Run(
    'legwatch score --night tests/nights/uncovered.csv.gz --truth "02:40-03:35 uncovered"',
    r"(?m)^  first sound +03:07 \(after 27 min\)$",
)
OWN_OTHER = Test(
    "lab/score/test_own_nights.py::test_a_sensor_that_is_left_out_of_a_recording_is_missed"
)
OWN_REFUSED = Test(
    "lab/score/test_own_nights.py::test_an_option_for_folders_is_refused_beside_one_night"
)
UP_ELSEWHERE = Test("end_to_end/test_up.py::test_a_second_start_on_the_same_folder_is_refused")
LISTED = Test("server/backup/test_backup.py::test_a_backup_is_listed_without_a_change")
REPLACED = Test("server/backup/test_backup.py::test_what_is_replaced_stays_beside")
UPDATE = Test("server/update/test_update.py::test_a_newer_version_is_installed_and_stays")
UPDATE_LOOKS = Test(
    "server/update/test_update.py::test_what_would_happen_is_said_and_nothing_changes"
)
UPDATE_WITHIN = Test(
    "server/update/test_update.py::test_a_version_that_is_not_well_goes_back_by_itself"
)
UPDATE_BACK = Test(
    "server/update/test_update.py::test_an_older_version_goes_on_with_the_copy_that_it_can_read"
)
UPDATE_ASKS = Test("server/update/test_index.py::test_the_newest_or_a_named_version_is_got")
DOCTOR = Test("server/cli/test_doctor.py::test_a_server_that_does_not_run_is_wrong")
BACKUP = Test("end_to_end/test_backup.py::test_a_backup_of_a_running_server_goes_on_elsewhere")
EVENING = Test("server/cli/test_storage_night.py::test_an_evening_is_judged_by_what_was_noted")
WORDS = Run("legwatch score --help", "simple automation")
CHECK_SERVER = Run("legwatch check-config server.toml", r"^server\.toml: good \(server")
CHECK_AGENT = Run("legwatch check-config agent.toml", r"^agent\.toml: good \(agent: bed bed1")
# tests/shipped/test_guides.py looks at the settings of the other two
BUILDS = Run(
    "for build in mission recommended no_pi; do cp deploy/guides/$build.toml $build.toml; done"
    " && legwatch check-config mission.toml",
    r"^mission\.toml: good \(agent: bed bed1",
)
OPTIONS = Run("legwatch check-config --options dht22", r"^# pin = \.\.\. +# GPIO number")
OPTIONS_MQTT = Run("legwatch check-config --options mqtt", r"^report_s = 60\.0 +# the sensor")
THINNED = Run(
    "legwatch nights make --model lumped --seed 7123 --count 1 --out nights", "CPU s a night"
)
REPLAY_RATE = Run(
    ".venv/bin/python tests/bench/replay_rate.py --rounds 1",
    r"(?s)no engine .* 1\.000 .*quiet night .* 0\.\d{3} .*bytes of JSON",
)
REPLAY_NIGHTS = Run(
    ".venv/bin/python tests/bench/replay_rate.py --nights 9 --rounds 1 --other tests/..",
    r"(?s)other tree .*all cores .* s .*one core .* ms a night .* times the first row",
)
COMMAND_START = Run(
    ".venv/bin/python tests/bench/command_start.py --rounds 1 --only duty --other tests/..",
    r"duty, empty store +\d+ +\d+",
)
JOBS = Test(
    "lab/replay/test_many_nights_replayed.py"
    "::test_the_output_is_the_same_from_one_process_and_from_several"
)
OWNER_COST = Run(
    ".venv/bin/python tests/bench/owner_cost.py --beds 2 --minutes 2",
    r"(?s)2 beds: +[\d.]+ us .*1 bed: +[\d.]+ MB written in a day$",
)
BIG_STORE = Run(
    ".venv/bin/python tests/bench/big_store.py FILE --beds 2 --nights 3 --windows 60 --schema 6"
    " --packed",
    r"^360 windows, \d+ MB, in \d+ s: FILE$",
)
THREE_YEARS = Test(
    "end_to_end/test_old_store.py::test_every_command_is_measured_beside_an_empty_store"
)
FOLLOW = Test(
    "server/cli/test_now.py::test_into_a_pipe_follow_prints_a_line_for_each_change_and_ends_quietly"
)
PAUSED = Test("server/cli/test_beds.py::test_a_bed_known_only_from_the_store_is_paused_and_resumed")
ENDED = Test("server/cli/test_beds.py::test_an_ended_bed_is_in_no_list_and_its_end_can_be_undone")
NOW = Test("server/cli/test_now.py::test_each_value_has_its_age_and_who_would_be_told_is_named")
BEDS = Test(
    "server/cli/test_beds.py::test_the_list_says_of_each_bed_its_state_its_last_word_and_what_it_can_tell"
)
DELETION_DELAY = Test("end_to_end/test_bench.py::test_deletion_delay_has_a_row_for_each_store")
PUSH_NOW = Test("server/cli/test_duty.py::test_a_push_is_tried_now_by_each_channel_of_a_person")
PUSH_BESIDE = Test("server/cli/test_tokens_beside.py::test_a_push_that_is_tried_has_the_token")
STORAGE = Test(
    "server/cli/test_storage.py::test_a_night_that_is_over_is_packed_and_it_is_said_when_it_is_deleted"
)
LIVED = Test(
    "server/cli/test_storage_night.py::test_a_night_is_written_and_replayed_as_it_was_lived"
)
OTHER_LIMITS = Test(
    "server/cli/test_storage_night.py::test_other_limits_are_applied_all_night_and_the_differences_named"
)
SETTINGS = Test("server/test_settings_file.py::test_the_command_shows_sets_and_takes_back")
APPLY = Test(
    "server/review/test_learned.py::test_the_proposed_limits_are_taken_over_at_once_and_back"
)
DRAW = Run(".venv/bin/python scripts/draw_rooms.py --check", "")
MOVED = Run(
    ".venv/bin/python lab/legwatch_lab/bench/moved_alerts.py DIR --jobs 1",
    r"\| the estimate \| [1-9]",
)

HOUSE = Test("end_to_end/test_documents.py::test_an_alert_is_listed_explained_and_answered")
DEMO = Test(
    "end_to_end/test_documents.py::test_legwatch_up_ends_its_made_night_with_commands_that_work"
)
WATCH = Test("end_to_end/test_documents.py::test_scripts_run_watches_the_bed_of_an_agents_example")
HISTORY = Test(
    "end_to_end/test_history_kills.py::test_every_point_arrives_once_though_both_sides_are_killed"
)
DASHBOARDS = Test("shipped/test_deploy.py::test_the_dashboards_are_what_the_code_writes")
CARD = Test("end_to_end/test_bench.py::test_card_has_a_row_for_agent_and_server")
INGEST = Test("end_to_end/test_bench.py::test_ingest_rate_prints_a_ratio_and_the_delay_of_a_push")
PUSH = Test("end_to_end/test_bench.py::test_push_delay_has_a_request_for_every_bed")
FAULTS = Run(".venv/bin/python -m legwatch_lab.faults --list", "leg_dead")
DETECTION = Test(
    "end_to_end/test_bench.py::test_detection_writes_its_page_of_nights_of_the_body_model"
)
LYING = Test(
    "lab/fit/test_fit_lying.py::test_a_fit_is_judged_on_other_nights_and_written_as_the_model_is"
)
FIT_COVER = Test("lab/fit/test_fit_cover.py::test_a_fit_is_written_as_the_model_is")
FAMILIES = Test("lab/bench/test_families.py::test_the_page_has_a_row_for_each_build_and_checkout")
COVER = Test("lab/bench/test_cover.py::test_the_page_has_a_verdict_for_each_measure_and_build")
BY = Test("lab/bench/test_cover.py::test_nights_are_sorted_by_what_they_have_in_common")
CURVE = Test("lab/bench/test_cover.py::test_the_curve_of_what_a_sound_costs")
WIDE = Test(
    "lab/nights/test_body.py::test_a_wide_night_has_absences_other_paces_and_louder_movements"
)
SCRIPTS = Test("shipped/test_scripts.py::test_scripts_do_what_they_are_for")
GUIDE = Test("end_to_end/test_guide.py::test_every_line_of_the_guide_does_what_it_says")
MISSING = Test("end_to_end/test_up.py::test_without_mosquitto_it_says_what_to_install")
BACK = Test("server/store/test_backup.py::test_the_lines_of_the_guide_bring_back_what_was_there")
# These read the commands where they are named, and run those.
AS_NAMED = (DEMO,)
TYPED = (*AS_NAMED, GUIDE, BACK)  # as they are printed

# The lines of these guides are typed as they are printed.
GUIDES = [
    ("deploy/README.md", "A home server without containers"),
    ("README.md", "Install on a Pi"),
    ("deploy/README.md", "One Pi for everything"),
    ("deploy/README.md", "A server, and beds elsewhere in the house"),
    ("deploy/README.md", "An update of what is installed"),
]
PACKAGES = NotHere("it would change this machine, from the internet")
ACCOUNTS = NotHere("it would change the accounts and services of this machine")
DOCKER = NotHere("it wants Docker and images from the internet")
LEARN = NotHere("its nights take days to make; tests/lab/fit fits a few")
OLDER = NotHere("it wants a checkout of an older version")
BOOT = NotHere("it would change how a Pi starts")
PLACE = NotHere("it does nothing but go to a folder")


def typed() -> dict[str, Way]:
    """Return the commands in the shell blocks of the guides."""
    lines = [line for guide in GUIDES for block in blocks(*guide) for line in block]
    shell = "\n".join(("```sh", *lines, "```"))
    return {documents.evened(command): GUIDE for command in documents.in_page(shell)}


PAIRED = Test("end_to_end/test_pairing.py::test_a_bed_is_let_in_and_is_watched_from_then_on")
NAMED_SERVER = Test(
    "end_to_end/test_pairing.py::test_a_pi_that_can_write_nothing_does_not_use_the_code_up"
)
PAIRED_ANEW = Test(
    "end_to_end/test_pairing.py::test_a_bedside_that_does_not_say_that_it_has_kept_it_is_not_let_in"
)
CUT_OFF = Test(
    "end_to_end/test_pairing.py::test_an_ended_bed_is_cut_off_at_once_and_no_other_notices"
)
PROGRAMS = Test("end_to_end/test_programs.py::test_a_program_can_say_nothing_in_a_bed_s_name")
OPENED = Test("server/cli/test_beds_add.py::test_a_server_that_is_not_open_says_how_to_open_it")

BY_QUESTIONS = Test("end_to_end/test_guided.py::test_a_person_answers_until_the_phone_rings")
COACH = Test("server/setup/test_exercises.py::test_the_exercises_are_led_with_what_is_set_up")
FOUND = Test("device/test_sensors.py::test_a_machine_without_sensors_says_what_else_helps")

TABLE: dict[str, Way] = typed() | {
    "sudo legwatch setup": BY_QUESTIONS,
    "legwatch setup": BY_QUESTIONS,
    "sudo legwatch setup --simulated": BY_QUESTIONS,
    "legwatch setup --coach": COACH,
    "legwatch sensors": FOUND,
    "legwatch sensors --listen N": FOUND,
    "--listen": FOUND,
    "legwatch sensors --listen": FOUND,
    "--broker HOST": Test(
        "end_to_end/test_published.py::test_what_is_published_in_the_house_is_found"
    ),
    "--live": Test("device/test_sensors.py::test_what_the_sensors_say_is_shown_each_second"),
    "legwatch beds end": CUT_OFF,
    "--bed": Test("server/setup/test_written.py::test_options_alone_set_up_a_bed"),
    "legwatch up --no-bed": Test(
        "server/cli/test_beds_add.py::test_up_without_a_bed_is_for_others"
    ),
    "--help": WORDS,
    # beds elsewhere, and programs
    "sudo legwatch beds add bed1": PAIRED,
    "legwatch beds add": PAIRED,
    "legwatch beds add NAME": PAIRED,
    "legwatch pair": NAMED_SERVER,
    "--server 192.168.1.10": NAMED_SERVER,
    "legwatch agent --config": HOUSE,
    "legwatch beds add bed2 --again": PAIRED_ANEW,
    "legwatch beds end bed2": CUT_OFF,
    "sudo legwatch settings set house.port N": OPENED,
    "legwatch settings set house.port N": OPENED,
    "sudo legwatch programs add homeassistant": PROGRAMS,
    "legwatch programs end homeassistant": PROGRAMS,
    "legwatch programs add NAME": PROGRAMS,
    "legwatch programs": PROGRAMS,
    "sudo apt install gcc libffi-dev libssl-dev python3-dev": PACKAGES,
    # README.md, config, CHANGELOG.md
    "scripts/run": SCRIPTS,
    "scripts/run --help": SCRIPTS,
    "scripts/run --agent-config agent.toml": WATCH,
    "scripts/run --config server.toml --agent-config agent.toml": WATCH,
    "scripts/test": SCRIPTS,
    "scripts/test --outside": SCRIPTS,
    "--quick": SCRIPTS,
    "--lab": SCRIPTS,
    "scripts/check": SCRIPTS,
    "cp config/agent.example.toml agent.toml": WATCH,
    "legwatch up": DEMO,
    "legwatch up --agent-config agent.toml": WATCH,
    "legwatch up --agent-config zigbee2mqtt.toml": Test(
        "end_to_end/test_mqtt_sensors.py::test_up_runs_a_bed_of_zigbee2mqtt"
    ),
    "legwatch up --config FILE": Test(
        "server/test_settings_file.py::test_under_up_the_command_names_the_owners_own_file"
    ),
    "legwatch agent": HOUSE,
    "legwatch server": HOUSE,
    "--config FILE": HOUSE,
    "legwatch replay": REPLAY,
    "legwatch replay NIGHT.csv.gz": REPLAY,
    "legwatch replay NIGHT.csv.gz --set stillness.warn_s=N": REPLAY,
    "--set stillness.warn_s=N": REPLAY,
    "legwatch replay --plot": PLOT,
    "--plot FILE.png": PLOT,
    "--jobs": JOBS,
    "--map OLD=NEW": MAP,
    "--map": MAP,
    "--tz": TZ,
    "legwatch nights make": MAKE,
    "legwatch nights make --model body": DETECTION,
    "--model body": DETECTION,
    "--model lumped": LUMPED,
    "--wide": WIDE,
    "legwatch score": SCORE,
    "legwatch score DIR": SCORE,
    "legwatch score --help": WORDS,
    '--night FILE --truth "02:40-03:35 uncovered"': OWN,
    'legwatch score --night FILE --truth "02:40-03:35 uncovered"': OWN,
    "legwatch score --night FILE": OWN_OTHER,
    "--truth": OWN,
    "--without": OWN_OTHER,
    "--config": HOUSE,
    **dict.fromkeys(("--false", "--curve", "--kind", "--limit"), OWN_REFUSED),
    'legwatch score --night evening-1.jsonl --truth "21:45-22:15 uncovered, 22:30-22:40 out"': (
        EVENING
    ),
    "legwatch storage night bed1 2026-01-06 evening-1.jsonl": EVENING,
    "legwatch learned": HOUSE,
    "legwatch learned [BED]": HOUSE,
    "--nights N": HOUSE,
    "--json": HOUSE,
    "legwatch learned BED --apply": APPLY,
    "--apply": APPLY,
    "legwatch now": NOW,
    ".venv/bin/legwatch now": NOW,
    "--follow": FOLLOW,
    "legwatch beds": BEDS,
    "legwatch beds pause BED --until DATE": PAUSED,
    "legwatch beds resume BED": PAUSED,
    "legwatch beds end BED": ENDED,
    "legwatch beds end OLD": ENDED,
    **dict.fromkeys(("legwatch backup", "legwatch backup FILE", "--keys"), BACKUP),
    **dict.fromkeys(("legwatch restore FILE", "--encrypt"), BACKUP),
    "--uninstall": GUIDE,
    "legwatch doctor": DOCTOR,
    **dict.fromkeys(("legwatch update", "legwatch update FILE", "sudo legwatch update"), UPDATE),
    "sudo legwatch update legwatch-X.Y.Z.tar.gz": UPDATE,
    "--check": UPDATE_LOOKS,
    "--within SECONDS": UPDATE_WITHIN,
    **dict.fromkeys(("--index", "--index URL", "--version"), UPDATE_ASKS),
    "sudo legwatch update --version 0.2.0": UPDATE_ASKS,
    "--older": UPDATE_BACK,
    "sudo legwatch update legwatch-0.1.0.tar.gz --older": UPDATE_BACK,
    "legwatch backup /media/usb/legwatch.age --encrypt --keys": BACKUP,
    "legwatch restore /media/usb/legwatch.age": BACKUP,
    "legwatch restore /media/usb/legwatch.age --list": LISTED,
    **dict.fromkeys(("--passphrase-file FILE", "--agent-config agent.toml"), BACKUP),
    **dict.fromkeys(("--settings DIR", "--state DIR", "--replace"), REPLACED),
    "legwatch up --state": UP_ELSEWHERE,
    "legwatch storage": STORAGE,
    "legwatch storage night": LIVED,
    "legwatch storage night BED DATE FILE": LIVED,
    "legwatch replay FILE": LIVED,
    "--profile": OTHER_LIMITS,
    "--set": OTHER_LIMITS,
    "legwatch settings": SETTINGS,
    "legwatch settings set rules.stillness.warn_s N": SETTINGS,
    "legwatch settings undo": SETTINGS,
    "sudo systemctl reload legwatch-server": ACCOUNTS,
    "sudo usermod -aG i2c legwatch": ACCOUNTS,
    "sudo raspi-config nonint do_i2c N": NotHere("it would switch the I2C bus of this machine on"),
    "sudo git -C /opt/legwatch pull": NotHere("the clone of this machine would change"),
    "docker compose kill -s HUP server": DOCKER,
    "docker compose restart server": DOCKER,
    "legwatch history": HISTORY,
    "--once": HISTORY,
    "legwatch check-config": CHECK_SERVER,
    "legwatch check-config FILE": CHECK_SERVER,
    "legwatch check-config server.toml": CHECK_SERVER,
    "legwatch check-config agent.toml": CHECK_AGENT,
    "legwatch check-config --options": OPTIONS,
    "legwatch check-config --options dht22": OPTIONS,
    "legwatch check-config --options mqtt": OPTIONS_MQTT,
    "legwatch nights make --model lumped --seed N --count N": THINNED,
    # how to write a driver or a channel
    ".venv/bin/legwatch check-config --options dht22": OPTIONS,
    ".venv/bin/legwatch check-config --options ntfy": OPTIONS,
    ".venv/bin/legwatch check-config --options tmp117": OPTIONS,
    ".venv/bin/legwatch check-config agent.toml": CHECK_AGENT,
    ".venv/bin/legwatch check-config server.toml": CHECK_SERVER,
    ".venv/bin/legwatch agent --config agent.toml": HOUSE,
    ".venv/bin/pip install ./examples/legwatch-example": PACKAGES,
    "pip install -e .": PACKAGES,
    "legwatch alerts": HOUSE,
    "legwatch alerts explain": HOUSE,
    "legwatch alerts explain ID": HOUSE,
    "legwatch alerts seen ID": HOUSE,
    "legwatch alerts seen|quiet|useless ID": HOUSE,
    "legwatch alerts quiet --all BED": HOUSE,
    "explain ID": HOUSE,
    "seen ID": HOUSE,
    "quiet ID --minutes N": HOUSE,
    "legwatch duty": HOUSE,
    **dict.fromkeys(("legwatch duty --push", "legwatch duty --push PERSON"), PUSH_NOW),
    ".venv/bin/legwatch duty --push anna": PUSH_NOW,
    "sudo legwatch duty --push PERSON": PUSH_BESIDE,
    ".venv/bin/python tests/bench/ingest_rate.py": INGEST,
    "push_delay.py": PUSH,
    "replay_rate.py": REPLAY_RATE,
    "command_start.py": COMMAND_START,
    "card.py": CARD,
    # what `legwatch up` says at the end of its made night: run as it was printed
    "legwatch alerts --config DEMO --night last": DEMO,
    "legwatch alerts --config DEMO explain N": DEMO,
    "legwatch nights make --seed N --count N --out nights": DEMO,
    "legwatch replay nights/*.csv*": DEMO,
    ".venv/bin/python -m legwatch_lab.faults --list": FAULTS,
    ".venv/bin/python scripts/draw_rooms.py": DRAW,
    # the benches and their page
    ".venv/bin/python lab/legwatch_lab/bench/detection.py --seed N --nights N --work DIR": (
        DETECTION
    ),
    ".venv/bin/python lab/legwatch_lab/bench/families.py --seed N --work DIR --tree NAME=DIR": (
        FAMILIES
    ),
    ".venv/bin/python lab/legwatch_lab/bench/cover.py --seed N --work DIR --tree NAME=DIR": COVER,
    ".venv/bin/python lab/legwatch_lab/bench/cover_by.py --seed N --work DIR --tree now=.": BY,
    ".venv/bin/python lab/legwatch_lab/bench/cover_curve.py --seed N --work DIR --tree now=. --out"
    " cover.png": CURVE,
    ".venv/bin/python tests/bench/ingest_rate.py [--windows N] [--beds N N] [--pushes N]": INGEST,
    ".venv/bin/python tests/bench/deletion_delay.py [--rounds N] [--rate N] [--nights N]": (
        DELETION_DELAY
    ),
    ".venv/bin/python tests/bench/push_delay.py [--beds N] [--singly N] [--service-ms N]": PUSH,
    ".venv/bin/python tests/bench/replay_rate.py [--rounds N]": REPLAY_RATE,
    ".venv/bin/python tests/bench/replay_rate.py --nights N [--other TREE]": REPLAY_NIGHTS,
    ".venv/bin/python tests/bench/command_start.py [--rounds N] [--only WORD] [--other TREE]": (
        COMMAND_START
    ),
    ".venv/bin/python tests/bench/card.py [--minutes N] [--settle N]": CARD,
    ".venv/bin/python tests/bench/owner_cost.py [--beds N N] [--minutes N]": OWNER_COST,
    ".venv/bin/python tests/bench/big_store.py FILE [--beds N] [--nights N] [--windows N]": (
        BIG_STORE
    ),
    ".venv/bin/python tests/bench/three_years.py [--beds N] [--nights N] [--rounds N]": THREE_YEARS,
    ".venv/bin/python tests/bench/update.py TREE [--beds N] [--nights N] [--rate N] [--work DIR]": (
        OLDER
    ),
    ".venv/bin/python lab/legwatch_lab/bench/moved_alerts.py DIR": MOVED,
    "lab/legwatch_lab/bench/moved_alerts.py": MOVED,
    ".venv/bin/legwatch nights make --model body --kind corpus --seed N --count N --out n/1": (
        DETECTION
    ),
    ".venv/bin/python lab/legwatch_lab/fit/fit_displaced.py n/1 n/2 n/3 n/4 n/5-lossy n/6"
    " n/7-displaced n/8-displaced n/9001 --write": LEARN,
    "lab/legwatch_lab/fit/fit_displaced.py": LEARN,
    ".venv/bin/legwatch nights make --model lumped --before-h N --seed N --count N --out n/l1": (
        LYING
    ),
    ".venv/bin/legwatch nights make --model body --wide --per-run N --before-h N --seed N"
    " --count N --out n/b1": LYING,
    ".venv/bin/python lab/legwatch_lab/fit/fit_lying.py n/l1 n/b1 --test n/l2 --test n/b2"
    " --write": LEARN,
    "lab/legwatch_lab/fit/fit_lying.py": LEARN,
    ".venv/bin/legwatch nights make --model lumped --kind corpus --before-h N --seed N --count N"
    " --out n/l1": FIT_COVER,
    ".venv/bin/legwatch nights make --model body --kind corpus --wide --per-run N --before-h N"
    " --seed N --count N --out n/b1": FIT_COVER,
    ".venv/bin/python lab/legwatch_lab/fit/fit_cover.py n/l1 n/b1 --write": LEARN,
    # tests/nights/README.md
    "legwatch nights make --seed N --kind NAME --out DIR": MAKE,
    "legwatch nights make --model body --seed N --kind KIND --count N --out tests/nights/body": (
        DETECTION
    ),
    "legwatch replay tests/nights/NAME.csv.gz --format jsonl"
    """ | sed 's/,"sounds":"[a-z_]*"//' > tests/nights/NAME.notices.jsonl""": GOLDEN,
    "legwatch score tests/nights/body": SCORE,
    "sudo systemctl restart legwatch": ACCOUNTS,
    # deploy/guides
    "cp deploy/guides/mission.toml agent.toml": BUILDS,
    "cp deploy/guides/recommended.toml agent.toml": BUILDS,
    "cp deploy/guides/no_pi.toml agent.toml": BUILDS,
    ".venv/bin/legwatch now --follow": FOLLOW,
    "sudo raspi-config nonint do_onewire N": BOOT,
    "sudo raspi-config nonint do_serial_hw N": BOOT,
    "sudo raspi-config nonint do_serial_cons N": BOOT,
    "sudo reboot": BOOT,
    # deploy/README.md
    "sudo timedatectl set-timezone Europe/Berlin": ACCOUNTS,
    "sudo usermod -aG spi legwatch": ACCOUNTS,
    "sudo usermod -aG dialout legwatch": ACCOUNTS,
    "sudo mv /var/lib/legwatch/server/legwatch.db /var/lib/legwatch/server/newer.db": BACK,
    "sudo rm -f /var/lib/legwatch/server/legwatch.db-wal /var/lib/legwatch/server/legwatch.db-shm"
    " /var/lib/legwatch/server/legwatch.db-mark": BACK,
    "sudo cp -p /var/lib/legwatch/server/legwatch.db.schema3-2026-01-03T231100"
    " /var/lib/legwatch/server/legwatch.db": BACK,
    "docker compose exec server legwatch duty": DOCKER,
    "sudo install -m N deploy/systemd/legwatch-history.service"
    " /etc/systemd/system/legwatch-history.service": ACCOUNTS,
    "sudo systemctl enable --now legwatch-history": ACCOUNTS,
    "cd deploy": PLACE,
    "cp env.example .env": DOCKER,
    'docker run --rm -it -v "$PWD/mosquitto:/mosquitto/config" eclipse-mosquitto:2 sh -c'
    " 'mosquitto_passwd -c /mosquitto/config/passwords server; mosquitto_passwd"
    " /mosquitto/config/passwords bed1'": DOCKER,
    "docker compose up -d": DOCKER,
    "docker compose exec ntfy ntfy user add --role=admin legwatch": DOCKER,
    "docker compose exec ntfy ntfy token add legwatch": DOCKER,
    "deploy/grafana/nights.py": DASHBOARDS,
    # what is missing
    "sudo apt install mosquitto": MISSING,
    "pip install 'legwatch[apprise]'": PACKAGES,
    "pip install 'legwatch[sim,plot]'": PACKAGES,
    "pip install 'legwatch[fit]'": PACKAGES,
    "pip install 'legwatch[webpush]'": PACKAGES,
}


# ---- the table and the documents


def test_a_page_is_searched_for_shell_lines_and_code() -> None:
    page = """\
Do `legwatch duty`, or `legwatch alerts
explain ID` and `seen ID`; `quiet` and `config/profiles` are none. With `--set a.b=1`, `x_rate.py`.

    legwatch score DIR
    a picture

```sh
cd here && sudo cp a b     # a remark
docker run \\
  image
```
```toml
a = "`legwatch up`"
```
"""
    assert list(documents.in_page(page)) == [
        *("cd here", "sudo cp a b", "docker run    image", "legwatch score DIR"),
        *("legwatch duty", "legwatch alerts\nexplain ID", "seen ID", "--set a.b=1", "x_rate.py"),
    ]


def test_a_sentence_is_searched_for_commands() -> None:
    said = (
        "Look: legwatch alerts --night last; legwatch up --speed 9\nlegwatch up: is `legwatch up`?"
    )
    found = ["legwatch up", "legwatch alerts --night last", "legwatch up --speed 9"]
    assert list(documents.in_words(said)) == found


def test_every_command_of_the_documents_is_in_the_table() -> None:
    new = {form: sorted(places) for form, places in documents.named().items() if form not in TABLE}
    assert not new, "put these into the table, each with how it is run"


def test_the_table_has_nothing_that_no_document_names() -> None:
    assert sorted(TABLE.keys() - documents.named().keys()) == []


@pytest.mark.parametrize(
    ("form", "way"),
    [(f, w) for f, w in TABLE.items() if isinstance(w, Run | Test) and w not in TYPED],
)
def test_what_runs_a_command_has_its_words_and_options(form: str, way: Run | Test) -> None:
    words = essence(form)
    assert words
    assert {w for w in words if not re.search(rf"(?<!\w){re.escape(w)}\b", way.text)} == set()


@pytest.mark.parametrize("way", AS_NAMED)
def test_what_reads_its_commands_where_they_are_named_does_so(way: Test) -> None:
    assert re.search(r"\bin_(page|words|lines)\(", way.text)


def test_the_guides_are_walked_block_by_block() -> None:
    walks = (TESTS / "fresh/walks.py").read_text()
    walked = re.findall(r"^ +(.*) = blocks\(\"(.+?)\", \"(.+?)\"\)$", walks, re.MULTILINE)
    assert [(page, heading) for _, page, heading in walked] == GUIDES
    for names, *_ in walked:
        for name in names.split(", "):
            assert len(re.findall(rf"\b{name}\b", walks)) > 1, f"{name} is not typed"


def essence(form: str) -> set[str]:
    """Return what must be found again where a form is run: benches, subcommands and options."""
    words = re.sub(r"[\[\]|]", " ", form).split()
    found = {word.rpartition("/")[2] for word in words if word.endswith(".py")}
    found |= {word.rstrip(";") for word in words if re.match(r"--\w|scripts/", word)}
    found |= {"install", "explain", "seen", "useless", "quiet", "make", "cp"} & set(words)
    legwatch = [at for at, word in enumerate(words[:-1]) if word.rpartition("/")[2] == "legwatch"]
    return found | {words[at + 1] for at in legwatch}


# ---- what is run here


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which the lines of the table mean something."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / ".venv").symlink_to(sys.prefix)
    for name in ("tests", "lab", "scripts", "deploy"):
        (folder / name).symlink_to(REPO / name)
    for part in ("agent", "server"):
        example = (REPO / f"config/{part}.example.toml").read_text()
        (folder / f"{part}.toml").write_text(not_installed(example))
    shutil.copy(TESTS / "nights/uncovered.csv.gz", folder / "NIGHT.csv.gz")
    plain = gzip.decompress((folder / "NIGHT.csv.gz").read_bytes())
    renamed = plain.replace(b",leg_temperature_c,", b",OLD,")
    (folder / "RENAMED.csv.gz").write_bytes(gzip.compress(renamed))
    (folder / "DIR").mkdir()
    for file in (TESTS / "nights/body").glob("*uncovered_both*"):
        shutil.copy(file, folder / "DIR")
    return folder


RUNS = list(dict.fromkeys(way for way in TABLE.values() if isinstance(way, Run)))


@pytest.mark.end_to_end  # each runs a command
@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.line)
def test_it_does_its_work(desk: Path, run: Run) -> None:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    done = subprocess.run(
        ["bash", "-c", run.line],
        cwd=desk,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(run.says, done.stdout, re.MULTILINE), done.stdout
    assert "Traceback" not in done.stderr


# ---- what cannot be run here, in its parts


def test_every_file_that_a_command_names_is_there() -> None:
    roots = "config|core|deploy|device|examples|lab|scripts|server|tests"
    places = re.compile(rf"(?<![\w/.])(?:{roots})/[\w./-]+")
    files = {file for form in documents.named() for file in places.findall(form)}
    files = {file for file in files if "NAME" not in file}
    assert "deploy/systemd/legwatch-server.service" in files
    assert [file for file in sorted(files) if not (REPO / file).exists()] == []


def test_every_command_works_as_it_is_typed_in_a_clone() -> None:
    for form in documents.named():
        first = form.split()[0]
        assert first != "python", (
            form
        )  # Debian has none of this name, and the packages are in .venv
        assert not first.startswith("scripts/") or os.access(REPO / first, os.X_OK), form


def test_every_path_that_a_document_names_is_there() -> None:
    roots = "config|core|deploy|device|docs|examples|lab|scripts|server|tests"
    named = re.compile(rf"(?<![\w/.-])(?:{roots})/[\w./-]+|(?<=\]\()[\w./-]+\.md")
    missing = []
    for page in {"CHANGELOG.md", *documents.PAGES}:
        home = (REPO / page).parent
        for found in named.findall((REPO / page).read_text(encoding="utf-8")):
            path = found.rstrip("./")
            places = (REPO / path, REPO / f"{path}.py", home / path)
            if "NAME" not in path and not any(place.exists() for place in places):
                missing.append(f"{page}: {path}")
    assert missing == []


@pytest.mark.parametrize("page", documents.PAGES + documents.SETTINGS)
def test_no_page_has_the_marks_of_two_versions(page: str) -> None:
    marks = ("<<<<<<< ", "=======", ">>>>>>> ")
    lines = (REPO / page).read_text().splitlines()
    assert [line for line in lines if line.startswith(marks)] == []


def test_every_extra_that_a_document_names_is_one() -> None:
    known = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    pages = "\n".join((REPO / page).read_text() for page in documents.PAGES)
    named = re.findall(r"\(extra `(\w+)`\)|venv (server|device)\b", pages)
    named += [
        (extra,) for form in documents.named() for extra in re.findall(r"legwatch\[(\w+)\]", form)
    ]
    extras = {extra for group in named for extra in group if extra}
    assert {"sim", "plot", "server", "device", "webpush"} <= extras
    assert extras <= known.keys()


def test_users_and_units_that_are_named_are_those_of_the_settings() -> None:
    docker = next(form for form in TABLE if form.startswith("docker run"))
    settings = ("deploy/server.toml", "config/agent.example.toml")
    users = [tomllib.loads((REPO / file).read_text())["mqtt"]["user"] for file in settings]
    assert re.findall(r"passwords (\w+)", docker) == users
    units = [form.split()[-1] for form in TABLE if form.startswith("sudo systemctl enable")]
    assert sorted(units) == ["legwatch", "legwatch-agent", "legwatch-history", "legwatch-server"]
    assert all((REPO / f"deploy/systemd/{unit}.service").exists() for unit in units)
    assert (REPO / "deploy/env.example").exists()


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("fit_displaced", {"--write"}),
        ("fit_cover", {"--write"}),
        ("fit_lying", {"--write", "--test"}),
    ],
)
def test_a_fit_takes_the_words_that_are_named_for_it(name: str, taken: set[str]) -> None:
    file = f"lab/legwatch_lab/fit/{name}.py"
    words = [sys.executable, str(REPO / file), "--help"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    options = {
        option
        for form, way in TABLE.items()
        if way is LEARN and file in form
        for option in re.findall(r"--\w+", form)
    }
    assert options == taken
    assert all(word in done.stdout for word in (*taken, "DIR"))
