// PlainWire: the server's listeners in plain HTTP on Unix sockets, for measuring without TLS.
//
// What TLS proves, a header merely says: who is at the other end, and what binds a quote to the
// connection. So it is for one process that plays all of the devices, and for nobody else.
#pragma once

#include <memory>
#include <string>

#include "crypto/certificate.h"
#include "platform/net/http.h"

#include "board.h"

namespace vedette::bench {

// Where the listener with this number of a port listens.
[[nodiscard]] std::string socket_path(const std::string& folder, std::uint16_t port);

// The headers that stand for a TLS connection.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> connection_headers(
    ByteView certificate_der, ByteView channel_binding);

struct PlainWireSettings {
  crypto::Sha256Digest
      issuer_key{};       // of the SubjectPublicKeyInfo that all certificates pass for signed by
  unsigned handlers = 0;  // threads for each listener; 0 for as many as a server has
};

class InsecurePlainWire final : public platform::HttpFactory {
 public:
  // All is borrowed.
  InsecurePlainWire(platform::HttpFactory& http, std::string folder, DayBoard& board,
                    const PlainWireSettings& settings)
      : http_(http), folder_(std::move(folder)), board_(board), settings_(settings) {}

  [[nodiscard]] Result<std::unique_ptr<platform::HttpServer>> serve(
      const platform::HttpServerSettings& settings, platform::HttpHandler& handler) override;
  [[nodiscard]] Result<std::unique_ptr<platform::HttpClient>> connect(
      const platform::HttpClientSettings& settings) override {
    return http_.connect(settings);
  }

 private:
  platform::HttpFactory& http_;
  std::string folder_;
  DayBoard& board_;
  PlainWireSettings settings_;
};

}  // namespace vedette::bench
