#include <atomic>
#include <thread>

#include "codec/base64.h"
#include "platform/store/files/folder_blob_store.h"
#include "platform/store/sqlite/sqlite_store.h"
#include "server/server.h"

#include "direct_wire.h"
#include "fleet.h"
#include "raw_issuance.h"
#include "sections.h"

namespace vedette::bench {

namespace {

using std::chrono::steady_clock;

constexpr std::size_t kRounds = 9;
constexpr std::size_t kPerRound = 2'000;

double per_second(std::size_t count, steady_clock::time_point begin) {
  return static_cast<double>(count) /
         std::chrono::duration<double>(steady_clock::now() - begin).count();
}

// A device at the server's door, its TLS connection proven.
struct Visit {
  platform::Connection connection;
  platform::HttpRequest request;
};

Result<Visit> visit_of(const FleetDevice& device, const crypto::Sha256Digest& issuer_key) {
  Visit visit;
  VEDETTE_TRY(visit.connection.peer, crypto::Certificate::from_der(device.leaf));
  visit.connection.peer_issuer_key = issuer_key;
  visit.connection.peer_address = "127.0.0.1";
  visit.connection.channel_binding = Bytes(32);
  visit.request = {.method = "POST",
                   .target = "/.well-known/est/simplereenroll",
                   .headers = {{"content-type", "application/pkcs10"}},
                   .body = to_bytes(codec::to_base64(device.request))};
  return visit;
}

double raw_rate(const RawIssuance& raw, std::span<const FleetDevice> devices) {
  std::atomic<std::size_t> next = 0;
  const auto begin = steady_clock::now();
  on_threads(std::max(std::thread::hardware_concurrency(), 1U), [&](std::size_t) {
    for (std::size_t i = next++; i < devices.size(); i = next++)
      if (!raw.issue(devices[i].request)) std::abort();
  });
  return per_second(devices.size(), begin);
}

Result<double> service_rate(const DirectWire::Listener& listener,
                            const crypto::Sha256Digest& issuer_key,
                            std::span<const FleetDevice> devices) {
  std::vector<Visit> visits;
  for (const FleetDevice& device : devices) {
    VEDETTE_TRY(Visit visit, visit_of(device, issuer_key));
    visits.push_back(std::move(visit));
  }
  std::atomic<std::size_t> next = 0;
  std::atomic<std::size_t> refused = 0;
  const auto begin = steady_clock::now();
  on_threads(listener.threads, [&](std::size_t) {
    for (std::size_t i = next++; i < visits.size(); i = next++)
      if (answer_directly(*listener.handler, visits[i].connection, visits[i].request).status != 200)
        ++refused;
  });
  const double rate = per_second(visits.size(), begin);
  if (refused > 0)
    return refuse("BENCH-ISSUANCE", "renewals were refused", std::to_string(refused.load()));
  return rate;
}

}  // namespace

Result<void> measure_issuance(Report& report, const IdentitySettings& settings) {
  VEDETTE_TRY(const Fleet fleet, Fleet::found(settings.folder));
  VEDETTE_TRY(const auto store, platform::open_sqlite_store(fleet.database()));
  VEDETTE_TRY(const auto blobs,
              platform::open_folder_blob_store(fleet.config().state_folder + "/blobs"));
  const SystemClock clock;
  DirectWire wire;
  VEDETTE_TRY(const auto server,
              server::Server::start(fleet.config(), {clock, wire, *store, *blobs}));
  VEDETTE_TRY(const auto devices,
              fleet.enroll(*store, "d", kRounds * kPerRound, clock.now() - Fleet::kLife / 2));
  VEDETTE_TRY(const auto sample, crypto::Certificate::from_der(devices.front().leaf));
  VEDETTE_TRY(const auto custody, server::KeyCustody::open(fleet.config().keys, nullptr));
  VEDETTE_TRY(const auto key, custody.read(fleet.config().state_folder + "/ca/issuing.key"));
  const RawIssuance raw(sample, fleet.keys().authority.issuing(), key);
  const crypto::Sha256Digest issuer_key = fleet.keys().authority.issuing().spki_sha256();
  const auto listener = wire.at(fleet.config().device.port);
  Samples bare, served, share;
  for (std::size_t round = 0; round < kRounds; ++round) {
    const auto ours = std::span(devices).subspan(round * kPerRound, kPerRound);
    const double before = raw_rate(raw, ours);
    VEDETTE_TRY(const double rate, service_rate(listener, issuer_key, ours));
    bare.add(before);
    served.add(rate);
    share.add(rate / before);
  }
  report.section("issuance, all cores", "1/s");
  report.line("OpenSSL: CSR read and verified, certificate signed", bare);
  report.line("a renewal, from the door to its commit on disk", served);
  report.bar("renewals / OpenSSL alone, p50 of the rounds", share.median(), Report::Side::at_least,
             0.6, "");
  return {};
}

}  // namespace vedette::bench
