// What the cage costs, side by side with what it is compared with, in one run.
//
//   sandbox_bench [-o json] [machine] [calls] [http] [throughput] [spawns] [processes] [memory]
//                 [side-channels]
#include <array>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "sections.h"
#include "wish.h"

namespace vedette::bench {
namespace {

struct Section {
  std::string_view name;
  Result<void> (*measure)(Report&);
};

// Forks of this program's copies come last: threads of earlier sections are gone by then.
constexpr std::array kSections = {
    Section{"machine", measure_machine}, Section{"calls", measure_calls},
    Section{"http", measure_http},       Section{"throughput", measure_throughput},
    Section{"spawns", measure_spawns},   Section{"processes", measure_process_starts},
    Section{"memory", measure_memory},   Section{"side-channels", measure_side_channels},
};

std::string load_average() {
  double load[1] = {};
  char text[96];
  if (::getloadavg(load, 1) != 1) return "load unknown";
  std::snprintf(text, sizeof text, "load average %.1f on %u cores", load[0],
                std::thread::hardware_concurrency());
  return text;
}

int run(const Wish<Section>& wish) {
  Report report;
  const std::string before = load_average();
  int code = EXIT_SUCCESS;
  for (const Section* section : wish.sections) {
    std::fprintf(stderr, "measuring: %s\n", std::string(section->name).c_str());
    // Each in a thread of its own: what it binds to a core ends with it.
    Result<void> measured;
    std::thread([&] { measured = section->measure(report); }).join();
    if (measured) continue;
    std::fprintf(stderr, "%s\n", describe(measured.error()).c_str());
    code = EXIT_FAILURE;
  }
  if (wish.json) {
    codec::Json json;
    json.set("load_before", before).set("load_after", load_average());
    json.set("sections", report.json());
    std::printf("%s\n", to_pretty_json(json).c_str());
  } else {
    std::printf("%s; before: %s; after: %s\n", report.text().c_str(), before.c_str(),
                load_average().c_str());
  }
  return code;
}

}  // namespace
}  // namespace vedette::bench

int main(int argc, char** argv) {
  using namespace vedette::bench;
  const std::span<char* const> arguments(argv + 1, static_cast<std::size_t>(argc - 1));
  if (arguments.size() == 2 && arguments[0] == std::string_view("--replica"))
    return be_replica(arguments[1]);
  const auto wish = parse_wish<Section>(arguments, kSections);
  if (!wish) {
    std::fprintf(stderr, "%s\n", describe(wish.error()).c_str());
    return 2;
  }
  return run(*wish);
}
