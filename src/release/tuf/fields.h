// How members of TUF metadata are read. For the sources of this folder only.
#pragma once

#include "codec/json.h"
#include "release/tuf/hashes.h"
#include "release/tuf/key.h"

namespace vedette::release::tuf {

[[nodiscard]] std::unexpected<Error> malformed(std::string cause);  // TUF-SYNTAX

template <class T>
[[nodiscard]] Result<T> required(Result<T> member) {
  if (!member) return malformed(describe(member.error()));
  return member;
}

[[nodiscard]] Result<std::int64_t> read_positive(const codec::Json& json, std::string_view name);
[[nodiscard]] Result<std::optional<std::uint64_t>> read_length(const codec::Json& json);
// Unique strings, none of them empty or longer than kMaxNameOctets.
[[nodiscard]] Result<std::vector<std::string>> read_strings(const codec::Json& json,
                                                            std::string_view name,
                                                            std::size_t max_count);
[[nodiscard]] Result<RoleKeys> read_role_keys(const codec::Json& json);
[[nodiscard]] Result<Keys> read_keys(const codec::Json& json);
// Refuses no member at all unless `optional`.
[[nodiscard]] Result<Hashes> read_hashes(const codec::Json& json, bool optional);

}  // namespace vedette::release::tuf
