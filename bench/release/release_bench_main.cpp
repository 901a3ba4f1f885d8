// The way of a model to a device, beside what it is compared with, in one run.
//
//   release_bench [-o json] [hashing] [download] [deltas]
//
// All files lie in a folder of the system's temporary one.
#include <array>
#include <cstdlib>
#include <iostream>
#include <span>
#include <vector>

#include "testing/temporary_folder.h"

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

struct Wish {
  bool json = false;
  std::vector<Section> sections;
};

Result<Wish> parse(std::span<char* const> arguments) {
  Wish wish;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view word = arguments[i];
    if (word == "-o" && i + 1 < arguments.size() && arguments[i + 1] == std::string_view("json")) {
      wish.json = true;
      ++i;
      continue;
    }
    const std::size_t before = wish.sections.size();
    for (const Section& section : kSections)
      if (section.name == word) wish.sections.push_back(section);
    if (wish.sections.size() == before)
      return refuse("BENCH-USAGE", "there is no such section", std::string(word));
  }
  if (wish.sections.empty()) wish.sections.assign(kSections.begin(), kSections.end());
  return wish;
}

int run(const Wish& wish) {
  Report report;
  int code = EXIT_SUCCESS;
  for (const Section& section : wish.sections) {
    std::cerr << "measuring: " << section.name << '\n';
    const TemporaryFolder folder;
    const auto measured = section.measure(report, folder.path());
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
  const auto wish = parse(std::span(argv + 1, static_cast<std::size_t>(argc - 1)));
  if (!wish) {
    std::cerr << describe(wish.error()) << '\n';
    return 2;
  }
  return run(*wish);
}
