"""The roles of a bed's sensors by name: a further role breaks no test that uses them."""

from legwatch.contract.roles import ROLES

_BY_NAME = {role.name: role for role in ROLES}
LEG, ROOM, MOVEMENT, PRESENCE, ANKLE = map(
    _BY_NAME.__getitem__, ("leg", "room", "movement", "presence", "ankle")
)
