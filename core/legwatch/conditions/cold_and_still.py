"""A cold sleeper who does not move cannot help themselves: the warning becomes urgent."""

from legwatch.conditions import witness
from legwatch.conditions.verdict import Firing, Reason, Rule, Severity, TriState, Verdict, yes
from legwatch.limits.rules import Rules
from legwatch.observation import Observation


def escalated(verdict: Verdict, seen: Observation, rules: Rules, firing: Firing) -> Verdict:
    """Escalate a firing cold warning when the sleeper has not moved for `stillness.joint_s`.

    Do not escalate a warning that the bed has not warmed (COLD_START): only a sleeper who is awake
    gets this warning.
    """
    limit_s, since_ms = rules.stillness.joint_s, seen.still_since_ms
    if not limit_s or since_ms is None or verdict.since_ms is None:
        return verdict
    if firing.severity is not Severity.WARNING or verdict.severity is Severity.URGENT:
        return verdict
    if verdict.holds is not TriState.YES or verdict.reason is Reason.COLD_START:
        return verdict
    if seen.at_ms - since_ms < limit_s * 1000 or witness.is_mute(seen):
        return verdict
    rule = Rule("stillness.joint_s", float(limit_s))
    return yes(Severity.URGENT, Reason.COLD_AND_STILL, verdict.since_ms, rule)
