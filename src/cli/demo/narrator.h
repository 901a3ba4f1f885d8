// Narrator: tells the demo act by act: what happens, how long it took, what proves it.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/error.h"
#include "cli/output.h"
#include "codec/json.h"

namespace vedette::cli::demo {

// Every line is told after its deed was done and seen; nothing is announced as success beforehand.
class Narrator {
 public:
  explicit Narrator(Output& output) : output_(output) {}

  void act(const std::string& title);
  // Something that must succeed. `deed` returns what proves it.
  [[nodiscard]] Result<void> deed(const std::string& what,
                                  const std::function<Result<std::string>()>& deed);
  // Something that must be refused with `code`: `attempt` returns the refusal that it met. A
  // success, or another refusal, fails the demo (DEMO-NOT-REFUSED, DEMO-OTHER-REFUSAL).
  [[nodiscard]] Result<void> refusal(const std::string& what, const std::string& code,
                                     const std::function<Result<Error>()>& attempt);
  void picture(const std::string& lines);
  void aside(const std::string& line);

  [[nodiscard]] std::size_t deeds() const { return deeds_; }
  [[nodiscard]] std::size_t refusals() const { return refusals_; }
  [[nodiscard]] codec::Json record() const { return record_; }  // for -o json

 private:
  void keep(const std::string& what, const char* outcome, std::chrono::milliseconds took,
            codec::Json detail);

  Output& output_;
  std::string act_;
  codec::Json::Array record_;
  std::size_t deeds_ = 0;
  std::size_t refusals_ = 0;
};

}  // namespace vedette::cli::demo
