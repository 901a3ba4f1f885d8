// Hostile acts as data: the system calls that a hostile worker makes, named and in groups. The
// worker that commits them and the test that judges them are built from the same catalogue.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace vedette::testing {

// By which door the kernel is entered. All but `native` are x86-64's.
enum class Entry { native, int80, x32, vsyscall };

struct Call {
  long number = 0;
  std::array<std::uint64_t, 6> arguments{};
  Entry entry = Entry::native;

  friend bool operator==(const Call&, const Call&) = default;
};

inline constexpr std::size_t kMaxCalls = 4;

enum class Group { files, network, kernel, memory, descriptors, machine, side_channels };
[[nodiscard]] std::string_view name_of(Group group);

// How the act ends in the full cage.
enum class End {
  violation,  // frozen in its first call, and killed
  fault,      // killed by a signal of its own making, without a call
  shortage,   // killed when it asks for memory
  endless,    // makes no forbidden call and never ends: a deadline's business
};

struct Act {
  std::string name;
  Group group = Group::files;
  std::vector<Call> calls;  // each is made when the one before it succeeded
  // When the filter is gone, another layer still refuses it.
  bool second_line = true;
  void (*deed)() = nullptr;  // instead of calls
  End end = End::violation;
  bool exempt = false;      // some kernels ask no filter: it must fail all the same
  bool unfiltered = false;  // it makes no call: the coarse clock alone stops it
  bool may_fault = false;   // some kernels end the caller by a signal before any filter is asked
};

// All groups, in a fixed order. The first call maps the scratch memory.
[[nodiscard]] const std::vector<Act>& catalogue();
// Null when there is none of that name.
[[nodiscard]] const Act* find_act(std::string_view name);

// --- For those who write acts.

// Memory at a fixed address below 4 GiB: a pointer has the same value in the worker and in the
// test, and fits the registers of a 32-bit call.
[[nodiscard]] std::uint64_t scratch(std::size_t size);
[[nodiscard]] std::uint64_t text(std::string_view text);  // terminated

template <class T>
  requires std::is_trivially_copyable_v<T>
std::uint64_t put(const T& value) {
  const std::uint64_t address = scratch(sizeof value);
  std::memcpy(reinterpret_cast<void*>(address), &value, sizeof value);  // NOLINT: a fixed address
  return address;
}

// In place of an argument: what the call before it returned.
inline constexpr std::uint64_t kLastResult = 0x5EED'5EED'5EED'5EED;

// Registers are 64 bits wide: what is signed is extended, as the kernel's callers do.
template <class T>
  requires(std::is_integral_v<T> || std::is_enum_v<T>)
constexpr std::uint64_t to_register(T value) {
  if constexpr (std::is_enum_v<T>)
    return to_register(static_cast<std::underlying_type_t<T>>(value));
  else if constexpr (std::is_signed_v<T>)
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
  else
    return static_cast<std::uint64_t>(value);
}

template <class... Arguments>
Call call(long number, Arguments... arguments) {
  static_assert(sizeof...(arguments) <= 6);
  return {number, {to_register(arguments)...}, Entry::native};
}

// An act that another layer refuses, too.
template <class... Calls>
Act act(std::string name, Calls... calls) {
  static_assert(sizeof...(calls) <= kMaxCalls);
  return {.name = std::move(name), .calls = {calls...}};
}

// An act that the filter alone stops.
template <class... Calls>
Act filtered(std::string name, Calls... calls) {
  Act one = act(std::move(name), calls...);
  one.second_line = false;
  return one;
}

using Acts = std::vector<Act>;
[[nodiscard]] Acts file_acts();
[[nodiscard]] Acts network_acts();
[[nodiscard]] Acts kernel_acts();
[[nodiscard]] Acts memory_acts();
[[nodiscard]] Acts descriptor_acts();
[[nodiscard]] Acts machine_acts();  // of this processor; empty on others
[[nodiscard]] Acts side_channel_acts();

}  // namespace vedette::testing
