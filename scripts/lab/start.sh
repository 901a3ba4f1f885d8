# shellcheck shell=bash
# One start of the device under chosen circumstances, and what they are.

# Set by read_switches.
APPEND='' EXTRA='' UNKNOWN='' EVENT_LOG='' IMA_LIST='' SECURE_BOOT=off SERVE='' FRESH='' CIRCUMSTANCES=()

as_it_should() { APPEND='' EXTRA='' UNKNOWN='' EVENT_LOG='' IMA_LIST='' SECURE_BOOT=off SERVE='' CIRCUMSTANCES=(); }

usage_of_switches() {
  cat <<'TXT'
circumstances of a start:
  --append TEXT        add TEXT to the kernel's command line
  --extra FILE         put FILE into the initramfs too
  --run-unknown[=FILE] after the start, run FILE (or a script of ours), which nobody vouches for
  --event-log FILE     the agent sends FILE in place of the firmware's event log
  --ima-list FILE      the agent sends FILE in place of the kernel's measurement list
  --secure-boot MODE   off (default)
                       signed    one image, signed with the key that the firmware trusts
                       disabled  the same, but somebody has switched Secure Boot off in the firmware's setup
                       unsigned  an image that is not signed: the firmware starts nothing
                       bypass    a kernel handed over by QEMU: the firmware neither checks nor measures it
  --serve              the device stays until its model answers, and shows what bounds its worker
  --fresh              forget the device's TPM, firmware variables and state first
TXT
}

words_of_secure_boot() {  # mode
  case "$1" in
    signed) echo 'Secure Boot is on' ;;
    disabled) echo 'Secure Boot was switched off in the setup' ;;
    unsigned) echo 'Secure Boot is on, and its image is not signed' ;;
    bypass) echo 'Secure Boot is on, and a kernel gets past it' ;;
    *) echo "Secure Boot is $1" ;;
  esac
}

# Takes the circumstances out of the arguments; what remains is in ARGUMENTS.
read_switches() {
  ARGUMENTS=()
  while [ $# -gt 0 ]; do
    case "$1" in
      --append | --extra | --event-log | --ima-list | --secure-boot)
        [ $# -gt 1 ] || { echo "lab: $1 needs a value" >&2; return 2; } ;;&
      --extra | --event-log | --ima-list)
        [ -f "$2" ] || { echo "lab: $1: there is no file $2" >&2; return 2; } ;;&
      --append) APPEND=$2 CIRCUMSTANCES+=("command line with '$2'"); shift ;;
      --extra) EXTRA=$2 CIRCUMSTANCES+=("initramfs with $(basename "$2")"); shift ;;
      --event-log) EVENT_LOG=$2 CIRCUMSTANCES+=("its agent shows the event log $(basename "$2")"); shift ;;
      --ima-list) IMA_LIST=$2 CIRCUMSTANCES+=("its agent shows the IMA list $(basename "$2")"); shift ;;
      --secure-boot) SECURE_BOOT=$2 CIRCUMSTANCES+=("$(words_of_secure_boot "$2")"); shift ;;
      --run-unknown) UNKNOWN=ours CIRCUMSTANCES+=('an unknown program runs') ;;
      --run-unknown=*) UNKNOWN=${1#*=} CIRCUMSTANCES+=("unknown program ${1#*=} runs") ;;
      --serve) SERVE=yes CIRCUMSTANCES+=('it stays until its model answers') ;;
      --fresh) FRESH=yes ;;
      -*) echo "lab: there is no switch '$1'" >&2; return 2 ;;
      *) ARGUMENTS+=("$1") ;;
    esac
    shift
  done
  case "$SECURE_BOOT" in
    off | signed | disabled | unsigned | bypass) ;;
    *) echo "lab: --secure-boot takes off, signed, disabled, unsigned or bypass" >&2; return 2 ;;
  esac
}

# Lays what is started into DEVICE/boot.
prepare_boot() {  # device folder
  local folder=$1/boot
  rm -rf "$folder"
  mkdir -p "$folder"
  build_initramfs "$VEDETTE_BIN" "$folder/initramfs" ${EXTRA:+"$EXTRA"}
  printf '%s' "$LAB_APPEND${APPEND:+ $APPEND}" >"$folder/append"
  cp "$(kernel_image)" "$folder/kernel"
  case "$SECURE_BOOT" in
    signed | disabled | unsigned)
      fetch_stub
      build_boot_disk "$folder/kernel" "$folder/initramfs" "$(cat "$folder/append")" "$folder/disk" "$SECURE_BOOT" ;;
  esac
}

# Lays what the device is told into DEVICE/in.
prepare_in() {  # device folder, settings of /init, one a line
  rm -rf "$1/in"
  mkdir -p "$1/in/logs"
  printf 'patience=%s\n%s\n' "$LAB_PATIENCE" "$2" >"$1/in/scenario"
  [ -z "$EVENT_LOG" ] || cp -- "$EVENT_LOG" "$1/in/logs/event_log.bin"
  [ -z "$IMA_LIST" ] || cp -- "$IMA_LIST" "$1/in/logs/ima.bin"
  case "$UNKNOWN" in
    '') ;;
    ours) printf '#!/bin/sh\necho "nobody vouches for me"\n' >"$1/in/unknown" ;;
    *) cp -L -- "$UNKNOWN" "$1/in/unknown" ;;
  esac
}

# The firmware of this start and its variables, as somebody has set them up by now.
prepare_firmware() {  # device folder
  FIRMWARE=snakeoil
  case "$SECURE_BOOT" in
    off) FIRMWARE=plain ;;
    disabled) switch_secure_boot "$(firmware_variables "$1" "$FIRMWARE")" 0 ;;
    *) switch_secure_boot "$(firmware_variables "$1" "$FIRMWARE")" 1 ;;
  esac
}

start_device() {  # device folder, file|terminal
  prepare_firmware "$1"
  start_machine "$1" "$1/in" "$1/boot" "$FIRMWARE" "$2"
}
