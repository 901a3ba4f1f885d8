# shellcheck shell=bash
# The control plane on the host, for one visit of the laboratory. The device reaches it at 10.0.2.2,
# which QEMU's user network leads to this host's loopback.

LAB_GROUP=laboratory  # that the device at hand belongs to
readonly LAB_HOST_SEEN_BY_DEVICE=10.0.2.2
# The whole boot, and IMA's; the server adds the agent's own.
readonly LAB_REGISTERS=${VEDETTE_LAB_REGISTERS:-0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}

SERVER_PID=

stop_server() {
  [ -n "$SERVER_PID" ] || return 0
  kill "$SERVER_PID" 2>/dev/null || true
  wait "$SERVER_PID" 2>/dev/null || true
  SERVER_PID=
}

server_port() {  # server folder, name
  sed -n "s/.*\"$2\":\([0-9]*\).*/\1/p" "$1/server.log" | head -n 1
}

operate() {  # server folder, arguments of vedette...
  local folder=$1
  shift
  "$VEDETTE_BIN/vedette" "$@" --operator "$folder/state/operators/admin"
}

write_server_config() {  # server folder
  cat >"$1/server.toml" <<TOML
state_folder = "state"
trust_domain = "laboratory.vedette"
ip_addresses = ["127.0.0.1", "$LAB_HOST_SEEN_BY_DEVICE"]
publisher_keys = ["publisher.key.pub"]

[attestation]
registers = [$LAB_REGISTERS]
lifetime_seconds = 60
interval_seconds = 20

[keys]
insecure_unencrypted = true
TOML
}

# A new control plane: its own authority, one operator, no device.
make_server() {  # server folder
  mkdir -p "$1"
  write_server_config "$1"
  "$VEDETTE_BIN/vedette-server" init "$1/state" --trust-domain laboratory.vedette --insecure-unencrypted \
    >"$1/init.log" 2>&1
  "$VEDETTE_BIN/vedette" key generate "$1/publisher.key" --insecure-unencrypted >>"$1/init.log"
}

# For whoever attests: detection of speech, as in the demo.
publish_model() {  # server folder
  cp .deps/models/silero_vad_v5.onnx "$1/voice.onnx"
  operate "$1" model sign "$1/voice.onnx" --key "$1/publisher.key" >>"$1/operator.log"
  operate "$1" release publish "$1/voice.onnx" --name voice --release 1 --tier low --key "$1/publisher.key" \
    >>"$1/operator.log"
}

start_server() {  # server folder
  local tries=0
  : >"$1/server.log"
  "$VEDETTE_BIN/vedette-server" run --config "$1/server.toml" >"$1/server.log" 2>&1 &
  SERVER_PID=$!
  until grep -q '"event":"ready"' "$1/server.log"; do
    if [ "$tries" -ge 200 ] || ! kill -0 "$SERVER_PID" 2>/dev/null; then
      cat "$1/server.log" >&2
      return 1
    fi
    tries=$((tries + 1))
    sleep 0.05
  done
  cat >"$1/state/operators/admin/operator.toml" <<TOML
host = "127.0.0.1"
port = $(server_port "$1" operator_port)
TOML
}

# Every TPM that the laboratory's maker certified may enrol.
admit_maker() {  # server folder, device folder
  local certificate
  for certificate in issuercert.pem swtpm-localca-rootca-cert.pem; do
    operate "$1" device admit-maker --group "$LAB_GROUP" --root "$2/maker/$certificate" >>"$1/operator.log"
  done
}

# What the device's agent needs to know of the server, and the state that it left at the last start.
write_agent_folder() {  # server folder, device folder, folder
  mkdir -p "$3"
  cp "$1/state/ca/root.pem" "$1/publisher.key.pub" "$3/"
  [ ! -d "$2/state" ] || cp -r "$2/state" "$3/state"
  cat >"$3/agent.toml" <<TOML
state_folder = "state"
trust_domain = "laboratory.vedette"

[server]
host = "$LAB_HOST_SEEN_BY_DEVICE"
enrollment_port = $(server_port "$1" enrollment_port)
device_port = $(server_port "$1" device_port)
roots = "root.pem"

[tpm]
device = "/dev/tpmrm0"

[inference]
worker = "/usr/bin/vedette-worker"
memory_mib = 64

[releases]
publisher_keys = ["publisher.key.pub"]
models = ["voice"]

[api]
port = 8000
TOML
  if [ -z "$EVENT_LOG$IMA_LIST" ]; then return; fi
  echo '[attestation]' >>"$3/agent.toml"
  [ -z "$EVENT_LOG" ] || echo 'event_log = "/run/in/logs/event_log.bin"' >>"$3/agent.toml"
  [ -z "$IMA_LIST" ] || echo 'ima_log = "/run/in/logs/ima.bin"' >>"$3/agent.toml"
}
