#include "server/running_releases.h"

#include <charconv>

namespace vedette::server {

namespace {

constexpr std::size_t kMost = 64;

std::unexpected<Error> not_a_list(std::string_view text) {
  return refuse("HTTP-QUERY", "this is no list of releases", std::string(text.substr(0, 80)),
                "as in 'voice:3,gauge:1', at most 64");
}

Result<RunningRelease> parse_one(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return not_a_list(text);
  const auto model = ModelName::parse(text.substr(0, colon));
  const std::string_view digits = text.substr(colon + 1);
  std::uint64_t number = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (!model || fault != std::errc{} || end != digits.data() + digits.size() || number == 0)
    return not_a_list(text);
  return RunningRelease{.model = *model, .number = number};
}

}  // namespace

Result<std::vector<RunningRelease>> parse_running(std::string_view text) {
  std::vector<RunningRelease> running;
  while (!text.empty()) {
    if (running.size() == kMost) return not_a_list(text);
    const std::size_t comma = text.find(',');
    VEDETTE_TRY(RunningRelease one, parse_one(text.substr(0, comma)));
    running.push_back(std::move(one));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
    if (text.empty()) return not_a_list(",");
  }
  return running;
}

std::string to_string(const RunningRelease& release) {
  return release.model.str() + ":" + std::to_string(release.number);
}

Result<std::vector<RunningRelease>> blocked_among(platform::UnitOfWork& unit,
                                                  const std::vector<RunningRelease>& running) {
  std::vector<RunningRelease> blocked;
  for (const RunningRelease& one : running) {
    VEDETTE_TRY(const auto release, unit.releases().find(one.model, one.number));
    if (release && release->blocked) blocked.push_back(one);
  }
  return blocked;
}

}  // namespace vedette::server
