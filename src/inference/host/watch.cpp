#include "inference/host/watch.h"

#include <array>
#include <cerrno>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace vedette::inference {

namespace {

// What an event is about: a worker's number, and in the lowest bit whether its listener spoke.
constexpr std::uint64_t kStop = 0;
constexpr std::uint64_t line_key(std::uint64_t number) {
  return number << 1U;
}
constexpr std::uint64_t listener_key(std::uint64_t number) {
  return (number << 1U) | 1U;
}

}  // namespace

Watch::Watch(UniqueFd poll, UniqueFd stop) : poll_(std::move(poll)), stop_(std::move(stop)) {}

Result<std::unique_ptr<Watch>> Watch::start() {
  UniqueFd poll{::epoll_create1(EPOLL_CLOEXEC)};
  UniqueFd stop{::eventfd(0, EFD_CLOEXEC)};
  std::unique_ptr<Watch> watch(new Watch(std::move(poll), std::move(stop)));
  if (!watch->poll_.valid() || !watch->stop_.valid() ||
      !watch->watch_descriptor(watch->stop_.get(), kStop))
    return refuse("SBX-SPAWN", "workers cannot be watched over", errno_text("epoll"));
  watch->thread_ = std::thread([&self = *watch] { self.run(); });
  return watch;
}

Watch::~Watch() {
  constexpr std::uint64_t kOne = 1;
  [[maybe_unused]] const ssize_t told = ::write(stop_.get(), &kOne, sizeof kOne);
  if (thread_.joinable()) thread_.join();
  for (const auto& [number, life] : lives_)
    life->abandon();
}

bool Watch::watch_descriptor(int fd, std::uint64_t key) const {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP;
  event.data.u64 = key;
  return ::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

Result<void> Watch::add(std::shared_ptr<WorkerLife> life) {
  const std::scoped_lock lock(mutex_);
  const std::uint64_t number = ++last_number_;
  if (!watch_descriptor(life->line_fd(), line_key(number)))
    return refuse("SBX-SPAWN", "a worker cannot be watched over", errno_text("epoll_ctl"));
  lives_.emplace(number, std::move(life));
  return {};
}

std::shared_ptr<WorkerLife> Watch::find(std::uint64_t number) {
  const std::scoped_lock lock(mutex_);
  const auto found = lives_.find(number);
  return found == lives_.end() ? nullptr : found->second;
}

void Watch::forget(std::uint64_t number, WorkerLife& life) {
  ::epoll_ctl(poll_.get(), EPOLL_CTL_DEL, life.line_fd(), nullptr);
  if (life.listener_fd() >= 0) ::epoll_ctl(poll_.get(), EPOLL_CTL_DEL, life.listener_fd(), nullptr);
  listening_.erase(number);
  const std::scoped_lock lock(mutex_);
  lives_.erase(number);
}

void Watch::look_at_line(std::uint64_t number, const std::shared_ptr<WorkerLife>& life,
                         std::uint32_t events) {
  const bool more = life->read_line();
  const bool caged = life->listener_fd() >= 0;
  if (caged && !listening_[number])
    listening_[number] = watch_descriptor(life->listener_fd(), listener_key(number));
  if (more && (events & (EPOLLHUP | EPOLLERR)) == 0) return;
  if (more) life->abandon();  // the zygote died without a report
  forget(number, *life);
}

void Watch::look(std::uint64_t key, std::uint32_t events) {
  const std::uint64_t number = key >> 1U;
  const auto life = find(number);
  if (life == nullptr) return;
  if (key == line_key(number)) {
    look_at_line(number, life, events);
    return;
  }
  // Without a caller that lives there is nothing to hear: only its end is still to come.
  if ((events & EPOLLIN) == 0 || !life->read_listener())
    if ((events & (EPOLLHUP | EPOLLERR)) != 0)
      ::epoll_ctl(poll_.get(), EPOLL_CTL_DEL, life->listener_fd(), nullptr);
}

void Watch::run() {
  for (;;) {
    std::array<epoll_event, 16> events{};
    const int count = ::epoll_wait(poll_.get(), events.data(), static_cast<int>(events.size()), -1);
    if (count < 0 && errno != EINTR) return;
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events.at(static_cast<std::size_t>(i));
      if (event.data.u64 == kStop) return;
      look(event.data.u64, event.events);
    }
  }
}

}  // namespace vedette::inference
