// What memory a process sees, page by page, and which of it another process sees as well. Takes
// root: the kernel hides the frames from everybody else.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace vedette::testing {

struct Region {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::string rights;  // `rw-s`, `r-xp`
  std::string inode;   // `0` when no file is behind it
  std::string path;    // empty, `[heap]`, `/usr/lib/...`, `/memfd:... (deleted)`

  [[nodiscard]] bool is_shared() const { return rights.at(3) == 's'; }
  [[nodiscard]] bool is_writable() const { return rights.at(1) == 'w'; }
  // The worker, which runs from a sealed copy of its program, or a library.
  [[nodiscard]] bool is_of_a_program() const {
    return path.starts_with("/memfd:vedette-worker") ||
           (path.starts_with('/') && !path.starts_with("/memfd:"));
  }
};

// As /proc/PID/maps lists them, without what the kernel puts into every process ([vdso], [vvar]).
[[nodiscard]] std::vector<Region> regions_of(int pid);

// By number of its frame, every page that is present, and the region it lies in.
using Frames = std::map<std::uint64_t, Region>;
[[nodiscard]] Frames frames_of(int pid);

// The page of zeros that the kernel shows wherever nothing was written yet.
[[nodiscard]] bool is_zero_page(std::uint64_t frame);

}  // namespace vedette::testing
