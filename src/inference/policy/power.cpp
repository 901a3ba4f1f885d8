#include "inference/policy/power.h"

#include <algorithm>
#include <charconv>

namespace vedette::inference {

namespace {

constexpr std::string_view kThreads = "threads ";
constexpr std::string_view kDeviceNode = "device-node ";
constexpr std::string_view kForkPerRequest = "fork-per-request";
constexpr std::string_view kOutputFile = "output-file ";
constexpr std::string_view kDevices = "/dev/";
constexpr unsigned kMaxThreads = 64;
constexpr std::size_t kMaxPath = 128;
constexpr std::uint64_t kMaxOutput = std::uint64_t{1} << 34U;

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};

std::unexpected<Error> refuse_power(std::string message, std::string_view what) {
  return refuse("SBX-POWER", std::move(message), std::string(what.substr(0, kMaxPath)),
                "powers are 'threads N', 'device-node /dev/...', 'fork-per-request' and "
                "'output-file BYTES'");
}

bool is_path_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.' || c == '/';
}

// Below /dev, each part a plain name: nothing in it can lead elsewhere or break a line of text.
bool is_device_path(std::string_view path) {
  if (!path.starts_with(kDevices) || path.size() > kMaxPath || path.ends_with('/') ||
      !std::ranges::all_of(path, is_path_character))
    return false;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at + 1), path.size());
    const std::string_view part = path.substr(at + 1, end - at - 1);
    if (part.empty() || part.starts_with('.')) return false;
    at = end;
  }
  return true;
}

Result<std::uint64_t> read_count(std::string_view text) {
  std::uint64_t count = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (fault == std::errc{} && end == text.data() + text.size() && !text.starts_with('0'))
    return count;
  return refuse_power("a power's count is not a number", text);
}

}  // namespace

std::string text_of(const Power& power) {
  return std::visit(
      Overloaded{
          [](const ThreadsPower& p) { return std::string(kThreads) + std::to_string(p.count); },
          [](const DeviceNodePower& p) { return std::string(kDeviceNode) + p.path; },
          [](const ForkPerRequestPower&) { return std::string(kForkPerRequest); },
          [](const OutputFilePower& p) {
            return std::string(kOutputFile) + std::to_string(p.bytes);
          }},
      power);
}

Result<Power> power_from_text(std::string_view text) {
  Power power;
  if (text == kForkPerRequest) return ForkPerRequestPower{};
  if (text.starts_with(kDeviceNode)) {
    power = DeviceNodePower{std::string(text.substr(kDeviceNode.size()))};
  } else if (text.starts_with(kThreads)) {
    VEDETTE_TRY(const std::uint64_t count, read_count(text.substr(kThreads.size())));
    power = ThreadsPower{static_cast<unsigned>(std::min<std::uint64_t>(count, kMaxThreads + 1))};
  } else if (text.starts_with(kOutputFile)) {
    VEDETTE_TRY(const std::uint64_t bytes, read_count(text.substr(kOutputFile.size())));
    power = OutputFilePower{bytes};
  } else {
    return refuse_power("there is no such power", text);
  }
  VEDETTE_CHECK(check(power));
  return power;
}

std::string describe(const Power& power) {
  return std::visit(
      Overloaded{[](const ThreadsPower& p) {
                   return std::to_string(p.count) +
                          " threads compute; all are made before the filter. One that counts "
                          "is a fine clock.";
                 },
                 [](const DeviceNodePower& p) {
                   return "The device node " + p.path +
                          " may be opened, controlled and mapped: its driver is exposed. The "
                          "clock is fine.";
                 },
                 [](const ForkPerRequestPower&) {
                   return std::string(
                       "Each request is answered by a fork that ends with it; one such process at "
                       "a time.");
                 },
                 [](const OutputFilePower& p) {
                   return "One file in memory of at most " + std::to_string(p.bytes) +
                          " bytes may be written; the host reads it.";
                 }},
      power);
}

Result<void> check(const Power& power) {
  return std::visit(
      Overloaded{[](const ThreadsPower& p) -> Result<void> {
                   if (p.count >= 2 && p.count <= kMaxThreads) return {};
                   return refuse_power("a worker has 2 to 64 threads by this power",
                                       std::to_string(p.count));
                 },
                 [](const DeviceNodePower& p) -> Result<void> {
                   if (is_device_path(p.path)) return {};
                   return refuse_power("a device node is a plain path below /dev", p.path);
                 },
                 [](const ForkPerRequestPower&) -> Result<void> { return {}; },
                 [](const OutputFilePower& p) -> Result<void> {
                   if (p.bytes >= 1 && p.bytes <= kMaxOutput) return {};
                   return refuse_power("an output file has a size from 1 byte to 16 GiB",
                                       std::to_string(p.bytes));
                 }},
      power);
}

}  // namespace vedette::inference
