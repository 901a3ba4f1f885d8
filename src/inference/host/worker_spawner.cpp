#include "inference/host/worker_spawner.h"

#include <cerrno>
#include <csignal>

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inference/line/line.h"

namespace vedette::inference {

namespace {

bool is_readable(int fd, std::chrono::milliseconds patience) {
  pollfd one{fd, POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&one, 1, static_cast<int>(patience.count()));
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

// The zygote's first words: it takes orders, or why not.
Result<void> await_readiness(int control, std::chrono::milliseconds patience) {
  if (!is_readable(control, patience))
    return refuse("SBX-DEADLINE", "the zygote was not ready in time");
  const auto said = receive_report(control, true);
  if (!said)
    return refuse("SBX-SPAWN", "the worker program ended at once", {},
                  "is it vedette-worker of this version?");
  if (said->report.kind == ReportKind::refused) return std::unexpected(said->report.error());
  return {};
}

}  // namespace

WorkerSpawner::WorkerSpawner(SpawnerSettings settings, SealedProgram program,
                             std::unique_ptr<Watch> watch)
    : settings_(std::move(settings)), program_(std::move(program)), watch_(std::move(watch)) {}

Result<std::unique_ptr<WorkerSpawner>> WorkerSpawner::start(const SpawnerSettings& settings) {
  VEDETTE_TRY(SealedProgram program, SealedProgram::load(settings.worker_path));
  if (settings.on_program) {
    VEDETTE_TRY(const Bytes octets, program.octets());
    VEDETTE_CHECK(settings.on_program(octets));
  }
  VEDETTE_TRY(auto watch, Watch::start());
  std::unique_ptr<WorkerSpawner> spawner(
      new WorkerSpawner(settings, std::move(program), std::move(watch)));
  VEDETTE_TRY(spawner->zygote_, spawner->start_zygote());
  return spawner;
}

WorkerSpawner::~WorkerSpawner() {
  end_zygote(zygote_);
}

Result<WorkerSpawner::Zygote> WorkerSpawner::start_zygote() const {
  VEDETTE_TRY(SocketPair sockets, make_line());
  const bool broker = settings_.posture == Posture::without_user_namespace;
  VEDETTE_TRY(
      StartedProgram program,
      start_program(program_, broker ? "--zygote-broker" : "--zygote", sockets.other.get()));
  sockets.other.reset();
  Zygote zygote{program.pid, std::move(program.process), std::move(sockets.one)};
  auto ready = await_readiness(zygote.control.get(), settings_.start_deadline);
  if (ready && settings_.on_zygote) ready = settings_.on_zygote(zygote.pid);
  if (ready) return zygote;
  end_zygote(zygote);
  return std::unexpected(ready.error());
}

// It ends by itself when its control socket closes, and takes its workers along; should it not, it
// is killed, and they die of its death.
void WorkerSpawner::end_zygote(Zygote& zygote) {
  if (zygote.pid < 0) return;
  zygote.control.reset();
  if (!is_readable(zygote.process.get(), std::chrono::seconds(2)))
    ::syscall(SYS_pidfd_send_signal, zygote.process.get(), SIGKILL, nullptr, 0);
  while (::waitpid(zygote.pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  zygote.pid = -1;
}

Result<void> WorkerSpawner::ensure_zygote() {
  if (zygote_.pid >= 0 && !is_readable(zygote_.process.get(), std::chrono::milliseconds(0)))
    return {};
  end_zygote(zygote_);
  VEDETTE_TRY(zygote_, start_zygote());
  return {};
}

int WorkerSpawner::zygote_pid() {
  const std::scoped_lock lock(mutex_);
  return zygote_.pid;
}

Result<std::shared_ptr<WorkerLife>> WorkerSpawner::place_order(
    const SpawnOrder& order, int channel_fd, int model_fd, const WorkerLife::Witnesses& witnesses) {
  VEDETTE_TRY(SocketPair line, make_line());
  auto life = std::make_shared<WorkerLife>(std::move(line.one), witnesses);
  std::vector<int> fds = {line.other.get(), channel_fd};
  if (model_fd >= 0) fds.push_back(model_fd);
  VEDETTE_CHECK(watch_->add(life));
  if (send_order(zygote_.control.get(), order, fds)) return life;
  life->abandon();
  return refuse("SBX-SPAWN", "the zygote takes no order", errno_text("sendmsg"));
}

Result<std::shared_ptr<WorkerLife>> WorkerSpawner::spawn(const SpawnOrder& order, int channel_fd,
                                                         int model_fd,
                                                         const WorkerLife::Witnesses& witnesses) {
  const std::scoped_lock lock(mutex_);
  VEDETTE_CHECK(ensure_zygote());
  auto life = place_order(order, channel_fd, model_fd, witnesses);
  if (life || life.error().code != "SBX-SPAWN") return life;
  // A zygote that is just dying takes no order before its process has ended.
  end_zygote(zygote_);
  VEDETTE_CHECK(ensure_zygote());
  return place_order(order, channel_fd, model_fd, witnesses);
}

}  // namespace vedette::inference
