# shellcheck shell=bash
# Get Debian sid's kernel, with its modules, into the current folder. These scripts source this file; do not run it.

kernel() {
  local apt=$PWD/apt mirror
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
  mirror=$(sed -nE 's/^(URIs:|deb( \[[^]]*\])?) +(https?:[^ ]+).*/\3/p' /etc/apt/sources.list \
    /etc/apt/sources.list.d/*.sources 2>/dev/null | grep -v security | head -n 1 || true)
  printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s sid main\n' \
    "${mirror:-http://deb.debian.org/debian}" >"$apt/sources.list"
  local own=(-qq -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=-
    -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o Dir::Etc::preferences=/dev/null
    -o APT::Sandbox::User=)
  apt-get "${own[@]}" update
  local newest
  newest=$(apt-cache "${own[@]:1}" search --names-only '^linux-binary-[0-9.]+.*-amd64$' |
    awk '{ print $1 }' | grep -vE 'cloud|rt|unsigned|dbg' | sort -V | tail -n 1)
  apt-get "${own[@]}" download "$newest" "${newest/binary/modules}"
  for deb in ./*.deb; do dpkg -x "$deb" kernel.part; done
  rm ./*.deb
  mv kernel.part kernel
}
