# shellcheck shell=bash
# The device's whole software in one archive. The same inputs give the same bytes, since PCR 9 holds
# its digest: names sorted, every time the epoch, every owner root, inodes numbered anew.

readonly LAB_TCTI_LIBRARY=libtss2-tcti-device.so.0  # opened by name at run time: ldd does not see it

# Every shared library that a program loads, the loader included, one path a line.
libraries_of() {  # program...
  ldd "$@" | awk '$2 == "=>" && $3 ~ /^\// {print $3} $1 ~ /^\// && $1 !~ /:$/ {print $1}' | sort -u
}

# Reads all that is said: who stops listening ends the speaker, and that is a failure here.
library_path() {  # soname
  ldconfig -p | awk -v name="$1" '$1 == name && /x86-64/ && !found++ {print $NF}'
}

copy_libraries() {  # root; the libraries' paths come in
  local library
  mkdir -p "$1/lib/x86_64-linux-gnu" "$1/lib64"
  while read -r library; do
    case "$library" in
      /lib64/*) cp -L "$library" "$1/lib64/" ;;
      *) cp -L "$library" "$1/lib/x86_64-linux-gnu/" ;;
    esac
  done
}

copy_programs() {  # root bin
  local root=$1 bin=$2 program tcti
  tcti=$(library_path "$LAB_TCTI_LIBRARY")
  [ -n "$tcti" ] || { echo "lab: $LAB_TCTI_LIBRARY is not installed" >&2; return 1; }
  for program in vedette-agent vedette-worker; do
    [ -x "$bin/$program" ] || { echo "lab: $bin/$program is missing; build it or set VEDETTE_BIN" >&2; return 1; }
    cp "$bin/$program" "$root/usr/bin/$program"
  done
  { libraries_of "$bin/vedette-agent" "$bin/vedette-worker" "$tcti"; echo "$tcti"; } | sort -u | copy_libraries "$root"
}

copy_busybox() {  # root
  local applet
  cp /bin/busybox "$1/bin/busybox"
  while read -r applet; do
    [ "$applet" = busybox ] || ln -s busybox "$1/bin/$applet"
  done < <(/bin/busybox --list)
}

# Writes the archive to a file; further arguments are files that go to /extra.
build_initramfs() {  # bin output [extra file...]
  local bin=$1 output=$2 root=$2.root
  shift 2
  rm -rf "$root"
  mkdir -p "$root"/{bin,dev,etc,extra,proc,run,sys,tmp,usr/bin}
  copy_busybox "$root"
  copy_programs "$root" "$bin"
  copy_modules "$root"
  cp scripts/lab/init "$root/init"
  printf 'root:x:0:0:root:/run:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\n' >"$root/etc/group"
  [ $# -eq 0 ] || cp -L -- "$@" "$root/extra/"
  find "$root" -type f -exec chmod 0644 {} +
  find "$root/init" "$root/bin" "$root/usr/bin" "$root/lib" "$root/lib64" -type f -exec chmod 0755 {} +
  find "$root" -type d -exec chmod 0755 {} +
  find "$root" -exec touch --no-dereference --date=@0 {} +
  (cd "$root" && find . -print0 | LC_ALL=C sort -z |
    cpio --quiet --null --create --format=newc --reproducible --owner=0:0) | zstd -q -3 --single-thread >"$output.new"
  mv "$output.new" "$output"
  rm -rf "$root"
}
