// vedette-worker: a sealed model in, tensors in, tensors out. Started by vedette-agent.
#include <span>
#include <string_view>
#include <vector>

#include <unistd.h>

#include "inference/worker/worker.h"

int main(int argc, char** argv) {
  const std::span<char*> all(argv, static_cast<std::size_t>(argc));
  std::vector<std::string_view> arguments;
  for (const char* argument : all.subspan(all.empty() ? 0 : 1))
    arguments.emplace_back(argument);
  // Destructors and exit handlers of the runtime would need calls that the cage forbids.
  ::_exit(static_cast<int>(
      vedette::inference::run_worker(arguments, vedette::inference::drill_conduct())));
}
