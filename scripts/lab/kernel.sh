# shellcheck shell=bash
# The device's kernel: Debian's for clouds, downloaded and unpacked, never installed.

readonly LAB_KERNEL_PACKAGE=linux-image-cloud-amd64
readonly LAB_DEPS=${VEDETTE_LAB_DEPS:-$PWD/.deps/lab}
# In the order in which they are inserted; the machine's buses and disks before the network.
readonly LAB_MODULES=(virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk
  failover net_failover virtio_net)

# The package that the archive's meta package means today.
current_kernel_package() {
  apt-cache depends "$LAB_KERNEL_PACKAGE" | awk '/Depends: linux-image-/ && !found++ {print $2}'
}

download_package() {  # package, into the present folder
  rm -f "$1"_*.deb
  apt-get -qq -o APT::Sandbox::User= download "$1"
}

# Unpacks a package into a folder of LAB_DEPS, which is there whole or not at all. Lists of packages
# may be older than the archive.
fetch_package() {  # package folder
  say "fetching $1"
  mkdir -p "$LAB_DEPS"
  rm -rf "${LAB_DEPS:?}/$2" "$LAB_DEPS/$2.new"
  (cd "$LAB_DEPS" && { download_package "$1" || { as_root apt-get update -qq && download_package "$1"; }; } &&
    dpkg-deb -x "$1"_*.deb "$2.new" && rm -f "$1"_*.deb && mv "$2.new" "$2") ||
    { echo "lab: apt could not deliver $1" >&2; return 1; }
}

# A kernel that is there already is kept: measurements can only be compared under one kernel.
fetch_kernel() {
  [ -f "$LAB_DEPS/kernel.done" ] && return 0
  local package
  package=$(current_kernel_package)
  if [ -z "$package" ]; then
    as_root apt-get update -qq
    package=$(current_kernel_package)
  fi
  [ -n "$package" ] || { echo "lab: apt knows no $LAB_KERNEL_PACKAGE" >&2; return 1; }
  fetch_package "$package" kernel || return
  echo "$package" >"$LAB_DEPS/kernel.done"
}

kernel_image() { echo "$LAB_DEPS"/kernel/boot/vmlinuz-*; }

# Copies the modules that the device needs and their order into a root folder.
copy_modules() {  # root
  local module file
  mkdir -p "$1/lib/modules"
  for module in "${LAB_MODULES[@]}"; do
    file=$(find "$LAB_DEPS/kernel/lib/modules" -name "$module.ko")
    [ -n "$file" ] || { echo "lab: the kernel package has no module $module" >&2; return 1; }
    cp "$file" "$1/lib/modules/"
    echo "$module.ko" >>"$1/lib/modules/order"
  done
}
