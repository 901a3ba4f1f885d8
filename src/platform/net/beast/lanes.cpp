#include "platform/net/beast/lanes.h"

#include <system_error>
#include <utility>

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
  auto own = std::make_shared<asio::io_context>(1);
  auto waiting = asio::make_work_guard(*own);
  auto ended = std::make_shared<std::atomic<bool>>(false);
  try {
    std::thread thread([own, ended] {
      own->run();
      *ended = true;
    });
    own_threads_.push_back({std::move(thread), std::move(ended)});
  } catch (const std::system_error& error) {
    return refuse("NET-THREAD", "no thread can be had for another connection", error.what());
  }
  return OpenedLane{{own->get_executor(), own->get_executor(), own}, std::move(waiting)};
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
