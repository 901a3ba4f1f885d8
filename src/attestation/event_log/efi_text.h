// Text as UEFI writes it, made fit for reports.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace vedette::attestation {

// UTF-16LE up to its first NUL or the end, as UTF-8. Odd octets and lone surrogates: nullopt.
[[nodiscard]] std::optional<std::string> utf16_text(ByteView octets);
[[nodiscard]] Bytes to_utf16(std::string_view ascii);  // octets become code units; no NUL is added

// Fit for a terminal: what is not UTF-8 and what is a control character becomes \xNN, a backslash
// stays (paths are full of them), and a text beyond `limit` octets ends in "...".
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit = 512);

// 16 octets of an EFI_GUID in the usual spelling: the first three fields are little-endian.
[[nodiscard]] std::string guid_text(ByteView octets);

// A firmware's version as makers write it: UTF-16 with a NUL at its end, a GUID, or neither, which
// becomes hexadecimal. Not escaped.
[[nodiscard]] std::string version_text(ByteView octets);

}  // namespace vedette::attestation
