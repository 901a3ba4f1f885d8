#include "doomed_child.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <limits>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

namespace vedette::crash {

namespace {

constexpr std::chrono::seconds kHang(30);

using SteadyTime = std::chrono::steady_clock::time_point;

[[noreturn]] void live(const UniqueFd& pipe, const std::function<void(const Acknowledge&)>& body) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  body([&pipe](std::uint64_t number) {
    // Eight octets are less than PIPE_BUF: all of them or none.
    if (::write(pipe.get(), &number, sizeof number) != sizeof number) std::abort();
  });
  std::abort();
}

// Appends what has come; false at the end of the pipe.
bool drain(const UniqueFd& pipe, std::vector<std::uint64_t>& numbers) {
  std::array<std::uint64_t, 512> chunk{};
  const ssize_t got = ::read(pipe.get(), chunk.data(), sizeof chunk);
  if (got < 0 && errno == EINTR) return true;
  if (got <= 0) return false;
  const auto count = static_cast<std::size_t>(got) / sizeof chunk[0];
  numbers.insert(numbers.end(), chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(count));
  return true;
}

// Listens until `end` or `enough` numbers have come.
void listen(SteadyTime end, std::size_t enough, const UniqueFd& pipe,
            std::vector<std::uint64_t>& numbers) {
  while (numbers.size() < enough) {
    const auto left =
        std::chrono::duration_cast<std::chrono::nanoseconds>(end - std::chrono::steady_clock::now())
            .count();
    if (left <= 0) return;
    pollfd waiting{.fd = pipe.get(), .events = POLLIN, .revents = 0};
    const timespec timeout{.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
    if (::ppoll(&waiting, 1, &timeout, nullptr) > 0 && !drain(pipe, numbers)) return;
  }
}

}  // namespace

std::vector<std::uint64_t> run_and_kill(const Doom& doom,
                                        const std::function<void(const Acknowledge&)>& body) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error(errno_text("pipe"));
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error(errno_text("fork"));
  if (child == 0) live(writing, body);
  writing.reset();

  std::vector<std::uint64_t> numbers;
  listen(std::chrono::steady_clock::now() + kHang, doom.acknowledgements, reading, numbers);
  const bool hung = numbers.size() < doom.acknowledgements;
  listen(std::chrono::steady_clock::now() + doom.delay, std::numeric_limits<std::size_t>::max(),
         reading, numbers);
  ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  while (drain(reading, numbers)) {
  }
  if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
    throw std::runtime_error("the child died before it was killed");
  if (hung) throw std::runtime_error("the child hung");
  return numbers;
}

}  // namespace vedette::crash
