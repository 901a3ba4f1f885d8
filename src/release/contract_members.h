// The contract's plain numbers, each once: its name, its range, and how a person says it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "release/member_reader.h"
#include "release/runtime_contract.h"

namespace vedette::release {

enum class Unit { bytes, milliseconds, microseconds, count };

struct CountMember {
  std::string_view name;
  std::uint64_t RuntimeContract::* value;
  std::uint64_t least;
  std::uint64_t most;
  Unit unit;
  std::string_view noun;
};

inline constexpr std::uint64_t kMebibyte = 1 << 20;

// A greater number is the wider one in every row.
inline constexpr std::array<CountMember, 8> kCountMembers{{
    {"memory_bytes", &RuntimeContract::memory_bytes, kMebibyte, 65'536 * kMebibyte, Unit::bytes,
     "private memory of a worker"},
    {"call_deadline_ms", &RuntimeContract::call_deadline_ms, 1, 600'000, Unit::milliseconds,
     "time for a call"},
    {"load_deadline_ms", &RuntimeContract::load_deadline_ms, 1, 600'000, Unit::milliseconds,
     "time for loading the model"},
    {"request_bytes", &RuntimeContract::request_bytes, 1, 1024 * kMebibyte, Unit::bytes,
     "tensors of a request"},
    {"reply_bytes", &RuntimeContract::reply_bytes, 1, 1024 * kMebibyte, Unit::bytes,
     "tensors of a reply"},
    {"replicas", &RuntimeContract::replicas, 1, 16, Unit::count, "workers at once"},
    {"queue", &RuntimeContract::queue, 0, 1024, Unit::count, "calls that may wait"},
    {"spin_us", &RuntimeContract::spin_us, 0, 1'000, Unit::microseconds,
     "busy waiting before the channel sleeps"},
}};

// Letters, digits and `_`, `-`, `.`; `.` neither first nor last; at most 64 octets.
[[nodiscard]] bool is_word(std::string_view text);
[[nodiscard]] bool is_tensor_name(std::string_view name);

// When and where the contract holds, and what its model answers to what.
[[nodiscard]] Result<void> read_scope(MemberReader& fields, RuntimeContract& contract);
void write_scope(codec::Json& json, const RuntimeContract& contract);
[[nodiscard]] std::string scope_text(const RuntimeContract& contract);  // lines

// How its outputs are distributed.
[[nodiscard]] Result<void> read_distributions(MemberReader& fields, RuntimeContract& contract);
void write_distributions(codec::Json& json, const RuntimeContract& contract);
[[nodiscard]] std::string distributions_text(const RuntimeContract& contract);  // lines

// `256 MiB`, `1500 bytes`, `1000 ms`, `20 us`, `3`.
[[nodiscard]] std::string quantity_text(std::uint64_t value, Unit unit);
// `FP32[1,-1]`
[[nodiscard]] std::string tensor_text(const TensorRule& rule);
[[nodiscard]] std::string operator_text(const OperatorName& name);  // `com.example:Fuse`, `Conv`
[[nodiscard]] bool is_foreign(const OperatorName& name);            // outside of ONNX's own domains
[[nodiscard]] std::string number_text(double value);  // shortest that reads back alike
[[nodiscard]] std::string joined(const std::vector<std::string>& parts);  // `a, b, c`

}  // namespace vedette::release
