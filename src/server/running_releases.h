// What a device says that it runs, and what of it has been blocked.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/strong_id.h"
#include "platform/store/store.h"

namespace vedette::server {

struct RunningRelease {
  ModelName model;
  std::uint64_t number = 0;

  friend bool operator==(const RunningRelease&, const RunningRelease&) = default;
};

// `voice:3,gauge:1`, at most 64 of them; empty is none. Refuses HTTP-QUERY.
[[nodiscard]] Result<std::vector<RunningRelease>> parse_running(std::string_view text);
[[nodiscard]] std::string to_string(const RunningRelease& release);

// A release that is not known is not blocked: a control plane that was restored from an older
// backup stops nobody. Refuses STORE-*.
[[nodiscard]] Result<std::vector<RunningRelease>> blocked_among(
    platform::UnitOfWork& unit, const std::vector<RunningRelease>& running);

}  // namespace vedette::server
