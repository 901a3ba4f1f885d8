# shellcheck shell=bash
# ./dev lab: a virtual device with a measured boot. See docs/lab.md.
set -euo pipefail

LAB_FOLDER=$(realpath -m "${VEDETTE_LAB_FOLDER:-build/lab}")
VEDETTE_BIN=${VEDETTE_BIN:-$PWD/build/release/bin}

source scripts/lab/kernel.sh
source scripts/lab/initramfs.sh
source scripts/lab/tpm.sh
source scripts/lab/machine.sh
source scripts/lab/signed_image.sh
source scripts/lab/server.sh
source scripts/lab/start.sh
source scripts/lab/story.sh
source scripts/lab/scenarios.sh

lab_help() {
  cat <<'TXT'
./dev lab [story] [circumstances] [--again]
                       a new device enrols and attests; then, if something is to differ or with
                       --again, the same device starts once more and is judged by the first start
./dev lab scenarios    two devices under every circumstance in turn, each held against what must come of it
./dev lab boot [circumstances]           start the device alone, without a server, and show what it measured
./dev lab shell [circumstances]          the same with a shell on its console
./dev lab capture DIR [circumstances]    the same, and copy event log, IMA list and PCR values to DIR
./dev lab tamper FILE COPY [OFFSET]      a copy of a log with one bit of one byte flipped
./dev lab help
TXT
  usage_of_switches
  cat <<'TXT'
environment: VEDETTE_BIN (programs), VEDETTE_LAB_FOLDER (the device and the server), VEDETTE_LAB_TIMEOUT
  (seconds for one start), VEDETTE_LAB_REGISTERS (that the server asks for), VEDETTE_LAB_MEMORY_MIB
TXT
}

# What a visit needs beside the packages that are installed.
lab_fetch() {
  fetch_kernel
  fetch_stub
}

# One visit at a time: a TPM has one user, and a device one power switch.
enter_lab() {
  [ "$(uname -m)" = x86_64 ] || { echo "lab: the device is an x86-64 machine; so must this one be" >&2; return 1; }
  mkdir -p "$LAB_FOLDER"
  exec 9>"$LAB_FOLDER/lock"
  flock --nonblock 9 || { echo "lab: $LAB_FOLDER is in use" >&2; return 1; }
  trap 'stop_machine; stop_secured; stop_server' EXIT
  trap 'exit 130' INT TERM
  set -o errtrace
  trap 'echo "lab: ${BASH_SOURCE[0]}:$LINENO did not succeed" >&2' ERR
  [ -z "$FRESH" ] || rm -rf "$LAB_FOLDER/device" "$LAB_FOLDER/device-secured"
  mkdir -p "$LAB_FOLDER/device"
  fetch_kernel
}

lab_boot() {
  enter_lab
  local device=$LAB_FOLDER/device
  prepare_in "$device" ''
  prepare_boot "$device"
  start_device "$device" file
  if [ "$SECURE_BOOT" = unsigned ]; then play_firmware_refusal "$device"; return; fi
  await_power_off "$device"
  collect "$device"
  stop_machine
  say "the device started, measured and powered itself off"
  show_measurements "$device"
}

lab_shell() {
  enter_lab
  local device=$LAB_FOLDER/device
  prepare_in "$device" 'shell=yes'
  prepare_boot "$device"
  say "the console of the device; 'exit' there powers it off"
  start_device "$device" terminal
  ended_well "$device"
  collect "$device"
}

lab_capture() {  # folder
  [ $# -eq 1 ] || { echo "lab: capture where to?" >&2; return 2; }
  [ "$SECURE_BOOT" != unsigned ] || { echo "lab: a device that does not start leaves nothing" >&2; return 2; }
  lab_boot
  mkdir -p "$1"
  cp "$LAB_FOLDER"/device/out/{event_log.bin,ima.bin,ima.txt,ima-count.txt,pcrs.txt,cmdline.txt,dmesg.txt} "$1/"
  chmod a+r "$1"/*
  say "event_log.bin, ima.bin and pcrs.txt are in $1"
}

tamper() {  # file copy offset
  local offset=$3 byte
  byte=$(od -An -tu1 -j "$offset" -N 1 "$1")
  cp "$1" "$2"
  printf '%b' "\\x$(printf %x $((byte ^ 1)))" | dd of="$2" bs=1 seek="$offset" conv=notrunc status=none
}

lab_tamper() {  # file copy [offset]
  [ $# -ge 2 ] || { echo "lab: tamper which file into which?" >&2; return 2; }
  local offset=${3:-$(($(stat -c %s "$1") / 2))}
  tamper "$1" "$2" "$offset"
  echo "byte $offset of $2 differs from $1 in one bit"
}

# A new control plane, and devices that nobody knows.
open_lab() {  # server folder
  FRESH=yes
  enter_lab
  rm -rf "$1"
  make_server "$1"
  start_server "$1"
  publish_model "$1"
}

# A new device, whose first start is what is right.
open_story() {  # server folder, device folder, mode of Secure Boot
  local APPEND='' EXTRA='' UNKNOWN='' EVENT_LOG='' IMA_LIST='' SECURE_BOOT=$3 SERVE=''
  mkdir -p "$2"
  manufacture_tpm "$2"
  admit_maker "$1" "$2"
  play_golden "$1" "$2"
}

lab_story() {
  local again='' golden=off server=$LAB_FOLDER/server device=$LAB_FOLDER/device argument
  for argument in "$@"; do
    [ "$argument" = again ] || { echo "lab: '$argument' is no part of the story" >&2; return 2; }
    again=yes
  done
  [ "${#CIRCUMSTANCES[@]}" -eq 0 ] || again=yes
  # What differs is for the second start; who switches Secure Boot off had it on.
  case "$SECURE_BOOT" in disabled | bypass) golden=signed ;; esac
  open_lab "$server"
  open_story "$server" "$device" "$golden"
  [ -z "$again" ] || play_again "$server" "$device"
}

lab() {
  local command=story
  case "${1:-}" in
    story | scenarios | boot | shell | capture | tamper | help) command=$1; shift ;;
  esac
  if [ "$command" = tamper ]; then lab_tamper "$@"; return; fi
  if [ "$command" = help ]; then lab_help; return; fi
  local words=() word
  for word in "$@"; do [ "$word" = --again ] && word=again; words+=("$word"); done
  read_switches "${words[@]}" || return
  "lab_$command" "${ARGUMENTS[@]}"
}
