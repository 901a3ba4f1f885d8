# shellcheck shell=bash
# The device's TPM: swtpm, with an endorsement key that a maker of our own certified.

write_maker_settings() {  # device folder
  local folder=$1 maker=$1/maker
  mkdir -p "$maker"
  printf 'statedir = %s\nsigningkey = %s\nissuercert = %s\ncertserial = %s\n' "$maker" "$maker/signkey.pem" \
    "$maker/issuercert.pem" "$maker/certserial" >"$folder/localca.conf"
  printf -- '--platform-manufacturer Vedette\n--platform-version 1\n--platform-model laboratory\n' \
    >"$folder/localca.options"
  printf 'create_certs_tool = %s\ncreate_certs_tool_config = %s\ncreate_certs_tool_options = %s\nactive_pcr_banks = sha256\n' \
    "$(command -v swtpm_localca)" "$folder/localca.conf" "$folder/localca.options" >"$folder/setup.conf"
}

# A TPM is made once for a device; what it keeps survives every start, as in the field.
manufacture_tpm() {  # device folder, absolute
  local folder=$1
  [ -d "$folder/tpm" ] && return 0
  rm -rf "$folder/tpm.new"
  mkdir -p "$folder/tpm.new"
  write_maker_settings "$folder"
  swtpm_setup --tpm2 --tpmstate "$folder/tpm.new" --create-ek-cert --create-platform-cert --pcr-banks sha256 \
    --vmid "$(basename "$folder")" --config "$folder/setup.conf" >"$folder/tpm-setup.log" 2>&1 ||
    { cat "$folder/tpm-setup.log" >&2; return 1; }
  mv "$folder/tpm.new" "$folder/tpm"
}

# Leaves the process in TPM_PID. It ends when QEMU lets go of it.
start_tpm() {  # device folder, socket
  swtpm socket --tpm2 --tpmstate "dir=$1/tpm" --ctrl "type=unixio,path=$2" --terminate >"$1/tpm.log" 2>&1 &
  TPM_PID=$!
  local tries=0
  until [ -S "$2" ]; do
    if [ "$tries" -ge 100 ] || ! kill -0 "$TPM_PID" 2>/dev/null; then
      echo "lab: swtpm did not start; see $1/tpm.log" >&2
      return 1
    fi
    tries=$((tries + 1))
    sleep 0.05
  done
}
