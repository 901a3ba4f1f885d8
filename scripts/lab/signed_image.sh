# shellcheck shell=bash
# Secure Boot for real. QEMU writes into the header of a kernel given by -kernel, so that no signature
# over it can hold; the firmware then starts it all the same, by an older protocol that checks and
# measures nothing. Hence one image of kernel, command line and initramfs (a unified kernel image),
# signed whole, on a disk that the firmware reads by itself.

readonly LAB_STUB_PACKAGE=systemd-boot-efi
readonly LAB_STUB=$LAB_DEPS/stub/usr/lib/systemd/boot/efi/linuxx64.efi.stub
# The key whose certificate Debian's .snakeoil variables trust: it is public, and so worth nothing.
readonly LAB_SNAKEOIL=/usr/share/ovmf/PkKek-1-snakeoil

fetch_stub() {
  [ -f "$LAB_STUB" ] || fetch_package "$LAB_STUB_PACKAGE" stub
}

# Where the sections go: behind the stub's own, each on a page of its own.
next_address() {  # address size
  echo $((($1 + $2 + 0xfff) & ~0xfff))
}

# The address behind the stub's last section.
stub_end() {
  local end
  end=$(objdump --section-headers --wide "$LAB_STUB" | awk '$1 ~ /^[0-9]+$/ {print "0x" $3, "0x" $4}' |
    while read -r size address; do echo $((size + address)); done | sort -n | tail -n 1)
  next_address "$end" 0
}

# What "Secure Boot: disabled" in the firmware's setup writes: the octet behind a variable's name.
switch_secure_boot() {  # variables file, 0|1
  local name offset
  name=$(printf 'SecureBootEnable' | sed 's/./&\\x00/g')
  offset=$(LC_ALL=C grep --only-matching --byte-offset --text --perl-regexp "$name\\x00\\x00[\\x00\\x01]" "$1" |
    tr '\0' '\n' | sed -n '1s/:.*//p')
  [ -n "$offset" ] || { echo "lab: the firmware's variables have no SecureBootEnable" >&2; return 1; }
  printf '%b' "\\x$2" | dd of="$1" bs=1 seek=$((offset + 2 * 17)) conv=notrunc status=none
}

# The same inputs give the same image, though objcopy writes the time into its header, and a sum over
# that: fields 8 and 88 octets behind "PE".
forget_time() {  # image
  local header field
  header=$(od -An -tu4 -j 60 -N 4 "$1")
  for field in 8 88; do
    dd if=/dev/zero of="$1" bs=1 count=4 seek=$((header + field)) conv=notrunc status=none
  done
}

# The folder that becomes the device's boot disk.
build_boot_disk() {  # kernel initramfs append folder, signed|disabled|unsigned
  local append address line initrd image=$4/EFI/BOOT/BOOTX64.EFI work
  work=$(mktemp -d)
  append=$work/append
  mkdir -p "$4/EFI/BOOT"
  printf '%s' "$3" >"$append"
  line=$(stub_end)
  initrd=$(next_address "$line" "$(stat -c %s "$append")")
  address=$(next_address "$initrd" "$(stat -c %s "$2")")
  objcopy --add-section ".cmdline=$append" --change-section-vma ".cmdline=$line" \
    --add-section ".initrd=$2" --change-section-vma ".initrd=$initrd" \
    --add-section ".linux=$1" --change-section-vma ".linux=$address" "$LAB_STUB" "$work/image"
  forget_time "$work/image"
  if [ "$5" != unsigned ]; then
    openssl rsa -passin pass:snakeoil -in "$LAB_SNAKEOIL.key" -out "$work/key" 2>/dev/null
    sbsign --key "$work/key" --cert "$LAB_SNAKEOIL.pem" --output "$image" "$work/image" 2>/dev/null
  else
    cp "$work/image" "$image"
  fi
  rm -rf "$work"
}
