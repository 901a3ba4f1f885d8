#include "memory_pages.h"

#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"

namespace vedette::testing {

namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kPresent = std::uint64_t{1} << 63U;  // of an entry of pagemap
constexpr std::uint64_t kFrame = (std::uint64_t{1} << 55U) - 1;
constexpr std::uint64_t kZeroPage = std::uint64_t{1} << 24U;  // of an entry of kpageflags

Region region_in(const std::string& line) {
  std::istringstream words(line);
  Region region;
  char dash = 0;
  std::string offset;
  std::string device;
  words >> std::hex >> region.begin >> dash >> region.end >> region.rights >> offset >> device >>
      region.inode >> std::ws;
  std::getline(words, region.path);
  return region;
}

}  // namespace

std::vector<Region> regions_of(int pid) {
  std::vector<Region> regions;
  std::ifstream maps("/proc/" + std::to_string(pid) + "/maps");
  for (std::string line; std::getline(maps, line);) {
    Region region = region_in(line);
    if (!region.path.starts_with("[v")) regions.push_back(std::move(region));
  }
  return regions;
}

Frames frames_of(int pid) {
  Frames frames;
  const std::string path = "/proc/" + std::to_string(pid) + "/pagemap";
  const UniqueFd pagemap{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  for (const Region& region : regions_of(pid)) {
    std::vector<std::uint64_t> entries((region.end - region.begin) / kPage);
    const std::size_t wanted = entries.size() * sizeof entries[0];
    const auto at = static_cast<off_t>(region.begin / kPage * sizeof entries[0]);
    const ssize_t got = ::pread(pagemap.get(), entries.data(), wanted, at);
    if (got < 0) continue;
    entries.resize(static_cast<std::size_t>(got) / sizeof entries[0]);
    for (const std::uint64_t entry : entries)
      if ((entry & kPresent) != 0 && (entry & kFrame) != 0) frames.emplace(entry & kFrame, region);
  }
  return frames;
}

bool is_zero_page(std::uint64_t frame) {
  const UniqueFd flags{::open("/proc/kpageflags", O_RDONLY | O_CLOEXEC)};
  std::uint64_t entry = 0;
  return ::pread(flags.get(), &entry, sizeof entry, static_cast<off_t>(frame * sizeof entry)) ==
             sizeof entry &&
         (entry & kZeroPage) != 0;
}

}  // namespace vedette::testing
