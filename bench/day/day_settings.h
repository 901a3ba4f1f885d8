// What both processes of a simulated day must agree on.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include "attestation/ear.h"
#include "server/key_custody.h"

namespace vedette::bench {

inline constexpr const char* kTrustDomain = "day.vedette";
inline constexpr std::uint8_t kRuntimeRegister = 13;
inline constexpr std::array<std::uint8_t, 12> kRegisters{0, 1, 2, 3, 4,  5,
                                                         6, 7, 8, 9, 10, kRuntimeRegister};

inline constexpr std::uint16_t kDevicePort = 1;  // names of sockets, nothing more
inline constexpr std::uint16_t kOperatorPort = 2;
inline constexpr std::uint16_t kEnrollmentPort = 3;
inline constexpr std::uint16_t kSweepPort = 4;

inline std::string board_path(const std::string& folder) {
  return folder + "/board";
}
inline std::string state_folder(const std::string& folder) {
  return folder + "/state";
}
inline std::string database_path(const std::string& folder) {
  return state_folder(folder) + "/server.db";
}

// Its keys live for the day.
inline server::KeySettings insecure_day_keys() {
  server::KeySettings keys;
  keys.insecure_unencrypted = true;
  return keys;
}

// As a server's defaults are to its interval of 120 s, as far as a token may live.
inline std::chrono::seconds silence_limit(std::chrono::seconds interval) {
  return interval * 5 / 2;
}
inline std::chrono::seconds verdict_lifetime(std::chrono::seconds interval) {
  return std::min(silence_limit(interval),
                  std::chrono::duration_cast<std::chrono::seconds>(attestation::kMaxEarLifetime));
}

}  // namespace vedette::bench
