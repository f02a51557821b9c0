#!/usr/bin/env bash
# Nothing in the image has another's rights, and nobody but root writes anywhere: post-fakeroot.sh TARGET_DIR BOARD_DIR
# Runs when every owner and mode is set, before the file system is made.
set -euo pipefail
target=$1
find "$target" -type f -perm /6000 -exec chmod u-s,g-s {} +
# A link has no mode of its own; directories with the sticky bit are those for temporary files.
writable=$(find "$target" ! -type l ! -path "$target/dev/*" -perm -0002 ! -perm -1000 -print)
if [ -n "$writable" ]; then
    echo "post-fakeroot: anybody may write:" >&2
    echo "$writable" >&2
    exit 1
fi
