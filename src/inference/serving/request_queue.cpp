#include "inference/serving/request_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace vedette::inference::serving {

namespace {

struct Choice {
  std::vector<bool> chosen;  // by place in the queue
  std::size_t count = 0;
  BatchSize size;

  void take(std::size_t place, BatchSize request) {
    chosen[place] = true;
    ++count;
    size.rows += request.rows;
    size.bytes += request.bytes;
  }
};

// The oldest call and those that join it. `items` is not empty.
Choice choose(const std::deque<RequestQueue::Item>& items, const BatchRule& rule) {
  Choice choice{.chosen = std::vector<bool>(items.size()), .count = 0, .size = {}};
  const Inputs oldest = items.front()->inputs;
  choice.take(0, batch_size(oldest));
  for (std::size_t i = 1; i < items.size() && choice.size.rows < rule.max_rows; ++i) {
    const Inputs inputs = items[i]->inputs;
    if (!may_join(oldest, inputs)) continue;
    if (const BatchSize size = batch_size(inputs); has_room(rule, choice.size, size))
      choice.take(i, size);
  }
  return choice;
}

}  // namespace

bool RequestQueue::push(Item call) {
  if (items_.size() >= capacity_) return false;
  items_.push_back(std::move(call));
  return true;
}

bool RequestQueue::remove(const Call& call) {
  return std::erase_if(items_, [&](const Item& item) { return item.get() == &call; }) != 0;
}

RequestQueue::Items RequestQueue::take_expired(SteadyTime now) {
  const auto has_expired = [now](const Item& item) { return item->deadline <= now; };
  Items taken;
  std::ranges::copy_if(items_, std::back_inserter(taken), has_expired);
  std::erase_if(items_, has_expired);
  return taken;
}

RequestQueue::Items RequestQueue::take_batch() {
  if (items_.empty()) return {};
  Items batch;
  if (!rule_.allows()) {
    batch.push_back(std::move(items_.front()));
    items_.pop_front();
    return batch;
  }
  const Choice choice = choose(items_, rule_);
  std::deque<Item> left;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (choice.chosen[i])
      batch.push_back(std::move(items_[i]));
    else
      left.push_back(std::move(items_[i]));
  }
  items_.swap(left);
  return batch;
}

RequestQueue::Items RequestQueue::take_all() {
  Items all(std::make_move_iterator(items_.begin()), std::make_move_iterator(items_.end()));
  items_.clear();
  return all;
}

std::optional<SteadyTime> RequestQueue::company_until(microseconds max_delay) const {
  if (items_.empty() || !rule_.allows()) return std::nullopt;
  const Choice choice = choose(items_, rule_);
  const bool full = choice.size.rows == 0 || choice.size.rows >= rule_.max_rows;
  if (full || choice.count < items_.size()) return std::nullopt;
  SteadyTime until = SteadyTime::max();
  for (const Item& item : items_) {
    const SteadyTime::duration half = (item->deadline - item->arrived) / 2;
    until = std::min(until, item->arrived + std::min<SteadyTime::duration>(max_delay, half));
  }
  return until;
}

}  // namespace vedette::inference::serving
