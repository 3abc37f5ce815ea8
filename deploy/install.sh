#!/usr/bin/env bash
# Install legwatch on this machine so that it lasts, as a service.
#   sudo deploy/install.sh               broker, server and one bed; from a clone, and twice is once
#   sudo deploy/install.sh --server      broker and server, for beds elsewhere in the house
#   sudo deploy/install.sh --bed         the bedside of a server elsewhere in the house
#       (after `git pull` the first line is an update of any of them)
#   sudo deploy/install.sh --uninstall   takes the program away; settings and nights stay
#   sudo deploy/install.sh --uninstall --purge   those, too
# The program goes to /opt/legwatch, the settings to /etc/legwatch, the nights to /var/lib/legwatch.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@" # started by `sh`, which may be another shell
set -euo pipefail

program=/opt/legwatch settings=/etc/legwatch nights=/var/lib/legwatch
unit=/etc/systemd/system/legwatch.service command=/usr/local/bin/legwatch
clone=$(cd "$(dirname "$0")/.." && pwd)

say() { printf '%s\n' "$*"; }
stop() {
  printf '%s\n' "$*" >&2
  exit 1
}
usage() { sed -n '2,9s/^# \{0,1\}//p' "$0"; }

uninstall=no purge=no role=
for word in "$@"; do
  case $word in
    --uninstall) uninstall=yes ;;
    --purge) purge=yes ;;
    --server | --bed) role=${word#--} ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
done
[ "$purge$uninstall" != yesno ] || stop "--purge deletes settings and nights: only with --uninstall."

# A Pi 1, a Zero and a Zero W have another instruction set: the packages have no parts for it.
case $(uname -m) in
  armv6l) stop "This Pi cannot run legwatch (ARMv6: Pi 1, Zero, Zero W). A Zero 2 W, or a Pi 2 or newer, can." ;;
esac
[ "$(id -u)" = 0 ] || stop "This installs a service: type  sudo deploy/install.sh $*"
command -v systemctl >/dev/null || stop "There is no systemd here: scripts/run starts legwatch in a terminal."

remove() {
  systemctl disable --now legwatch >/dev/null 2>&1 || true
  rm -f "$unit" "$unit.d/update.conf" "$command"
  systemctl daemon-reload
  rm -rf "$program" "$program".update*
  if [ "$purge" = yes ]; then
    rm -rf "$settings" "$nights"
    ! getent passwd legwatch >/dev/null || userdel legwatch
    say "legwatch, its settings and its nights are gone."
  else
    say "legwatch is taken away. Settings and nights are still there: $settings, $nights"
    say "(sudo deploy/install.sh --uninstall --purge deletes them, too)"
  fi
}
if [ "$uninstall" = yes ]; then
  remove
  exit 0
fi

# What this machine is, stays: an update does not ask, and nothing is changed unasked.
found=$(cat "$settings/role" 2>/dev/null || true)
[ -n "$found" ] || [ ! -e "$settings/server.toml" ] || [ ! -e "$settings/agent.toml" ] || found=one
if [ -n "$found" ] && [ -n "$role" ] && [ "$role" != "$found" ]; then
  stop "This machine is set up otherwise (${found/one/one Pi for everything}). To change that, take it away first:
  sudo deploy/install.sh --uninstall --purge    # deletes its settings and nights: see backup in deploy/README.md"
fi
role=${role:-${found:-one}}

[ "$clone" != "$program" ] || stop "Type this in your own clone of legwatch, not in $program."

# by_update: `legwatch update` has started this, from its own folder.
by_update() { [[ $clone == "$program.update"/* ]]; }
by_update || [ ! -e "$program.update.lock" ] || flock -n "$program.update.lock" true ||
  stop "\`legwatch update\` is at work here: wait for its end. $program.update.log says how far it is."

# back: an update that has failed leaves the program as it was, and running.
changed=no
back() {
  [ "$changed" = yes ] || return 0
  if [ -d "$program.before" ]; then
    [ ! -d "$program/.venv" ] || mv "$program/.venv" "$program.before/.venv"
    rm -rf "$program"
    mv "$program.before" "$program"
    systemctl start legwatch || true
    say "The update has failed: the version of before runs again." >&2
  else
    say "legwatch is not installed yet: type the same line again." >&2
  fi
}
trap back EXIT

# copied: put the files of this clone into the program's folder; what is set up there stays.
copied() {
  local fresh=$program.new
  rm -rf "$fresh"
  mkdir -p "$fresh"
  tar -C "$clone" --exclude=./.venv --exclude=./.git --exclude=__pycache__ --exclude='./.*_cache' \
    --exclude=./server.toml --exclude=./agent.toml --exclude=./secrets.env -cf - . | tar -C "$fresh" --no-same-owner -xf -
  chmod -R u=rwX,go=rX "$fresh"
  rm -rf "$program.before"
  # An update that was cut off would put its old version over this one at the next start.
  by_update || rm -rf "$program.update" "$unit.d/update.conf"
  # What runs would mix the old files with the new ones. The agent rests, too: nothing is measured meanwhile.
  ! systemctl is-active --quiet legwatch || systemctl stop legwatch
  changed=yes
  if [ -d "$program" ]; then
    mv "$program" "$program.before"
    [ ! -d "$program.before/.venv" ] || mv "$program.before/.venv" "$fresh/.venv"
  fi
  mv "$fresh" "$program"
}

user() {
  getent passwd legwatch >/dev/null || useradd --system --home-dir "$nights" --shell /usr/sbin/nologin legwatch
  local group
  for group in gpio i2c spi dialout; do # those that this machine has; what they may open, the unit limits
    ! getent group "$group" >/dev/null || usermod -aG "$group" legwatch
  done
}

# kept FILE FROM: write a settings file, unless there is one.
kept() {
  if [ -e "$settings/$1" ]; then
    return 1
  fi
  install -m 640 -g legwatch "$2" "$settings/$1"
}

say "Installing legwatch into $program ..."
user
copied
(
  # shellcheck source=scripts/setup.sh
  . "$program/scripts/setup.sh"
  case $role$(uname -m) in
    bed*) venv device ;;
    oneaarch64 | onearmv*) venv server,device ;;
    *) venv server ;;
  esac
  [ "$role" = bed ] || packages mosquitto=mosquitto
)
ln -sfn "$program/.venv/bin/legwatch" "$command"
install -d -m 750 -g legwatch "$settings"
first=no
case $role in
  one) ! kept server.toml "$program/deploy/pi/server.toml" || first=yes ;;
  server) ! kept server.toml "$program/deploy/house/server.toml" || first=yes ;;
esac
[ "$role" = server ] || ! kept agent.toml "$program/config/agent.example.toml" || first=yes
[ -e "$settings/secrets.env" ] || install -m 600 /dev/null "$settings/secrets.env"
[ -e "$settings/role" ] || printf '%s\n' "$role" >"$settings/role"

# bed_unit: the agent's own unit, which reads the password that `legwatch pair` has put here.
bed_unit() {
  [ -e "$settings/mqtt-password" ] || install -m 600 /dev/null "$settings/mqtt-password"
  # Its groups are those that `user` found on this machine.
  sed "/^SupplementaryGroups=gpio/d" "$program/deploy/systemd/legwatch-agent.service" >"$unit"
}

# up_unit: the unit of a clone, with the places of an installed program: it sees no home at all.
up_unit() {
  local bed="--agent-config \"$settings/agent.toml\""
  [ "$role" = one ] || bed=--no-bed
  sed -e "s|--agent-config \"/home/pi/legwatch/agent.toml\"|$bed|" \
    -e "s|/home/pi/legwatch/.venv|$program/.venv|" -e "s|/home/pi/legwatch|$settings|g" -e "s|^User=pi|User=legwatch|" \
    -e "s|^ProtectHome=tmpfs|ProtectHome=yes|" -e "/^BindReadOnlyPaths=/d" -e "/^# Of all that is in the homes/d" \
    -e "s|^# \`legwatch up\` on one Pi.*|# Made by deploy/install.sh, which writes it anew at each update.|" -e "/^# line that writes your own/d" \
    "$program/deploy/systemd/legwatch.service" >"$unit"
}
case $role in
  bed) bed_unit ;;
  *) up_unit ;;
esac
systemctl daemon-reload

if [ "$first" = yes ]; then
  systemctl enable legwatch >/dev/null 2>&1 || true
  say "legwatch is installed. Now, in a terminal:"
  case $role in
    bed) say "  sudo legwatch setup --place bed      # sensors, and the code of \`legwatch beds add\` on the server" ;;
    server)
      say "  sudo legwatch setup --place server   # people and their phones"
      say "  sudo legwatch beds add bed1          # then: lets a bed in, with a code"
      ;;
    *) say "  sudo legwatch setup --place one      # sensors, people, a phone that rings, and the start" ;;
  esac
  say "Or by hand: settings in $settings, then  sudo systemctl start legwatch"
else
  systemctl enable legwatch >/dev/null 2>&1 || true
  [ "$role" = bed ] || "$command" check-config "$settings/server.toml" >/dev/null
  systemctl restart legwatch
  say "legwatch is up to date and runs; your settings are as they were."
fi
changed=no
rm -rf "$program.before"
[ "$role" = bed ] || say "  sudo legwatch now                    # what it sees"
say "  journalctl -u legwatch               # what it does"
