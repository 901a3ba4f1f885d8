// A process that works until it is killed, and tells what was acknowledged to it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

namespace vedette::crash {

// Says that `number` was acknowledged. Thread-safe; the pipe holds it before the call returns, so
// the kill cannot take it back.
using Acknowledge = std::function<void(std::uint64_t number)>;

// When the child is killed: `delay` after it has acknowledged so many numbers. Counting, not only
// time, so that a slow disk does not make a round prove nothing.
struct Doom {
  std::size_t acknowledgements = 0;
  std::chrono::microseconds delay{};
};

// Runs `body` in a fork of this process, kills it with SIGKILL, and returns the numbers that it
// acknowledged by then, in order. `body` must not return. Call it while this process has one
// thread. Throws std::runtime_error when the child dies by itself, or hangs.
[[nodiscard]] std::vector<std::uint64_t> run_and_kill(
    const Doom& doom, const std::function<void(const Acknowledge&)>& body);

}  // namespace vedette::crash
