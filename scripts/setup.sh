# shellcheck shell=bash
# Install what run, test and check need. These scripts source this file; do not run it.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
PATH="$PATH:/usr/sbin:/sbin" # Debian has mosquitto there; a user's PATH does not have it
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
STAMP=.venv/legwatch.stamp

say() { printf '%s\n' "$*" >&2; }
stop() {
  say "$*"
  exit 1
}

may_install() {
  command -v apt-get >/dev/null || return 1
  [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null
}

# RUNLEVEL=1 prevents that a package starts its service: legwatch starts its own broker on its own port.
install() {
  local root=()
  [ "$(id -u)" = 0 ] || root=(sudo -n)
  local apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq -o Dpkg::Use-Pty=0)
  local log
  log=$(mktemp)
  { "${apt[@]}" install -y --no-install-recommends "$@" ||
    { "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "$@"; }; } \
    >"$log" 2>&1 || {
    tail -n 5 "$log" >&2
    rm -f "$log"
    return 1
  }
  rm -f "$log"
}

# packages COMMAND=PACKAGE... : install the missing packages, or say in one line what to install.
packages() {
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if may_install; then
    say "Installing ${missing[*]} ..."
    install "${missing[@]}" && return 0
  fi
  say "Missing: ${missing[*]}. Install with: sudo apt install ${missing[*]}"
  return 1
}

# ntfy_server: get a real ntfy server, 2.16 or newer, for the tests. It comes from Debian sid and is
# unpacked into .venv, not installed. The system's apt lists and packages do not change.
ntfy_server() {
  local place=$PWD/.venv/ntfy
  [ -x "$place/usr/bin/ntfy" ] && return 0
  local key=/usr/share/keyrings/debian-archive-keyring.gpg
  if ! command -v apt-get >/dev/null || [ ! -e "$key" ]; then
    say "Missing: an ntfy server. Put its binary at $place/usr/bin/ntfy (https://docs.ntfy.sh/install/)"
    return 1
  fi
  say "Fetching the ntfy server ..."
  local work mirror
  work=$(mktemp -d)
  mirror=$(sed -nE 's/^(URIs:|deb( \[[^]]*\])?) +(https?:[^ ]+).*/\3/p' \
    /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null |
    grep -v security | head -n 1)
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
  printf 'deb [signed-by=%s] %s sid main\n' "$key" "${mirror:-http://deb.debian.org/debian}" >"$work/sources.list"
  local own=(-qq -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=-
    -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o Dir::Etc::preferences=/dev/null
    -o APT::Sandbox::User=)
  if (cd "$work" && apt-get "${own[@]}" update && apt-get "${own[@]}" download ntfy) >"$work/log" 2>&1 &&
    mkdir -p "$place" && dpkg -x "$work"/ntfy_*.deb "$place"; then
    rm -rf "$work"
    return 0
  fi
  tail -n 3 "$work/log" >&2
  rm -rf "$work"
  say "Missing: an ntfy server. Can this machine reach the package mirror?"
  return 1
}

python_found() {
  command -v python3 >/dev/null || packages python3=python3 || exit 1
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    stop "Python 3.11 or newer is needed, this is $(python3 -V): use Debian 12, Raspberry Pi OS 12 or newer."
  # On Debian python3 may have venv without ensurepip, which puts pip into the environment.
  python3 -c 'import ensurepip, venv' 2>/dev/null && return 0
  if may_install; then
    say "Installing python3-venv ..."
    install python3-venv && return 0
  fi
  stop "Missing: python3-venv. Install with: sudo apt install python3-venv"
}

# The output of pip goes into a file, so that a failure takes only one line on the screen.
PIP_LOG=.venv/pip.log
pip_install() {
  printf '== pip install %s\n' "$*" >>"$PIP_LOG"
  .venv/bin/python -m pip install --quiet "$@" >>"$PIP_LOG" 2>&1
}

# What pip has said last.
pip_said() { awk '/^== / { last = "" } { last = last $0 "\n" } END { printf "%s", last }' "$PIP_LOG"; }

# cut_off: true if pip has failed because it cannot reach the packages.
cut_off() {
  grep -qE "\(from versions: none\)|NewConnectionError|Max retries|Read timed out|Connection broken" < <(pip_said)
}

# in_reach: false if an environment that has a pip would be lost for a new one that cannot be filled.
in_reach() {
  .venv/bin/python -m pip --version >/dev/null 2>&1 || return 0
  printf '== pip download\n' >>"$PIP_LOG"
  .venv/bin/python -m pip download --quiet --no-deps --dest .venv/reach hatchling >>"$PIP_LOG" 2>&1 || ! cut_off
}

# goes_on PLACE: go on with the environment that was set up here before, if the packages cannot be reached and
# it starts this legwatch. Its own code is the clone's: only a package that is new in this version can be missing.
gone_on=
goes_on() {
  cut_off && grep -qF -- "$1 |" "$STAMP" 2>/dev/null && .venv/bin/legwatch up --help >/dev/null 2>&1 || return 1
  [ -n "$gone_on" ] || say "The internet (or your package mirror) is not in reach: going on with the packages that \
are here. Run this again when it is."
  gone_on=yes
}

# stop_for WHAT: print pip's last error and what to do, and stop.
stop_for() {
  local said why todo
  said=$(pip_said)
  # Leave out pip's general errors after that, such as "metadata-generation-failed".
  why=$(grep -E "^ *(error|ERROR):" <<<"$said" | grep -vE "Failed (to build|building)|error: [a-z]+(-[a-z]+)+$" |
    tail -n 1 | sed 's/^ *//' || true)
  case $(cut_off && echo cut off)$said in
    *"No space left"*) todo="Free some space on the disk, then run this again." ;;
    "cut off"*) todo="Is the internet (or your package mirror) in reach? Then run this again." ;;
    *"command '"* | *"Python.h"* | *"Failed building wheel"* | *"Failed to build"*)
      todo="Install the build packages, then run this again: sudo apt install ${BUILD_PACKAGES[*]}" ;;
    *) todo="If the internet (or your package mirror) is in reach, the file below says more." ;;
  esac
  stop "pip could not install $1: ${why:-$(tail -n 1 <<<"$said")}
$todo
All that pip said is in $PWD/$PIP_LOG"
}

# The pin libraries have compiled parts, and there is no wheel of each for every Pi: lgpio has wheels up
# to Python 3.12, gpiod and sysv_ipc have none for 32 bit. So try a wheel first, then the system's
# package (Raspberry Pi OS has lgpio), then a build. Say which one it was, because Pis differ.
PIN_LIBRARIES=('sysv_ipc>=1.1.0 python3-sysv-ipc' 'gpiod>=2.2.2 python3-libgpiod' 'lgpio>=0.2.2 python3-lgpio')
BUILD_PACKAGES=(gcc libc6-dev python3-dev swig)
pin_libraries() {
  case $(uname -m) in aarch64 | arm*) ;; *) return 0 ;; esac
  local pair requirement name package
  for pair in "${PIN_LIBRARIES[@]}"; do
    requirement=${pair% *} name=${pair%%>=*} package=${pair#* }
    if pip_install --only-binary=:all: "$requirement"; then
      say "  $name: a wheel"
    elif from_system "$requirement" "$package"; then
      say "  $name: the system's $package"
    else
      say "  $name: building it (some minutes on a small Pi) ..."
      build_tools || exit 1
      # PYPI=1: lgpio builds its own C library; without it lgpio needs one that Debian does not have.
      PYPI=1 pip_install "$requirement" || stop_for "$name"
      say "  $name: built"
    fi
  done
}

# from_system REQUIREMENT PACKAGE: link the system's module into the environment, if the module is
# new enough and built for this Python. The system's other modules stay outside.
from_system() {
  local site part linked=()
  [ "$(.venv/bin/python -c 'import sys; print(sys.base_prefix)')" = /usr ] || return 1
  offered "$@" || return 1
  dpkg -s "$2" >/dev/null 2>&1 || { may_install && install "$2"; } || return 1
  site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  while read -r part; do
    ln -sfn "$part" "$site/" && linked+=("$site/${part##*/}")
  done < <(dpkg -L "$2" | grep -E '^/usr/lib/python3/dist-packages/[^/]+$')
  pip_install --no-index "$1" && return 0 # pip checks that this is the required version
  rm -f "${linked[@]}"
  return 1
}

# offered REQUIREMENT PACKAGE: true if the system's version of the package is new enough.
offered() {
  local version
  version=$(apt-cache policy "$2" 2>/dev/null | sed -n 's/^ *Candidate: *//p')
  [ -n "$version" ] && [ "$version" != "(none)" ] && dpkg --compare-versions "$version" ge "${1##*>=}"
}

build_tools() {
  local header
  header=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h
  if command -v gcc >/dev/null && command -v swig >/dev/null && [ -e "$header" ] && [ -e /usr/include/stdio.h ]; then
    return 0
  fi
  if may_install; then
    say "  Installing ${BUILD_PACKAGES[*]} ..."
    install "${BUILD_PACKAGES[@]}" && return 0
  fi
  say "Missing: ${BUILD_PACKAGES[*]}. Install with: sudo apt install ${BUILD_PACKAGES[*]}"
  return 1
}

# is_set_up LINE: true if the environment has what `venv` was asked for, from here, with this Python.
# The stamp has a line for each set of extras that this pyproject.toml has installed here: the packages of another
# version, newer or older, take the place of all of them.
is_set_up() { [ -x .venv/bin/legwatch ] && grep -qxF -- "$1" "$STAMP" 2>/dev/null && ! is_of_another; }

# is_of_another: true if the last line of the stamp is of another pyproject.toml.
is_of_another() { [ -f "$STAMP" ] && ! tail -n 1 "$STAMP" | grep -qF -- "| $(sha256sum <pyproject.toml) "; }

# paths FROM TO: write another place into the environment's own files.
paths() {
  python3 - "$1" "$2" <<'END'
import sys
from pathlib import Path

before, here = (f"{place}/".encode() for place in sys.argv[1:])
venv = Path(".venv")
MOST = 127  # bytes of a first line; older kernels cut a longer one
SH = b"""#!/bin/sh
'''exec' "%s" "$0" "$@"
' '''"""


def runs(text):
    """Let sh start Python as pip does it, where the kernel cannot: its path has a space, or is long."""
    first, end, rest = text.partition(b"\n")
    if not first.startswith(b"#!" + here) or (b" " not in here and len(first) <= MOST):
        return text
    return SH % first[2:] + end + rest


for file in (venv / "pyvenv.cfg", *venv.glob("bin/*"), *venv.glob("lib/python*/site-packages/*.pth")):
    if file.is_file() and not file.is_symlink():
        was = file.read_bytes()
        if before in was and b"\0" not in was:
            file.write_bytes(runs(was.replace(before, here)))
END
}

# moved: true if the environment was set up in another folder from which this clone was moved or copied, with this
# Python, and starts this legwatch once the paths in it are those of here. So a move needs no internet.
moved() {
  local last before
  last=$(tail -n 1 "$STAMP" 2>/dev/null) || return 1
  before=${last%" $(python3 -V) |"*}
  [ "$before" != "$last" ] && [ "$before" != "$PWD" ] || return 1
  paths "$before" "$PWD" || return 1
  # The scripts of venv itself have the path also in quotes, of their own kind.
  python3 -m venv --without-pip .venv >/dev/null 2>&1 || return 1
  if [ "$(.venv/bin/python -c 'import legwatch; print(legwatch.__file__)' 2>/dev/null)" != "$PWD/core/legwatch/__init__.py" ] ||
    ! .venv/bin/legwatch up --help >/dev/null 2>&1; then
    paths "$PWD" "$before" # so that it goes on there once it is moved back
    return 1
  fi
  printf '%s\n' "$place ${last#"$before $(python3 -V) "}" >"$STAMP"
  say "This clone was in $before before: what is set up goes on here."
}

# strangers: of each package with drivers, channels or commands for legwatch that somebody has installed here beside it,
# print what pip installs it from. It reads files only: the environment may be broken, or of another Python.
strangers() {
  python3 - <<'END'
import json
import shlex
from importlib.metadata import distributions
from pathlib import Path
from urllib.parse import unquote, urlsplit


def from_where(dist):
    name, origin = dist.metadata["Name"], json.loads(dist.read_text("direct_url.json") or "{}")
    if name == "legwatch" or not any(p.group.startswith("legwatch.") for p in dist.entry_points):
        return None
    url = origin.get("url", "")
    if "vcs_info" in origin:
        return shlex.quote(f"{origin['vcs_info']['vcs']}+{url}")
    if not url:
        return shlex.quote(f"{name}=={dist.version}")
    where = unquote(urlsplit(url).path) if url.startswith("file:") else url
    return ("-e " if origin.get("dir_info", {}).get("editable") else "") + shlex.quote(where)


found = set()
for site in Path(".venv").glob("lib/python*/site-packages"):
    for dist in distributions(path=[str(site)]):
        try:
            found.add(from_where(dist))
        except Exception:  # what is left of a package may be anything
            continue
print(*sorted(found - {None}))
END
}

# tell_strangers: say which packages go with an environment that is made anew.
tell_strangers() {
  local gone
  gone=$(strangers 2>/dev/null) || return 0
  [ -z "$gone" ] || say "The environment in $PWD/.venv is made anew, and it had packages of others with drivers, channels \
or commands for legwatch. They are not in the new one. Install them again when this is done:
  .venv/bin/python -m pip install $gone"
}

# venv EXTRAS [pip arguments]: install legwatch with its extras into .venv, unless this is done already.
venv() {
  local extras=$1
  shift
  python_found
  local place recipe
  place="$PWD $(python3 -V)"
  recipe="$(sha256sum <pyproject.toml) $extras $*"
  if ! mkdir -p .venv 2>/dev/null || [ ! -w .venv ]; then
    is_set_up "$place | $recipe" && return 0 # by its owner
    stop "legwatch cannot set itself up in $PWD: $(id -un) may not write there (it is $(stat -c %U .)'s). \
Clone legwatch into a folder of your own, or let $(stat -c %U .) run this once."
  fi
  exec 9>.venv/legwatch.lock
  flock 9
  if ! is_set_up "$place | $recipe" && ! { moved && is_set_up "$place | $recipe"; }; then
    trap 'stop "Interrupted: legwatch is not set up in $PWD yet. Run this again: it goes on by itself."' INT TERM HUP
    say "Setting up (once; about a minute, longer on a small Pi) ..."
    if ! .venv/bin/python -m pip --version >/dev/null 2>&1 || { [ -f "$STAMP" ] && ! grep -qF -- "$place |" "$STAMP"; }; then
      in_reach || stop_for legwatch
      tell_strangers
      python3 -m venv --clear .venv || stop "python3 -m venv failed: see above."
      exec 9>.venv/legwatch.lock # the old lock file went with the old environment
      flock 9
    fi
    : >"$PIP_LOG"
    # The pip of Debian 12 does not know dependency groups.
    pip_install 'pip>=25.1' --upgrade || goes_on "$place" || stop_for "pip>=25.1"
    case ,$extras, in *,device,*) pin_libraries ;; esac
    if pip_install --editable ".[$extras]" "$@"; then
      ! is_of_another || rm -f "$STAMP"
      printf '%s\n' "$place | $recipe" >>"$STAMP"
    else
      goes_on "$place" || stop_for legwatch
    fi
    trap - INT TERM HUP
  fi
  exec 9>&- # or the program that starts next would keep the lock
}
