#include "inference/worker/worker.h"

#include <cstdio>
#include <cstring>
#include <optional>

#include <sys/syscall.h>
#include <unistd.h>

#include "inference/channel/channel.h"
#include "inference/engine/engine.h"
#include "inference/policy/profile.h"
#include "inference/sandbox/cage.h"
#include "inference/worker/forbidden_act.h"
#include "inference/worker/mapped_model.h"

namespace vedette::inference {

namespace {

using channel::WorkerEnd;

Result<Profile> profile_for(const WorkerOrder& order) {
  VEDETTE_TRY(Profile profile, built_in_profile(order.profile));
  profile.limits.memory_bytes = order.memory_bytes;
  if (order.posture == Posture::without_landlock) profile.landlock = Need::where_present;
  return profile;
}

void serve(Engine& engine, WorkerEnd& channel) {
  channel.reply(engine.metadata());
  for (;;) {
    const auto request = channel.next();
    if (!request) {
      channel.refuse(request.error());
    } else if (request->kind == channel::MessageKind::describe) {
      channel.reply(engine.metadata());
    } else if (const auto outputs = engine.run(request->inputs)) {
      channel.reply(*outputs);
    } else {
      channel.refuse(outputs.error());
    }
  }
}

// Everything between the first request (`describe`, which the host put before it started us) and
// its answer. Returns a refusal, or never.
Result<void> serve_model(const WorkerOrder& order, WorkerEnd& channel) {
  VEDETTE_TRY(const Profile profile, profile_for(order));
  VEDETTE_TRY(const ByteView model, map_sealed_model(kModelFd));
  VEDETTE_TRY(Engine engine, Engine::create());
  VEDETTE_CHECK(enter_cage(profile, {kLifelineFd, model.size() + channel.mapped_bytes()}));
  VEDETTE_CHECK(engine.load(model));
  serve(engine, channel);
  return {};
}

Result<WorkerExit> run_drill(const WorkerOrder& order, DrillAct act,
                             std::optional<WorkerEnd>& channel) {
  VEDETTE_TRY(const Profile profile, profile_for(order));
  VEDETTE_TRY(const Engine engine, Engine::create());
  const int lifeline = channel ? kLifelineFd : -1;
  VEDETTE_CHECK(enter_cage(profile, {lifeline, channel ? channel->mapped_bytes() : 0}));
  const ActOutcome outcome = commit(act);
  if (outcome.succeeded) return WorkerExit::leaked;
  if (channel) channel->refuse(Error{"SBX-DRILL", std::strerror(outcome.error), "", ""});
  return WorkerExit::act_refused;
}

// Said where it can be heard: in the channel, and on stderr as long as that is there.
WorkerExit report(const Error& error, WorkerEnd* channel) {
  if (channel != nullptr) {
    channel->refuse(error);
  } else {
    // Through stdio's buffer nothing would come out before _exit.
    const std::string line = "vedette-worker: " + describe(error) + "\n";
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
  }
  return error.code == "SBX-ORDER" ? WorkerExit::usage : WorkerExit::refused;
}

WorkerExit drill(const WorkerOrder& order, DrillAct act) {
  // Started by hand, a drill has no channel.
  std::optional<WorkerEnd> channel;
  if (auto attached = WorkerEnd::attach(kChannelFd)) {
    channel.emplace(*std::move(attached));
    static_cast<void>(channel->next());
  }
  const auto exit = run_drill(order, act, channel);
  return exit ? *exit : report(exit.error(), channel ? &*channel : nullptr);
}

WorkerExit serve_order(const WorkerOrder& order) {
  auto channel = WorkerEnd::attach(kChannelFd);
  if (!channel) return report(channel.error(), nullptr);
  static_cast<void>(channel->next());
  const auto served = serve_model(order, *channel);
  return served ? WorkerExit::done : report(served.error(), &*channel);
}

}  // namespace

WorkerExit run_worker(std::span<const std::string_view> arguments) {
  // Whatever the agent forgot to close does not come along.
  ::syscall(SYS_close_range, static_cast<unsigned>(kLifelineFd) + 1, ~0U, 0U);
  const auto order = parse_arguments(arguments);
  if (!order) return report(order.error(), nullptr);
  return order->drill ? drill(*order, *order->drill) : serve_order(*order);
}

}  // namespace vedette::inference
