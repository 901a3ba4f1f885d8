#include <iostream>
#include <thread>

#include "platform/store/sqlite/sqlite_store.h"

#include "herd.h"
#include "sections.h"
#include "server_program.h"

namespace vedette::bench {

namespace {

constexpr std::size_t kClients = 192;  // more than the server has places, which it so has to defend
constexpr std::chrono::seconds kAway{10};

std::vector<double> curve_of(const Herd::PerSecond& counts, std::size_t seconds) {
  return {counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(seconds)};
}

double total(const Herd::PerSecond& counts) {
  double sum = 0;
  for (const auto& count : counts)
    sum += count;
  return sum;
}

// Devices that hold another certificate than the store says: issued and forgotten, or issued twice.
Result<std::size_t> contradicted(const Fleet& fleet, const Herd& herd) {
  std::size_t count = 0;
  VEDETTE_TRY(const auto store, platform::open_sqlite_store(fleet.database()));
  VEDETTE_CHECK(store->read([&](platform::UnitOfWork& unit) -> Result<void> {
    for (std::size_t i = 0; i < herd.devices().size(); ++i) {
      const FleetDevice& device = herd.devices()[i];
      VEDETTE_TRY(
          const auto latest,
          unit.certificates().latest(device.id, fleet.key_of(device).public_key().spki_sha256()));
      if (!latest || latest->serial_hex != herd.serials()[i]) ++count;
    }
    return {};
  }));
  return count;
}

}  // namespace

Result<void> measure_herd(Report& report, const IdentitySettings& settings) {
  VEDETTE_TRY(const Fleet fleet, Fleet::found(settings.folder));
  const TimePoint issued_at = SystemClock().now() - Fleet::kLife / 2;
  std::vector<FleetDevice> devices;
  {
    VEDETTE_TRY(const auto store, platform::open_sqlite_store(fleet.database()));
    VEDETTE_TRY(devices, fleet.enroll(*store, "d", settings.herd, issued_at));
  }
  VEDETTE_TRY(auto server, ServerProgram::start(fleet.server_command(), fleet.folder(), "ready"));
  Herd herd(fleet, std::move(devices), issued_at);
  std::cerr << "the herd comes\n";
  herd.start(kClients);
  herd.wait_until_renewed(settings.herd / 2);
  server.kill();
  std::cerr << "the server is killed, with " << herd.renewed() << " renewed\n";
  std::this_thread::sleep_for(kAway);
  const TimePoint again = SystemClock().now();
  VEDETTE_TRY(server, ServerProgram::start(fleet.server_command(), fleet.folder(), "ready"));
  const Duration start = SystemClock().now() - again;
  herd.wait_for_all();
  const TimePoint end = SystemClock().now();
  server.kill();
  VEDETTE_TRY(const std::size_t wrong, contradicted(fleet, herd));
  const auto seconds_left = std::chrono::duration<double>(issued_at + Fleet::kLife - end).count();
  report.section("a herd renews at once, the server killed half way and away", "");
  report.figure("devices", static_cast<double>(settings.herd));
  report.figure("connections at a time, at most", static_cast<double>(kClients));
  report.figure("server away, s", static_cast<double>(kAway.count()));
  report.figure("its start, on the store of the killed one, s",
                std::chrono::duration<double>(start).count());
  report.figure("renewed", static_cast<double>(herd.renewed()));
  report.figure("until the last was, s", static_cast<double>(herd.seconds()));
  report.figure("life left to the last, s", seconds_left);
  report.figure("turned away with a time to come back", total(herd.turned_away_per_second()));
  report.figure("attempts without an answer", total(herd.unanswered_per_second()));
  report.curve("renewed, per second", curve_of(herd.renewed_per_second(), herd.seconds()));
  report.curve("turned away", curve_of(herd.turned_away_per_second(), herd.seconds()));
  report.curve("without an answer", curve_of(herd.unanswered_per_second(), herd.seconds()));
  report.bar("expired", static_cast<double>(herd.expired()), Report::Side::at_most, 0, "");
  report.bar("refused", static_cast<double>(herd.refused()), Report::Side::at_most, 0, "");
  report.bar("hold another certificate than the store says", static_cast<double>(wrong),
             Report::Side::at_most, 0, "");
  return {};
}

}  // namespace vedette::bench
