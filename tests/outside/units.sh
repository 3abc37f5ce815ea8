#!/usr/bin/env bash
# Boot a Debian 13 with its own systemd, on which legwatch is installed; a report runs on it.
# usage: units.sh FOLDER REPORT    FOLDER keeps kernel and root for the next time
set -euo pipefail
folder=$1 report=$(realpath "$2")
here=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$folder"
cd "$folder"
# shellcheck source=tests/outside/kernel.sh
. "$here/tests/outside/kernel.sh"
packages=systemd-sysv,python3,python3-venv,ca-certificates,mosquitto,procps,passwd,sudo,dbus

in_root() { chroot debian /usr/bin/env -i PATH=/root/stub:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"; }

# installed: take the clone into the root and install it there, as a person would; systemd does not run yet.
installed() {
  mount -t proc proc debian/proc
  trap 'umount "$PWD/debian/proc"' EXIT
  for file in /etc/resolv.conf /etc/pip.conf /etc/ssl/certs/ca-certificates.crt; do
    [ ! -e "$file" ] || cp --remove-destination "$file" "debian$file"
  done
  rm -rf debian/root/legwatch debian/root/stub
  mkdir debian/root/legwatch debian/root/stub
  # Until the machine starts, systemd can only note what is to start with it.
  # shellcheck disable=SC2016  # it expands there
  printf '#!/bin/sh\ncase $1 in enable | disable) exec /usr/bin/systemctl "$@" ;; is-active) exit 1 ;; esac\n' \
    >debian/root/stub/systemctl
  chmod +x debian/root/stub/systemctl
  tar -C "$here" --exclude=./.venv --exclude=./.git --exclude=__pycache__ --exclude='./.*_cache' -cf - . |
    tar -C debian/root/legwatch --no-same-owner -xf -
  in_root /root/legwatch/deploy/install.sh
  in_root legwatch setup --yes --place one --simulated --bed bed1 --topic none --heartbeat none
  sed -i 's/^window_s = .*/window_s = 1/' debian/etc/legwatch/agent.toml
  for unit in server agent; do
    cp "$here/deploy/systemd/legwatch-$unit.service" debian/etc/systemd/system/
  done
  printf '\n[mqtt]\nuser = "server"\n' >>debian/etc/legwatch/server.toml
  (
    umask 077
    for user in server bed1; do echo not-a-secret >"debian/etc/legwatch/$user-password"; done
    cp debian/etc/legwatch/bed1-password debian/etc/legwatch/mqtt-password
    touch debian/etc/legwatch/{ntfy,pushover,influx}-token
    printf 'server:not-a-secret\nbed1:not-a-secret\n' >debian/etc/mosquitto/passwords
  )
  in_root mosquitto_passwd -U /etc/mosquitto/passwords
  in_root chown mosquitto: /etc/mosquitto/passwords
  install -m 600 "$here/deploy/mosquitto/acl" debian/etc/mosquitto/acl
  in_root chown mosquitto: /etc/mosquitto/acl
  install -m 644 "$here/deploy/mosquitto/conf.d/legwatch.conf" debian/etc/mosquitto/conf.d/legwatch.conf
  in_root systemctl disable mosquitto
  in_root groupadd --system --force gpio
}

reporting() {
  cp "$report" debian/root/report.py
  cat >debian/etc/systemd/system/report.service <<'UNIT'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/usr/bin/python3 -u /root/report.py
ExecStopPost=/usr/bin/systemctl --force --force poweroff
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
[Install]
WantedBy=multi-user.target
UNIT
  in_root systemctl enable report
}

[ -d kernel ] || kernel
[ -d debian ] || {
  mmdebstrap --quiet --variant=minbase --include="$packages" trixie debian.part \
    'deb http://deb.debian.org/debian trixie main'
  mv debian.part debian
}
installed
reporting
umount debian/proc
trap - EXIT
(cd debian && find . -xdev -path ./var/cache/apt -prune -o -path ./usr/share/doc -prune -o -path ./root/legwatch -prune -o -print |
  cpio -o -H newc 2>/dev/null | gzip -1) >debian.gz
timeout 1500 qemu-system-x86_64 -accel tcg,thread=multi -smp 2 -cpu max -m 4000 -nographic -no-reboot -nodefaults \
  -serial stdio -kernel kernel/usr/lib/modules/*/vmlinuz -initrd debian.gz \
  -append 'console=ttyS0 panic=-1 rdinit=/sbin/init quiet systemd.show_status=0'
