"""Hypothesis, for every test: it judges what the code answers, not how fast this machine is."""

from hypothesis import HealthCheck, settings

# The first drawing of text in a fresh clone, on a machine that is busy, takes over a second.
settings.register_profile(
    "any_machine",
    parent=settings(),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("any_machine")
