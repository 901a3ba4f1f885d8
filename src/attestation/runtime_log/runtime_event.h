// RuntimeEvent: one thing that the agent measured before it relied on it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "crypto/digest.h"

namespace vedette::attestation {

// The numbers are on the wire and in registers: never reused. 0 is none. A log needs no event to
// begin it: the register is zero at boot, and the record number counts from there.
enum class RuntimeEventKind : std::uint8_t {
  agent_start = 1,
  agent_configuration = 2,
  worker_binary = 3,
  sandbox_profile = 4,
  model_release = 5,
  runtime_contract = 6,
};

[[nodiscard]] std::string_view to_string(RuntimeEventKind kind);  // `model-release`
[[nodiscard]] std::optional<RuntimeEventKind> runtime_event_kind(std::uint8_t number);

inline constexpr std::size_t kMaxRuntimeText = 256;  // octets of a name or a power
inline constexpr std::size_t kMaxRuntimePowers = 64;

struct RuntimeEvent {
  RuntimeEventKind kind = RuntimeEventKind::agent_start;
  std::string name;                 // `person-detector 7`
  crypto::Sha256Digest digest{};    // of the thing that was measured
  std::vector<std::string> powers;  // what it may use, each as text: `threads 4`

  friend bool operator==(const RuntimeEvent&, const RuntimeEvent&) = default;
};

// Refuses ATT-RUNTIME-EVENT: a kind that is none, a name or power that is empty, too long, not
// UTF-8 or holds control characters, too many powers.
[[nodiscard]] Result<void> check_runtime_event(const RuntimeEvent& event);

// `model release person-detector 7, digest 0a1b..., may use threads 4, device-node /dev/nvidia0`
[[nodiscard]] std::string in_words(const RuntimeEvent& event);

}  // namespace vedette::attestation
