// What an EST server asks of a certification request (RFC 7030 4.5.2, RFC 9908).
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"

namespace vedette::crypto {

// Whose request it is to be, where that is known.
struct RequestedNames {
  std::string common_name;
  std::string uri_name;
};

// CsrAttrs in DER: a P-256 key and ECDSA with SHA-256, as RFC 7030 says it, and a template by
// RFC 9908 with a common name and a URI as subjectAltName. With `names` both are filled in;
// without, the device fills them in.
[[nodiscard]] Bytes make_csr_attributes(const std::optional<RequestedNames>& names);

}  // namespace vedette::crypto
