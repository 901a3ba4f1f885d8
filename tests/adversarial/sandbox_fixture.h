// What the adversarial tests share: the real worker, sealed models, tensors, another user.
#pragma once

#include <functional>
#include <string>

#include "base/bytes.h"
#include "inference/host/worker_process.h"
#include "inference/model_memory.h"

namespace vedette::testing {

[[nodiscard]] std::string worker_path();
// The strongest that this machine can keep; said once on stdout when it is not full.
[[nodiscard]] inference::Posture posture();
[[nodiscard]] inference::WorkerSettings settings();
// One zygote for all workers of a test program.
[[nodiscard]] inference::WorkerSpawner& spawner();

[[nodiscard]] inference::SealedModel sealed(ByteView model);
[[nodiscard]] Result<std::unique_ptr<inference::WorkerProcess>> start(ByteView model);

[[nodiscard]] inference::Tensor floats(std::string name, std::vector<float> values);
[[nodiscard]] inference::Tensor integers(std::string name, std::vector<std::int64_t> values);

template <class T>
std::string code_of(const Result<T>& result) {
  return result.has_value() ? "" : result.error().code;
}
// Empty, or the error in one line.
template <class T>
std::string refusal_of(const Result<T>& result) {
  return result.has_value() ? "" : describe(result.error());
}

// Runs `work` in a child that is an ordinary user (nobody, when the test runs as root); gives its
// exit code, or -1.
[[nodiscard]] int as_ordinary_user(const std::function<int()>& work);

// The pids whose parent is `pid`.
[[nodiscard]] std::vector<int> children_of(int pid);
// Polls until `condition` holds; false after ten seconds.
[[nodiscard]] bool eventually(const std::function<bool()>& condition);

}  // namespace vedette::testing
