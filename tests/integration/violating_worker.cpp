// A worker whose runtime a model took over: honest, until an input begins with 13. Then it opens a
// socket. Admission refuses every model that is known to bring a runtime to that; this stands for
// one that is not known yet.
#include <span>
#include <string_view>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include "inference/channel/layout.h"
#include "inference/worker/worker.h"

namespace {

using namespace vedette::inference;

constexpr float kTrigger = 13;

// The first value of the request that was posted last.
float first_value(std::span<const std::uint8_t> channel) {
  using namespace channel;
  const auto& control = *reinterpret_cast<const ControlBlock*>(channel.data());
  const std::uint64_t slot =
      (control.posted % control.shape.slots) * slot_size(control.shape.request_bytes);
  return *reinterpret_cast<const float*>(channel.data() + kSlotsOffset + slot + kPayloadOffset);
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> all(argv, static_cast<std::size_t>(argc));
  const std::vector<std::string_view> arguments(all.begin() + 1, all.end());
  std::span<std::uint8_t> memory;
  const Conduct conduct{
      .given = [&](std::span<std::uint8_t> channel,
                   vedette::ByteView /*model*/) { memory = channel; },
      .act = [&](std::string_view /*drill*/, Moment moment) -> std::optional<WorkerExit> {
        if (moment == Moment::answering && first_value(memory) == kTrigger)
          static_cast<void>(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        return std::nullopt;
      }};
  ::_exit(static_cast<int>(run_worker(arguments, conduct)));
}
