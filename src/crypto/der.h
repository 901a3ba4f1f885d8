// DER (X.690, 10) as far as a whole structure can be checked without knowing its type.
#pragma once

#include "base/bytes.h"

namespace vedette::crypto {

// One element that fills `bytes`; every length definite and minimal, elements nested at most 32
// deep. OpenSSL's decoders read BER too, under which one thing has many encodings.
[[nodiscard]] bool is_der(ByteView bytes);

}  // namespace vedette::crypto
