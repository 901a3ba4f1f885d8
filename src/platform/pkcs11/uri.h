// Pkcs11Uri: the name of a key in a PKCS#11 token (RFC 7512).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

namespace vedette::platform::pkcs11 {

// `pkcs11:token=ca;object=issuing?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=/run/pin`
//
// Narrower than the RFC: each attribute once; those listed here and no others, since one that is
// not understood could have told two keys apart (RFC 7512, 2.3). Which token and which key must
// both be said. A name never holds a secret: `pin-value` is refused.
struct Pkcs11Uri {
  std::string module_path;                  // absolute
  std::optional<std::string> token;         // CKA_LABEL of the token
  std::optional<std::string> manufacturer;  // of the token
  std::optional<std::string> model;
  std::optional<std::string> serial;
  std::optional<std::string> object;  // CKA_LABEL
  std::optional<Bytes> id;            // CKA_ID
  std::string pin_source;             // absolute path of a file; empty: the token has its own way
};

// Refuses PKCS11-URI, and PKCS11-PIN for a URI that holds a PIN; the refusal does not repeat it.
[[nodiscard]] Result<Pkcs11Uri> parse_uri(std::string_view text);

}  // namespace vedette::platform::pkcs11
