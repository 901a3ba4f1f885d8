#include "inference/worker/zygote.h"

#include <cerrno>
#include <csignal>

#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inference/line/line.h"
#include "inference/sandbox/cage.h"
#include "inference/worker/life.h"

namespace vedette::inference {

namespace {

constexpr std::size_t kMaxWards = 256;

// What the worker maps of the agent's memory, granted on top of its own.
std::uint64_t shared_bytes_of(const std::vector<UniqueFd>& fds) {
  std::uint64_t bytes = 0;
  for (std::size_t i = kChannelAt; i < fds.size(); ++i) {
    struct stat about{};
    if (::fstat(fds[i].get(), &about) == 0) bytes += static_cast<std::uint64_t>(about.st_size);
  }
  return bytes;
}

}  // namespace

Zygote::Zygote(int control, const Conduct& conduct, Engine engine, PreparedCages cages,
               Birthplace place)
    : control_(control),
      conduct_(conduct),
      engine_(std::move(engine)),
      cages_(std::move(cages)),
      place_(std::move(place)),
      cgroups_(own_cgroup_plan()) {
  make_next_cgroup();
}

Result<Zygote> Zygote::make(int control, const Conduct& conduct) {
  VEDETTE_TRY(Engine engine, Engine::create());
  VEDETTE_CHECK(engine.warm_up());
  VEDETTE_TRY(PreparedCages cages, PreparedCages::make());
  VEDETTE_TRY(Birthplace place, Birthplace::make());
  return Zygote(control, conduct, std::move(engine), std::move(cages), std::move(place));
}

// What is watched: the control socket, and two per ward: its process, and its line, of which only
// the end matters (the agent never writes to it).
void Zygote::run() {
  for (bool open = true; open;) {
    std::vector<pollfd> watched = {{control_, POLLIN, 0}};
    for (const Ward& ward : wards_) {
      watched.push_back({ward.process.get(), POLLIN, 0});
      watched.push_back({ward.ending ? -1 : ward.line.get(), POLLRDHUP, 0});
    }
    if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) break;
    for (std::size_t i = 0; i < wards_.size(); ++i)
      if (watched[2 + 2 * i].revents != 0) end(wards_[i]);
    tend();
    if (watched[0].revents != 0) open = take_order();
  }
  for (Ward& ward : wards_)
    end(ward);
  for (const Ward& ward : wards_)
    report_end(ward);
}

void Zygote::end(Ward& ward) {
  ::kill(ward.pid, SIGKILL);
  ward.ending = true;  // its line needs no further look
}

// Buries the dead.
void Zygote::tend() {
  std::erase_if(wards_, [](Ward& ward) {
    pollfd process{ward.process.get(), POLLIN, 0};
    if (::poll(&process, 1, 0) <= 0) return false;
    report_end(ward);
    return true;
  });
}

void Zygote::report_end(const Ward& ward) {
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(ward.pid), &info, WEXITED) != 0 && errno == EINTR) {
  }
  send_report(ward.line.get(),
              plain_report(ReportKind::ended, info.si_status, info.si_code != CLD_EXITED));
}

// False when nobody can send another.
bool Zygote::take_order() {
  auto received = receive_order(control_);
  if (!received) return false;
  if (received->fds.size() <= kChannelAt) return true;  // no line to say so on
  const auto order = parse_order(received->message);
  const auto born =
      order ? give_birth(*order, received->fds) : Result<void>(std::unexpected(order.error()));
  if (!born) send_report(received->fds[kLineAt].get(), refusal_report(born.error()));
  return true;
}

// Made ahead, while nobody waits for it.
void Zygote::make_next_cgroup() {
  next_cgroup_ = Cgroup::make(cgroups_.plan(), "worker-" + std::to_string(++births_));
}

Result<std::unique_ptr<Cgroup>> Zygote::take_cgroup(const SpawnOrder& order,
                                                    std::uint64_t shared_bytes) {
  const Profile& profile = order.profile;
  if (profile.cgroup == Need::off) return nullptr;
  if (!next_cgroup_) make_next_cgroup();  // what was in the way may be gone
  if (!next_cgroup_) {
    if (profile.cgroup == Need::where_present) return nullptr;
    return std::unexpected(next_cgroup_.error());
  }
  auto group = *std::exchange(next_cgroup_, refuse("SBX-CAGE-CGROUP", "the group is in use"));
  const auto bounded = group->bound(cgroup_bounds(profile, shared_bytes));
  if (bounded) return group;
  if (profile.cgroup == Need::where_present) return nullptr;
  return std::unexpected(bounded.error());
}

Result<void> Zygote::give_birth(const SpawnOrder& order, std::vector<UniqueFd>& fds) {
  if (wards_.size() >= kMaxWards)
    return refuse("SBX-SPAWN", "there are too many workers", std::to_string(wards_.size()));
  const std::uint64_t shared_bytes = shared_bytes_of(fds);
  VEDETTE_TRY(auto cgroup, take_cgroup(order, shared_bytes));
  VEDETTE_TRY(Birth birth, Birth::give(place_, order.profile, cgroup.get()));
  if (birth.is_child()) live(order, fds, {engine_, conduct_, cages_, birth.alive_fd()});
  const std::string bounded_by = cgroup ? cgroup->in_force() : "";
  Ward ward{birth.pid(), birth.take_process(), std::move(fds[kLineAt]), std::move(cgroup)};
  send_report(ward.line.get(), birth_report(ward.pid, bounded_by), ward.process.get());
  wards_.push_back(std::move(ward));
  make_next_cgroup();
  return {};
}

}  // namespace vedette::inference
