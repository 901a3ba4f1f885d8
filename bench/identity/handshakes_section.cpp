#include <atomic>
#include <thread>

#include "base/fd.h"
#include "platform/store/sqlite/sqlite_store.h"

#include "fleet.h"
#include "sections.h"
#include "server_program.h"

namespace vedette::bench {

namespace {

using std::chrono::steady_clock;

constexpr std::size_t kRounds = 9;
constexpr std::chrono::milliseconds kRound{1'500};
constexpr std::size_t kClients = 8;
// A page that neither server has to look for long: what counts is the handshake before it, which
// the answer proves that the server has finished.
constexpr std::string_view kPage = "GET /x HTTP/1.1\r\nhost: a\r\n\r\n";
constexpr std::string_view kAnswer = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";

struct Rate {
  double per_second = 0;
  double server_microseconds = 0;  // of processor, each
};

// s_server does one connection at a time: there is one for each core, so that it gets no fewer
// cores than our server has.
class OpensslServers {
 public:
  [[nodiscard]] static Result<OpensslServers> start(const Fleet& fleet) {
    const auto& authority = fleet.keys().authority;
    const auto key = crypto::PrivateKey::generate_p256();
    VEDETTE_TRY(const auto name, identity::ServerId::parse("control-plane"));
    VEDETTE_TRY(const auto leaf,
                authority.issue_server(name, {{}, {"127.0.0.1"}}, key.public_key(),
                                       SystemClock().now(), std::chrono::hours(24)));
    VEDETTE_TRY(const std::string pem, key.insecure_unencrypted_pem());
    const auto write = [&](const char* file, std::string_view text) {
      return write_file_atomically(fleet.folder() + "/" + file, as_bytes(text), 0600);
    };
    VEDETTE_CHECK(write("leaf.pem", leaf.pem()));
    VEDETTE_CHECK(write("leaf.key", pem));
    VEDETTE_CHECK(write("issuing.pem", authority.issuing().pem()));
    VEDETTE_CHECK(write("root.pem", authority.root().pem()));
    VEDETTE_CHECK(write("x", kAnswer));
    OpensslServers servers;
    for (unsigned i = 0; i < std::max(std::thread::hardware_concurrency(), 1U); ++i) {
      servers.ports.push_back(free_port());
      VEDETTE_TRY(auto program,
                  ServerProgram::start(command(servers.ports.back()), fleet.folder(), "ACCEPT"));
      servers.programs.push_back(std::move(program));
    }
    return servers;
  }

  std::vector<ServerProgram> programs;
  std::vector<std::uint16_t> ports;

 private:
  static std::vector<std::string> command(std::uint16_t port) {
    return {"openssl",
            "s_server",
            "-accept",
            "127.0.0.1:" + std::to_string(port),
            "-cert",
            "leaf.pem",
            "-key",
            "leaf.key",
            "-cert_chain",
            "issuing.pem",
            "-CAfile",
            "root.pem",
            "-no-CApath",
            "-no-CAstore",
            "-Verify",
            "4",
            "-verify_return_error",
            "-verify_quiet",
            "-tls1_3",
            "-num_tickets",
            "0",
            "-no_cache",
            "-groups",
            "X25519",
            "-HTTP"};
  }
};

double processor(std::span<const ServerProgram> programs) {
  double seconds = 0;
  for (const ServerProgram& program : programs)
    seconds += program.processor_seconds();
  return seconds;
}

Rate handshakes(SSL_CTX* context, const Fleet& fleet, std::span<const FleetDevice> devices,
                std::span<const BareCertificate> leaves, std::span<const std::uint16_t> ports,
                std::span<const ServerProgram> programs, std::atomic<std::size_t>& failed) {
  std::atomic<std::size_t> done = 0;
  const double before = processor(programs);
  const auto begin = steady_clock::now();
  on_threads(kClients, [&](std::size_t client) {
    const BareIdentity who{leaves[client].get(), fleet.bare_issuing(),
                           fleet.bare_key_of(devices[client])};
    while (steady_clock::now() - begin < kRound) {
      auto line = BareTls::open(context, ports[client % ports.size()], who);
      const auto answer = line ? line->ask(kPage) : std::nullopt;
      ++(answer && answer->status == 404 ? done : failed);
    }
  });
  const double seconds = std::chrono::duration<double>(steady_clock::now() - begin).count();
  const auto count = static_cast<double>(std::max<std::size_t>(done, 1));
  return {count / seconds, (processor(programs) - before) * 1e6 / count};
}

}  // namespace

Result<void> measure_handshakes(Report& report, const IdentitySettings& settings) {
  VEDETTE_TRY(const Fleet fleet, Fleet::found(settings.folder));
  std::vector<FleetDevice> devices;
  {
    VEDETTE_TRY(const auto store, platform::open_sqlite_store(fleet.database()));
    VEDETTE_TRY(devices, fleet.enroll(*store, "d", kClients, SystemClock().now()));
  }
  std::vector<BareCertificate> leaves;
  for (const FleetDevice& device : devices)
    leaves.push_back(bare_certificate(device.leaf));
  std::vector<ServerProgram> ours;
  VEDETTE_TRY(auto program, ServerProgram::start(fleet.server_command(), fleet.folder(), "ready"));
  ours.push_back(std::move(program));
  VEDETTE_TRY(const OpensslServers theirs, OpensslServers::start(fleet));
  const BareContext context = bare_context(fleet.keys().authority.root());
  const std::vector<std::uint16_t> port{fleet.config().device.port};
  std::atomic<std::size_t> failed = 0;
  Samples bare, served, share, bare_cost, served_cost;
  for (std::size_t round = 0; round < kRounds; ++round) {
    const Rate openssl =
        handshakes(context.get(), fleet, devices, leaves, theirs.ports, theirs.programs, failed);
    const Rate own = handshakes(context.get(), fleet, devices, leaves, port, ours, failed);
    bare.add(openssl.per_second);
    served.add(own.per_second);
    share.add(own.per_second / openssl.per_second);
    bare_cost.add(openssl.server_microseconds);
    served_cost.add(own.server_microseconds);
  }
  if (failed > 0)
    return refuse("BENCH-HANDSHAKE", "handshakes failed", std::to_string(failed.load()));
  report.section("full handshakes, certificates on both sides, one request each", "1/s");
  report.line("openssl s_server, one for each core", bare);
  report.line("vedette-server, device listener", served);
  report.bar("vedette-server / s_server, p50 of the rounds", share.median(), Report::Side::at_least,
             0.8, "");
  report.skipped("resumed", "refused by design (docs/decisions/0004): each is a full one");
  report.section("processor of the server for each of them, clients not counted", "us");
  report.line("openssl s_server", bare_cost);
  report.line("vedette-server", served_cost);
  return {};
}

}  // namespace vedette::bench
