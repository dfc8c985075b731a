#!/usr/bin/env bash
# stock.sh - fetches netperf and iozone, of Debian's non-free component, for the tests that compare with
# them: unpacked into build/stock, never installed. apt's own sources and lists are neither used nor
# touched. Prints the directory of the programs; fails with one line, and then those tests are skipped.
#
#   tests/stock.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
programs=$PWD/build/stock/usr/bin
packages=(netperf iozone3)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

give_up()
{
    echo "stock.sh: no stock netperf and iozone: $*" >&2
    exit 1
}

is_there() { [ -x "$programs/netperf" ] && [ -x "$programs/netserver" ] && [ -x "$programs/iozone" ]; }

if is_there; then
    echo "$programs"
    exit 0
fi
for tool in apt-get dpkg; do command -v "$tool" >/dev/null || give_up "no $tool here"; done
[ -r "$keyring" ] || give_up "no $keyring"
# shellcheck source=/dev/null
suite=$(. /etc/os-release && [ "$ID" = debian ] && echo "$VERSION_CODENAME") || give_up "this is no Debian"

# All that apt writes, and nothing that it would read of the system's but the proxy.
work=$PWD/build/stock/apt
mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
echo "deb [signed-by=$keyring] http://deb.debian.org/debian $suite non-free" >"$work/sources.list"
apt()
{
    timeout 120 apt-get -qq -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root \
        -o Acquire::Retries=1 -o Acquire::http::Timeout=20 "$@" >"$work/log" 2>&1 ||
        give_up "apt-get $1: $(tail -n 1 "$work/log")"
}
apt update
cd "$work"
apt download "${packages[@]}"
for package in "${packages[@]}"; do
    dpkg -x "$package"_*.deb "$PWD/.." || give_up "$package cannot be unpacked"
done
rm -rf "$work"
is_there || give_up "the packages hold other programs than they did"
echo "$programs"
