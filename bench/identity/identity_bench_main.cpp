// What identity costs at the size of a fleet, beside OpenSSL alone in the same run.
//
//   identity_bench [-o json] [--herd N] [--live N] [--folder PATH] [issuance | handshakes | herd |
//                  revocation]...
//
// The folder is where databases are made: put it on the disk that is meant.
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <span>
#include <thread>

#include <sys/resource.h>

#include "testing/temporary_folder.h"

#include "sections.h"

namespace vedette::bench {
namespace {

using Section = Result<void> (*)(Report&, const IdentitySettings&);
const std::vector<std::pair<std::string, Section>> kSections{{"issuance", measure_issuance},
                                                             {"handshakes", measure_handshakes},
                                                             {"herd", measure_herd},
                                                             {"revocation", measure_revocation}};

struct Wish {
  bool json = false;
  IdentitySettings settings;
  std::vector<std::string> sections;
};

std::unexpected<Error> refuse_usage(const std::string& cause) {
  return refuse("BENCH-USAGE", "an argument cannot be read", cause,
                "identity_bench [-o json] [--herd N] [--live N] [--folder PATH] [issuance |"
                " handshakes | herd | revocation]...");
}

Result<std::size_t> number(std::string_view text, std::size_t most) {
  std::size_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || value == 0 || value > most)
    return refuse_usage(std::string(text));
  return value;
}

Result<Wish> parse(std::span<char* const> arguments) {
  constexpr std::size_t kMostLive = 1'000;  // a listener has 1,024 connections
  Wish wish;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string name = arguments[i];
    const bool takes_value = name.starts_with("-");
    if (takes_value && i + 1 == arguments.size()) return refuse_usage(name);
    const std::string value = takes_value ? arguments[++i] : "";
    if (name == "-o" && value == "json") {
      wish.json = true;
    } else if (name == "--folder") {
      wish.settings.folder = value;
    } else if (name == "--herd") {
      VEDETTE_TRY(wish.settings.herd, number(value, 1'000'000));
    } else if (name == "--live") {
      VEDETTE_TRY(wish.settings.live, number(value, kMostLive));
    } else if (!takes_value &&
               std::ranges::find(kSections, name, &std::pair<std::string, Section>::first) !=
                   kSections.end()) {
      wish.sections.push_back(name);
    } else {
      return refuse_usage(name);
    }
  }
  return wish;
}

void allow_many_connections() {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

void report_machine(Report& report) {
  double load = 0;
  std::ifstream("/proc/loadavg") >> load;
  report.section("the machine", "");
  report.figure("cores", std::thread::hardware_concurrency());
  report.figure("load before the run", load);
}

Result<void> run(const Wish& wish, Report& report) {
  const TemporaryFolder temporary;
  const std::string folder = wish.settings.folder.empty() ? temporary.path() : wish.settings.folder;
  report_machine(report);
  for (const auto& [name, measure] : kSections) {
    if (!wish.sections.empty() && std::ranges::find(wish.sections, name) == wish.sections.end())
      continue;
    std::cerr << name << '\n';
    IdentitySettings settings = wish.settings;
    settings.folder = folder + "/" + name;
    std::filesystem::create_directories(settings.folder);
    VEDETTE_CHECK(measure(report, settings));
  }
  return {};
}

}  // namespace
}  // namespace vedette::bench

int main(int argc, char** argv) {
  using namespace vedette::bench;
  const auto wish = parse({argv + 1, static_cast<std::size_t>(argc - 1)});
  if (!wish) {
    std::cerr << vedette::describe(wish.error()) << '\n';
    return 2;
  }
  allow_many_connections();
  Report report;
  const auto measured = run(*wish, report);
  std::cout << (wish->json ? to_pretty_json(report.json()) : report.text()) << '\n';
  if (measured) return EXIT_SUCCESS;
  std::cerr << vedette::describe(measured.error()) << '\n';
  return EXIT_FAILURE;
}
