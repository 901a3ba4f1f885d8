// A control group of version 2 as a service manager hands one over, and processes that live in it.
#pragma once

#include <functional>
#include <string>

#include <sys/types.h>

namespace vedette::testing {

// Where cgroup2 is mounted for these tests; empty: nowhere, they are run by tests/lab alone.
[[nodiscard]] std::string hierarchy();

// Made with memory and pids handed down to it, and its files given to `owner`: what systemd does
// for a unit with Delegate=yes. Goes with everything that was made in it.
class DelegatedGroup {
 public:
  explicit DelegatedGroup(std::string folder, unsigned owner = 0);
  DelegatedGroup(const DelegatedGroup&) = delete;
  DelegatedGroup& operator=(const DelegatedGroup&) = delete;
  ~DelegatedGroup();

  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] std::string line_of(const std::string& file) const;

 private:
  std::string folder_;
};

[[nodiscard]] std::string line_of(const std::string& path);  // without the last line's end
[[nodiscard]] bool write_text(const std::string& path, const std::string& text);
// The folder of that process's group.
[[nodiscard]] std::string group_of(int pid);

// Runs `work` in a child that the group's manager has put there and made `user`; gives what it
// complains of, empty: of nothing.
[[nodiscard]] std::string run_in(const std::string& group, unsigned user,
                                 const std::function<std::string()>& work);

// Another process in the group, until it goes.
class Lodger {
 public:
  explicit Lodger(const std::string& group);
  Lodger(const Lodger&) = delete;
  Lodger& operator=(const Lodger&) = delete;
  ~Lodger();

  [[nodiscard]] int pid() const { return pid_; }

 private:
  pid_t pid_;
};

}  // namespace vedette::testing
