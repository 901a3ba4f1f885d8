// Distinguished names as text. For the sources of src/crypto only.
#pragma once

#include <string>

#include "crypto/openssl_handles.h"

namespace vedette::crypto {

// RFC 2253, everything outside printable ASCII escaped.
[[nodiscard]] std::string name_text(const X509_NAME* name);

// Appends a UTF-8 attribute if `value` is not empty; false when X.520's bounds or UTF-8 forbid it.
[[nodiscard]] bool add_name_entry(X509_NAME* name, int nid, const std::string& value);

}  // namespace vedette::crypto
