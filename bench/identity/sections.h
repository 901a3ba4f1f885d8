// The parts of the measurement, each with a folder of its own on the disk under test.
#pragma once

#include <cstddef>
#include <string>

#include "base/error.h"

#include "../report.h"

namespace vedette::bench {

struct IdentitySettings {
  std::string folder;
  std::size_t herd = 100'000;
  std::size_t live = 1'000;
};

// Issuances per second: a renewal from the door to the committed record, beside OpenSSL alone.
[[nodiscard]] Result<void> measure_issuance(Report& report, const IdentitySettings& settings);
// Full handshakes with certificates on both sides, beside `openssl s_server`.
[[nodiscard]] Result<void> measure_handshakes(Report& report, const IdentitySettings& settings);
// A fleet that comes back at once, and a server that is killed half way.
[[nodiscard]] Result<void> measure_herd(Report& report, const IdentitySettings& settings);
// From an operator's command to the last request of a revoked device that was accepted.
[[nodiscard]] Result<void> measure_revocation(Report& report, const IdentitySettings& settings);

}  // namespace vedette::bench
