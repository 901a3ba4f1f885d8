// Admission: how many enrolments and renewals are in work at once. What is beyond it is turned away
// with a time to come back, before it waits for a thread, so that a fleet that wakes up together
// finds a server that goes on working.
#pragma once

#include <memory>

#include "platform/net/http.h"

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

// Stands before a listener's handler. Enrolments and renewals need a place; all else passes: a
// device that is turned away can still be asked for a quote, and read when to renew.
class Admission final : public platform::HttpHandler {
 public:
  Admission(platform::HttpHandler& inner, Places& places) : inner_(inner), places_(places) {}

  // Turns away with EST-BUSY, 503 and a Retry-After.
  [[nodiscard]] platform::Entry enter(const platform::Connection& connection,
                                      const platform::HttpRequest& request) override;
  [[nodiscard]] platform::HttpResponse handle(const platform::Connection& connection,
                                              const platform::HttpRequest& request) override;

 private:
  platform::HttpHandler& inner_;
  Places& places_;
};

}  // namespace vedette::server
