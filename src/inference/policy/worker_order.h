// What host and worker agree on besides the channel: descriptors, arguments, exit codes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace vedette::inference {

// How strong the cage must be. It is declared, never lowered silently.
enum class Posture {
  full,              // every layer, or the worker does not start
  without_landlock,  // a kernel without Landlock is tolerated; every other layer is required
};

// A forbidden act that a worker commits on purpose, in its real cage.
enum class DrillAct { open_file, socket, exec, fork, ptrace };

inline constexpr DrillAct kDrillActs[] = {DrillAct::open_file, DrillAct::socket, DrillAct::exec,
                                          DrillAct::fork, DrillAct::ptrace};

[[nodiscard]] std::string_view name_of(Posture posture);  // `full`, `without-landlock`
// `open-file`, `socket`, `exec`, `fork`, `ptrace`.
[[nodiscard]] std::string_view name_of(DrillAct act);
[[nodiscard]] std::optional<DrillAct> drill_act_from_name(std::string_view name);

// The descriptors that a worker is born with, besides 0 to 2 on /dev/null.
inline constexpr int kModelFd = 3;     // sealed memfd; absent in a drill
inline constexpr int kChannelFd = 4;   // tensor channel
inline constexpr int kLifelineFd = 5;  // read end of a pipe; the worker ends when its writer does

enum class WorkerExit : int {
  done = 0,
  usage = 2,          // the arguments make no sense; said on stderr
  leaked = 42,        // a drill's act succeeded: the cage leaks
  act_refused = 43,   // a drill's act returned an error, but the filter let it pass
  refused = 44,       // the cage or the model was refused; the channel says why
  lifeline_cut = 45,  // the process that started the worker is gone
};

// The whole command line after the program's name.
struct WorkerOrder {
  std::string profile = "strict";
  Posture posture = Posture::full;
  std::uint64_t memory_bytes = std::uint64_t{512} << 20U;
  std::optional<DrillAct> drill;  // none: serve

  friend bool operator==(const WorkerOrder&, const WorkerOrder&) = default;
};

[[nodiscard]] std::vector<std::string> to_arguments(const WorkerOrder& order);
// `--profile P --posture P --memory BYTES --drill ACT`, each at most once; refuses SBX-ORDER.
[[nodiscard]] Result<WorkerOrder> parse_arguments(std::span<const std::string_view> arguments);

}  // namespace vedette::inference
