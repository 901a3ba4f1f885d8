// The bells of the channel: futexes in shared memory, and looking without sleeping.
#pragma once

#include <chrono>
#include <cstdint>

namespace vedette::inference::channel {

// Acquire and release on a word that another process reads and writes.
[[nodiscard]] std::uint32_t load(std::uint32_t& word);
void store(std::uint32_t& word, std::uint32_t value);

// Looks at `word` for at most `spin`, then sleeps for at most `patience` (none: for ever), as long
// as its value is `seen`; returns the value it last saw. May return early. While it sleeps,
// `sleepers` is higher by one, so that the other side rings only when somebody listens.
[[nodiscard]] std::uint32_t await_change(std::uint32_t& word, std::uint32_t seen,
                                         std::uint32_t& sleepers, std::chrono::microseconds spin,
                                         const std::chrono::nanoseconds* patience);

// Stores `value` and wakes all who sleep, if `sleepers` says that somebody does.
void publish(std::uint32_t& word, std::uint32_t value, std::uint32_t& sleepers);

// Wakes all who sleep on `word`, whatever anybody says.
void wake_all(std::uint32_t& word);

}  // namespace vedette::inference::channel
