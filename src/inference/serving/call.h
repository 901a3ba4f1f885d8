// Call: one request on its way through a model's server.
#pragma once

#include <condition_variable>
#include <functional>
#include <optional>
#include <vector>

#include "inference/serving/batch.h"
#include "inference/serving/monotonic_clock.h"

namespace vedette::inference::serving {

using Answer = Result<std::vector<Tensor>>;
using Callback = std::function<void(Answer)>;

// Immutable but for the last part, which the server's mutex guards.
struct Call {
  enum class State : std::uint8_t {
    waiting,
    running,
    done,  // answered or refused; what a replica says later is dropped
  };

  Inputs inputs;  // borrowed from the blocked caller, or views of `owned`
  SteadyTime arrived;
  SteadyTime deadline;

  std::vector<Tensor> owned;
  std::vector<TensorView> views;
  Callback callback;  // empty: a thread waits at the bell for `answer`

  State state = State::waiting;
  std::optional<Answer> answer;
  std::condition_variable bell;
};

}  // namespace vedette::inference::serving
