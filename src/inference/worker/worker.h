// The program vedette-worker: a zygote that makes the runtime once, and forks a worker for each
// model into a cage of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "inference/policy/spawn_order.h"

namespace vedette::inference {

// Where in its life a worker is.
enum class Moment {
  caged,      // the cage is closed, no byte of the model has been read
  loaded,     // the model has been parsed, the first answer is not yet out
  answering,  // a request has come, its answer is not yet out
};

// What a worker does besides its work. Ours commits the acts of drills; the workers of adversarial
// tests commit worse.
struct Conduct {
  // Called once, in the closed cage: the memory that is shared with the host, and the model's.
  std::function<void(std::span<std::uint8_t> channel, ByteView model)> given = {};
  // Called at each moment with the order's drill. A result ends the worker, or the fork that was to
  // answer, with that exit code.
  std::function<std::optional<WorkerExit>(std::string_view drill, Moment moment)> act = {};
};

// Runs what the command line says and returns the process's exit code:
//
//   --zygote           serves orders on descriptor kControlFd until its other end closes
//   --zygote-broker    the same for the posture without user namespaces: keeps root's powers
//
// Expects one thread and no exit handlers: leave with _exit.
[[nodiscard]] WorkerExit run_worker(std::span<const std::string_view> arguments,
                                    const Conduct& conduct);

// Of vedette-worker itself.
[[nodiscard]] Conduct drill_conduct();

inline constexpr int kControlFd = 3;  // SOCK_SEQPACKET, a zygote's

}  // namespace vedette::inference
