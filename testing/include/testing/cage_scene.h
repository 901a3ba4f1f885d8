// A cage with a test inside: what a child does that entered it, and what became of it.
#pragma once

#include <csignal>
#include <cstdint>
#include <optional>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "inference/host/violation.h"
#include "inference/line/line.h"
#include "inference/sandbox/birth.h"
#include "inference/sandbox/cage.h"
#include "testing/machine_posture.h"

namespace vedette::inference {

inline constexpr int kRefused = 100;

inline Profile strict_cage() {
  Profile profile = built_in_profile("strict").value();
  profile.limits.memory_bytes = std::uint64_t{16} << 20U;
  return at_posture(profile, testing::machine_posture());
}
inline Profile cage_without_filter() {
  Profile profile = strict_cage();
  profile.syscall_filter = Need::off;
  return profile;
}

struct Fate {
  int status = 0;                      // as waitpid gives it
  std::optional<Violation> violation;  // it was killed for
  std::optional<Report> refusal;
};

// Watches over a child as the host does: takes the listener, reads a violation, kills.
inline Fate watch_over(Birth& birth, int line) {
  Fate fate;
  const auto report = receive_report(line, true);
  if (report && report->report.kind == ReportKind::refused) fate.refusal = report->report;
  const UniqueFd process = birth.take_process();
  pollfd watched[] = {{report ? report->fd.get() : -1, POLLIN, 0}, {process.get(), POLLIN, 0}};
  while (watched[1].revents == 0) {
    if (::poll(watched, 2, 10'000) <= 0) break;
    if ((watched[0].revents & POLLIN) != 0) fate.violation = take_violation(watched[0].fd);
    if (fate.violation) ::kill(birth.pid(), SIGKILL);
    if (watched[0].revents != 0) watched[0].fd = -1;
  }
  EXPECT_EQ(::waitpid(birth.pid(), &fate.status, 0), birth.pid());
  return fate;
}

// What becomes of a child that enters the cage and then runs `inside`.
template <class Inside>
Fate fate_in_cage(const Profile& profile, Inside inside) {
  auto line = make_line().value();
  const auto place = Birthplace::make().value();
  auto birth = Birth::give(place, profile, nullptr);
  EXPECT_TRUE(birth.has_value()) << describe(birth.error());
  if (birth->is_child()) {
    const auto entered = enter_cage(profile, {line.other.get(), birth->alive_fd(), 0});
    if (!entered) {
      send_report(line.other.get(), refusal_report(entered.error()));
      ::_exit(kRefused);
    }
    ::_exit(inside());
  }
  line.other.reset();
  Fate fate = watch_over(*birth, line.one.get());
  EXPECT_FALSE(fate.refusal.has_value()) << fate.refusal->code << " " << fate.refusal->text;
  return fate;
}

template <class Inside>
int status_in_cage(const Profile& profile, Inside inside) {
  const Fate fate = fate_in_cage(profile, inside);
  EXPECT_FALSE(fate.violation.has_value()) << describe(*fate.violation);
  return fate.status;
}

#define EXPECT_ENDED(status, code)   \
  do {                               \
    const int s = (status);          \
    EXPECT_TRUE(WIFEXITED(s)) << s;  \
    EXPECT_EQ(WEXITSTATUS(s), code); \
  } while (false)

#define EXPECT_VIOLATION(fate, call)                  \
  do {                                                \
    const Fate f = (fate);                            \
    ASSERT_TRUE(f.violation.has_value()) << f.status; \
    EXPECT_EQ(f.violation->number, call);             \
    EXPECT_TRUE(WIFSIGNALED(f.status)) << f.status;   \
  } while (false)

}  // namespace vedette::inference
