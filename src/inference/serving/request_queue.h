// RequestQueue: the calls that wait for a replica, oldest first. Not thread-safe, no clock.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "inference/serving/call.h"

namespace vedette::inference::serving {

class RequestQueue {
 public:
  using Item = std::shared_ptr<Call>;
  using Items = std::vector<Item>;

  RequestQueue(std::size_t capacity, BatchRule rule) : capacity_(capacity), rule_(rule) {}

  void set_rule(BatchRule rule) { rule_ = rule; }
  [[nodiscard]] const BatchRule& rule() const { return rule_; }

  // False when the queue is full; the call is not in it then.
  [[nodiscard]] bool push(Item call);
  // False when it is not in here (any more).
  bool remove(const Call& call);
  // Takes out all whose deadline has come.
  [[nodiscard]] Items take_expired(SteadyTime now);
  // Takes out the oldest and, in order of arrival, those that may be joined to it and still fit.
  // The others keep their order.
  [[nodiscard]] Items take_batch();
  [[nodiscard]] Items take_all();

  // Until when the next batch may wait for company: `max_delay` after the arrival of any of its
  // members, but never more than half of what that member has in all. Nothing when waiting gains
  // nothing: the queue is empty, the batch is full, or somebody waits behind it who cannot join.
  [[nodiscard]] std::optional<SteadyTime> company_until(microseconds max_delay) const;

  [[nodiscard]] std::size_t size() const { return items_.size(); }
  [[nodiscard]] bool empty() const { return items_.empty(); }

 private:
  std::size_t capacity_;
  BatchRule rule_;
  std::deque<Item> items_;
};

}  // namespace vedette::inference::serving
