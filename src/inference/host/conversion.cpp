#include "inference/host/conversion.h"

#include <cerrno>

#include <sys/stat.h>
#include <unistd.h>

#include "inference/channel/channel.h"
#include "inference/host/worker_calls.h"
#include "inference/model_memory.h"

namespace vedette::inference {

namespace {

Result<Bytes> read_output(const UniqueFd& file) {
  struct stat about{};
  if (::fstat(file.get(), &about) != 0 || about.st_size <= 0)
    return refuse("SBX-OUTPUT", "the worker wrote no model");
  Bytes bytes(static_cast<std::size_t>(about.st_size));
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t got =
        ::pread(file.get(), bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return refuse("SBX-OUTPUT", "the worker's model could not be read");
    at += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace

Result<Bytes> convert_to_ort(WorkerSpawner& spawner, int sealed_model_fd,
                             const ConversionLimits& limits) {
  const auto until = std::chrono::steady_clock::now() + limits.deadline;
  VEDETTE_CHECK(check_sealed(sealed_model_fd));
  SpawnOrder order;
  VEDETTE_TRY(order.profile, built_in_profile("strict"));
  order.profile.limits.memory_bytes = limits.memory_bytes;
  VEDETTE_CHECK(grant(order.profile, OutputFilePower{limits.output_bytes}));
  order.profile = at_posture(std::move(order.profile), spawner.posture());
  order.convert = true;
  const channel::ChannelShape smallest{.request_bytes = 1, .reply_bytes = 1, .slots = 1};
  VEDETTE_TRY(auto channel, channel::HostEnd::create(smallest));
  WorkerProcess::Calls calls(std::move(channel), nullptr);
  VEDETTE_TRY(auto life, spawner.spawn(order, calls.channel().fd(), sealed_model_fd, {}));
  calls.begin(life);
  VEDETTE_CHECK(calls.load(until));
  if (!life->wait_ended(until)) life->kill();
  return read_output(life->take_output());
}

}  // namespace vedette::inference
