# shellcheck shell=bash
# What ./dev does, command by command. Each is idempotent: a second run does no needless work.
set -euo pipefail

source scripts/setup.sh
source scripts/checks.sh

jobs() { nproc; }

# The same source gives the same object wherever the checkout lies.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1

configure() {  # preset
  [ -f "build/$1/build.ninja" ] || cmake --preset "$1" >"build-$1.log" 2>&1 ||
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
  say "building: release"; build release
  say "tests: release, the demo among them"
  ctest --test-dir build/release --output-on-failure -j 2
  say "building: address and undefined-behaviour sanitizers"; build asan
  say "tests: sanitized"
  ctest --test-dir build/asan --output-on-failure -j 2 -LE unsanitized
  fuzz_all "${VEDETTE_FUZZ_SECONDS:-5}"
}

fuzz_all() {  # seconds for each target
  setup_packages build run check
  setup_files
  say "building: fuzz targets"; build fuzz fuzzers
  local target name corpus
  for target in build/fuzz/bin/*_fuzz; do
    name=$(basename "$target" _fuzz)
    corpus=build/fuzz/corpus/$name
    mkdir -p "$corpus"
    [ -d "fuzz/corpus/$name" ] || { echo "fuzz/corpus/$name is missing"; return 1; }
    printf '  %-24s' "$name"
    if ! "$target" -max_total_time="$1" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/" "$corpus" "fuzz/corpus/$name" >"build/fuzz/$name.log" 2>&1; then
      tail -40 "build/fuzz/$name.log"
      return 1
    fi
    awk '/stat::number_of_executed_units/ {print $2 " inputs"}' "build/fuzz/$name.log"
  done
}

bench() {
  rm -f build/release/build.ninja  # a build configured before the benchmark library came would miss it
  build release benchmarks
  bash bench/run.sh "$@"
}

demo() {
  setup_packages build run
  setup_files
  build release programs >build-demo.log 2>&1 || { cat build-demo.log; exit 1; }
  rm -f build-demo.log
  exec build/release/bin/vedette demo "$@"
}

help() {
  cat <<'TXT'
./dev demo [--keep] [-o json]   install what is missing, build, and show the whole chain at work
./dev test                      install, build and run every test, sanitized too, and the fuzzers
./dev setup                     install packages and fetch the pinned parts, nothing else
./dev build [preset] [target]   release (default), debug, asan, tsan or fuzz
./dev lint [--all]              format, house rules, shell; clang-tidy on what changed, or on all
./dev fuzz [seconds]            each fuzz target for so long (default 60)
./dev bench [name]              measurements, side by side: chain, sandbox, or all
./dev format                    write the format that lint demands
TXT
}

command=${1:-help}
[ $# -gt 0 ] && shift
case "$command" in
  setup) setup_packages build run check; setup_files; setup_oracles ;;
  build) setup_packages build run; setup_files; build "${1:-release}" "${@:2}" ;;
  test) test_all ;;
  lint) setup_packages build check; setup_files; lint "$@" ;;
  format) format_sources ;;
  fuzz) fuzz_all "${1:-60}" ;;
  bench) setup_packages build run bench; setup_files; bench "$@" ;;
  demo) demo "$@" ;;
  help | -h | --help) help ;;
  *) echo "./dev: there is no command '$command'"; help; exit 2 ;;
esac
