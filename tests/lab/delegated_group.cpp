#include "delegated_group.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

namespace vedette::testing {

namespace fs = std::filesystem;

namespace {

// Dumpable, as whoever executes a program is: else its own /proc would be root's.
bool become(unsigned user) {
  return user == 0 || (::setgroups(0, nullptr) == 0 && ::setresgid(user, user, user) == 0 &&
                       ::setresuid(user, user, user) == 0 && ::prctl(PR_SET_DUMPABLE, 1) == 0);
}

// Of a child that cannot say it otherwise.
constexpr const char* kNotPutThere = "the child could not be put into its group";

std::string words_of_child(int read_end) {
  std::string words;
  char part[512];
  for (ssize_t size = 0; (size = ::read(read_end, part, sizeof part)) > 0;)
    words.append(part, static_cast<std::size_t>(size));
  return words;
}

}  // namespace

std::string hierarchy() {
  const char* const folder = std::getenv("VEDETTE_CONTROL_GROUPS");
  return folder == nullptr ? "" : folder;
}

std::string line_of(const std::string& path) {
  std::ifstream file(path);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  while (text.ends_with('\n'))
    text.pop_back();
  return text;
}

bool write_text(const std::string& path, const std::string& text) {
  const UniqueFd file{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  return file.valid() &&
         ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

std::string group_of(int pid) {
  std::ifstream lines("/proc/" + std::to_string(pid) + "/cgroup");
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("0::")) return hierarchy() + line.substr(3);
  return {};
}

DelegatedGroup::DelegatedGroup(std::string folder, unsigned owner) : folder_(std::move(folder)) {
  if (!fs::create_directory(folder_)) std::abort();
  for (const char* file : {"", "/cgroup.procs", "/cgroup.threads", "/cgroup.subtree_control"})
    if (::chown((folder_ + file).c_str(), owner, owner) != 0) std::abort();
}

std::string DelegatedGroup::line_of(const std::string& file) const {
  return testing::line_of(folder_ + "/" + file);
}

DelegatedGroup::~DelegatedGroup() {
  std::vector<std::string> groups = {folder_};
  for (const auto& entry : fs::recursive_directory_iterator(folder_))
    if (entry.is_directory()) groups.push_back(entry.path());
  std::ranges::sort(groups, std::ranges::greater());
  for (const std::string& group : groups)
    ::rmdir(group.c_str());
}

std::string run_in(const std::string& group, unsigned user,
                   const std::function<std::string()>& work) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return "no pipe";
  const UniqueFd read_end{ends[0]};
  UniqueFd write_end{ends[1]};
  const pid_t child = ::fork();
  if (child == 0) {
    const bool there = write_text(group + "/cgroup.procs", "0") && become(user);
    const std::string words = there ? work() : kNotPutThere;
    [[maybe_unused]] const ssize_t said = ::write(write_end.get(), words.data(), words.size());
    ::_exit(words.empty() ? 0 : 1);
  }
  write_end.reset();
  std::string words = words_of_child(read_end.get());
  int status = -1;
  if (child < 0 || ::waitpid(child, &status, 0) != child) return "no child";
  return status == 0 || !words.empty() ? words : "the child ended with " + std::to_string(status);
}

Lodger::Lodger(const std::string& group) : pid_(::fork()) {
  if (pid_ == 0) {
    for (;;)
      ::pause();
  }
  if (pid_ < 0 || !write_text(group + "/cgroup.procs", std::to_string(pid_))) std::abort();
}

Lodger::~Lodger() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

}  // namespace vedette::testing
