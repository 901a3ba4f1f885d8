// Progress: how far long work is, for a person who watches.
#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <string>

#include "cli/console.h"
#include "cli/output.h"

namespace vedette::cli {

// One line without line feed, e.g. `hashing  [#######.............]  35%  1.2 of 3.4 MB  4 s left`.
// `total` 0 is work of no size.
[[nodiscard]] std::string progress_line(const std::string& what, std::uint64_t done,
                                        std::uint64_t total, std::chrono::milliseconds elapsed);

// `812 B`, `3.4 MB`: powers of 1000.
[[nodiscard]] std::string size_text(std::uint64_t bytes);

// Redraws its line on standard error where that is a terminal and the output is for people, once
// the work has taken 300 ms, and takes it away at the end.
class Progress {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Progress(const Console& console, const Output& output, std::string what);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  void show(std::uint64_t done, std::uint64_t total) {
    show(done, total, std::chrono::steady_clock::now());
  }
  void show(std::uint64_t done, std::uint64_t total, Time now);  // for tests: at a time of theirs

 private:
  std::ostream* err_;  // null: nobody watches
  std::string what_;
  Time begun_;
  Time drawn_;
  bool visible_ = false;
};

}  // namespace vedette::cli
