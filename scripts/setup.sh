# shellcheck shell=bash
# Installs what the project needs: Debian's packages by apt, pinned parts by npm. Everything fetched
# beside the system lies under .deps/ and is checked by digest.

readonly BUILD_PACKAGES=(
  g++ cmake ninja-build ccache mold pkg-config git ca-certificates libssl-dev libtss2-dev libp11-kit-dev
  libseccomp-dev libsqlite3-dev libzstd-dev "libboost1.81-dev|libboost-dev" nlohmann-json3-dev libcli11-dev libtomlplusplus-dev
  libgtest-dev libgmock-dev)
readonly RUN_PACKAGES=(swtpm swtpm-tools pocketsphinx-testdata)
readonly LAB_PACKAGES=(
  qemu-system-x86 ovmf swtpm swtpm-tools busybox-static cpio zstd binutils sbsigntool openssl util-linux libtss2-dev)
readonly BENCH_PACKAGES=(libbenchmark-dev python3 bubblewrap crun runc zstd xdelta3 bsdiff openssl)
readonly CHECK_PACKAGES=(
  clang-19 clang-tidy-19 clang-format-19 libclang-rt-19-dev shellcheck python3 python3-venv tpm2-tools openssl curl
  strace util-linux libonnx-testdata softhsm2)

readonly ORT_VERSION=1.27.0
readonly ORT_SHA256_x86_64=d8aff4aa8abee8fb2abb2f2f2459ffc94461e781e41b9f7c072829dd0d470221
readonly ORT_SHA256_aarch64=c36bc200e7e6c093b8abb0b34590fbdd8c52fd3fb5e33795b9523ffdde2fce0f
readonly ORT_HEADERS_SUITE=trixie
readonly ORT_C_API_SHA256=7783e9664bdb0b1b36145b5c8587dd1bc9a399aa000edf2e3dd03003cafc6882
readonly VAD_VERSION=0.0.31
readonly VAD_SHA256=2623a2953f6ff3d2c1e61740c6cdb7168133479b267dfef114a4a3cc5bdd788f
readonly SIGSTORE_BUNDLE=@sigstore/bundle@4.0.0
readonly SIGSTORE_VERIFY=@sigstore/verify@3.1.1
readonly CYCLONEDX=(@cyclonedx/cyclonedx-library@6.13.1 ajv@8.17.1 ajv-formats@3.0.1 ajv-formats-draft2019@1.6.1)
readonly TRITONCLIENT='tritonclient[http]==2.73.0'
readonly PYTHON_TUF=('tuf==7.0.1' 'securesystemslib[crypto]==1.6.0')

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

# Prints those of the given packages that are missing; `a|b` is content with either.
missing_packages() {
  local package choice found
  for package in "$@"; do
    found=
    for choice in ${package//|/ }; do
      if installed "$choice"; then found=yes; fi
    done
    [ -n "$found" ] || printf '%s\n' "${package%%|*}"
  done
}

setup_packages() {  # build|run|lab|bench|check ...
  local wanted=() group missing
  for group in "$@"; do
    case "$group" in
      build) wanted+=("${BUILD_PACKAGES[@]}") ;;
      run) wanted+=("${RUN_PACKAGES[@]}") ;;
      lab) wanted+=("${LAB_PACKAGES[@]}") ;;
      bench) wanted+=("${BENCH_PACKAGES[@]}") ;;
      check) wanted+=("${CHECK_PACKAGES[@]}") ;;
    esac
  done
  command -v npm >/dev/null || wanted+=(npm)
  missing=$(missing_packages "${wanted[@]}")
  [ -n "$missing" ] || return 0
  say "installing $(wc -w <<<"$missing") Debian packages"
  as_root apt-get update -qq
  # shellcheck disable=SC2086  # one word per package
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

check_digest() {  # file sha256
  echo "$2  $1" | sha256sum --check --quiet --status || {
    echo "setup: $1 is not the pinned file; expected sha256 $2" >&2
    return 1
  }
}

# Unpacks one npm package into a new temporary folder and prints that folder.
fetch_npm() {  # name version
  local folder
  folder=$(mktemp -d)
  (cd "$folder" && npm pack --silent "$1@$2" >/dev/null && tar xzf ./*.tgz && rm ./*.tgz)
  printf '%s\n' "$folder"
}

# Debian's libonnxruntime-dev, from the release that has it, unpacked without touching the system:
# the mirror is the one that apt is configured with.
fetch_onnxruntime_headers() {
  local root mirror
  root=$(mktemp -d)
  chmod 755 "$root"
  mkdir -p "$root/lists/partial" "$root/cache/archives/partial"
  # shellcheck disable=SC2016  # apt expands it, not the shell
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 'Origin: Debian' \
    'Label: Debian' | sort -u | head -n 1)
  [ -n "$mirror" ] || { echo "setup: apt knows no Debian mirror; run 'apt-get update'" >&2; return 1; }
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $ORT_HEADERS_SUITE main" \
    >"$root/sources.list"
  local apt=(-o "Dir::Etc::SourceList=$root/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State::Lists=$root/lists" -o "Dir::Cache=$root/cache" -o APT::Sandbox::User= -qq)
  (cd "$root" && apt-get "${apt[@]}" update && apt-get "${apt[@]}" download libonnxruntime-dev &&
    dpkg-deb -x ./*.deb unpacked)
  mkdir -p .deps/onnxruntime
  rm -rf .deps/onnxruntime/include
  cp -r "$root/unpacked/usr/include/onnxruntime" .deps/onnxruntime/include
  rm -rf "$root"
}

setup_onnxruntime() {
  local folder arch want
  case "$(uname -m)" in
    x86_64) arch=x64 want=$ORT_SHA256_x86_64 ;;
    aarch64) arch=arm64 want=$ORT_SHA256_aarch64 ;;
    *) echo "setup: no pinned ONNX Runtime for $(uname -m); pass -DONNXRUNTIME_ROOT=" >&2; return 1 ;;
  esac
  if [ ! -f .deps/onnxruntime/lib/libonnxruntime.so.1 ]; then
    say "fetching ONNX Runtime $ORT_VERSION"
    folder=$(fetch_npm onnxruntime-node "$ORT_VERSION")
    mkdir -p .deps/onnxruntime/lib
    mv "$folder/package/bin/napi-v6/linux/$arch/libonnxruntime.so.1" .deps/onnxruntime/lib/
    rm -rf "$folder"
  fi
  check_digest .deps/onnxruntime/lib/libonnxruntime.so.1 "$want"
  [ -f .deps/onnxruntime/include/onnxruntime_c_api.h ] || fetch_onnxruntime_headers
  check_digest .deps/onnxruntime/include/onnxruntime_c_api.h "$ORT_C_API_SHA256"
}

setup_model() {
  local folder
  if [ ! -f .deps/models/silero_vad_v5.onnx ]; then
    say "fetching the Silero voice activity model"
    folder=$(fetch_npm @ricky0123/vad-web "$VAD_VERSION")
    mkdir -p .deps/models
    mv "$folder/package/dist/silero_vad_v5.onnx" .deps/models/
    rm -rf "$folder"
  fi
  check_digest .deps/models/silero_vad_v5.onnx "$VAD_SHA256"
}

setup_files() {
  setup_onnxruntime
  setup_model
}

# Foreign implementations that judge ours, for tests alone.
setup_oracles() {
  setup_npm_package npm @sigstore/verify "$SIGSTORE_BUNDLE" "$SIGSTORE_VERIFY"
  setup_npm_package cyclonedx @cyclonedx/cyclonedx-library "${CYCLONEDX[@]}"
  setup_python_package tritonclient.http "$TRITONCLIENT"
  setup_python_package "tuf, cryptography" "${PYTHON_TUF[@]}"
}

# A folder for each judge: npm removes from a folder what it was not told of in the same breath.
setup_npm_package() {  # folder, the package that says whether it is there, all that are needed
  [ -d ".deps/$1/node_modules/$2" ] && return 0
  say "fetching $2"
  mkdir -p ".deps/$1"
  npm install --silent --no-save --no-package-lock --ignore-scripts --omit optional --prefix ".deps/$1" \
    "${@:3}" >/dev/null
}

# Python packages are not for every machine: without them their test is skipped and says so.
setup_python_package() {  # modules that it brings, requirements; the first names it
  local name=${2%%[=[]*}
  .deps/venv/bin/python -c "import $1" 2>/dev/null && return 0
  say "fetching $name"
  if ! { python3 -m venv .deps/venv && .deps/venv/bin/python -m pip install --quiet \
    --disable-pip-version-check --only-binary :all: "${@:2}"; } >/dev/null 2>&1; then
    say "$name cannot be had here; its test will be skipped"
  fi
}

# Neither is the laboratory: without it its test is skipped and says so, unless VEDETTE_LAB_REQUIRED=1.
setup_laboratory() {
  local log=build-lab.log
  if [ "$(uname -m)" != x86_64 ]; then
    do_without_laboratory "the laboratory is an x86-64 machine"
  elif ! bash -euo pipefail -c 'source scripts/setup.sh; setup_packages lab; source scripts/lab/main.sh; lab_fetch' \
      >"$log" 2>&1; then
    tail -n 5 "$log"
    rm -f "$log"
    do_without_laboratory "the laboratory cannot be had here"
  else
    rm -f "$log"
  fi
}

do_without_laboratory() {  # why
  if [ "${VEDETTE_LAB_REQUIRED:-}" = 1 ]; then
    echo "setup: $1, and VEDETTE_LAB_REQUIRED=1 demands it" >&2
    return 1
  fi
  say "$1; its test will be skipped"
}
