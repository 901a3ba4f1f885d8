// PEM (RFC 7468): the text around DER.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/secret.h"

namespace vedette::crypto {

struct PemBlock {
  std::string name;  // "CERTIFICATE", "PUBLIC KEY", ...
  SecretBytes der;
};

// Every block of `text`, at most 1 MiB and `max_blocks`; at least one. Text around the blocks is
// ignored, encapsulated headers (RFC 1421) are refused. Refuses with `code`.
[[nodiscard]] Result<std::vector<PemBlock>> read_pem(std::string_view text, std::size_t max_blocks,
                                                     std::string_view code);

// The first block, which must have this name.
[[nodiscard]] Result<PemBlock> read_first_pem(std::string_view text, std::string_view name,
                                              std::string_view code);

[[nodiscard]] std::string write_pem(const char* name, ByteView der);

}  // namespace vedette::crypto
