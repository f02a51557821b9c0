#!/usr/bin/env bash
# Makes Buildroot's root file system that of the appliance: post-build.sh TARGET_DIR BOARD_DIR
# The overlay has been copied already. image/build-twin does the same for the Debian twin.
# shellcheck disable=SC1090,SC1091
set -euo pipefail
target=$1 board=$2
source=$BR2_EXTERNAL_DEMARC_PATH/..
. "$board/meta"
die() { echo "post-build: $*" >&2; exit 1; }

# The kernel lies in the slot, under one name on every board.
if [ -e "$target/boot/$BOARD_KERNEL_IMAGE" ]; then
    mv "$target/boot/$BOARD_KERNEL_IMAGE" "$target/boot/vmlinuz"
fi
[ -s "$target/boot/vmlinuz" ] || die "no kernel in /boot"
find "$target/boot" -mindepth 1 -maxdepth 1 ! -name vmlinuz ! -name efi -exec rm -rf {} +

# The boot script of the overlay starts everything; no other starts anything.
[ -e "$target/usr/lib/demarc/boot" ] || die "the overlay has no boot script"
rm -rf "$target"/etc/init.d "$target"/etc/network "$target"/etc/dropbear "$target"/etc/chrony.conf \
    "$target"/etc/udhcpd.conf "$target"/etc/fstab "$target"/usr/share/udhcpc

mkdir -p "$target"/{boot/efi,data,mnt}
rm -rf "$target"/var/{run,tmp,log,lock,cache,spool} "$target/root/.ssh"
mkdir -p "$target/var/lib"
link() { rm -rf "${target:?}$1" && ln -s "$2" "$target$1"; }
link /var/run ../run
link /var/lock ../run/lock
link /var/tmp ../tmp
link /var/log ../data/log
link /etc/resolv.conf ../run/resolv.conf
link /etc/mtab ../proc/mounts
link /root/.ssh ../run/ssh

# Who may update this image. A release is built with DEMARC_CA (image/make-ca); otherwise a development CA signs.
ca=${DEMARC_CA:-$BASE_DIR/dev-ca}
if [ -z "${DEMARC_CA:-}" ] && [ ! -e "$ca/ca.pem" ]; then
    "$source/image/make-ca" "$ca" "Demarc development" >/dev/null
fi
[ -s "$ca/ca.pem" ] || die "no ca.pem in $ca"
sed -i "s/@COMPATIBLE@/$BOARD_COMPATIBLE/" "$target/etc/rauc/system.conf"
install -m 644 "$ca/ca.pem" "$target/etc/rauc/keyring.pem"

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' "$source/Cargo.toml")
rm -f "$target/etc/os-release"
cat >"$target/etc/os-release" <<END
NAME=Demarc
ID=demarc
VERSION_ID=$version
BUILD_ID=$(cat "$source/BUILD_ID" 2>/dev/null || echo unknown)
PRETTY_NAME="Demarc $version"
VARIANT="Buildroot ${BR2_VERSION_FULL:-${BR2_VERSION:-}}"
DEMARC_BOARD=$BOARD_ID
END

# What an appliance does not need; gdb's helpers of libraries too.
rm -rf "$target"/usr/share/{bash-completion,gdb,man,doc,info,locale,aclocal} "$target"/usr/lib/{pkgconfig,cmake}
find "$target/usr/lib" -maxdepth 1 \( -name '*.a' -o -name '*.la' -o -name '*-gdb.py' \) -delete
