#include "release/registry.h"

#include <utility>

namespace vedette::release {

std::string_view to_string(Tier tier) {
  switch (tier) {
    case Tier::low:
      return "low";
    case Tier::medium:
      return "medium";
    case Tier::high:
      return "high";
  }
  std::unreachable();
}

Result<Tier> parse_tier(std::string_view text) {
  for (const Tier tier : {Tier::low, Tier::medium, Tier::high})
    if (text == to_string(tier)) return tier;
  return refuse("REL-TIER", "there is no such tier", std::string(text.substr(0, 80)),
                "use low, medium or high");
}

}  // namespace vedette::release
