// Whose reference values a command is about: a group's, or those of one SKU in it.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "codec/json.h"

namespace vedette::cli {

struct ReferenceTarget {
  std::string path;       // of the server: /v1/groups/g/reference
  std::string name;       // g, g/s
  std::string words;      // for people: g with SKU s
  std::string arguments;  // of the command line: g --sku s
};

// Refuses NAME-FORMAT, so for a SKU without a name, which is not no SKU.
[[nodiscard]] Result<ReferenceTarget> reference_target(const std::string& group,
                                                       const std::optional<std::string>& sku);

// Where it takes two persons, the server has put nothing in force yet; nothing where it has.
[[nodiscard]] std::optional<std::string> proposal_words(const ReferenceTarget& target,
                                                        const codec::Json& answer);

}  // namespace vedette::cli
