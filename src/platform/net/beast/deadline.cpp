#include "platform/net/beast/deadline.h"

#include <boost/beast/core/error.hpp>

namespace vedette::platform::net {

void Deadline::set(SteadyTime time) {
  time_ = time;
  if (busy_) begin();
}

void Deadline::begin() {
  busy_ = true;
  if (time_ < set_to_) ring_at(time_);
}

error_code Deadline::end(const error_code& error) {
  busy_ = false;
  return passed_ ? error_code(boost::beast::error::timeout) : error;
}

void Deadline::stop() {
  busy_ = false;
  timer_.cancel();
}

// The timer is destroyed with the socket; its handler, told that it was cancelled, runs after that.
void Deadline::ring_at(SteadyTime time) {
  set_to_ = time;
  timer_.expires_at(time);
  timer_.async_wait([weak = weak_from_this()](const error_code& error) {
    if (error) return;
    if (const auto self = weak.lock()) self->ring();
  });
}

void Deadline::ring() {
  set_to_ = SteadyTime::max();
  if (!busy_) return;
  if (std::chrono::steady_clock::now() < time_) return ring_at(time_);
  passed_ = true;
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace vedette::platform::net
