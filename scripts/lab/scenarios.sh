# shellcheck shell=bash
# Every circumstance in turn, each held against what must come of it: a refusal that says why, an
# acceptance after an operator's. Two devices start side by side, one of them with Secure Boot. What
# each start said and left stays in scenarios/ for whoever looks closer.

readonly LAB_SCENARIOS=$LAB_FOLDER/scenarios
SCENARIO_FAILURES=0
SECURED_PID=

stop_secured() {
  [ -n "$SECURED_PID" ] || return 0
  kill "$SECURED_PID" 2>/dev/null || true
  wait "$SECURED_PID" 2>/dev/null || true
  SECURED_PID=
}

# What the device left, and what its agent sent in place of its own logs.
keep_scenario() {  # device folder, name
  rm -rf "${LAB_SCENARIOS:?}/$2"
  cp -r "$1/out" "$LAB_SCENARIOS/$2"
  cp -r "$1/in/logs" "$LAB_SCENARIOS/$2/sent"
}

not_as_it_must_be() {  # what it is, what is wrong
  printf '  \033[31m✗ FAILED: %s\033[0m: %s\n' "$1" "$2"
  SCENARIO_FAILURES=$((SCENARIO_FAILURES + 1))
}

must_tell() {  # what it is, file, extended regular expressions; of one after a '!' nothing may be said
  local what=$1 file=$2 expression
  shift 2
  for expression in "$@"; do
    if [ "$expression" != "${expression#!}" ]; then
      grep -qaE "${expression#!}" "$file" || continue
      not_as_it_must_be "$what" "something says ${expression#!}"
      return
    fi
    grep -qaE "$expression" "$file" && continue
    not_as_it_must_be "$what" "nothing says $expression"
    return
  done
  told "as it must be: $what"
}

# A host that is too busy may let a start end without any verdict: it is played once more then. A
# verdict stands, whatever it is.
play_until_judged() {  # device folder, log
  local try
  for try in first last; do
    play_again "$LAB_FOLDER/server" "$1" >"$2" 2>&1 || true
    if grep -qaE '^lab: (attested|refused)' "$1/serial.log" || [ "$SECURE_BOOT" = unsigned ]; then return; fi
    cp "$1/serial.log" "$2.$try"
    stop_machine
  done
}

scenario() {  # device folder, name, what it is, regular expressions, --, circumstances...
  local device=$1 name=$2 what=$3 expressions=() log=$LAB_SCENARIOS/$2.txt
  shift 3
  while [ "$1" != -- ]; do expressions+=("$1"); shift; done
  shift
  as_it_should
  read_switches "$@"
  play_until_judged "$device" "$log"
  cat "$log"
  must_tell "$what" "$log" "${expressions[@]}"
  [ ! -d "$device/out" ] || keep_scenario "$device" "$name"
}

# Where the log has the variable's name, whose value is behind it, and the event's digest before.
place_of_secure_boot() {  # event log
  LC_ALL=C grep --only-matching --byte-offset --text --perl-regexp \
    "$(printf 'SecureBoot' | sed 's/./&\\x00/g')" "$1" | tr '\0' '\n' | sed -n '1s/:.*//p'
}

# Without Secure Boot; the operator accepts the last change.
scenarios_of_the_plain_device() {
  local device=$LAB_FOLDER/device refused='NOT ACCEPTED' accepted='! attested: '
  open_story "$LAB_FOLDER/server" "$device" off
  keep_scenario "$device" golden
  scenario "$device" reboot "a reboot is accepted, and a worker is bounded by version 2" ' attested: ' \
    'bounded by v2 memory, v2 pids' -- --serve
  scenario "$device" unknown "an unknown program is refused and named" "$refused" \
    'IMA: /opt/unknown is new, digest sha256:[0-9a-f]{64}' -- --run-unknown
  scenario "$device" ima-tampered "a list that leaves the program out is refused" "$refused" \
    'refused  .*\[ATT-IMA-MISMATCH\]$' 'NOT BELIEVED: .*\[ATT-IMA-MISMATCH\]$' "$accepted" \
    'something was measured that the list does not name.*inspect' -- --run-unknown --ima-list "$LAB_SCENARIOS/golden/ima.bin"
  scenario "$device" initramfs "another initramfs is refused" "$refused" 'PCR 9: the initial file system changed' \
    -- --extra "$LAB_SCENARIOS/extra"
  scenario "$device" command-line "another command line is refused and told" "$refused" \
    'PCR 9: the kernel command line changed: .*" -> .*mitigations=off' -- --append mitigations=off
  operate "$LAB_FOLDER/server" reference accept "$LAB_GROUP" --from "$(device_name "$device")" \
    >>"$LAB_FOLDER/server/operator.log"
  told "the operator accepts this change"
  scenario "$device" accepted "the update is accepted after its acceptance" ' attested: ' -- --append mitigations=off
}

# With Secure Boot, until somebody switches it off, and forges the log to hide that.
scenarios_of_the_secured_device() {
  local device=$LAB_FOLDER/device-secured log=$LAB_SCENARIOS/tampered.bin refused='NOT ACCEPTED' accepted='! attested: '
  open_story "$LAB_FOLDER/server" "$device" signed
  keep_scenario "$device" secured
  tamper "$device/out/event_log.bin" "$log" $(($(place_of_secure_boot "$device/out/event_log.bin") - 68))
  scenario "$device" log-tampered "a log with one bit flipped is refused" "$refused" \
    'refused  .*\[ATT-LOG-MISMATCH\]$' 'NOT BELIEVED: .*\[ATT-LOG-MISMATCH\]$' "$accepted" \
    'PCR 7: quoted [0-9a-f]{64}, replayed' 'cut, forged.*inspect the device' -- --secure-boot signed --event-log "$log"
  scenario "$device" secure-boot-off "Secure Boot switched off is refused, and told" "$refused" \
    'PCR 7: Secure Boot changed: Secure Boot is on -> Secure Boot is off' -- --secure-boot disabled
  tamper "$device/out/event_log.bin" "$log" $(($(place_of_secure_boot "$device/out/event_log.bin") + 20))
  scenario "$device" secure-boot-forged "a log that says 'on' when it is off is refused" "$refused" \
    'refused  .*\[ATT-LOG-DATA\]$' 'NOT BELIEVED: .*\[ATT-LOG-DATA\]$' "$accepted" \
    'PCR 7' 'inspect the device' -- --secure-boot disabled --event-log "$log"
  scenario "$device" bypass "a kernel that no one checked is refused" "$refused" 'nothing is said about application' \
    -- --secure-boot bypass
  scenario "$device" unsigned "an image without a signature is not even started" 'refused  by the firmware' \
    -- --secure-boot unsigned
  scenario "$device" secure-boot-on "on again, it is accepted" ' attested: ' -- --secure-boot signed
}

tell_failures() {
  [ "$SCENARIO_FAILURES" -eq 0 ] || { echo "$SCENARIO_FAILURES scenarios failed" >&2; return 1; }
}

lab_scenarios() {
  local status=0
  LAB_BRIEF=yes
  open_lab "$LAB_FOLDER/server"
  rm -rf "$LAB_SCENARIOS"
  mkdir -p "$LAB_SCENARIOS"
  echo 'a file that nobody expects' >"$LAB_SCENARIOS/extra"
  (
    trap stop_machine EXIT
    trap 'exit 143' TERM
    LAB_GROUP=laboratory-secured
    scenarios_of_the_secured_device
    tell_failures
  ) >"$LAB_SCENARIOS/secured.txt" 2>&1 &
  SECURED_PID=$!
  say "a device without Secure Boot; one with it starts beside it, of which you read later"
  scenarios_of_the_plain_device
  say "the device with Secure Boot, meanwhile"
  wait "$SECURED_PID" || status=1
  SECURED_PID=
  cat "$LAB_SCENARIOS/secured.txt"
  tell_failures && return "$status"
}
