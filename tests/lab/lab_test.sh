#!/usr/bin/env bash
# Two devices start under every circumstance of `./dev lab scenarios`. Afterwards everything is judged
# by what they said and left. Needs what `./dev test` and `./dev lab` install.
set -euo pipefail

skip() {
  local what=skipped status=77
  if [ "${VEDETTE_LAB_REQUIRED:-}" = 1 ]; then what=FAILED status=1; fi
  echo "$what: $*; './dev test' and './dev lab' fetch what the laboratory needs"
  exit "$status"
}

[ "$(uname -m)" = x86_64 ] || skip "the devices are x86-64 machines"
needed=(qemu-system-x86_64 swtpm swtpm_setup swtpm_localca cpio zstd sha256sum sbsign objcopy openssl)
for program in "${needed[@]}"; do
  command -v "$program" >/dev/null || skip "$program is not installed"
done
[ -x /bin/busybox ] || skip "busybox is not installed"
[ -f /usr/share/OVMF/OVMF_CODE_4M.secboot.fd ] || skip "ovmf is not installed"
deps=${VEDETTE_LAB_DEPS:-.deps/lab}
if ! [[ -f $deps/kernel.done && -d $deps/stub ]]; then skip "no kernel was fetched"; fi

source scripts/setup.sh
source scripts/lab/main.sh

failures=0
pass() { echo "ok      $1"; }
fail() { echo "FAILED  $1"; failures=$((failures + 1)); }
expect() {  # what, command...
  local what=$1
  shift
  if "$@"; then pass "$what"; else fail "$what"; fi
}

register() {  # out folder, number
  awk -v number="$2" -F'[: ]+' '$2 == number {print tolower(substr($3, 3))}' "$1/pcrs.txt"
}

is_extended() { [[ "$(register "$1" "$2")" =~ ^[0-9a-f]{64}$ && ! "$(register "$1" "$2")" =~ ^(0+|f+)$ ]]; }
is_zero() { [[ "$(register "$1" "$2")" =~ ^0{64}$ ]]; }
same_register() { [ "$(register "$1" "$3")" = "$(register "$2" "$3")" ]; }
differs() { ! same_register "$@"; }
holds() { grep -qaE "$1" "$2"; }
lacks() { ! holds "$@"; }

# IMA's first entry: SHA-256 over PCR 0 to 9 (Linux 5.8 and later).
aggregate_fits() {  # out folder
  local number bytes=
  for number in 0 1 2 3 4 5 6 7 8 9; do bytes+=$(register "$1" "$number" | sed 's/../\\x&/g'); done
  [ "$(printf '%b' "$bytes" | sha256sum | cut -d' ' -f1)" = \
    "$(sed -n '1s/.* sha256:\([0-9a-f]*\) boot_aggregate *$/\1/p' "$1/ima.txt")" ]
}

# A foreign reader of event logs replays ours to the very registers.
replay_fits() {  # out folder
  local number value replayed
  replayed=$(tpm2_eventlog "$1/event_log.bin" 2>/dev/null |
    sed -n '/^pcrs:/,$s/^ *\([0-9][0-9]*\) *: 0x\([0-9a-f]*\)$/\1 \2/p')
  [ -n "$replayed" ] || return 1
  while read -r number value; do
    [ "$(register "$1" "$number")" = "$value" ] || return 1
  done <<<"$replayed"
}

# In a shell of its own: in a condition, this one would go on after a command that failed.
visit() {  # arguments of lab...
  bash -c 'set -euo pipefail; source scripts/setup.sh; source scripts/lab/main.sh; lab "$@"' visit "$@"
}

ends_with() {  # status, arguments of lab...
  local expected=$1 status=0
  shift
  visit "$@" >/dev/null 2>&1 || status=$?
  [ "$status" -eq "$expected" ]
}

only_differs_in_one_byte() { [ "$(cmp -l "$1" "$2" | wc -l)" -eq 1 ]; }

# As the kernel tells it, an entry a line, without those of a path.
ima_lines() {  # file, path
  grep -v " $2 *$" "$1"
}
same_but_for() {  # file, other file, path that only the other has
  holds " $3 *$" "$2" && lacks " $3 *$" "$1" && cmp -s <(ima_lines "$1" "$3") <(ima_lines "$2" "$3")
}

# The policy's figure: 64 MiB of heap, as many for the program, the model, and a channel that is here
# taken for no more than 65 MiB (control_group_test.cpp compares to the page).
is_bounded() {  # out folder
  local most least=$(((64 + 64) << 20))
  least=$((least + $(stat -c %s .deps/models/silero_vad_v5.onnx)))
  most=$(sed -nE 's|.*/worker-1: 1 processes, memory.max ([0-9]+), pids.max 2, .*|\1|p' "$1/groups.txt")
  [ -n "$most" ] && [ "$most" -ge $((least - 4096)) ] && [ "$most" -le $((least + (65 << 20))) ]
}

mkdir -p "$LAB_FOLDER"
story_log=$LAB_FOLDER/story.txt
if visit scenarios >"$story_log" 2>&1; then told=yes; else told=; fi
cat "$story_log"
[ -n "$told" ] || { echo "FAILED  not every scenario came to what it must"; exit 1; }
at() { echo "$LAB_SCENARIOS/$1"; }
golden=$(at golden) secured=$(at secured)

expect "refuses a mode of Secure Boot that does not exist" ends_with 2 boot --secure-boot perhaps
expect "refuses a switch that does not exist" ends_with 2 boot --secure
expect "refuses a log that does not exist" ends_with 2 boot --event-log "$LAB_FOLDER/none"
expect "refuses to capture what does not start" ends_with 2 capture "$LAB_FOLDER/none" --secure-boot unsigned

expect "refuses a device before there are reference values" holds 'ATT-NO-REFERENCE' "$story_log"
expect "enrolled by its maker's certificate" holds 'enrolled as ek-' "$story_log"
expect "attested as it should start" holds 'attested until' "$story_log"
expect "attests after a reboot" holds ' attested: ' "$(at reboot).txt"
expect "its worker is bounded, and says so" holds '"bounded_by":"v2 memory, v2 pids"' "$(at reboot)/status.json"
expect "the worker's group has the policy's figures" is_bounded "$(at reboot)"
expect "the agent has moved into a leaf" \
  holds '^/sys/fs/cgroup/vedette-agent.service/vedette-supervisor: [1-9]' "$(at reboot)/groups.txt"
expect "its group hands memory and pids down, and has nobody in it" \
  holds "^/sys/fs/cgroup/vedette-agent.service: 0 processes, .*hands down 'memory pids'" "$(at reboot)/groups.txt"
expect "the agent says where its workers' groups are" \
  holds '"control_group":\{"version":2,"group":"/sys/fs/cgroup/vedette-agent.service","controllers":\["memory","pids"\]\}' \
  "$(at reboot)/status.json"
expect "names the unknown program" holds 'IMA: /opt/unknown is new.*ATT-IMA-UNACCEPTED' "$(at unknown).txt"
expect "refuses another initramfs" holds 'ATT-BOOT-UNACCEPTED' "$(at initramfs).txt"
expect "explains that the initramfs changed" holds 'PCR 9: the initial file system changed: .* -> ' "$(at initramfs).txt"
expect "refuses another command line, and says which" \
  holds 'mitigations=off.*ATT-BOOT-UNACCEPTED' "$(at command-line).txt"
expect "explains that PCR 9 changed, from what to what" \
  holds 'PCR 9: the kernel command line changed: .* -> .*mitigations=off' "$(at command-line).txt"
expect "tells how it would be accepted" holds 'vedette reference accept laboratory --from ek-' "$(at command-line).txt"
expect "attests once that was accepted" holds ' attested: ' "$(at accepted).txt"
expect "refuses Secure Boot off" holds 'Secure Boot is off.*ATT-BOOT-UNACCEPTED' "$(at secure-boot-off).txt"
expect "explains that PCR 7 changed from on to off" \
  holds 'PCR 7: Secure Boot changed: Secure Boot is on -> Secure Boot is off' "$(at secure-boot-off).txt"
expect "attests once it is on again" holds ' attested: ' "$(at secure-boot-on).txt"
expect "what the firmware does not start leaves no log" test ! -e "$(at unsigned)/event_log.bin"
expect "refuses a kernel that was never checked" holds 'ATT-BOOT-UNACCEPTED' "$(at bypass).txt"
for name in log-tampered secure-boot-forged ima-tampered; do
  expect "$name: says that the log was not believed" holds 'its logs were NOT BELIEVED' "$(at "$name").txt"
  expect "$name: says what to do" holds 'inspect the device, then boot it anew' "$(at "$name").txt"
  expect "$name: offers no acceptance" lacks 'vedette reference accept' "$(at "$name").txt"
done
# The firmware measured as at the start that the log is of, and but for one byte that log was sent.
for pair in "secured log-tampered" "secure-boot-off secure-boot-forged"; do
  read -r sound name <<<"$pair"
  expect "$name: one byte of the log was changed" \
    only_differs_in_one_byte "$(at "$sound")/event_log.bin" "$(at "$name")/sent/event_log.bin"
  for number in 0 1 2 3 4 5 6 7 8 9; do
    expect "$name: PCR $number is that of the log before" same_register "$(at "$sound")" "$(at "$name")" "$number"
  done
done
expect "ima-tampered: nothing but the program was left out" \
  same_but_for "$golden/ima.txt" "$(at ima-tampered)/ima.txt" /opt/unknown
expect "ima-tampered: that list was sent" cmp -s "$golden/ima.bin" "$(at ima-tampered)/sent/ima.bin"

for number in 0 1 2 3 4 5 6 7 9 10 13; do
  expect "PCR $number is extended" is_extended "$golden" "$number"
done
for number in 8 11 12 14 15 16; do expect "PCR $number is as it was reset" is_zero "$golden" "$number"; done
for number in 0 1 2 3 4 5 6 7; do
  expect "PCR $number is the same at both starts" same_register "$golden" "$(at command-line)" "$number"
done
for number in 0 1 2 3 4 5 6 7 8 9 10; do
  expect "PCR $number is the same after a reboot" same_register "$golden" "$(at reboot)" "$number"
  expect "PCR $number is the same with Secure Boot on again" same_register "$secured" "$(at secure-boot-on)" "$number"
done
expect "PCR 9 tells the command lines apart" differs "$golden" "$(at command-line)" 9
expect "PCR 10 tells what ran apart" differs "$golden" "$(at unknown)" 10
expect "PCR 7 tells Secure Boot apart" differs "$secured" "$(at secure-boot-off)" 7
expect "PCR 0 is of the same firmware" same_register "$secured" "$(at secure-boot-off)" 0
expect "the event log opens with its specification's name" holds '^.{32}Spec ID Event03' \
  <(tr '\0\n' '..' <"$golden/event_log.bin")
for name in golden command-line unknown secured secure-boot-off; do
  folder=$(at "$name")
  expect "$name: IMA's list opens with boot_aggregate" holds 'boot_aggregate' <(head -n 1 "$folder/ima.txt")
  expect "$name: boot_aggregate is the digest of PCR 0 to 9" aggregate_fits "$folder"
  expect "$name: the binary list is there" test -s "$folder/ima.bin"
  expect "$name: IMA's list holds the agent" holds ' /usr/bin/vedette-agent' "$folder/ima.txt"
  if command -v tpm2_eventlog >/dev/null; then
    expect "$name: tpm2_eventlog replays the log to the registers" replay_fits "$folder"
  fi
done
expect "IMA's list lacks what did not run" lacks ' /opt/unknown' "$golden/ima.txt"
expect "IMA's list holds the unknown program" holds ' /opt/unknown' "$(at unknown)/ima.txt"

lab tamper "$golden/event_log.bin" "$LAB_FOLDER/tampered.bin" >/dev/null
expect "a tampered log differs in one byte" only_differs_in_one_byte "$golden/event_log.bin" "$LAB_FOLDER/tampered.bin"
for name in again anew; do build_initramfs "$VEDETTE_BIN" "$LAB_FOLDER/$name"; done
expect "the same inputs give the same initramfs" cmp -s "$LAB_FOLDER/again" "$LAB_FOLDER/anew"
for name in again anew; do
  build_boot_disk "$(kernel_image)" "$LAB_FOLDER/again" quiet "$LAB_FOLDER/disk-$name" unsigned
  sleep 1  # the time must not be in it
done
expect "the same inputs give the same boot image" diff -r "$LAB_FOLDER/disk-again" "$LAB_FOLDER/disk-anew"
rm -rf "$LAB_FOLDER"/disk-* "$LAB_FOLDER/again" "$LAB_FOLDER/anew"

[ "$failures" -eq 0 ] || { echo "$failures failed"; exit 1; }
