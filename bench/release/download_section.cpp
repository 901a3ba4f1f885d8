#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "crypto/issuance.h"
#include "platform/net/beast/beast_http.h"
#include "release/stream_verifier.h"

#include "sections.h"

namespace vedette::bench {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kBytes = 128U << 20U;
constexpr int kRounds = 7;
constexpr double kLink = 125e6;  // octets each second: 1 Gbit/s, more than 5G gives a device

// Serves the same octets, as fast as it can or at the pace of a link.
class Publisher final : public platform::HttpHandler {
 public:
  explicit Publisher(ByteView content) : content_(content) {}

  platform::HttpResponse handle(const platform::Connection& /*connection*/,
                                const platform::HttpRequest& request) override {
    platform::HttpResponse response;
    response.content_type = "application/octet-stream";
    response.body_size = content_.size();
    const bool paced = request.path() == "/paced";
    response.stream = [this, paced, at = std::size_t{0}, begin = steady_clock::now()](
                          std::span<std::uint8_t> to) mutable -> Result<std::size_t> {
      const std::size_t count = std::min(to.size(), content_.size() - at);
      std::ranges::copy(content_.subspan(at, count), to.begin());
      at += count;
      if (paced)
        std::this_thread::sleep_until(begin + std::chrono::nanoseconds(static_cast<std::int64_t>(
                                                  static_cast<double>(at) / kLink * 1e9)));
      return count;
    };
    return response;
  }

 private:
  ByteView content_;
};

struct Loopback {
  std::unique_ptr<platform::HttpFactory> http;
  std::unique_ptr<platform::HttpServer> server;
  std::unique_ptr<platform::HttpClient> client;
};

Result<crypto::Certificate> certificate(crypto::CertificateKind kind,
                                        const crypto::PublicKey& subject,
                                        const std::optional<crypto::Certificate>& issuer,
                                        const crypto::PrivateKey& key) {
  const auto now = SystemClock().now();
  crypto::CertificateProfile profile;
  profile.kind = kind;
  profile.common_name = "bench";
  const std::chrono::hours validity(kind == crypto::CertificateKind::server ? 1 : 2);
  profile.not_before = now - validity;
  profile.not_after = now + validity;
  if (kind == crypto::CertificateKind::server) profile.ip_addresses = {"127.0.0.1"};
  return crypto::issue_certificate(profile, subject, issuer, key);
}

Result<Loopback> start(Publisher& publisher) {
  const auto root_key = crypto::PrivateKey::generate_p256();
  const auto key = crypto::PrivateKey::generate_p256();
  VEDETTE_TRY(const auto root, certificate(crypto::CertificateKind::root_ca, root_key.public_key(),
                                           std::nullopt, root_key));
  VEDETTE_TRY(const auto leaf,
              certificate(crypto::CertificateKind::server, key.public_key(), root, root_key));
  Loopback made{.http = platform::make_beast_http(), .server = {}, .client = {}};
  platform::HttpServerSettings settings;
  settings.tls = platform::TlsServerSettings{
      .chain = {leaf}, .key = key, .client_roots = {root}, .require_client_certificate = false};
  VEDETTE_TRY(made.server, made.http->serve(settings, publisher));
  platform::HttpClientSettings to;
  to.host = "127.0.0.1";
  to.port = made.server->port();
  to.roots = {root};
  VEDETTE_TRY(made.client, made.http->connect(to));
  return made;
}

Result<double> seconds_for(platform::HttpClient& client, const std::string& target,
                           const std::function<Result<void>(ByteView)>& sink) {
  const auto begin = steady_clock::now();
  VEDETTE_TRY(const auto response, client.download({"GET", target, {}, {}}, sink));
  if (response.status != 200) return refuse("BENCH-CALL", "the download failed");
  return std::chrono::duration<double>(steady_clock::now() - begin).count();
}

Result<void> compare(Report& report, platform::HttpClient& client, const std::string& target,
                     const crypto::Sha256Digest& sha256, const std::string& title) {
  Samples plain, verified, added;
  for (int round = 0; round < kRounds; ++round) {
    VEDETTE_TRY(const double bare,
                seconds_for(client, target, [](ByteView) -> Result<void> { return {}; }));
    release::StreamVerifier verifier(sha256, kBytes);
    VEDETTE_TRY(const double with, seconds_for(client, target, [&](ByteView piece) {
                  return verifier.update(piece);
                }));
    VEDETTE_CHECK(verifier.finish());
    plain.add(kBytes / bare / 1e6);
    verified.add(kBytes / with / 1e6);
    added.add((with / bare - 1) * 100);
  }
  report.section(title, "MB/s");
  report.line("plain TLS download", plain);
  report.line("verified while it downloads", verified);
  report.bar("verifying adds", added.median(), Report::Side::at_most, 5, "%");
  return {};
}

}  // namespace

Result<void> measure_download(Report& report, const std::string& /*folder*/) {
  Bytes content(kBytes);
  for (std::size_t i = 0; i < content.size(); ++i)
    content[i] = static_cast<std::uint8_t>(i * 2654435761U >> 11U);
  const crypto::Sha256Digest sha256 = crypto::sha256(content);
  Publisher publisher(content);
  VEDETTE_TRY(const Loopback loopback, start(publisher));
  VEDETTE_CHECK(compare(report, *loopback.client, "/paced", sha256,
                        "128 MiB by TLS 1.3 over a link of 1 Gbit/s"));
  return compare(report, *loopback.client, "/fast", sha256,
                 "the same as fast as loopback is, server and client on the same cores");
}

}  // namespace vedette::bench
