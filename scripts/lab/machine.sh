# shellcheck shell=bash
# One start of the device: TPM, firmware, kernel, initramfs, until it powers itself off.

# The root is a ramfs, since IMA's built-in policy would not measure a tmpfs. On a busy host the kernel
# would take an emulated timer that comes late for one that is broken.
readonly LAB_APPEND='console=ttyS0 ima_policy=tcb rootfstype=ramfs no_timer_check quiet'
readonly LAB_OUT_MIB=32
readonly LAB_TIMEOUT=${VEDETTE_LAB_TIMEOUT:-300}  # seconds for one start, which takes some 20 on an idle machine
readonly LAB_PATIENCE=$((LAB_TIMEOUT * 2 / 3))    # of which the device waits so long for a verdict

# The processes of this start, which are the only ones that are ever stopped.
QEMU_PID=
TPM_PID=
RUN_FOLDER=

# QEMU, asked to end while its firmware writes into flash memory, may wait for itself for ever (7.2):
# what has not ended in five seconds is killed.
end_process() {  # pid, or nothing
  local tries=0
  [ -n "$1" ] || return 0
  kill "$1" 2>/dev/null || true
  while kill -0 "$1" 2>/dev/null; do
    if [ "$tries" -ge 100 ]; then kill -KILL "$1" 2>/dev/null || true; fi
    tries=$((tries + 1))
    sleep 0.05
  done
  wait "$1" 2>/dev/null || true
}

stop_machine() {
  end_process "$QEMU_PID"
  end_process "$TPM_PID"
  QEMU_PID='' TPM_PID=''
  [ -z "$RUN_FOLDER" ] || rm -rf "$RUN_FOLDER"
  RUN_FOLDER=''
}

# Firmware variables belong to a device, like its TPM: copied once, then its own.
firmware_variables() {  # device folder, firmware: plain|snakeoil|ms
  local variant=
  [ "$2" = plain ] || variant=.$2
  [ -f "$1/vars$variant.fd" ] || cp "/usr/share/OVMF/OVMF_VARS_4M$variant.fd" "$1/vars$variant.fd"
  echo "$1/vars$variant.fd"
}

firmware_options() {  # variables file, firmware
  local code=/usr/share/OVMF/OVMF_CODE_4M.fd machine=q35
  if [ "$2" != plain ]; then  # its variables are written from system management mode alone
    code=/usr/share/OVMF/OVMF_CODE_4M.secboot.fd machine=q35,smm=on
    printf '%s\n' -global driver=cfi.pflash01,property=secure,value=on
  fi
  printf '%s\n' -machine "$machine,accel=tcg" -drive "if=pflash,format=raw,unit=0,readonly=on,file=$code" \
    -drive "if=pflash,format=raw,unit=1,file=$1"
}

disk_options() {  # name, file, further options of the device
  local readonly=on
  [ "$1" != out ] || readonly=off
  printf '%s\n' -drive "if=none,id=$1,format=raw,readonly=$readonly,file=$2" -device "virtio-blk-pci,drive=$1,serial=$1${3:-}"
}

# What the firmware starts: a kernel that QEMU hands to it, or whatever a boot disk holds.
boot_options() {  # folder of what is started
  if [ -d "$1/disk" ]; then
    disk_options boot "fat:$1/disk" ,bootindex=0
  else
    printf '%s\n' -kernel "$1/kernel" -initrd "$1/initramfs" -append "$(cat "$1/append")"
  fi
}

# What the host tells the device: a tar archive on a raw disk.
write_in_disk() {  # folder, file
  tar --create --file="$2" --directory="$1" --owner=0 --group=0 .
  truncate --size=%1M "$2"
}

# What the start before left must not pass for what this one does: it goes to DEVICE/out.before.
put_away() {  # device folder
  rm -rf "$1/out.before"
  [ ! -d "$1/out" ] || mv "$1/out" "$1/out.before"
}

# Starts QEMU in the background, its serial line in a file; or on this terminal, until it ends.
start_machine() {  # device folder, in folder, folder of what is started, firmware, file|terminal
  local folder=$1 options=()
  put_away "$folder"
  RUN_FOLDER=$(mktemp -d)
  write_in_disk "$2" "$RUN_FOLDER/in.img"
  truncate --size="${LAB_OUT_MIB}M" "$RUN_FOLDER/out.img"
  manufacture_tpm "$folder"
  start_tpm "$folder" "$RUN_FOLDER/tpm.sock"
  mapfile -t options < <(
    firmware_options "$(firmware_variables "$folder" "$4")" "$4"
    disk_options in "$RUN_FOLDER/in.img"
    disk_options out "$RUN_FOLDER/out.img"
    boot_options "$3")
  # shellcheck disable=SC2054  # QEMU's own commas
  options=(qemu-system-x86_64 "${options[@]}" -cpu max -m "${VEDETTE_LAB_MEMORY_MIB:-512}" -nodefaults -display none
    -no-reboot -chardev "socket,id=tpm,path=$RUN_FOLDER/tpm.sock" -tpmdev emulator,id=tpm,chardev=tpm
    -device tpm-crb,tpmdev=tpm -netdev user,id=net -device virtio-net-pci,netdev=net,romfile=)
  : >"$folder/serial.log"
  if [ "$5" = terminal ]; then
    "${options[@]}" -chardev "stdio,id=line,signal=off,mux=on,logfile=$folder/serial.log" -serial chardev:line
  else
    "${options[@]}" -serial "file:$folder/serial.log" >"$folder/qemu.log" 2>&1 </dev/null &
    QEMU_PID=$!
  fi
}

# Waits until the serial line says so. Fails when the device ended without or time is up.
await_serial() {  # device folder, extended regular expression, seconds
  local until=$((SECONDS + $3))
  until grep -qaE "$2" "$1/serial.log"; do
    if [ "$SECONDS" -ge "$until" ]; then return 1; fi
    if ! kill -0 "$QEMU_PID" 2>/dev/null; then
      grep -qaE "$2" "$1/serial.log"  # it may have said so last of all
      return
    fi
    sleep 0.2
  done
}

# The device powers itself off; one that does not in time is switched off, and that is a failure.
await_power_off() {  # device folder
  local until=$((SECONDS + LAB_TIMEOUT))
  while kill -0 "$QEMU_PID" 2>/dev/null; do
    if [ "$SECONDS" -ge "$until" ]; then
      echo "lab: the device did not end within $LAB_TIMEOUT s; its console is $1/serial.log" >&2
      return 1
    fi
    sleep 0.2
  done
  ended_well "$1"
}

ended_well() {  # device folder
  grep -qa '^lab: end' "$1/serial.log" ||
    { echo "lab: the device ended before its work; see $1/serial.log and $1/qemu.log" >&2; return 1; }
}

# What the device left: into DEVICE/out, and its agent's state to where the next start finds it.
collect() {  # device folder
  mkdir -p "$1/out"
  tar --extract --file="$RUN_FOLDER/out.img" --directory="$1/out" --no-same-owner
  if [ -d "$1/out/state" ]; then
    rm -rf "$1/state"
    mv "$1/out/state" "$1/state"
  fi
}
