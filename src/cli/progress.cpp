#include "cli/progress.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ostream>
#include <utility>

namespace vedette::cli {

namespace {

constexpr std::chrono::milliseconds kPatience{300};
constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::size_t kBarWidth = 20;

double share_of(std::uint64_t done, std::uint64_t total) {
  if (total == 0) return 1.0;
  return std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
}

}  // namespace

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits{"B", "kB", "MB", "GB", "TB"};
  constexpr double kStep = 1000.0;
  if (bytes < 1000) return std::to_string(bytes) + " B";
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= kStep && unit + 1 < kUnits.size()) {
    value /= kStep;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %s", value, kUnits.at(unit));
  return text.data();
}

std::string progress_line(const std::string& what, std::uint64_t done, std::uint64_t total,
                          std::chrono::milliseconds elapsed) {
  const double share = share_of(done, total);
  const auto full = static_cast<std::size_t>(share * static_cast<double>(kBarWidth));
  std::string line = what + "  [" + std::string(full, '#') + std::string(kBarWidth - full, '.');
  std::array<char, 16> percent{};
  std::snprintf(percent.data(), percent.size(), "]  %3d%%", static_cast<int>(share * 100.0));
  line += percent.data();
  line += "  " + size_text(done) + " of " + size_text(total);
  if (share > 0.0 && share < 1.0) {
    const double left = static_cast<double>(elapsed.count()) * (1.0 - share) / share / 1000.0;
    line += "  " + std::to_string(static_cast<long long>(left) + 1) + " s left";
  }
  return line;
}

Progress::Progress(const Console& console, const Output& output, std::string what)
    : err_(console.err_is_terminal && !output.is_json() ? console.err : nullptr),
      what_(printable(what)),
      begun_(std::chrono::steady_clock::now()) {}

Progress::~Progress() {
  if (visible_) *err_ << "\r\033[K" << std::flush;
}

void Progress::show(std::uint64_t done, std::uint64_t total, Time now) {
  if (err_ == nullptr || now - begun_ < kPatience) return;
  if (visible_ && now - drawn_ < kRedraw) return;
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - begun_);
  *err_ << '\r' << progress_line(what_, done, total, elapsed) << "\033[K" << std::flush;
  visible_ = true;
  drawn_ = now;
}

}  // namespace vedette::cli
