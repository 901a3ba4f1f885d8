// Server: the control plane, three listeners over one store.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/error.h"
#include "platform/net/http.h"
#include "platform/store/store.h"
#include "release/registry.h"
#include "server/config.h"

namespace vedette::server {

struct Ports {
  std::uint16_t enrollment = 0;
  std::uint16_t device = 0;
  std::uint16_t operators = 0;
};

class Server {
 public:
  // What the composition root provides; all of it outlives the server.
  struct Parts {
    const Clock& clock;
    platform::HttpFactory& http;
    platform::Store& store;
    release::BlobStore& blobs;
    platform::KeyProvider* keys = nullptr;           // of keys that are named, if any may be
    std::chrono::milliseconds upkeep_period{5'000};  // how often it looks what is due
  };

  // Loads keys, publishers and the policy, enters the policy in the log, and listens. Refuses
  // STATE-*, FILE-*, KEY-*, CA-*, POLICY-*, STORE-*, LOG-*, NET-LISTEN.
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(const ServerConfig& config,
                                                             const Parts& parts);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  [[nodiscard]] Ports ports() const;
  [[nodiscard]] std::string log_vkey() const;

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace vedette::server
