// Admission: how many enrolments and renewals are in work at once. What is beyond it is turned away
// with a time to come back, before it waits for a thread, so that a fleet that wakes up together
// finds a server that goes on working.
#pragma once

#include <memory>
#include <vector>

#include "platform/net/http.h"
#include "server/route.h"

namespace vedette::server {

// Places that are taken and given back. Thread-safe; outlives what it gave out.
class Places {
 public:
  explicit Places(std::size_t most);
  // Nothing when all are taken. The place is free again when the last copy goes.
  [[nodiscard]] std::shared_ptr<const void> take();
  [[nodiscard]] std::size_t taken() const;

 private:
  struct Count;
  std::shared_ptr<Count> count_;
};

// Stands before a listener's handler. What a route bounds, enrolments and renewals, needs a place;
// all else passes: a device that is turned away can still be asked for a quote, and read when to
// renew.
class Admission final : public platform::HttpHandler {
 public:
  // Of `routes`, which are the listener's, the bounded ones are kept.
  Admission(platform::HttpHandler& inner, Places& places, std::vector<Route> routes);

  // Turns away with EST-BUSY, 503 and a Retry-After.
  [[nodiscard]] platform::Entry enter(const platform::Connection& connection,
                                      const platform::HttpRequest& request) override;
  [[nodiscard]] platform::HttpResponse handle(const platform::Connection& connection,
                                              const platform::HttpRequest& request) override;

 private:
  platform::HttpHandler& inner_;
  Places& places_;
  std::vector<Route> bounded_;
};

}  // namespace vedette::server
