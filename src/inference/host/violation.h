// Violation: what a worker tried that its cage forbids, read while the kernel holds it frozen.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace vedette::inference {

struct Violation {
  std::uint32_t architecture = 0;  // AUDIT_ARCH_*, linux/audit.h
  std::int32_t number = 0;         // of the system call, in that architecture's table
  std::uint64_t instruction = 0;   // where it was called from
  std::array<std::uint64_t, 6> arguments{};
  std::int32_t pid = 0;  // of the caller

  // The worker's heap was used up: the call asks for memory and nothing else.
  [[nodiscard]] bool is_memory_shortage() const;

  friend bool operator==(const Violation&, const Violation&) = default;
};

// Takes the next notification off a filter's listener. None when nothing is there, or its caller is
// dead already. The caller stays frozen; it is never answered, only killed.
[[nodiscard]] std::optional<Violation> take_violation(int listener);

// `system call 41 (x86-64) with 0x2, 0x1, 0x0, ... at 0x7f...`.
[[nodiscard]] std::string describe(const Violation& violation);

}  // namespace vedette::inference
