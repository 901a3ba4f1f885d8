#include "inference/worker/life.h"

#include <algorithm>
#include <optional>

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "inference/channel/channel.h"
#include "inference/line/line.h"
#include "inference/sandbox/cage.h"
#include "inference/sandbox/output_file.h"
#include "inference/worker/coarse_clock.h"
#include "inference/worker/mapped_model.h"
#include "inference/worker/service.h"

namespace vedette::inference {

namespace {

using channel::WorkerEnd;

// What a worker takes along into its cage: mapped, for no descriptor comes along.
struct Belongings {
  WorkerEnd channel;
  ByteView model;  // empty: there is nothing to serve
  std::unique_ptr<ThreadPark> threads;
};

// The zygote's other descriptors: its control socket, and the lines of other workers.
void close_all_but(std::vector<int> kept) {
  std::ranges::sort(kept);
  unsigned from = 0;
  for (const int fd : kept) {
    const auto number = static_cast<unsigned>(fd);
    if (number > from) ::syscall(SYS_close_range, from, number - 1, 0U);
    from = number + 1;
  }
  ::syscall(SYS_close_range, from, ~0U, 0U);
}

Result<void> bind_to_core(int cpu) {
  if (cpu < 0) return {};
  cpu_set_t set;
  CPU_ZERO(&set);
  if (cpu < CPU_SETSIZE) CPU_SET(static_cast<std::size_t>(cpu), &set);
  if (::sched_setaffinity(0, sizeof set, &set) == 0) return {};
  return refuse("SBX-CAGE-LIMITS", "the worker could not be bound to its core",
                errno_text("core " + std::to_string(cpu)));
}

Result<Belongings> take_belongings(const SpawnOrder& order, const std::vector<UniqueFd>& fds) {
  VEDETTE_TRY(WorkerEnd channel, WorkerEnd::attach(fds[kChannelAt].get()));
  ByteView model;
  if (fds.size() > kModelAt) {
    VEDETTE_TRY(model, map_sealed_model(fds[kModelAt].get()));
  } else if (order.drill.empty()) {
    return refuse("SBX-ORDER", "an order came without a model");
  }
  return Belongings{std::move(channel), model, nullptr};
}

Result<Belongings> prepare(const SpawnOrder& order, const std::vector<UniqueFd>& fds,
                           int alive_fd) {
  std::vector<int> kept = {alive_fd};
  for (const UniqueFd& fd : fds)
    kept.push_back(fd.get());
  close_all_but(std::move(kept));
  VEDETTE_CHECK(bind_to_core(order.cpu));
  return take_belongings(order, fds);
}

Result<Belongings> enter(const SpawnOrder& order, const std::vector<UniqueFd>& fds,
                         const Inheritance& inherited) {
  const int alive_fd = inherited.alive_fd;
  VEDETTE_TRY(Belongings belongings, prepare(order, fds, alive_fd));
  const std::uint64_t extra_threads = order.profile.limits.threads - 1;
  const auto make_threads = [&]() -> Result<void> {
    if (extra_threads == 0) return {};
    VEDETTE_TRY(belongings.threads, ThreadPark::open(extra_threads));
    return {};
  };
  if (order.profile.coarse_clock != Need::off) {
    belongings.channel.expect_steps(coarsen_clocks());
  }
  const std::uint64_t mapped = belongings.model.size() + belongings.channel.mapped_bytes();
  VEDETTE_CHECK(enter_cage(order.profile, {fds[kLineAt].get(), alive_fd, mapped, &inherited.cages},
                           make_threads));
  return belongings;
}

WorkerExit convert(Belongings& belongings, Engine& engine) {
  const auto converted = engine.convert(belongings.model, kOutputFile);
  if (!converted) {
    belongings.channel.refuse_load(converted.error());
    return WorkerExit::refused;
  }
  belongings.channel.loaded(engine.metadata());
  return WorkerExit::done;
}

WorkerExit work(const SpawnOrder& order, Belongings& belongings, Engine& engine,
                const Conduct& conduct) {
  if (conduct.given) conduct.given(belongings.channel.memory(), belongings.model);
  if (conduct.act)
    if (const auto exit = conduct.act(order.drill, Moment::caged)) return *exit;
  if (belongings.model.empty()) return WorkerExit::done;
  if (order.convert) return convert(belongings, engine);
  const LoadSettings settings{order.format == ModelFormat::ort, belongings.threads.get()};
  if (const auto loaded = engine.load(belongings.model, settings); !loaded) {
    belongings.channel.refuse_load(loaded.error());
    return WorkerExit::refused;
  }
  if (conduct.act)
    if (const auto exit = conduct.act(order.drill, Moment::loaded)) return *exit;
  serve(order, engine, belongings.channel, conduct);
}

}  // namespace

void live(const SpawnOrder& order, const std::vector<UniqueFd>& fds, const Inheritance& inherited) {
  auto belongings = enter(order, fds, inherited);
  if (!belongings) {
    send_report(fds[kLineAt].get(), refusal_report(belongings.error()));
    ::_exit(static_cast<int>(WorkerExit::refused));
  }
  ::_exit(static_cast<int>(work(order, *belongings, inherited.engine, inherited.conduct)));
}

}  // namespace vedette::inference
