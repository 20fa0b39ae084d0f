#!/bin/bash
# Makes the archive beside this script anew: a signed Debian archive of tiny packages, for tests of the fetch without a network.
# Needs gcc, gpg, dpkg-deb, xz. The signing key is thrown away; `stranger.gpg` is a key that signed nothing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -rf "$here/dists" "$here/pool" "$here"/*.gpg "$here"/*.asc
mkdir -p "$here/pool"
libs=usr/lib/probe-libs
flags=(-nostdlib -s -Wl,-z,noseparate-code -Wl,--build-id=none -Wl,--hash-style=gnu -Wl,--no-as-needed)

library() { # PACKAGE FILE SONAME LINKED...
  local target="$work/$1/$libs/$2"
  mkdir -p "$(dirname "$target")"
  echo "int ${3//[.-]/_}(void) { return 1; }" >"$work/c.c"
  gcc -shared "${flags[@]}" "-Wl,-soname,$3" -o "$target" "$work/c.c" "${@:4}"
}
package() { # NAME VERSION DEPENDS
  mkdir -p "$work/$1/DEBIAN"
  printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: DriveOps tests <tests@example.org>\nDescription: test data\n' \
    "$1" "$2" >"$work/$1/DEBIAN/control"
  [ -z "$3" ] || echo "Depends: $3" >>"$work/$1/DEBIAN/control"
  SOURCE_DATE_EPOCH=0 dpkg-deb -Zxz --root-owner-group -b "$work/$1" "$here/pool/$1_${2//:/%3a}_all.deb" >/dev/null
}

library probe-libc libc-probe.so.6 libc-probe.so.6
library libdeep2t64 libdeep.so.2.0.1 libdeep.so.2 "$work/probe-libc/$libs/libc-probe.so.6"
ln -s libdeep.so.2.0.1 "$work/libdeep2t64/$libs/libdeep.so.2"
library libprobe1 libprobe.so.1 libprobe.so.1 "$work/libdeep2t64/$libs/libdeep.so.2.0.1"
library libgood-compat libgood.so.3 libgood.so.3
library libhuge9 libhuge.so.9 libhuge.so.9
cat >"$work/probe-libc/$libs/ld-probe.so.1" <<'LOADER'
#!/bin/sh
# Stands for the loader: says how it was called.
printf '%s\n' "$@"
LOADER
chmod +x "$work/probe-libc/$libs/ld-probe.so.1"

server="$work/probe-server/usr/lib/probe"
mkdir -p "$server/bin" "$server/plugins"
echo 'const char zones[] = "/usr/share/zoneinfo"; void _start(void) {}' >"$work/c.c"
gcc -pie -fPIE "${flags[@]}" -Wl,--dynamic-linker=/lib/ld-probe.so.1 -o "$server/bin/server" "$work/c.c" "$work/libprobe1/$libs/libprobe.so.1" \
  -Wl,--unresolved-symbols=ignore-all
echo 'int plugin(void) { return 1; }' >"$work/c.c"
gcc -shared "${flags[@]}" -o "$server/plugins/good.so" "$work/c.c" "$work/libgood-compat/$libs/libgood.so.3"
gcc -shared "${flags[@]}" -o "$server/plugins/bad.so" "$work/c.c" "$work/libhuge9/$libs/libhuge.so.9"
mkdir -p "$work/probe-data/usr/share/probe"
head -c 80000 /dev/urandom >"$work/probe-data/usr/share/probe/data"

package libdeep2t64 2.0.1-3+b1 probe-libc
package libprobe1 1:1.4-1 'libdeep2t64 (>= 2.0), probe-libc (>= 1) | probe-libc-virtual'
package libgood-compat 3.0-1 probe-libc
package libhuge9 9.0-1 probe-libc
package probe-libc 1.0-1 ''
package probe-server 17.0-1 'libhuge9, libprobe1 (>= 1:1.2), libgood-compat, probe-libc'
package probe-data 1.0-1 ''

cd "$here"
for architecture in amd64 arm64; do
  mkdir -p "dists/probe/main/binary-$architecture"
  for deb in pool/*.deb; do
    dpkg-deb -f "$deb"
    printf 'Filename: %s\nSize: %s\nSHA256: %s\n\n' "$deb" "$(stat -c %s "$deb")" "$(sha256sum "$deb" | cut -d' ' -f1)"
  done >"dists/probe/main/binary-$architecture/Packages"
done
cd dists/probe
{
  printf 'Origin: Debian\nLabel: Debian\nSuite: probe\nCodename: probe\nDate: Thu, 01 Jan 2026 00:00:00 UTC\n'
  printf 'Architectures: amd64 arm64\nComponents: main\nSHA256:\n'
  for index in main/*/Packages; do
    printf ' %s %s %s\n' "$(sha256sum "$index" | cut -d' ' -f1)" "$(stat -c %s "$index")" "$index"
  done
} >Release
export GNUPGHOME="$work/gnupg"
mkdir -m 700 "$GNUPGHOME"
for name in archive stranger; do
  gpg --batch --quiet --passphrase '' --quick-generate-key "$name@example.org" rsa3072 sign never
  gpg --batch --quiet --export "$name@example.org" >"$here/$name.gpg"
done
gpg --batch --quiet --armor --export archive@example.org >"$here/archive.asc"
gpg --batch --quiet --local-user archive@example.org --clearsign --digest-algo SHA512 -o InRelease Release
rm Release
