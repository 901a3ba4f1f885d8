// NewsBoard: what happened to this agent lately, for its log and its status page.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "agent/lifecycle.h"
#include "base/clock.h"
#include "base/error.h"
#include "codec/json.h"

namespace vedette::agent {

struct News {
  TimePoint time;
  Phase phase = Phase::enroll;
  std::string text;
  std::optional<Error> error;
};

// One JSON object; the form of the log's lines and of the status page's entries.
[[nodiscard]] codec::Json to_json(const News& news);

// Keeps the last 32. Thread-safe.
class NewsBoard {
 public:
  using Listener = std::function<void(const News&)>;

  NewsBoard(const Clock& clock, Listener listener)
      : clock_(clock), listener_(std::move(listener)) {}

  void say(Phase phase, std::string text, std::optional<Error> error = {});
  [[nodiscard]] codec::Json recent() const;  // an array, oldest first

 private:
  const Clock& clock_;
  Listener listener_;
  mutable std::mutex mutex_;
  std::deque<News> news_;
};

}  // namespace vedette::agent
