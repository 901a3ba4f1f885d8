#include "direct_wire.h"

#include <utility>

namespace vedette::bench {

namespace {

class NoServer final : public platform::HttpServer {
 public:
  explicit NoServer(std::uint16_t port) : port_(port) {}
  [[nodiscard]] std::uint16_t port() const override { return port_; }
  // Nobody meets a certificate here, so that each one is as good as shown.
  [[nodiscard]] Result<void> renew(const platform::TlsServerSettings& /*settings*/) override {
    return {};
  }
  std::size_t close_connections(
      const std::function<bool(const platform::Connection&)>& /*condemned*/) override {
    return 0;
  }

 private:
  std::uint16_t port_;
};

}  // namespace

Result<std::unique_ptr<platform::HttpServer>> DirectWire::serve(
    const platform::HttpServerSettings& settings, platform::HttpHandler& handler) {
  listeners_[settings.port] = {&handler, settings.handler_threads};
  return std::make_unique<NoServer>(settings.port);
}

Result<std::unique_ptr<platform::HttpClient>> DirectWire::connect(
    const platform::HttpClientSettings& /*settings*/) {
  return refuse("BENCH-WIRE", "nobody connects here");
}

platform::HttpResponse answer_directly(platform::HttpHandler& handler,
                                       const platform::Connection& connection,
                                       const platform::HttpRequest& request) {
  platform::Entry entry = handler.enter(connection, request);
  if (entry.turned_away) return *std::move(entry.turned_away);
  return handler.handle(connection, request);
}

}  // namespace vedette::bench
