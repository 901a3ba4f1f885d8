// The verifier of a simulated day: the whole server on its SQLite store, with the time of the day's
// board for a clock and plain HTTP in place of TLS. Ends when its standard input does.
//
//   attestation_day_verifier FOLDER INTERVAL HANDLERS
#include <array>
#include <charconv>
#include <iostream>
#include <span>
#include <utility>

#include <unistd.h>

#include "base/fd.h"
#include "platform/net/beast/beast_http.h"
#include "platform/store/files/folder_blob_store.h"
#include "platform/store/sqlite/sqlite_store.h"
#include "server/answers.h"
#include "server/server.h"
#include "server/silence_watch.h"
#include "server/state_folder.h"

#include "day_settings.h"
#include "plain_wire.h"

namespace vedette::bench {
namespace {

// The watch, when the day says so rather than every five seconds of another clock than its own.
class SweepHandler final : public platform::HttpHandler {
 public:
  explicit SweepHandler(server::SilenceWatch& watch) : watch_(watch) {}

  platform::HttpResponse handle(const platform::Connection& /*connection*/,
                                const platform::HttpRequest& /*request*/) override {
    std::uint64_t total = 0;
    for (std::size_t last = server::SilenceWatch::kMostAtOnce;
         last == server::SilenceWatch::kMostAtOnce;) {
      const auto found = watch_.sweep();
      if (!found) return server::answer(found.error());
      last = *found;
      total += last;
    }
    codec::Json body;
    body.set("silent", total);
    return server::answer(body);
  }

 private:
  server::SilenceWatch& watch_;
};

server::ServerConfig config_of(const std::string& folder, std::chrono::seconds interval) {
  server::ServerConfig config;
  config.state_folder = state_folder(folder);
  config.trust_domain = kTrustDomain;
  config.keys = insecure_day_keys();
  config.ip_addresses = {"127.0.0.1"};
  config.device.port = kDevicePort;
  config.operators.port = kOperatorPort;
  config.enrollment.port = kEnrollmentPort;
  config.registers = {kRegisters.begin(), kRegisters.end()};
  config.attestation_interval = interval;
  config.attestation_lifetime = verdict_lifetime(interval);
  config.silence_limit = silence_limit(interval);
  return config;
}

void wait_for_end() {
  std::array<char, 16> ignored{};
  while (::read(STDIN_FILENO, ignored.data(), ignored.size()) > 0) {
  }
}

Result<void> run(const std::string& folder, std::chrono::seconds interval, unsigned handlers) {
  VEDETTE_TRY(DayBoard board, DayBoard::open(board_path(folder)));
  const BoardClock clock(board);
  const auto http = platform::make_beast_http();
  const std::string state = state_folder(folder);
  const server::ServerConfig config = config_of(folder, interval);
  VEDETTE_TRY(const auto domain, identity::TrustDomain::parse(kTrustDomain));
  VEDETTE_TRY(const auto custody, server::KeyCustody::open(config.keys, nullptr));
  VEDETTE_TRY(const auto keys, server::load_state(state, domain, clock.now(), custody));
  InsecurePlainWire wire(
      *http, folder, board,
      {.issuer_key = keys.authority.issuing().spki_sha256(), .handlers = handlers});
  VEDETTE_TRY(const auto store, platform::open_sqlite_store(database_path(folder)));
  VEDETTE_TRY(const auto blobs, platform::open_folder_blob_store(state + "/blobs"));
  VEDETTE_TRY(const auto server, server::Server::start(config, {clock, wire, *store, *blobs}));
  VEDETTE_TRY(auto signer, ledger::NoteSigner::create(server::log_origin(domain), keys.log));
  server::Chronicle chronicle(*store, clock, ledger::Log(std::move(signer)));
  server::SilenceWatch watch(*store, chronicle, clock, config.silence_limit);
  SweepHandler sweeps(watch);
  platform::HttpServerSettings settings;
  settings.unix_path = socket_path(folder, kSweepPort);
  VEDETTE_TRY(const auto sweep_server, http->serve(settings, sweeps));
  std::cout << "ready\n" << std::flush;
  wait_for_end();
  return {};
}

}  // namespace
}  // namespace vedette::bench

int main(int argc, char** argv) {
  using namespace vedette::bench;
  const std::span<char* const> arguments(argv, static_cast<std::size_t>(argc));
  if (arguments.size() != 4) {
    std::cerr << "usage: attestation_day_verifier FOLDER INTERVAL HANDLERS\n";
    return 2;
  }
  const auto ran = run(arguments[1], std::chrono::seconds(std::atoi(arguments[2])),
                       static_cast<unsigned>(std::atoi(arguments[3])));
  if (ran) return EXIT_SUCCESS;
  std::cerr << describe(ran.error()) << '\n';
  return EXIT_FAILURE;
}
