// VerifierProcess: the verifier as a program of its own, so that its time and memory are its alone,
// and so that it can be killed.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <sys/types.h>

#include "base/error.h"
#include "base/fd.h"

namespace vedette::bench {

struct Memory {
  double resident = 0;  // octets
  double peak = 0;
};

class VerifierProcess {
 public:
  // `program` with the arguments of verifier_main.cpp; returns when it listens. Refuses
  // BENCH-PROGRAM.
  [[nodiscard]] static Result<VerifierProcess> start(const std::string& program,
                                                     const std::string& folder,
                                                     std::chrono::seconds interval,
                                                     unsigned handlers);
  VerifierProcess(VerifierProcess&& other) noexcept;
  VerifierProcess& operator=(VerifierProcess&& other) noexcept;
  VerifierProcess(const VerifierProcess&) = delete;
  VerifierProcess& operator=(const VerifierProcess&) = delete;
  ~VerifierProcess();

  [[nodiscard]] double processor_seconds() const;  // so far
  // Refuses BENCH-PROGRAM when the kernel does not tell: nothing is within no bound.
  [[nodiscard]] Result<Memory> memory() const;

  // Each gives the processor seconds of its whole life, and refuses BENCH-PROGRAM when it ended
  // otherwise than it was told to.
  [[nodiscard]] Result<double> kill();  // without a word of warning
  [[nodiscard]] Result<double> stop();

 private:
  struct End {
    int status = 0;
    double seconds = 0;
  };

  VerifierProcess(pid_t pid, UniqueFd input) : pid_(pid), input_(std::move(input)) {}
  End wait();
  void discard();

  pid_t pid_ = -1;
  UniqueFd input_;  // it ends when this is closed
};

}  // namespace vedette::bench
