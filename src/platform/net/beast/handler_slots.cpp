#include "platform/net/beast/handler_slots.h"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

namespace vedette::platform::net {

asio::awaitable<void> HandlerSlots::wait() {
  if (take()) co_return;
  asio::steady_timer turn(co_await asio::this_coro::executor, SteadyTime::max());
  if (!take_or_queue(turn)) co_await turn.async_wait(kAsTuple);
}

bool HandlerSlots::take() {
  const std::lock_guard lock(mutex_);
  if (free_ == 0) return false;
  --free_;
  return true;
}

bool HandlerSlots::take_or_queue(asio::steady_timer& turn) {
  const std::lock_guard lock(mutex_);
  if (free_ == 0) {
    waiting_.push_back(&turn);
    return false;
  }
  --free_;
  return true;
}

// A slot goes straight to who has waited longest: free ones and waiters never are at the same time.
void HandlerSlots::give_back() {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) {
    ++free_;
    return;
  }
  // On the waiter's strand, hence after it has begun to wait.
  asio::post(waiting_.front()->get_executor(), [turn = waiting_.front()] { turn->cancel(); });
  waiting_.pop_front();
}

}  // namespace vedette::platform::net
