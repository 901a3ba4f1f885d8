// HandlerSlots: how many handlers may run at once. They run on the threads of the wire, and may
// block there: a server has that many threads more than the wire needs.
#pragma once

#include <deque>
#include <mutex>

#include <boost/asio/steady_timer.hpp>

#include "platform/net/beast/asio_names.h"

namespace vedette::platform::net {

// Thread-safe. Outlives every coroutine that waits for a slot and every slot taken.
class HandlerSlots {
 public:
  // One handler's leave to run; given back when it is destroyed.
  class Slot {
   public:
    explicit Slot(HandlerSlots& slots) : slots_(slots) {}
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    ~Slot() { slots_.give_back(); }

   private:
    HandlerSlots& slots_;
  };

  explicit HandlerSlots(unsigned count) : free_(count) {}

  // Ends when the caller, which runs on a strand, may make its Slot: at once while one is free and
  // nobody waits, else in the order of asking.
  [[nodiscard]] asio::awaitable<void> wait();

 private:
  [[nodiscard]] bool take();
  [[nodiscard]] bool take_or_queue(asio::steady_timer& turn);
  void give_back();

  std::mutex mutex_;
  unsigned free_;
  std::deque<asio::steady_timer*> waiting_;  // each on its coroutine's frame; cancelled at its turn
};

}  // namespace vedette::platform::net
