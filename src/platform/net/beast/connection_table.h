// ConnectionTable: the live connections of a server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "platform/net/http.h"

namespace vedette::platform::net {

class Session;

// Thread-safe.
class ConnectionTable {
 public:
  explicit ConnectionTable(std::size_t max_connections) : max_connections_(max_connections) {}

  // False when the table is full or closed; the connection is then to be dropped.
  [[nodiscard]] bool admit(std::shared_ptr<Session> session);
  void forget(std::uint64_t id);

  // Condemns what `condemned` picks; returns how many. A connection whose handshake is under way
  // is not asked about: its requests will meet the new state of affairs in the handler.
  std::size_t condemn(const std::function<bool(const Connection&)>& condemned);
  // Condemns all, and admits none any more.
  void close();

 private:
  [[nodiscard]] std::vector<std::shared_ptr<Session>> sessions() const;

  const std::size_t max_connections_;
  mutable std::mutex mutex_;
  bool closed_ = false;
  std::map<std::uint64_t, std::shared_ptr<Session>> sessions_;
};

}  // namespace vedette::platform::net
