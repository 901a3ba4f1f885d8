// The life of one worker: it maps what it was given, enters the cage for good, loads the model
// there, and answers until it is killed.
#pragma once

#include <vector>

#include "base/fd.h"
#include "inference/engine/engine.h"
#include "inference/sandbox/cage.h"
#include "inference/worker/worker.h"

namespace vedette::inference {

// What a worker has of its zygote.
struct Inheritance {
  Engine& engine;
  const Conduct& conduct;
  const PreparedCages& cages;
  int alive_fd;  // birth.h
};

// In the child of a birth. `fds` as in policy/spawn_order.h. What goes wrong before the cage is
// closed is reported on the line, what goes wrong inside in the channel.
[[noreturn]] void live(const SpawnOrder& order, const std::vector<UniqueFd>& fds,
                       const Inheritance& inherited);

}  // namespace vedette::inference
