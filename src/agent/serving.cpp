#include "agent/serving.h"

#include <algorithm>

namespace vedette::agent {

bool ServedModel::shows(std::string_view output, std::optional<std::uint32_t> uid) const {
  const auto audience = std::ranges::find(audiences, output, &OutputAudience::output);
  if (audience == audiences.end()) return true;
  return uid && std::ranges::find(audience->uids, *uid) != audience->uids.end();
}

Result<void> ServedModel::check_time(TimePoint now) const {
  if (!contract.valid_until || now < *contract.valid_until) return {};
  return refuse("AGT-CONTRACT-TIME", "the model may not run any more",
                name.str() + " release " + std::to_string(release) + ", until " +
                    to_rfc3339(*contract.valid_until),
                "publish a release that lasts");
}

}  // namespace vedette::agent
