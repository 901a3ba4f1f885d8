#include <atomic>
#include <memory>
#include <thread>

#include "platform/net/beast/beast_http.h"
#include "platform/net/json_api.h"
#include "platform/store/sqlite/sqlite_store.h"

#include "fleet.h"
#include "sections.h"
#include "server_program.h"

namespace vedette::bench {

namespace {

using std::chrono::steady_clock;

constexpr std::size_t kPumps = 2;
constexpr std::size_t kSingly = 20;  // that are revoked one by one
constexpr std::chrono::seconds kLookedAt{2};
constexpr std::string_view kRequest = "GET /v1/attestation/wanted HTTP/1.1\r\nhost: a\r\n\r\n";

// Live connections, each with one request under way at any time.
class LiveFleet {
 public:
  [[nodiscard]] static Result<std::unique_ptr<LiveFleet>> connect(
      const Fleet& fleet, const std::vector<FleetDevice>& devices) {
    std::unique_ptr<LiveFleet> live(new LiveFleet(devices.size()));
    const BareContext context = bare_context(fleet.keys().authority.root());
    for (const FleetDevice& device : devices) {
      const BareCertificate leaf = bare_certificate(device.leaf);
      auto line = BareTls::open(context.get(), fleet.config().device.port,
                                {leaf.get(), fleet.bare_issuing(), fleet.bare_key_of(device)});
      if (!line) return refuse("BENCH-LIVE", "a device did not connect", device.id.str());
      live->lines_.push_back(std::move(line));
    }
    for (std::size_t i = 0; i < kPumps; ++i)
      live->threads_.emplace_back([raw = live.get(), i] { raw->pump(i); });
    return live;
  }
  LiveFleet(const LiveFleet&) = delete;
  LiveFleet& operator=(const LiveFleet&) = delete;
  ~LiveFleet() {
    stopping_ = true;
    for (auto& thread : threads_)
      thread.join();
  }

  static std::int64_t now() { return steady_clock::now().time_since_epoch().count(); }
  [[nodiscard]] std::uint64_t answers() const { return answers_; }
  // Milliseconds from `command` to the last accepted request of these devices.
  [[nodiscard]] double last_accepted(std::int64_t command, std::size_t first,
                                     std::size_t count) const {
    std::int64_t last = command;
    for (std::size_t i = first; i < first + count; ++i)
      last = std::max(last, accepted_[i].load());
    return static_cast<double>(last - command) / 1e6;
  }
  [[nodiscard]] bool is_open(std::size_t device) const { return !closed_[device]; }

 private:
  explicit LiveFleet(std::size_t count) : accepted_(count), closed_(count) {}

  void pump(std::size_t first) {
    while (!stopping_) {
      for (std::size_t i = first; i < lines_.size(); i += kPumps)
        if (lines_[i] && !lines_[i]->send(kRequest)) close(i);
      for (std::size_t i = first; i < lines_.size(); i += kPumps) {
        if (!lines_[i]) continue;
        const auto answer = lines_[i]->receive();
        if (!answer) {
          close(i);
        } else if (answer->status == 200) {
          accepted_[i] = now();
          ++answers_;
        }
      }
    }
  }
  void close(std::size_t device) {
    lines_[device].reset();
    closed_[device] = true;
  }

  std::vector<std::optional<BareTls>> lines_;
  std::vector<std::atomic<std::int64_t>> accepted_;
  std::vector<std::atomic<bool>> closed_;
  std::atomic<std::uint64_t> answers_ = 0;
  std::atomic<bool> stopping_ = false;
  std::vector<std::thread> threads_;
};

Result<codec::Json> command(platform::HttpClient& by, const std::string& target,
                            const codec::Json& body) {
  VEDETTE_TRY(const auto answer, by.send(platform::json_request("POST", target, body)));
  return platform::read_json_answer(answer);
}

}  // namespace

Result<void> measure_revocation(Report& report, const IdentitySettings& settings) {
  VEDETTE_TRY(const Fleet fleet, Fleet::found(settings.folder));
  std::vector<FleetDevice> devices;
  {
    VEDETTE_TRY(const auto store, platform::open_sqlite_store(fleet.database()));
    VEDETTE_TRY(devices, fleet.enroll(*store, "d", settings.live, SystemClock().now()));
  }
  VEDETTE_TRY(const auto server,
              ServerProgram::start(fleet.server_command(), fleet.folder(), "ready"));
  const auto http = platform::make_beast_http();
  VEDETTE_TRY(const auto admin, fleet.operator_client(*http, "admin"));
  VEDETTE_TRY(const auto second, fleet.operator_client(*http, "second"));
  VEDETTE_TRY(const auto live, LiveFleet::connect(fleet, devices));
  std::this_thread::sleep_for(kLookedAt);
  const std::uint64_t before = live->answers();
  std::this_thread::sleep_for(kLookedAt);
  const double rate =
      static_cast<double>(live->answers() - before) / static_cast<double>(kLookedAt.count());
  const codec::Json reason = codec::Json::Object{{"reason", "stolen"}};
  Samples singly;
  for (std::size_t i = 0; i < std::min(kSingly, devices.size() / 2); ++i) {
    const std::int64_t at = LiveFleet::now();
    VEDETTE_CHECK(command(*admin, "/v1/devices/" + devices[i].id.str() + "/revoke", reason));
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    singly.add(live->last_accepted(at, i, 1));
    if (live->is_open(i)) return refuse("BENCH-LIVE", "a connection outlived its device's trust");
  }
  VEDETTE_TRY(const auto proposed, command(*admin, "/v1/groups/fleet/revoke", reason));
  VEDETTE_TRY(const std::string id, proposed.string("proposal"));
  const std::int64_t at = LiveFleet::now();
  VEDETTE_CHECK(
      command(*second, "/v1/groups/fleet/revoke/approve", codec::Json::Object{{"proposal", id}}));
  const double answered = static_cast<double>(LiveFleet::now() - at) / 1e6;
  std::this_thread::sleep_for(kLookedAt);
  const double together = live->last_accepted(at, 0, devices.size());
  report.section("from an operator's command to the last accepted request", "ms");
  report.figure("live connections, each with a request under way",
                static_cast<double>(devices.size()));
  report.figure("requests answered per second meanwhile", rate);
  report.line("one device revoked, among all", singly);
  report.figure("the whole group revoked: the last of all", together);
  report.figure("the whole group revoked: the operator's answer", answered);
  report.bar("one device, the slowest", singly.at(1), Report::Side::at_most, 1'000, "ms");
  report.bar("the group", together, Report::Side::at_most, 1'000, "ms");
  return {};
}

}  // namespace vedette::bench
