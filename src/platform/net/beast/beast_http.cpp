#include "platform/net/beast/beast_http.h"

#include "platform/net/beast/client.h"
#include "platform/net/beast/server.h"

namespace vedette::platform {

namespace {

class BeastHttp final : public HttpFactory {
 public:
  Result<std::unique_ptr<HttpServer>> serve(const HttpServerSettings& settings,
                                            HttpHandler& handler) override {
    return net::start_server(settings, handler);
  }

  Result<std::unique_ptr<HttpClient>> connect(const HttpClientSettings& settings) override {
    return net::make_client(settings);
  }
};

}  // namespace

std::unique_ptr<HttpFactory> make_beast_http() {
  return std::make_unique<BeastHttp>();
}

}  // namespace vedette::platform
