// ImaEntry: one line of the kernel's measurement list (Linux, security/integrity/ima).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "attestation/ima/measured_hash.h"
#include "base/bytes.h"
#include "base/error.h"

namespace vedette::attestation {

inline constexpr std::uint8_t kImaPcr = 10;  // CONFIG_IMA_MEASURE_PCR_IDX
inline constexpr std::size_t kMaxImaPath = 4096;
inline constexpr std::size_t kMaxImaField = 1 << 20;
// What the kernel calls its own first entry.
inline constexpr std::string_view kBootAggregate = "boot_aggregate";

enum class ImaTemplate : std::uint8_t { ng, sig, buf, modsig };
[[nodiscard]] std::string_view to_string(ImaTemplate kind);  // `ima-ng`

// Consistent in itself: the list's SHA-1 is that of the data, and a buffer's digest the buffer's.
//
// A violation (the file was open for writing while it was measured, or opened for writing while
// open for reading) has no digest that could be right: the list holds zeros and the register is
// extended with ones. So nothing else in the entry, the path included, is bound to the register.
struct ImaEntry {
  ImaTemplate kind = ImaTemplate::ng;
  Bytes template_data;  // as extended: fields d-ng, n-ng and so on, each behind its length
  bool violation = false;
  FileDigest digest;
  std::string path;          // or the name of an event; spaces are underscores
  Bytes signature;           // of ima-sig and ima-modsig, the security.ima attribute; may be empty
  Bytes buffer;              // of ima-buf
  Bytes appended_signature;  // of ima-modsig, PKCS #7; may be empty
  std::optional<FileDigest> signed_digest;  // of ima-modsig: without the appended signature

  friend bool operator==(const ImaEntry&, const ImaEntry&) = default;
};

// Refuses ATT-IMA-TEMPLATE for every other name; `ima`, whose digests are SHA-1 or MD5 and whose
// names are cut, is refused too.
[[nodiscard]] Result<ImaTemplate> ima_template(std::string_view name);

// The one way to an entry, for both forms of the list. `sha1` is the list's template hash. Refuses
//   ATT-IMA-SYNTAX  fields too few, too many, torn, too long; an unknown hash algorithm; a path
//                   that is empty, not ended by its only NUL, or too long; a violation with a
//                   digest
//   ATT-IMA-DIGEST  the template hash is not the data's, or a buffer's digest not the buffer's
[[nodiscard]] Result<ImaEntry> parse_ima_entry(ImaTemplate kind, ByteView sha1, ByteView data);

}  // namespace vedette::attestation
