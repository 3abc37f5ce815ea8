# shellcheck shell=bash
# What run, test and check need on this machine. Sourced by them, never run by itself.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
PATH="$PATH:/usr/sbin:/sbin" # Debian keeps mosquitto there, and a user's path leaves it out
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

# RUNLEVEL=1 keeps a package from starting its service: we run our own copy, on our own port.
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

# packages COMMAND=PACKAGE... : put what is missing in place, or say in one line what to install.
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

# ntfy_server: a real ntfy server of 2.16 or newer for the tests, from Debian sid, unpacked beside
# the environment and not installed. The system's own apt lists and packages stay as they are.
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
  say "Missing: an ntfy server. Is the package mirror in reach?"
  return 1
}

python_found() {
  command -v python3 >/dev/null || packages python3=python3 || exit 1
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    stop "Python 3.11 or newer is needed, this is $(python3 -V): use Debian 12, Raspberry Pi OS 12 or newer."
  # Debian's python3 can have venv without the pip that goes into it.
  python3 -c 'import ensurepip, venv' 2>/dev/null && return 0
  if may_install; then
    say "Installing python3-venv ..."
    install python3-venv && return 0
  fi
  stop "Missing: python3-venv. Install with: sudo apt install python3-venv"
}

# venv EXTRAS [pip arguments]: the package with its extras in .venv; again only when the recipe changed.
venv() {
  local extras=$1
  shift
  python_found
  mkdir -p .venv
  exec 9>.venv/legwatch.lock
  flock 9
  local place recipe
  place="$PWD $(python3 -V)"
  recipe="$(sha256sum <pyproject.toml) $extras $*"
  # A fuller installation serves the smaller need too: each recipe has its own line in the stamp.
  if ! { [ -x .venv/bin/legwatch ] && grep -qxF -- "$place | $recipe" "$STAMP" 2>/dev/null; }; then
    say "Setting up (once, about a minute) ..."
    if ! .venv/bin/python -c 'import pip' 2>/dev/null || { [ -f "$STAMP" ] && ! grep -qF -- "$place |" "$STAMP"; }; then
      python3 -m venv --clear .venv || stop "python3 -m venv failed: see above."
      exec 9>.venv/legwatch.lock # the old one went with the old environment
      flock 9
    fi
    # Debian 12's pip does not know dependency groups yet.
    if ! .venv/bin/python -m pip install --quiet --upgrade 'pip>=25.1' ||
      ! .venv/bin/python -m pip install --quiet --editable ".[$extras]" "$@"; then
      stop "pip could not install legwatch: is the internet (or your package mirror) in reach?"
    fi
    printf '%s\n' "$place | $recipe" >>"$STAMP"
  fi
  exec 9>&- # or the lock would go on living in what is started next
}
