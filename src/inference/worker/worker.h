// The life of vedette-worker: born with a few descriptors, it makes the runtime's environment,
// enters the cage for good, loads the model there, and answers until its agent goes.
#pragma once

#include <span>
#include <string_view>

#include "inference/policy/worker_order.h"

namespace vedette::inference {

// Runs the order that the command line gives and returns the process's exit code. Arguments that
// make no sense are reported on stderr; everything later goes through the channel, for inside the
// cage there is no descriptor left to write to. Expects one thread and no exit handlers: leave with
// _exit.
[[nodiscard]] WorkerExit run_worker(std::span<const std::string_view> arguments);

}  // namespace vedette::inference
