// A zygote under strace: what it and its workers asked of the kernel, and what becomes of them when
// the kernel refuses it.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace vedette::testing {

// False, and a reason on stdout, where there is none.
[[nodiscard]] bool has_strace();

// A folder of its own that goes with the object.
class Folder {
 public:
  Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A program that runs `program` under strace, with all processes that come of it, and writes down
// every call in the file `trace` of the folder.
[[nodiscard]] std::string traced_program(const Folder& folder, const std::string& program);

struct TracedCall {
  int pid = 0;
  std::string name;
  std::string line;
};
[[nodiscard]] std::vector<TracedCall> read_trace(const Folder& folder);

// As long as it lives, a call of `pid` and of its future children fails: `mount:error=EPERM:when=2`
// (strace(1), inject; each process counts for itself).
class Injection {
 public:
  Injection(pid_t pid, const std::string& what);
  Injection(const Injection&) = delete;
  Injection& operator=(const Injection&) = delete;
  ~Injection();

 private:
  pid_t traced_;
  pid_t strace_;
};

}  // namespace vedette::testing
