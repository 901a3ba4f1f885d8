// What the agent tells the zygote, and what it hears back, besides the channel: bytes of messages.
//
// The agent holds two kinds of sockets (SOCK_SEQPACKET). On the *control* socket it sends one order
// per worker, with descriptors. Each order carries one end of the worker's *line*, a socket pair of
// its own: on it come the reports of that worker, first written by the worker itself until it is
// caged, then by the zygote alone. When the agent closes its end of a line, the worker is killed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "inference/policy/profile.h"

namespace vedette::inference {

// The descriptors that go with an order, in this order. A drill needs no model.
inline constexpr std::size_t kLineAt = 0;     // the worker's end of its line
inline constexpr std::size_t kChannelAt = 1;  // tensor channel
inline constexpr std::size_t kModelAt = 2;    // sealed memfd
inline constexpr std::size_t kMaxOrderFds = 3;
inline constexpr std::size_t kMaxOrderBytes = 12'288;
inline constexpr std::size_t kMaxDrillName = 64;

enum class ModelFormat { onnx, ort };

struct SpawnOrder {
  Profile profile;
  ModelFormat format = ModelFormat::onnx;
  bool convert = false;  // write the model as ORT into the output file (power.h), serve nothing
  int cpu = -1;          // the core it is bound to; -1: any
  std::string drill;     // empty: serve; else the name of an act (drill_act.h)

  friend bool operator==(const SpawnOrder&, const SpawnOrder&) = default;
};

[[nodiscard]] std::string to_message(const SpawnOrder& order);
// Refuses SBX-ORDER and SBX-PROFILE.
[[nodiscard]] Result<SpawnOrder> parse_order(std::string_view message);

enum class ReportKind : std::uint32_t {
  born = 1,     // with the process's pidfd; `value` is its pid as the zygote sees it, `text` what
                // control groups bound it by: `v2 memory, v2 pids`
  caged = 2,    // with the filter's listener; from here on the worker holds no descriptor
  refused = 3,  // the cage could not be put up, or no process made: code and text
  output = 5,   // with the output file, to be read when the worker has ended
  ended = 4,    // `by_signal` and `value` say how; the last report
};

struct Report {
  ReportKind kind = ReportKind::refused;
  std::uint32_t by_signal = 0;
  std::int32_t value = 0;
  std::uint32_t reserved = 0;
  char code[48] = {};   // terminated
  char text[464] = {};  // terminated

  [[nodiscard]] Error error() const;        // of `refused`
  [[nodiscard]] std::string words() const;  // of `text`
};
static_assert(sizeof(Report) == 528);

[[nodiscard]] Report refusal_report(const Error& error);
[[nodiscard]] Report birth_report(int pid, std::string_view bounded_by);
[[nodiscard]] Report plain_report(ReportKind kind, int value, bool by_signal = false);
// The report in `bytes`, or none when it is not one.
[[nodiscard]] std::optional<Report> parse_report(ByteView bytes);

enum class WorkerExit : int {
  done = 0,
  usage = 2,         // the arguments make no sense; said on stderr
  leaked = 42,       // a drill's act succeeded: the cage leaks
  act_refused = 43,  // a drill's act returned an error, but the filter let it pass
  refused = 44,      // the cage or the model was refused; line or channel say why
};

}  // namespace vedette::inference
