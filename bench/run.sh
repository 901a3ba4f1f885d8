# shellcheck shell=bash
# Runs the benchmarks of a release build: one by its name, with its own arguments, or all of them.
set -euo pipefail

chain() {  # [arguments of Google Benchmark...]
  local out=build/release/bench.json
  build/release/bin/chain_bench --benchmark_format=console --benchmark_out="$out" \
    --benchmark_out_format=json --benchmark_repetitions=5 --benchmark_report_aggregates_only=true "$@"
  python3 - "$out" <<'PY'
import json, sys
times = {b["run_name"].split("/")[0]: b["real_time"] for b in json.load(open(sys.argv[1]))["benchmarks"]
         if b.get("aggregate_name") == "median"}
for name, bare in (("receipt_verify", "raw_ecdsa_verify"), ("voice_in_cage", "voice_in_process")):
    if name in times and bare in times:
        print(f"{name} / {bare} = {times[name] / times[bare]:.3f}   (+{(times[name] - times[bare]) / 1000:.1f} us)")
PY
}

sandbox() {  # [-o json] [section...]
  build/release/bin/sandbox_bench "$@"
}

serving() {
  build/release/bin/serving_bench "$@"
}

policy() {  # [-o json]
  build/release/bin/policy_bench "$@"
}

client() {
  build/release/bin/client_bench "$@"
}

attestation() {  # [-o json], or: day [-o json] [--devices N] [--interval SECONDS] [--hours N] ...
  if [ "${1:-}" = day ]; then build/release/bin/attestation_day "${@:2}"; return; fi
  build/release/bin/attestation_bench "$@"
}

identity() {  # [-o json] [--herd N] [--live N] [--folder PATH] [issuance | handshakes | herd | revocation]...
  build/release/bin/identity_bench "$@"
}

release() {  # [-o json] [hashing | download | deltas]...
  build/release/bin/release_bench "$@"
}

name=${1:-all}
[ $# -gt 0 ] && shift
case "$name" in
  all) chain "$@"; serving "$@"; client "$@"; policy "$@"; attestation "$@"; identity "$@"; release "$@"; sandbox "$@" ;;
  attestation | chain | client | identity | policy | release | sandbox | serving) "$name" "$@" ;;
  *) echo "./dev bench: there is no benchmark '$name': attestation, chain, client, identity, policy, release, sandbox, serving"; exit 2 ;;
esac
