#include "agent/serving.h"

#include <algorithm>

namespace vedette::agent {

bool ServedModel::shows(std::string_view output, std::optional<std::uint32_t> uid) const {
  const auto audience = std::ranges::find(audiences, output, &OutputAudience::output);
  if (audience == audiences.end()) return true;
  return uid && std::ranges::find(audience->uids, *uid) != audience->uids.end();
}

}  // namespace vedette::agent
