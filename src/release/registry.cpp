#include "release/registry.h"

#include <algorithm>
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

Result<std::vector<Tier>> parse_tiers(const std::vector<std::string>& texts) {
  std::vector<Tier> tiers;
  for (const std::string& text : texts) {
    VEDETTE_TRY(const Tier tier, parse_tier(text));
    tiers.push_back(tier);
  }
  return tiers;
}

bool is_among(const std::vector<Tier>& tiers, Tier tier) {
  return std::ranges::find(tiers, tier) != tiers.end();
}

}  // namespace vedette::release
