#include "platform/net/beast/connection_table.h"

#include <utility>

#include "platform/net/beast/session.h"

namespace vedette::platform::net {

bool ConnectionTable::admit(std::shared_ptr<Session> session) {
  const std::lock_guard lock(mutex_);
  if (closed_ || sessions_.size() >= max_connections_) return false;
  const auto id = session->id();
  sessions_.emplace(id, std::move(session));
  return true;
}

void ConnectionTable::forget(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  sessions_.erase(id);
}

std::size_t ConnectionTable::condemn(const std::function<bool(const Connection&)>& condemned) {
  std::size_t count = 0;
  // The predicate is the application's: it is asked without the lock, which it might come to need.
  for (const auto& session : sessions()) {
    if (!session->picked_by(condemned)) continue;
    session->condemn();
    ++count;
  }
  return count;
}

void ConnectionTable::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  for (const auto& session : sessions())
    session->condemn();
}

std::vector<std::shared_ptr<Session>> ConnectionTable::sessions() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Session>> result;
  result.reserve(sessions_.size());
  for (const auto& [id, session] : sessions_)
    result.push_back(session);
  return result;
}

}  // namespace vedette::platform::net
