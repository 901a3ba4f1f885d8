#include "plain_wire.h"

#include <ctime>
#include <utility>

#include "codec/base64.h"

namespace vedette::bench {

namespace {

using platform::Connection;
using platform::HttpRequest;
using platform::HttpResponse;
using platform::HttpServer;

constexpr const char* kCertificate = "x-certificate";
constexpr const char* kChannel = "x-channel";

std::chrono::nanoseconds thread_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

class PeerHandler final : public platform::HttpHandler {
 public:
  PeerHandler(platform::HttpHandler& inner, DayBoard& board, const crypto::Sha256Digest& issuer_key)
      : inner_(inner), board_(board), issuer_key_(issuer_key) {}

  HttpResponse handle(const Connection& connection, const HttpRequest& request) override {
    const auto before = thread_time();
    Connection proven = connection;
    if (const auto der = codec::from_base64(request.header(kCertificate)); der && !der->empty())
      if (auto certificate = crypto::Certificate::from_der(*der)) {
        proven.peer = *std::move(certificate);
        proven.peer_issuer_key = issuer_key_;
      }
    if (auto channel = codec::from_hex(request.header(kChannel)))
      proven.channel_binding = *std::move(channel);
    board_.add_stand_in(thread_time() - before);
    return inner_.handle(proven, request);
  }

 private:
  platform::HttpHandler& inner_;
  DayBoard& board_;
  const crypto::Sha256Digest issuer_key_;
};

class PlainServer final : public HttpServer {
 public:
  PlainServer(std::unique_ptr<PeerHandler> handler, std::unique_ptr<HttpServer> inner)
      : handler_(std::move(handler)), inner_(std::move(inner)) {}

  [[nodiscard]] std::uint16_t port() const override { return inner_->port(); }
  // There is no certificate here.
  Result<void> renew(const platform::TlsServerSettings& /*settings*/) override { return {}; }
  // Every connection carries all devices.
  std::size_t close_connections(const std::function<bool(const Connection&)>& /*of*/) override {
    return 0;
  }

 private:
  std::unique_ptr<PeerHandler> handler_;
  std::unique_ptr<HttpServer> inner_;
};

}  // namespace

std::string socket_path(const std::string& folder, std::uint16_t port) {
  return folder + "/" + std::to_string(port) + ".sock";
}

std::vector<std::pair<std::string, std::string>> connection_headers(ByteView certificate_der,
                                                                    ByteView channel_binding) {
  return {{kCertificate, codec::to_base64(certificate_der)}, {kChannel, to_hex(channel_binding)}};
}

Result<std::unique_ptr<HttpServer>> InsecurePlainWire::serve(
    const platform::HttpServerSettings& settings, platform::HttpHandler& handler) {
  platform::HttpServerSettings plain = settings;
  plain.tls.reset();
  plain.unix_path = socket_path(folder_, settings.port);
  if (settings_.handlers != 0) plain.handler_threads = settings_.handlers;
  auto peers = std::make_unique<PeerHandler>(handler, board_, settings_.issuer_key);
  VEDETTE_TRY(auto server, http_.serve(plain, *peers));
  return std::make_unique<PlainServer>(std::move(peers), std::move(server));
}

}  // namespace vedette::bench
