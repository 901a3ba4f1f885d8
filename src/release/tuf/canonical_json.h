// OLPC canonical JSON (specification, 3): the octets that a TUF signature is over. Not RFC 8785.
#pragma once

#include <string>

#include "codec/json.h"

namespace vedette::release::tuf {

// Members sorted by the code points of their names, no white space, only `"` and `\` escaped: all
// other characters, control characters too, stand for themselves. Refuses TUF-CANONICAL for a
// number that is not an integer, which has no such form. Recurses as deep as the value is, which
// parse_json bounds.
[[nodiscard]] Result<std::string> canonical_json(const codec::Json& value);

}  // namespace vedette::release::tuf
