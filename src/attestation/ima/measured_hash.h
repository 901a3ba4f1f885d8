// The hash algorithms of measurement lists, by the names that the kernel gives them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "codec/tpm.h"

namespace vedette::attestation {

// `sha1`, `sha256`, `sha384` and `sha512`; no other is known.
[[nodiscard]] std::optional<codec::TpmAlgorithm> hash_named(std::string_view name);

// The digest of a file, as a list or a policy has it.
struct FileDigest {
  codec::TpmAlgorithm algorithm = codec::TpmAlgorithm::sha256;
  Bytes octets;

  friend bool operator==(const FileDigest&, const FileDigest&) = default;
};

[[nodiscard]] std::string to_string(const FileDigest& digest);  // `sha256:0a1b...`

// `sha256:0a1b...`, or the hexadecimal alone, whose length says which algorithm. Refuses
// ATT-IMA-POLICY for other algorithms and lengths.
[[nodiscard]] Result<FileDigest> parse_file_digest(std::string_view text);

// A path that a device sent, so that it can be shown: control characters and what is not UTF-8
// become \xNN.
[[nodiscard]] std::string shown(std::string_view path);

}  // namespace vedette::attestation
