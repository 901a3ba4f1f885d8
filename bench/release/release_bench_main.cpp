// The way of a model to a device, beside what it is compared with, in one run.
//
//   release_bench [-o json] [hashing] [download] [deltas]
//
// All files lie in a folder of the system's temporary one.
#include <array>
#include <cstdlib>
#include <iostream>
#include <span>

#include "testing/temporary_folder.h"

#include "../wish.h"
#include "sections.h"

namespace vedette::bench {
namespace {

struct Section {
  std::string_view name;
  Result<void> (*measure)(Report&, const std::string&);
};

constexpr std::array kSections{Section{"hashing", measure_hashing},
                               Section{"download", measure_download},
                               Section{"deltas", measure_deltas}};

int run(const Wish<Section>& wish) {
  Report report;
  int code = EXIT_SUCCESS;
  for (const Section* section : wish.sections) {
    std::cerr << "measuring: " << section->name << '\n';
    const TemporaryFolder folder;
    const auto measured = section->measure(report, folder.path());
    if (measured) continue;
    std::cerr << describe(measured.error()) << '\n';
    code = EXIT_FAILURE;
  }
  std::cout << (wish.json ? to_pretty_json(report.json()) : report.text()) << '\n';
  return code;
}

}  // namespace
}  // namespace vedette::bench

int main(int argc, char** argv) {
  using namespace vedette::bench;
  const auto wish =
      parse_wish<Section>(std::span(argv + 1, static_cast<std::size_t>(argc - 1)), kSections);
  if (!wish) {
    std::cerr << describe(wish.error()) << '\n';
    return 2;
  }
  return run(*wish);
}
