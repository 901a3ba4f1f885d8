# shellcheck shell=bash
# What ./dev does, command by command. Each is idempotent: a second run does no needless work.
set -euo pipefail

source scripts/setup.sh
source scripts/checks.sh

jobs() { nproc; }

# The same source gives the same object wherever the checkout lies.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1

# Anew, when the presets have changed: ninja does not look at them, and of what they no longer say the
# cache would go on.
configure() {  # preset
  [ "build/$1/build.ninja" -nt CMakePresets.json ] || cmake --fresh --preset "$1" >"build-$1.log" 2>&1 ||
    { cat "build-$1.log"; exit 1; }
  rm -f "build-$1.log"
}

build() {  # preset [target...]
  local preset=$1; shift
  configure "$preset"
  local targets=()
  [ $# -gt 0 ] && targets=(--target "$@")
  cmake --build "build/$preset" -j "$(jobs)" "${targets[@]}"
}

test_all() {
  setup_packages build run check
  setup_files
  setup_oracles
  setup_laboratory
  say "building: release"; build release
  say "tests: release, the demo among them"
  ctest --test-dir build/release --output-on-failure -j 2
  say "building: address and undefined-behaviour sanitizers, fuzz targets"; build asan all fuzzers
  say "tests: sanitized"
  ctest --test-dir build/asan --output-on-failure -j 2 -LE unsanitized
  test_races
  fuzz_all "${VEDETTE_FUZZ_SECONDS:-5}"
}

# What threads and foreign writers share, under ThreadSanitizer; these programs alone are built.
test_races() {
  local racy=(ring_mutator_test inference_channel_test inference_serving_test)
  say "building: thread sanitizer"; build tsan "${racy[@]}"
  say "tests: thread sanitizer"
  local IFS='|'
  ctest --test-dir build/tsan --output-on-failure -j 2 -R "^(${racy[*]})\$"
}

fuzz_all() {  # seconds for each target
  setup_packages build run check
  setup_files
  say "building: fuzz targets"; build asan fuzzers
  say "fuzzing: $1 s for each target"
  export -f fuzz_one
  basename -a -s _fuzz build/asan/bin/*_fuzz | xargs -P "$(jobs)" -I{} bash -c 'fuzz_one "$@"' fuzz_one {} "$1"
}

fuzz_one() {  # target, seconds
  local seeds=fuzz/corpus/$1 corpus=build/asan/fuzz/$1 log=build/asan/fuzz/$1.log
  [ -d "$seeds" ] || { echo "$seeds is missing"; return 1; }
  mkdir -p "$corpus"
  if ! "build/asan/bin/${1}_fuzz" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
      -artifact_prefix="$corpus-" "$corpus" "$seeds" >"$log" 2>&1; then
    tail -40 "$log"
    return 1
  fi
  awk -v name="$1" '/stat::number_of_executed_units/ {printf "  %-24s%s inputs\n", name, $2}' "$log"
}

bench() {
  rm -f build/release/build.ninja  # a build configured before the benchmark library came would miss it
  build release benchmarks
  bash bench/run.sh "$@"
}

# For a visitor: ninja's own progress where somebody watches, else nothing but what went wrong.
build_programs() {
  [ -x build/release/bin/vedette ] || say "building; the first time takes some minutes"
  if [ -t 1 ]; then NINJA_STATUS='    %p  %f of %t  ' build release programs; return; fi
  build release programs >build-programs.log 2>&1 || { cat build-programs.log; exit 1; }
  rm -f build-programs.log
}

demo() {
  setup_packages build run
  setup_files
  build_programs
  exec build/release/bin/vedette demo "$@"
}

# Programs that are built elsewhere serve as well: VEDETTE_BIN.
laboratory() {
  source scripts/lab/main.sh
  if [ "${1:-}" = help ]; then lab_help; return; fi
  setup_packages lab
  if [ "$VEDETTE_BIN" = "$PWD/build/release/bin" ]; then
    setup_packages build run
    setup_files
    build_programs
  fi
  lab "$@"
}

help() {
  cat <<'TXT'
./dev demo [--keep] [-o json]   install what is missing, build, and show the whole chain at work
./dev lab [command]             a virtual device with firmware, a TPM and measured boot; see './dev lab help'
./dev test                      install, build and run every test, sanitized too, and the fuzzers
./dev setup                     install packages and fetch the pinned parts, nothing else
./dev build [preset] [target]   release (default), debug, asan (with the fuzz targets) or tsan
./dev lint [--all]              format, house rules, shell; clang-tidy on what changed, or on all
./dev fuzz [seconds]            each fuzz target for so long (default 60)
./dev bench [name]              measurements, side by side: attestation, chain, identity, sandbox, or all
./dev format                    write the format that lint demands
TXT
}

command=${1:-help}
[ $# -gt 0 ] && shift
case "$command" in
  setup) setup_packages build run check; setup_files; setup_oracles; setup_laboratory ;;
  build) setup_packages build run; setup_files; build "${1:-release}" "${@:2}" ;;
  test) test_all ;;
  lint) setup_packages build check; setup_files; lint "$@" ;;
  format) format_sources ;;
  fuzz) fuzz_all "${1:-60}" ;;
  bench) setup_packages build run bench; setup_files; bench "$@" ;;
  demo) demo "$@" ;;
  lab) laboratory "$@" ;;
  help | -h | --help) help ;;
  *) echo "./dev: there is no command '$command'"; help; exit 2 ;;
esac
