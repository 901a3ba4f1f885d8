// A worker that is built like vedette-worker but for its conduct: it commits the act that its order
// names, at the moment that it names (`socket@loaded`), or forges the answers that its requests
// name.
#include <span>
#include <string_view>
#include <vector>

#include <unistd.h>

#include "inference/worker/worker.h"

#include "act.h"
#include "commitment.h"
#include "deeds.h"
#include "forgery.h"

namespace {

using namespace vedette::inference;
using namespace vedette::testing;

std::string_view name_of(Moment moment) {
  switch (moment) {
    case Moment::caged:
      return "caged";
    case Moment::loaded:
      return "loaded";
    case Moment::answering:
      return "answering";
  }
  return "";
}

std::optional<WorkerExit> behave(std::string_view drill, Moment moment) {
  const std::size_t at = drill.find('@');
  if (at == std::string_view::npos) {
    forge(loot().channel, moment);
    return std::nullopt;
  }
  if (drill.substr(at + 1) != name_of(moment)) return std::nullopt;
  const std::string_view name = drill.substr(0, at);
  if (const Act* const act = find_act(name)) return static_cast<WorkerExit>(commit(*act));
  return WorkerExit::usage;
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> all(argv, static_cast<std::size_t>(argc));
  const std::vector<std::string_view> arguments(all.begin() + 1, all.end());
  static_cast<void>(catalogue());  // what it allocates is inherited, not made in the cage
  const Conduct conduct{.given = [](std::span<std::uint8_t> channel,
                                    vedette::ByteView model) { loot() = {channel, model}; },
                        .act = behave};
  ::_exit(static_cast<int>(run_worker(arguments, conduct)));
}
