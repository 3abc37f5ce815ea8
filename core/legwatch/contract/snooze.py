"""How long alerts can be silenced: by the button, a link, an app or the command line."""

LONGEST_SNOOZE_MIN = 240  # a longer silence would last most of a night
DEFAULT_SNOOZE_MIN = 30
OFFERED_SNOOZES_MIN = (15, 30, 60)  # on the page behind a push
