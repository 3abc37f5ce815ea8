"""The ntfy channel against a real server: what it says proves a yes and a no."""

from dataclasses import replace

import pytest

from end_to_end.ntfy import NtfyServer
from legwatch.oncall.escalation import Purpose
from legwatch.settings import load
from legwatch_server.notify.channels import Permanent, Sent, build_channel
from legwatch_server.notify.channels.ntfy import Ntfy
from legwatch_server.settings import ServerSettings
from server.notify.channels.test_channels import PUSH


def channel(ntfy: NtfyServer, token: str, monkeypatch: pytest.MonkeyPatch) -> Ntfy:
    monkeypatch.setenv("LEGWATCH_NTFY_TOKEN", token)
    bert = {"channels": ["ntfy"], "address": {"ntfy": "bed-bert"}}
    table = {"people": {"bert": bert}, "push": {"ntfy": {"url": ntfy.url}}}
    return build_channel(Ntfy, "ntfy", load(ServerSettings, table))


def test_a_real_server_proves_what_it_took_and_what_it_took_back(
    ntfy: NtfyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = channel(ntfy, ntfy.token, monkeypatch)
    push = replace(PUSH, to="bed-bert")
    assert made.send(push) == Sent(push.thread)
    made.withdraw(push, push.thread)
    assert [event["event"] for event in ntfy.poll("bed-bert")] == ["message", "message_delete"]
    silent = replace(push, purpose=Purpose.REHEARSAL, thread="rehearsal-1")
    assert made.rehearse(silent) == "came back"
    ntfy._words("access", "house", "drop-*", "write-only")
    assert made.rehearse(replace(silent, to="drop-1")) == "accepted"


def test_a_real_servers_no_is_the_last_word(
    ntfy: NtfyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    push = replace(PUSH, to="bed-bert")
    with pytest.raises(Permanent, match="403: the token may not do this"):
        channel(ntfy, ntfy.token, monkeypatch).send(replace(push, to="of-others"))
    stranger = channel(ntfy, "tk_0123456789abcdefghijklmnopqrs", monkeypatch)
    with pytest.raises(Permanent, match="401: the token is wrong"):
        stranger.send(push)
    with pytest.raises(Permanent, match="401: the token is wrong"):
        stranger.withdraw(push, push.thread)
    with pytest.raises(Permanent, match="ntfy answered 40"):
        channel(ntfy, ntfy.token, monkeypatch).send(replace(push, to="no such topic"))
