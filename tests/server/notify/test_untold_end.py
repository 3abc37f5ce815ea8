"""Of what comes and goes all night the phone keeps the last word: nobody hears of its end."""

from pathlib import Path

from server.notify.test_holding import BERT, look, silent, woken
from server.ward import open_ward


def test_an_end_that_nobody_is_told_takes_no_push_from_the_phone(tmp_path: Path) -> None:
    rules = {"stillness.joint_s": 0, "health.agent_s": 600}
    ward = open_ward(tmp_path, people={"bert": BERT}, rules=rules)
    ward.play("b", 60, look())
    for _ in range(3):  # the third is told nobody
        silent(ward, 14)
        ward.play("b", 40, look())
    (_, _), (second, _) = woken(ward)
    ((told, *_),) = ward.notified("info")
    assert told < second
    (taken,) = ward.channels["phone"].withdrawn
    assert taken[0] == told
    what = [what for (what,) in ward.rows("SELECT what FROM notices WHERE kind='agent'")]
    assert what.count("resolved") == 3
    ward.close()
