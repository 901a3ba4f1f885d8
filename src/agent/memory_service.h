// What a session over shared memory needs of the agent: the seam between the memory API and
// whatever decides, runs and accounts for its calls.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "base/error.h"
#include "inference/tensor.h"

namespace vedette::agent {

// The process at the other end of a Unix socket, as the kernel says it was when it connected.
struct Caller {
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t pid = 0;
};

// Refuses MEM-CALLER: the kernel does not say.
[[nodiscard]] Result<Caller> caller_of(int socket);

// Each is called from the API's threads, several at once. Release 0 is whichever is served.
struct MemoryService {
  struct Model {
    std::uint64_t release = 0;
    inference::ModelMetadata metadata;
  };

  // Whether the caller may have a session with the model; asked once, before anything else is.
  std::function<Result<void>(const Caller&, std::string_view model)> authorise;
  std::function<Result<Model>(const Caller&, std::string_view model, std::uint64_t release)>
      describe;
  // One call: asks the model, vouches for the answer, or refuses. `inputs` are the session's one
  // copy; nothing that the caller does changes them.
  std::function<Result<std::vector<inference::Tensor>>(const Caller&, std::string_view model,
                                                       std::uint64_t release,
                                                       std::span<const inference::Tensor> inputs)>
      infer;
};

}  // namespace vedette::agent
