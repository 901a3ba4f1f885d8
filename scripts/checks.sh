# shellcheck shell=bash
# ./dev lint: everything is checked whole, but clang-tidy looks at what changed.

sources() { git ls-files --cached --others --exclude-standard '*.cpp' '*.h'; }

format_sources() {
  setup_packages check
  sources | xargs clang-format-19 -i
}

# Sources that differ from the last commit that upstream has, or from the one before HEAD.
changed_sources() {
  local base
  base=$(git merge-base HEAD '@{upstream}' 2>/dev/null || true)
  if [ -z "$base" ] || [ "$base" = "$(git rev-parse HEAD)" ]; then
    base=$(git rev-parse --verify --quiet HEAD~1 || git hash-object -t tree /dev/null)
  fi
  { git diff --name-only --diff-filter=d "$base" -- '*.cpp' '*.h'
    git ls-files --others --exclude-standard '*.cpp' '*.h'; } | sort -u
}

# The .cpp files to look at for a list of changed files: a header stands for the source beside it.
tidy_targets() {
  local file
  while read -r file; do
    case "$file" in
      *.cpp) echo "$file" ;;
      *.h) [ -f "${file%.h}.cpp" ] && echo "${file%.h}.cpp" ;;
    esac
  done | sort -u | while read -r file; do
    grep -q "\"file\": \"$PWD/$file\"" build/release/compile_commands.json && echo "$file"
  done
}

lint() {
  say "format"
  sources | xargs clang-format-19 --dry-run -Werror
  say "house rules"
  python3 scripts/house_check.py
  say "shell"
  shellcheck --external-sources dev scripts/*.sh scripts/lab/main.sh scripts/lab/init tests/lab/*.sh tests/lab/control_group_init .ci/run
  configure release
  local files
  if [ "${1:-}" = --all ]; then files=$(sources | tidy_targets); else files=$(changed_sources | tidy_targets); fi
  [ -n "$files" ] || { say "clang-tidy: nothing changed"; return 0; }
  say "clang-tidy: $(wc -l <<<"$files") files"
  # Options of g++ that clang does not know are ignored; warnings are the compiler's business.
  xargs -P "$(nproc)" -n 1 clang-tidy-19 -p build/release --quiet \
    --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-error <<<"$files" 2>/dev/null
}
