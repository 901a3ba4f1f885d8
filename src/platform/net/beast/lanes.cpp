#include "platform/net/beast/lanes.h"

#include <exception>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

namespace vedette::platform::net {

Lanes::Lanes(unsigned shared, bool thread_per_connection)
    : shared_(thread_per_connection ? 1 : shared),
      thread_per_connection_(thread_per_connection),
      io_(static_cast<int>(shared_)) {}

void Lanes::start() {
  for (unsigned i = 0; i < shared_; ++i)
    threads_.emplace_back([this] { io_.run(); });
}

Result<OpenedLane> Lanes::open() {
  if (!thread_per_connection_)
    return OpenedLane{{asio::make_strand(io_), io_.get_executor(), nullptr}, std::nullopt};
  join_ended();
  try {
    return open_own();
  } catch (const std::exception& error) {  // std::system_error, or Boost's
    return refuse("NET-THREAD", "nothing can be had to serve another connection on", error.what());
  }
}

OpenedLane Lanes::open_own() {
  auto own = std::make_shared<asio::io_context>(1);
  // The context takes its descriptors when it is first used: here, where that may fail.
  const stream::socket first_use(*own);
  const asio::steady_timer first_timer(*own);
  auto waiting = asio::make_work_guard(*own);
  auto ended = std::make_shared<std::atomic<bool>>(false);
  std::thread thread([own, ended] {
    own->run();
    *ended = true;
  });
  own_threads_.push_back({std::move(thread), std::move(ended)});
  return {{own->get_executor(), own->get_executor(), own}, std::move(waiting)};
}

void Lanes::join_ended() {
  std::erase_if(own_threads_, [](OwnThread& own) {
    if (!*own.ended) return false;
    own.thread.join();
    return true;
  });
}

void Lanes::join() {
  for (std::thread& thread : threads_)
    thread.join();
  threads_.clear();
  for (OwnThread& own : own_threads_)
    own.thread.join();
  own_threads_.clear();
}

}  // namespace vedette::platform::net
