// DirectWire: the server's listeners without a wire: a call into its handler, doors and gates
// included. What HTTP and TLS would add is measured apart.
#pragma once

#include <map>
#include <memory>

#include "platform/net/http.h"

namespace vedette::bench {

class DirectWire final : public platform::HttpFactory {
 public:
  [[nodiscard]] Result<std::unique_ptr<platform::HttpServer>> serve(
      const platform::HttpServerSettings& settings, platform::HttpHandler& handler) override;
  // Refuses BENCH-WIRE: nobody connects here.
  [[nodiscard]] Result<std::unique_ptr<platform::HttpClient>> connect(
      const platform::HttpClientSettings& settings) override;

  struct Listener {
    platform::HttpHandler* handler = nullptr;
    unsigned threads = 0;  // that the server would handle requests on
  };
  [[nodiscard]] Listener at(std::uint16_t port) const { return listeners_.at(port); }

 private:
  std::map<std::uint16_t, Listener> listeners_;
};

// As a worker thread of a listener does.
[[nodiscard]] platform::HttpResponse answer_directly(platform::HttpHandler& handler,
                                                     const platform::Connection& connection,
                                                     const platform::HttpRequest& request);

}  // namespace vedette::bench
