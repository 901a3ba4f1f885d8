// A day of devices that attest, run and not multiplied.
//
//   attestation_day [-o json] [--devices N] [--interval SECONDS] [--hours N] [--files N]
//                   [--connections N] [--handlers N] [--seed N] [--folder PATH]
//
// Fails when anything went otherwise than the day's script says: an honest device refused, a lie
// believed, a silence or a boot unnoticed, a device forgotten over a restart, or one that met
// nobody.
#include <charconv>
#include <filesystem>
#include <iostream>
#include <map>
#include <span>

#include "testing/temporary_folder.h"

#include "../report.h"
#include "day.h"

namespace vedette::bench {
namespace {

struct Wish {
  bool json = false;
  std::string folder;  // empty: a temporary one
  std::map<std::string, std::size_t> numbers{
      {"--devices", 20'000}, {"--interval", 14'400}, {"--hours", 24}, {"--files", 300},
      {"--connections", 4},  {"--handlers", 0},      {"--seed", 1}};
};

std::unexpected<Error> refuse_usage(const std::string& cause) {
  return refuse("BENCH-USAGE", "an argument cannot be read", cause,
                "attestation_day [-o json] [--devices N] [--interval SECONDS] [--hours N]"
                " [--files N] [--connections N] [--handlers N] [--seed N] [--folder PATH]");
}

Result<std::size_t> number(std::string_view text) {
  std::size_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || value > 10'000'000)
    return refuse_usage(std::string(text));
  return value;
}

Result<Wish> parse(std::span<char* const> arguments) {
  Wish wish;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    const std::string name = arguments[i];
    if (i + 1 == arguments.size()) return refuse_usage(name);
    const std::string_view value = arguments[i + 1];
    if (name == "-o" && value == "json") {
      wish.json = true;
    } else if (name == "--folder") {
      wish.folder = value;
    } else if (wish.numbers.contains(name)) {
      VEDETTE_TRY(wish.numbers[name], number(value));
    } else {
      return refuse_usage(name);
    }
  }
  const auto& n = wish.numbers;
  // A device has to have come before its fate meets it, in the second fifth of the day.
  if (n.at("--devices") == 0 || n.at("--connections") == 0 || n.at("--interval") < 120 ||
      n.at("--interval") > 14'400 || n.at("--hours") > 24 ||
      n.at("--hours") * 720 < n.at("--interval"))
    return refuse_usage(
        "at least one device and one connection, an interval of 120 to 14400, and"
        " five intervals in at most 24 hours");
  return wish;
}

DaySettings settings_of(const Wish& wish, const std::string& folder) {
  DaySettings settings;
  settings.fleet.devices = wish.numbers.at("--devices");
  settings.fleet.life.files_at_boot = wish.numbers.at("--files");
  settings.fleet.seed = wish.numbers.at("--seed");
  settings.interval = std::chrono::seconds(wish.numbers.at("--interval"));
  settings.length = std::chrono::hours(wish.numbers.at("--hours"));
  settings.connections = static_cast<unsigned>(wish.numbers.at("--connections"));
  settings.handlers = static_cast<unsigned>(wish.numbers.at("--handlers"));
  settings.folder = folder;
  settings.program = VEDETTE_BIN_DIR "/attestation_day_verifier";
  settings.tell = [](const std::string& words) { std::cerr << words << '\n'; };
  return settings;
}

double as_double(std::uint64_t number) {
  return static_cast<double>(number);
}

Samples samples_of(const std::vector<double>& values) {
  Samples samples;
  for (const double value : values)
    samples.add(value);
  return samples;
}

// Seconds of processor for evidence with a boot's logs, and for any other: the morning is nearly
// all boots, the rest nearly none.
struct Costs {
  double boot = 0;
  double other = 0;
};

Costs costs_of(const DayFigures& figures) {
  const Stretch& a = figures.morning;
  const Stretch& b = figures.rest;
  const double determinant =
      as_double(a.boots) * as_double(b.others) - as_double(b.boots) * as_double(a.others);
  if (determinant == 0) return {};
  return {
      .boot =
          (a.verifier_seconds * as_double(b.others) - b.verifier_seconds * as_double(a.others)) /
          determinant,
      .other = (as_double(a.boots) * b.verifier_seconds - as_double(b.boots) * a.verifier_seconds) /
               determinant};
}

void report_judgements(Report& report, const DayFigures& figures) {
  report.section("a day of devices: what was judged", "");
  report.figure("attestations", as_double(figures.log.entries));
  report.figure("accepted", as_double(figures.log.accepted));
  report.figure("refused: lies", as_double(figures.log.refused));
  report.figure("turned away at the gate: revoked", as_double(figures.turned_away));
  report.figure("silences noticed", as_double(figures.log.silences));
  report.figure("boots followed", as_double(figures.log.boots));
  report.figure("waited for the killed verifier's return", as_double(figures.waited_for_restart));
  report.figure("of those, evidence under way", as_double(figures.in_the_dark));
  report.figure("trusted after the restart", as_double(figures.trusted_after_restart));
  report.figure("trusted at the end", as_double(figures.trusted_at_end));
  report.bar("otherwise than it must be", as_double(figures.discrepancies.total()),
             Report::Side::at_most, 0, "");
}

void report_time(Report& report, const DayFigures& figures, const DaySettings& settings) {
  constexpr double kInterval = 120;
  constexpr double kDay = 86'400;
  const double seconds = figures.morning.verifier_seconds + figures.rest.verifier_seconds;
  const Costs costs = costs_of(figures);
  const double length = std::chrono::duration<double>(settings.length).count();
  const double boots = as_double(figures.morning.boots + figures.rest.boots);
  const double others = as_double(figures.morning.others + figures.rest.others) *
                        static_cast<double>(settings.interval.count()) / kInterval;
  const double often = boots * costs.boot + others * costs.other;
  report.section("what it took", "s");
  report.figure("interval", static_cast<double>(settings.interval.count()));
  report.figure("length of the day", length);
  report.figure("verifier: processor", seconds);
  report.figure("verifier: in place of TLS, not counted", figures.stand_in_seconds);
  report.figure("devices: processor", figures.devices_seconds);
  report.figure("by the clock on the wall", figures.wall_seconds);
  report.section("per attestation, of the verifier's processor", "us");
  report.figure("with the logs of a boot", costs.boot * 1e6);
  report.figure("any other", costs.other * 1e6);
  report.section("per attestation, as the devices wait", "us");
  report.line("for a challenge", samples_of(figures.challenge_microseconds));
  report.line("for a verdict", samples_of(figures.evidence_microseconds));
  report.section("of one core", "");
  report.figure("at this interval", seconds / length);
  report.figure("at 120 s, so many more without a boot", often / length);
  report.figure("a whole day at 120 s: core hours", often / length * kDay / 3600);
}

void report_room(Report& report, const DayFigures& figures, const DaySettings& settings) {
  const auto devices = static_cast<double>(settings.fleet.devices);
  const auto resident = [&](double octets) {
    return std::max(octets - figures.resident_at_start, 0.0) / devices;
  };
  const double log = as_double(figures.log.octets);
  report.section("memory and disk", "octets");
  report.figure("verifier with references, no device", figures.resident_at_start);
  report.figure("its peak", figures.resident_peak);
  report.figure("at the end, per device", resident(figures.resident_at_end));
  report.bar("at its peak, per device", resident(figures.resident_peak), Report::Side::at_most,
             4096, "octets");
  report.figure("database with enrolled devices", figures.database_at_start);
  report.figure("database at the end", figures.database_at_end);
  report.figure("database at the end, per device", figures.database_at_end / devices);
  report.figure("log, per attestation", log / std::max(as_double(figures.log.entries), 1.0));
}

int run(const Wish& wish) {
  const TemporaryFolder temporary;
  const DaySettings settings =
      settings_of(wish, wish.folder.empty() ? temporary.path() : wish.folder);
  const auto figures = run_day(settings);
  if (!figures) {
    std::cerr << describe(figures.error()) << '\n';
    return EXIT_FAILURE;
  }
  Report report;
  report_judgements(report, *figures);
  report_time(report, *figures, settings);
  report_room(report, *figures, settings);
  std::cout << (wish.json ? to_pretty_json(report.json()) : report.text()) << '\n';
  for (const std::string& what : figures->discrepancies.first())
    std::cerr << what << '\n';
  return figures->discrepancies.total() == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace vedette::bench

int main(int argc, char** argv) {
  const auto wish = vedette::bench::parse({argv + 1, static_cast<std::size_t>(argc - 1)});
  if (wish) return vedette::bench::run(*wish);
  std::cerr << vedette::describe(wish.error()) << '\n';
  return 2;
}
