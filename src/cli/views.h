// Views: what the server tells, as tables for a person. Pure; a member that is absent or of another
// kind shows as `-`, so that a newer server's answer can still be read.
#pragma once

#include <string>
#include <string_view>

#include "codec/json.h"

namespace vedette::cli {

// The member as one cell: text as it is, numbers, `yes`, `no`, lists joined by commas.
[[nodiscard]] std::string cell_of(const codec::Json& object, std::string_view name);

[[nodiscard]] std::string devices_view(const codec::Json& answer);
[[nodiscard]] std::string makers_view(const codec::Json& answer);
// The members of one object, line by line; those of objects in it as `outer.inner`.
[[nodiscard]] std::string facts_view(const codec::Json& object);
[[nodiscard]] std::string releases_view(const codec::Json& answer);
// Exact registers with their values, of boot, files and runtime how many there are of what.
[[nodiscard]] std::string reference_view(const codec::Json& answer);
// `answer` as with_claims() made it.
[[nodiscard]] std::string receipts_view(const codec::Json& answer);
// `answer` as read_entries() made it.
[[nodiscard]] std::string entries_view(const codec::Json& answer);

// `{"receipts":[…]}` with each receipt's claims, read out of its JWS, beside it. The signature is
// not checked here: the server checked it against the device's key before it kept the receipt.
[[nodiscard]] codec::Json with_claims(const codec::Json& answer);
// The same for one object with a `jws`.
[[nodiscard]] codec::Json with_claims_of(const codec::Json& object);

}  // namespace vedette::cli
