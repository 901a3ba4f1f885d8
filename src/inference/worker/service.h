// The worker's loop: a request, its answer, for ever.
#pragma once

#include "inference/channel/channel.h"
#include "inference/engine/engine.h"
#include "inference/worker/worker.h"

namespace vedette::inference {

// Says what the model declares and answers requests until the process is killed. With the power
// fork-per-request each answer is made by a fork.
[[noreturn]] void serve(const SpawnOrder& order, Engine& engine, channel::WorkerEnd& channel,
                        const Conduct& conduct);

}  // namespace vedette::inference
