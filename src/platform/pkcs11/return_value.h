// What PKCS#11 functions return, in words.
#pragma once

#include <string>
#include <string_view>

#include <p11-kit/pkcs11.h>

namespace vedette::platform::pkcs11 {

// `C_Sign: CKR_DEVICE_ERROR`, or `C_Sign: 0x80000001` for a value of the maker's own.
[[nodiscard]] std::string call_text(std::string_view function, CK_RV value);

}  // namespace vedette::platform::pkcs11
