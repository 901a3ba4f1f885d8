#include "inference/worker/service.h"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <memory>

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace vedette::inference {

namespace {

using channel::Request;
using channel::WorkerEnd;

bool forks_per_request(const Profile& profile) {
  return std::ranges::any_of(profile.powers, [](const Power& power) {
    return std::holds_alternative<ForkPerRequestPower>(power);
  });
}

struct Service {
  const SpawnOrder& order;
  Engine& engine;
  WorkerEnd& channel;
  const Conduct& conduct;
};

void answer(const Service& service, const Request& request) {
  if (service.conduct.act)
    if (const auto exit = service.conduct.act(service.order.drill, Moment::answering))
      ::_exit(static_cast<int>(*exit));
  const auto outputs = service.engine.run(request.inputs());
  if (outputs)
    service.channel.reply(*outputs);
  else
    service.channel.refuse(outputs.error());
  service.engine.drop_outputs();
}

// The kernel may still count the last child for a moment after it let us go on.
long fork_and_wait() {
  constexpr int kTries = 10'000;
  constexpr timespec kMoment{.tv_sec = 0, .tv_nsec = 100'000};
  long child = -1;
  for (int i = 0; i < kTries && child < 0; ++i) {
    child = ::syscall(SYS_clone, CLONE_VFORK | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    const std::uint32_t nobody_wakes = 0;
    if (child < 0) ::syscall(SYS_futex, &nobody_wakes, FUTEX_WAIT_PRIVATE, 0, &kMoment, nullptr, 0);
  }
  return child;
}

// The parent sleeps in the kernel until the child is gone: one process computes at a time. Neither
// glibc's fork nor a wait would pass the filter; children are reaped by the kernel (SIGCHLD is
// ignored since before the filter).
void answer_in_a_fork(const Service& service, const Request& request) {
  const long child = fork_and_wait();
  if (child == 0) {
    answer(service, request);
    ::_exit(0);
  }
  if (child < 0)
    service.channel.refuse({"INF-ISOLATION", "no process could be made for this request", "", ""});
  else if (!service.channel.is_answered())
    service.channel.refuse(
        {"INF-ISOLATION", "the process that computed this request died", "", ""});
}

}  // namespace

void serve(const SpawnOrder& order, Engine& engine, WorkerEnd& channel, const Conduct& conduct) {
  const Service service{order, engine, channel, conduct};
  const auto answer_one = forks_per_request(order.profile) ? answer_in_a_fork : answer;
  const auto request = std::make_unique<Request>();
  channel.loaded(engine.metadata());
  for (;;) {
    const auto received = channel.next(*request);
    if (received)
      answer_one(service, *request);
    else
      channel.refuse(received.error());
  }
}

}  // namespace vedette::inference
