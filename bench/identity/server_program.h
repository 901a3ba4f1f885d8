// Servers as programs of their own: they can be measured, killed and started again.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/error.h"
#include "base/fd.h"

namespace vedette::bench {

// Ends with this object, by SIGKILL if it has not ended before.
class ServerProgram {
 public:
  // Returns once a line of its output holds `ready`; an empty one waits for nothing. Refuses
  // BENCH-PROGRAM.
  [[nodiscard]] static Result<ServerProgram> start(std::vector<std::string> command,
                                                   const std::string& folder,
                                                   const std::string& ready);
  ServerProgram(ServerProgram&& other) noexcept;
  ServerProgram& operator=(ServerProgram&& other) noexcept;
  ServerProgram(const ServerProgram&) = delete;
  ServerProgram& operator=(const ServerProgram&) = delete;
  ~ServerProgram();

  void kill();  // SIGKILL, and waits for its end
  [[nodiscard]] double processor_seconds() const;

 private:
  ServerProgram(pid_t pid, UniqueFd output) : pid_(pid), output_(std::move(output)) {}

  pid_t pid_ = -1;
  UniqueFd output_;  // kept open: a server that writes must not die of it
};

}  // namespace vedette::bench
