// KeyBlob: a key wrapped by its parent, as it lies on disk.
#pragma once

#include <optional>
#include <string>

#include <tss2/tss2_tpm2_types.h>

#include "base/bytes.h"
#include "base/error.h"

namespace vedette::platform::esys {

// Only the TPM whose storage root wrapped it can load it: a copy is worth nothing elsewhere.
struct KeyBlob {
  TPM2B_PUBLIC public_part{};
  TPM2B_PRIVATE private_part{};  // encrypted and authenticated by the parent
};

// On disk: TPM2B_PUBLIC, then TPM2B_PRIVATE, and nothing else (TPM 2.0 Part 2, 12.2.5 and 12.3.7).
[[nodiscard]] Result<Bytes> encode_key_blob(const KeyBlob& blob);
// Refuses TPM-STATE for anything that encode_key_blob would not have written.
[[nodiscard]] Result<KeyBlob> parse_key_blob(ByteView bytes);

// Whether `blob` is of exactly the kind that `expected` describes, so that no other key of this TPM
// can be slipped in: a restricted key could be replaced by one that signs anything.
[[nodiscard]] bool is_of_kind(const KeyBlob& blob, const TPM2B_PUBLIC& expected);

// Nothing when there is no such file. Refuses TPM-STATE when there is one that cannot be used.
[[nodiscard]] Result<std::optional<KeyBlob>> read_key_blob(const std::string& path);
// Whole or not at all, readable by its owner alone.
[[nodiscard]] Result<void> write_key_blob(const std::string& path, const KeyBlob& blob);

}  // namespace vedette::platform::esys
