#include "strace.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox_fixture.h"

namespace vedette::testing {

namespace fs = std::filesystem;

namespace {

std::string tracer_of(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("TracerPid:\t")) return line.substr(11);
  return "";
}

}  // namespace

bool has_strace() {
  static const bool kFound = std::system("command -v strace >/dev/null 2>&1") == 0;
  if (!kFound) std::puts("there is no strace here: what is asked of the kernel is not looked at");
  return kFound;
}

Folder::Folder() {
  std::string name = (fs::temp_directory_path() / "vedette-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) std::abort();
  path_ = name;
}

Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string traced_program(const Folder& folder, const std::string& program) {
  const std::string path = folder.path() + "/program";
  std::ofstream(path) << "#!/bin/sh\nPATH=/usr/local/bin:/usr/bin:/bin\nexec strace -f -q -o '"
                      << folder.path() << "/trace' '" << program << "' \"$@\"\n";
  fs::permissions(path, fs::perms::owner_all);
  return path;
}

// `4711  openat(AT_FDCWD, ...) = 3`; signals, exits and the second halves of calls are passed over.
std::vector<TracedCall> read_trace(const Folder& folder) {
  std::vector<TracedCall> calls;
  std::ifstream trace(folder.path() + "/trace");
  for (std::string line; std::getline(trace, line);) {
    const std::size_t at = line.find_first_not_of(' ', line.find(' '));
    const std::size_t end = line.find('(', at);
    if (at == std::string::npos || end == std::string::npos || line[at] < 'a' || line[at] > 'z')
      continue;
    calls.push_back({std::stoi(line), line.substr(at, end - at), line.substr(at)});
  }
  return calls;
}

Injection::Injection(pid_t pid, const std::string& what) : traced_(pid), strace_(::fork()) {
  if (strace_ == 0) {
    const int null = ::open("/dev/null", O_RDWR);
    if (null < 0 || ::dup2(null, STDERR_FILENO) < 0) ::_exit(126);
    const std::string target = std::to_string(pid);
    const std::string expression = "inject=" + what;
    ::execlp("strace", "strace", "-f", "-q", "-o", "/dev/null", "-e", expression.c_str(), "-p",
             target.c_str(), nullptr);
    ::_exit(127);
  }
  EXPECT_TRUE(eventually([this] { return tracer_of(traced_) == std::to_string(strace_); }))
      << "strace did not attach: nothing is injected";
}

Injection::~Injection() {
  ::kill(strace_, SIGINT);
  ::waitpid(strace_, nullptr, 0);
}

}  // namespace vedette::testing
