#!/usr/bin/env bash
# From Buildroot's rootfs.squashfs to what is handed out: disk image, update bundle. post-image.sh BINARIES_DIR BOARD_DIR
# The layout of the disk and GRUB's configuration are those of image/, the same as the Debian twin's.
# shellcheck disable=SC1090,SC1091
set -euo pipefail
export LC_ALL=C TZ=UTC
images=$1 board=$2
source=$BR2_EXTERNAL_DEMARC_PATH/..
. "$board/meta"
. "$source/image/layout"
PATH=$HOST_DIR/bin:$HOST_DIR/sbin:$PATH
die() { echo "post-image: $*" >&2; exit 1; }
: "${SOURCE_DATE_EPOCH:=1767225600}"
export SOURCE_DATE_EPOCH
version=$(sed -n 's/^VERSION_ID=//p' "$TARGET_DIR/etc/os-release")
name=demarc-$BOARD_ID
ca=${DEMARC_CA:-$BASE_DIR/dev-ca}
work=$images/work
rm -rf "$work"
mkdir -p "$work/in" "$work/tmp" "$work/bundle"

root=$images/rootfs.squashfs
[ "$(stat -L -c %s "$root")" -le $((SLOT_MIB << 20)) ] || die "the root file system does not fit its slot"

# --- The EFI partition: GRUB with its configuration inside, and its environment.
grub=$(echo "$BUILD_DIR"/grub2-*/build-"$BOARD_GRUB_PLATFORM"/grub-core)
[ -d "$grub" ] || die "GRUB for $BOARD_GRUB_PLATFORM was not built"
"$source/image/grub/make" "$source/image/grub/grub.cfg" "$BOARD_GRUB_PLATFORM" "$work/$BOARD_GRUB_FILE" "$grub"
{
    printf '# GRUB Environment Block\nORDER=A B\nA_OK=1\nA_TRY=0\nB_OK=0\nB_TRY=0\n'
    [ -z "$BOARD_CMDLINE" ] || printf 'CMDLINE=%s\n' "$BOARD_CMDLINE"
    head -c 1024 /dev/zero | tr '\0' '#'
} | head -c 1024 >"$work/grubenv"
find "$work" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
esp=$work/in/esp.vfat
truncate -s "${ESP_MIB}M" "$esp"
mkfs.vfat --invariant -F 32 -n EFI -i de3a7c00 "$esp" >/dev/null
mmd -i "$esp" ::/EFI ::/EFI/BOOT
mcopy -m -i "$esp" "$work/$BOARD_GRUB_FILE" ::/EFI/BOOT/
mcopy -m -i "$esp" "$work/grubenv" ::/grubenv

# --- The disk. The data partition is empty: its file system is made at the first start.
ln -f "$(readlink -f "$root")" "$work/in/rootfs.squashfs"
cat >"$work/genimage.cfg" <<END
image $name.raw {
	size = $((1 + ESP_MIB + 2 * SLOT_MIB + DATA_MIB + 1))M
	hdimage {
		partition-table-type = "gpt"
		disk-uuid = "$DISK_GUID"
	}
	partition EFI {
		partition-uuid = "$ESP_GUID"
		partition-type-uuid = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
		offset = 1M
		size = ${ESP_MIB}M
		image = "esp.vfat"
	}
	partition rootfs-a {
		partition-uuid = "$SLOT_A_GUID"
		partition-type-uuid = "$BOARD_ROOT_TYPE"
		offset = $((1 + ESP_MIB))M
		size = ${SLOT_MIB}M
		image = "rootfs.squashfs"
	}
	partition rootfs-b {
		partition-uuid = "$SLOT_B_GUID"
		partition-type-uuid = "$BOARD_ROOT_TYPE"
		offset = $((1 + ESP_MIB + SLOT_MIB))M
		size = ${SLOT_MIB}M
	}
	partition data {
		partition-uuid = "$DATA_GUID"
		partition-type-uuid = "0fc63daf-8483-4772-8e79-3d69d8477de4"
		offset = $((1 + ESP_MIB + 2 * SLOT_MIB))M
		size = ${DATA_MIB}M
	}
}
END
genimage --config "$work/genimage.cfg" --rootpath "$work/tmp" --tmppath "$work/genimage" \
    --inputpath "$work/in" --outputpath "$images" >"$work/genimage.log" 2>&1 ||
    { cat "$work/genimage.log" >&2; die "genimage failed"; }

# --- The update bundle.
ln -f "$(readlink -f "$root")" "$work/bundle/rootfs.img"
cat >"$work/bundle/manifest.raucm" <<END
[update]
compatible=$BOARD_COMPATIBLE
version=$version

[bundle]
format=verity

[image.rootfs]
filename=rootfs.img
END
rm -f "$images/$name.raucb"
rauc bundle --cert="$ca/cert.pem" --key="$ca/key.pem" --keyring="$ca/ca.pem" \
    "$work/bundle" "$images/$name.raucb" >"$work/rauc.log" 2>&1 ||
    { cat "$work/rauc.log" >&2; die "the bundle cannot be made"; }

# --- What is handed out.
"$source/image/block-map" "$images/$name.raw" >"$images/$name.raw.bmap"
zstd -q -f -T0 -15 "$images/$name.raw" -o "$images/$name.raw.zst"
outputs=("$name.raw.zst" "$name.raw.bmap" "$name.raucb")
if [ "$BOARD_VIRTUAL" = yes ] && command -v qemu-img >/dev/null; then
    qemu-img convert -q -c -O qcow2 "$images/$name.raw" "$images/$name.qcow2"
    outputs+=("$name.qcow2")
    if [ "$BOARD_ID" = x86_64 ]; then
        "$source/image/make-ova" "$images/$name.raw" "$images/$name.ova" "$version"
        outputs+=("$name.ova")
    fi
else
    echo "post-image: no qemu-img on this machine: no qcow2 and no OVA" >&2
fi
(cd "$images" && sha256sum "${outputs[@]}" >SHA256SUMS)
rm -rf "$work"
(cd "$images" && ls -l "${outputs[@]}")
