#include "platform/tpm/esys/key_blob.h"

#include <cerrno>

#include <sys/stat.h>

#include "base/fd.h"
#include "platform/tpm/esys/marshal.h"

namespace vedette::platform::esys {

namespace {

constexpr std::size_t kLargestBlob = 4096;

std::unexpected<Error> damaged(const std::string& cause) {
  return refuse("TPM-STATE", "the stored key of this device is damaged", cause,
                "restore the TPM state folder; or move it away and enrol the device anew");
}

}  // namespace

Result<Bytes> encode_key_blob(const KeyBlob& blob) {
  VEDETTE_TRY(Bytes bytes, marshal(Tss2_MU_TPM2B_PUBLIC_Marshal, blob.public_part));
  VEDETTE_TRY(const Bytes wrapped, marshal(Tss2_MU_TPM2B_PRIVATE_Marshal, blob.private_part));
  append(bytes, wrapped);
  return bytes;
}

Result<KeyBlob> parse_key_blob(ByteView bytes) {
  ByteView rest = bytes;
  const auto public_part = take(Tss2_MU_TPM2B_PUBLIC_Unmarshal, rest);
  if (!public_part) return damaged(public_part.error().cause);
  const auto private_part = take(Tss2_MU_TPM2B_PRIVATE_Unmarshal, rest);
  if (!private_part) return damaged(private_part.error().cause);
  const KeyBlob blob{*public_part, *private_part};
  // The library does not compare an outer size with what it covers; writing it again does.
  const auto again = encode_key_blob(blob);
  if (!again || !equal(*again, bytes)) return damaged("not in the form in which it was written");
  return blob;
}

bool is_of_kind(const KeyBlob& blob, const TPM2B_PUBLIC& expected) {
  TPM2B_PUBLIC kind = blob.public_part;
  kind.size = 0;
  kind.publicArea.unique = expected.publicArea.unique;
  const auto found = marshal(Tss2_MU_TPM2B_PUBLIC_Marshal, kind);
  const auto wanted = marshal(Tss2_MU_TPM2B_PUBLIC_Marshal, expected);
  return found && wanted && equal(*found, *wanted);
}

Result<std::optional<KeyBlob>> read_key_blob(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0 && errno == ENOENT) return std::nullopt;
  const auto bytes = read_file(path, kLargestBlob);
  if (!bytes) return damaged(bytes.error().cause);
  auto blob = parse_key_blob(*bytes);
  if (!blob) {
    blob.error().cause = path + ": " + blob.error().cause;
    return std::unexpected(blob.error());
  }
  return *blob;
}

Result<void> write_key_blob(const std::string& path, const KeyBlob& blob) {
  VEDETTE_TRY(const Bytes bytes, encode_key_blob(blob));
  return write_file_atomically(path, bytes, 0600);
}

}  // namespace vedette::platform::esys
