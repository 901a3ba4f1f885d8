# shellcheck shell=bash
# What a person sees of the laboratory.

told() { printf '  \033[32m✓\033[0m %s\n' "$*"; }
refused() { printf '  \033[33m■\033[0m %s\n' "$*"; }

# The newest refusal of one area in the agent's news: `sentence  [CODE]` and its cause.
newest_refusal() {  # device folder, area
  grep -ao "\"error\":{\"code\":\"$2-.*" "$1/serial.log" | tail -n 1 |
    sed -nE 's/.*"code":"([^"]*)","message":"([^"]*)","cause":"(([^"\\]|\\.)*)".*/\2: \3  [\1]/p' |
    sed 's/:   /  /; s/\\"/"/g'
}

device_name() {  # device folder
  sed -n 's/.*certificate for \([^ ]*\) until.*/\1/p' "$1/serial.log" | tail -n 1
}

show_measurements() {  # device folder
  local out=$1/out
  echo "      event log $(stat -c %s "$out/event_log.bin") bytes, IMA list $(cat "$out/ima-count.txt") entries"
  awk '/0x/ && $0 !~ /0x0+$/ && $0 !~ /0xF+$/ {sub(":", "", $1); value = tolower($NF); sub("^0x", "", value)
    printf "      PCR %-2s %s…\n", $1, substr(value, 1, 32)}' "$out/pcrs.txt"
}

# Tells how the start ended that `collect` has just looked at.
tell_verdict() {  # device folder
  local why
  if grep -qa '^lab: attested' "$1/serial.log"; then
    told "$(device_name "$1") attested: $(grep -ao 'attested until [0-9TZ:.-]*' "$1/serial.log" | tail -n 1)"
  else
    why=$(newest_refusal "$1" ATT || true)
    [ -n "$why" ] || why=$(newest_refusal "$1" '[A-Z]*' || true)
    refused "refused  ${why:-nothing was heard of the agent; see $1/serial.log}"
  fi
}

# The agent's control group and those below: its own leaf, its zygote's, its worker's.
tell_bounds() {  # device folder
  local by
  by=$(sed -n 's/.*"bounded_by":"\([^"]*\)".*/\1/p' "$1/out/status.json")
  if [ -n "$by" ]; then told "its model answers, its worker bounded by $by"; else refused "nothing bounds a worker of it"; fi
  sed 's/^/      /' "$1/out/groups.txt"
}

# The first start: the operator trusts this state, and takes it for what is right.
play_golden() {  # server folder, device folder
  say "a device with a TPM starts: firmware, kernel, initramfs, agent"
  prepare_in "$2" ''
  write_agent_folder "$1" "$2" "$2/in/agent"
  prepare_boot "$2"
  start_device "$2" file
  await_serial "$2" 'ATT-NO-REFERENCE' "$LAB_TIMEOUT" ||
    { tail -n 20 "$2/serial.log" >&2; echo "lab: the agent did not get as far as attesting" >&2; return 1; }
  told "enrolled as $(device_name "$2"), by the certificate of its TPM's maker"
  refused "refused  $(newest_refusal "$2" ATT)"
  operate "$1" reference learn "$LAB_GROUP" --from "$(device_name "$2")" >>"$1/operator.log"
  told "the operator takes PCR $LAB_REGISTERS of this start for what is right"
  await_power_off "$2"
  collect "$2"
  tell_verdict "$2"
  show_measurements "$2"
  stop_machine
  grep -qa '^lab: attested' "$2/serial.log" ||
    { echo "lab: the device did not attest by its own start's values; see $2/serial.log" >&2; return 1; }
}

# Why, in the server's words; LAB_BRIEF leaves out what has run and whether other devices booted alike.
explain() {  # server folder, device folder
  local omit='^$'
  [ -z "${LAB_BRIEF:-}" ] || omit='^(its boot says|has run since|devices held to)'
  operate "$1" attest explain "$(device_name "$2")" 2>>"$1/operator.log" |
    awk -v omit="$omit" 'BEGIN {RS = ""} $0 !~ omit {gsub(/(^|\n)/, "&      "); print; print ""}' || true
}

play_again() {  # server folder, device folder
  local text
  text=$(printf '%s; ' "${CIRCUMSTANCES[@]:-nothing differs}")
  say "the same device starts again: ${text%; }"
  prepare_in "$2" "until='\"code\":\"ATT-' serve=$SERVE"
  write_agent_folder "$1" "$2" "$2/in/agent"
  prepare_boot "$2"
  start_device "$2" file
  if [ "$SECURE_BOOT" = unsigned ]; then
    play_firmware_refusal "$2"
    return
  fi
  await_power_off "$2"
  collect "$2"
  tell_verdict "$2"
  [ -z "$SERVE" ] || tell_bounds "$2"
  explain "$1" "$2"
  stop_machine
}

play_firmware_refusal() {  # device folder
  if await_serial "$1" 'failed to (load|start).*(Access Denied|Security Violation)' "$LAB_TIMEOUT"; then
    refused "refused  by the firmware: $(grep -aoE 'failed to (load|start).*' "$1/serial.log" | head -n 1 | tr -d '\r')"
    stop_machine
  else
    echo "lab: the firmware did not refuse; see $1/serial.log" >&2
    stop_machine
    return 1
  fi
}
