#include "inference/host/worker_life.h"

#include <csignal>
#include <cstring>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "inference/line/line.h"

namespace vedette::inference {

std::string describe(const Ending& ending) {
  if (!ending.by_signal) return "exit code " + std::to_string(ending.value);
  const char* const name = ::sigdescr_np(ending.value);
  return "signal " + std::to_string(ending.value) + " (" + (name == nullptr ? "?" : name) + ")";
}

WorkerLife::WorkerLife(UniqueFd line, Witnesses witnesses)
    : line_(std::move(line)), witnesses_(std::move(witnesses)) {}

void WorkerLife::change(const std::function<void()>& what) {
  {
    const std::scoped_lock lock(mutex_);
    what();
  }
  changed_.notify_all();
  if (witnesses_.on_change) witnesses_.on_change();
}

void WorkerLife::freeze() {
  const std::scoped_lock lock(mutex_);
  if (process_.valid()) ::syscall(SYS_pidfd_send_signal, process_.get(), SIGSTOP, nullptr, 0U);
}

void WorkerLife::kill() {
  const std::scoped_lock lock(mutex_);
  killed_ = true;
  signal_end();
}

Result<void> WorkerLife::wait_caged(std::chrono::steady_clock::time_point until) {
  std::unique_lock lock(mutex_);
  const bool settled = changed_.wait_until(
      lock, until, [this] { return caged_ || refusal_.has_value() || ending_.has_value(); });
  if (refusal_) return std::unexpected(*refusal_);
  if (caged_) return {};
  if (!settled) return refuse("SBX-DEADLINE", "the worker was not caged in time");
  return refuse("SBX-WORKER-DIED", "the worker died before it was caged", describe(*ending_));
}

std::optional<Ending> WorkerLife::wait_ended(std::chrono::steady_clock::time_point until) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, until, [this] { return ending_.has_value(); });
  return ending_;
}

bool WorkerLife::is_over() const {
  const std::scoped_lock lock(mutex_);
  return ending_.has_value() || killed_ || violation_.has_value() || refusal_.has_value();
}

bool WorkerLife::was_killed() const {
  const std::scoped_lock lock(mutex_);
  return killed_;
}

int WorkerLife::pid() const {
  const std::scoped_lock lock(mutex_);
  return pid_;
}

std::string WorkerLife::bounded_by() const {
  const std::scoped_lock lock(mutex_);
  return bounded_by_;
}

std::optional<Violation> WorkerLife::violation() const {
  const std::scoped_lock lock(mutex_);
  return violation_;
}

UniqueFd WorkerLife::take_output() {
  const std::scoped_lock lock(mutex_);
  return std::move(output_);
}

int WorkerLife::listener_fd() const {
  const std::scoped_lock lock(mutex_);
  return listener_.get();
}

bool WorkerLife::read_line() {
  while (auto received = receive_report(line_.get(), false))
    hear(received->report, std::move(received->fd));
  const std::scoped_lock lock(mutex_);
  return !ending_.has_value();
}

void WorkerLife::hear(const Report& report, UniqueFd fd) {
  change([&] {
    switch (report.kind) {
      case ReportKind::born:
        pid_ = report.value;
        bounded_by_ = report.words();
        process_ = std::move(fd);
        if (killed_) signal_end();
        break;
      case ReportKind::caged:
        caged_ = true;
        listener_ = std::move(fd);
        break;
      case ReportKind::output:
        output_ = std::move(fd);
        break;
      case ReportKind::refused:
        refusal_ = report.error();
        break;
      case ReportKind::ended:
        ending_ = Ending{report.by_signal != 0, report.value};
        break;
    }
  });
}

bool WorkerLife::note(const Violation& violation) {
  const std::scoped_lock lock(mutex_);
  const bool first = !violation_.has_value();
  if (first) violation_ = violation;
  return first;
}

bool WorkerLife::read_listener() {
  const auto violation = take_violation(listener_fd());
  if (!violation) return false;
  if (note(*violation) && witnesses_.on_violation) witnesses_.on_violation(*violation);
  change([this] { signal_end(); });
  return true;
}

// By its own descriptor at once, and by its line, whose end the zygote notices. Our reading side
// stays open: the zygote's last report is still to come.
void WorkerLife::signal_end() {
  if (process_.valid()) ::syscall(SYS_pidfd_send_signal, process_.get(), SIGKILL, nullptr, 0);
  ::shutdown(line_.get(), SHUT_WR);
}

void WorkerLife::abandon() {
  change([this] {
    if (!ending_) ending_ = Ending{true, SIGKILL};
  });
}

}  // namespace vedette::inference
