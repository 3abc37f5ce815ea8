#!/usr/bin/env bash
# Run a Python file on a machine with real GPIO lines: Debian sid's kernel with gpio-sim, in qemu.
# usage: machine.sh FOLDER SITE_PACKAGES FILE MODULE    FOLDER keeps kernel and root for the next time
set -euo pipefail
folder=$1 site=$2 file=$(realpath "$3") module=$(realpath "$4")
here=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$folder"
cd "$folder"

# shellcheck source=tests/outside/kernel.sh
. "$here/tests/outside/kernel.sh"

root() {
  mmdebstrap --quiet --variant=minbase --include=python3,kmod bookworm root.part \
    'deb http://deb.debian.org/debian bookworm main'
  mkdir root.part/m
  for driver in fs/configfs/configfs drivers/gpio/gpio-sim; do
    xz -dc kernel/usr/lib/modules/*/kernel/"$driver".ko.xz >"root.part/m/$(basename "$driver").ko"
  done
  mv root.part root
}

[ -d kernel ] || kernel
[ -d root ] || root
modules=root/usr/lib/python3/dist-packages
mkdir -p "$modules"
# What the drivers import, and nothing of the packages that only tests and plots need.
for part in legwatch-\*.dist-info gpiozero colorzero lgpio.py _lgpio\* lgpio.libs gpiod\* adafruit\* Adafruit\* board.py digitalio.py \
  microcontroller pwmio.py pulseio.py neopixel_write.py analogio.py busio.py bitbangio.py micropython.py \
  packaging\* sysv_ipc\* pyftdi\* serial usb \*_imports.json typing_extensions\* _distutils_hack pkg_resources; do
  # shellcheck disable=SC2086  # the stars are meant
  cp -r "$site"/$part "$modules/" 2>/dev/null || true
done
cp -r "$here/core/legwatch" "$here/core/legwatch_runtime" "$here/device/legwatch_device" "$modules/"
cp "$module" "$modules/"
cp "$file" root/run.py
cat >root/init <<'INIT'
#!/bin/sh
export PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME=/tmp
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
insmod /m/configfs.ko 2>/dev/null; insmod /m/gpio-sim.ko
mount -t configfs none /sys/kernel/config
pi=/sys/kernel/config/gpio-sim/pi
mkdir -p $pi/bank0; echo 54 >$pi/bank0/num_lines; echo pinctrl-bcm2711 >$pi/bank0/label; echo 1 >$pi/live
# The libraries take the revision from here: a Raspberry Pi 4.
printf 'Hardware\t: BCM2711\nRevision\t: c03114\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4\n' >/tmp/cpuinfo
mount --bind /tmp/cpuinfo /proc/cpuinfo
cd /tmp && python3 -u /run.py
echo o >/proc/sysrq-trigger
sleep 5
INIT
chmod +x root/init
(cd root && find . -xdev | cpio -o -H newc 2>/dev/null | gzip -1) >root.gz
timeout 600 qemu-system-x86_64 -accel tcg -cpu max -m 2000 -nographic -no-reboot -nodefaults -serial stdio \
  -kernel kernel/usr/lib/modules/*/vmlinuz -initrd root.gz -append 'console=ttyS0 panic=-1 rdinit=/init quiet'
