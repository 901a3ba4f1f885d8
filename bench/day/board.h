// DayBoard: what the two processes of a simulated day share: the time, and what standing in for TLS
// has cost.
#pragma once

#include <atomic>
#include <string>

#include "base/clock.h"
#include "base/error.h"

namespace vedette::bench {

// A page of a file, seen by all who open it.
class DayBoard {
 public:
  // Makes the file if it is missing. Refuses BENCH-BOARD.
  [[nodiscard]] static Result<DayBoard> open(const std::string& path);
  DayBoard(DayBoard&& other) noexcept;
  DayBoard& operator=(DayBoard&&) = delete;
  DayBoard(const DayBoard&) = delete;
  DayBoard& operator=(const DayBoard&) = delete;
  ~DayBoard();

  [[nodiscard]] TimePoint now() const { return TimePoint(Duration(page_->now)); }
  void set(TimePoint now) { page_->now = now.time_since_epoch().count(); }

  // Processor time that the verifier has spent in place of TLS.
  [[nodiscard]] double stand_in_seconds() const {
    return static_cast<double>(page_->stand_in_nanoseconds) / 1e9;
  }
  void add_stand_in(std::chrono::nanoseconds time) { page_->stand_in_nanoseconds += time.count(); }

 private:
  struct Page {
    std::atomic<Duration::rep> now;
    std::atomic<std::int64_t> stand_in_nanoseconds;
  };
  static_assert(std::atomic<std::int64_t>::is_always_lock_free, "it is shared between processes");

  explicit DayBoard(Page* page) : page_(page) {}

  Page* page_;
};

class BoardClock final : public Clock {
 public:
  explicit BoardClock(const DayBoard& board) : board_(board) {}
  [[nodiscard]] TimePoint now() const override { return board_.now(); }

 private:
  const DayBoard& board_;
};

}  // namespace vedette::bench
