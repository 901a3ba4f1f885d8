#!/usr/bin/env bash
# control_group_test in a machine of its own, whose kernel has control groups of version 2 alone: two
# seconds from its first instruction to the tests, for there is neither firmware nor a TPM.
set -euo pipefail

skip() { echo "skipped: $*; './dev test' and './dev lab' fetch what the laboratory needs"; exit 77; }

[ "$(uname -m)" = x86_64 ] || skip "the machine is an x86-64 one"
for program in qemu-system-x86_64 cpio zstd; do
  command -v "$program" >/dev/null || skip "$program is not installed"
done
[ -x /bin/busybox ] || skip "busybox is not installed"
[ -f "${VEDETTE_LAB_DEPS:-.deps/lab}/kernel.done" ] || skip "no kernel was fetched"

source scripts/setup.sh
source scripts/lab/main.sh

# The programs lie where they lie on the host: the tests know that path.
build_root() {  # root
  local program
  mkdir -p "$1"/{bin,dev,proc,sys,tmp} "$1$VEDETTE_BIN"
  copy_busybox "$1"
  cp tests/lab/control_group_init "$1/init"
  for program in control_group_test vedette-worker; do cp "$VEDETTE_BIN/$program" "$1$VEDETTE_BIN/"; done
  echo "$VEDETTE_BIN/control_group_test" >"$1/program"
  libraries_of "$VEDETTE_BIN/control_group_test" "$VEDETTE_BIN/vedette-worker" | copy_libraries "$1"
  chmod 0755 "$1/init"
}

pack() {  # root, file
  (cd "$1" && find . -print0 | cpio --quiet --null --create --format=newc --owner=0:0) | zstd -q -3 >"$2"
}

boot() {  # initramfs, console
  local status=0
  timeout "${VEDETTE_LAB_TIMEOUT:-300}" qemu-system-x86_64 -machine q35,accel=tcg -cpu max -m 1024 -nodefaults \
    -display none -no-reboot -kernel "$(kernel_image)" -initrd "$1" \
    -append 'console=ttyS0 no_timer_check quiet' -serial "file:$2" </dev/null || status=$?
  [ "$status" -eq 0 ] || echo "the machine ended with $status"
}

rm -rf "$LAB_FOLDER"
mkdir -p "$LAB_FOLDER"
build_root "$LAB_FOLDER/root"
pack "$LAB_FOLDER/root" "$LAB_FOLDER/initramfs"
rm -rf "$LAB_FOLDER/root"
boot "$LAB_FOLDER/initramfs" "$LAB_FOLDER/serial.log"
rm "$LAB_FOLDER/initramfs"
tr -d '\r' <"$LAB_FOLDER/serial.log"
grep -qaE '^\[  PASSED  \] [1-9]' "$LAB_FOLDER/serial.log"
grep -qa '^lab: the tests ended with 0' "$LAB_FOLDER/serial.log"
