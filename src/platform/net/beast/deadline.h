// Deadline: ends what a socket does too slowly.
#pragma once

#include <memory>

#include <boost/asio/steady_timer.hpp>

#include "platform/net/beast/asio_names.h"

namespace vedette::platform::net {

// A timer costs two system calls whenever the time it is set to comes nearer or its wait is
// cancelled, hence at every operation if each had its own. This one is set for the first deadline;
// when it rings it looks whether the present one is later, and waits on. Used on the socket's
// executor alone.
class Deadline : public std::enable_shared_from_this<Deadline> {
 public:
  // `socket` outlives every operation; it is closed when one takes too long.
  explicit Deadline(stream::socket& socket) : socket_(socket), timer_(socket.get_executor()) {}

  // Holds for the operation under way and for those that start from now on.
  void set(SteadyTime time);
  void begin();  // an operation
  // How it ended: boost::beast::error::timeout when the deadline has ended it.
  [[nodiscard]] error_code end(const error_code& error);
  // No operation is under way any more, nor will be: what rings later leaves the socket alone.
  void stop();

 private:
  void ring_at(SteadyTime time);
  void ring();

  stream::socket& socket_;
  asio::steady_timer timer_;
  SteadyTime time_ = SteadyTime::max();
  SteadyTime set_to_ = SteadyTime::max();  // when the timer rings; max: never
  bool busy_ = false;                      // an operation is under way
  bool passed_ = false;                    // and was not done in time
};

}  // namespace vedette::platform::net
