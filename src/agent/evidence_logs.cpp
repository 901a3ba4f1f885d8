#include "agent/evidence_logs.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <unistd.h>

#include "base/fd.h"
#include "codec/utf8.h"

namespace vedette::agent {

namespace {

constexpr std::size_t kSha1Octets = 20;
constexpr const char* kCommandLineFile = "/proc/cmdline";
constexpr std::size_t kMaxCommandLine = 2048;  // COMMAND_LINE_SIZE of the kernel

std::string without_newline(std::string_view text) {
  while (text.ends_with('\n'))
    text.remove_suffix(1);
  return std::string(text);
}

// An entry's header is in the machine's own byte order (security/integrity/ima: one list per
// machine). The templates are the server's to read.
class ImaList {
 public:
  explicit ImaList(ByteView list) : rest_(list) {}

  [[nodiscard]] bool is_empty() const { return rest_.empty(); }
  [[nodiscard]] std::size_t octets_left() const { return rest_.size(); }

  // PCR, template digest, name, and the template's data: its size is written but for `ima`, whose
  // two fields are a digest and a sized name.
  [[nodiscard]] bool skip_entry() {
    std::uint32_t pcr = 0;
    ByteView name;
    if (!read(pcr) || !skip(kSha1Octets) || !take_sized(name)) return false;
    if (as_text(name) == "ima" && !skip(kSha1Octets)) return false;
    ByteView data;
    return take_sized(data);
  }

 private:
  [[nodiscard]] bool read(std::uint32_t& number) {
    if (rest_.size() < sizeof number) return false;
    std::memcpy(&number, rest_.data(), sizeof number);
    return skip(sizeof number);
  }
  [[nodiscard]] bool skip(std::size_t octets) {
    if (rest_.size() < octets) return false;
    rest_ = rest_.subspan(octets);
    return true;
  }
  [[nodiscard]] bool take_sized(ByteView& octets) {
    std::uint32_t size = 0;
    if (!read(size) || rest_.size() < size) return false;
    octets = rest_.first(size);
    return skip(size);
  }

  ByteView rest_;
};

// Not by its size, which is 0 for the kernel's own files.
Result<std::optional<Bytes>> read_if_there(const std::string& path, std::size_t most) {
  auto content = read_file(path, most);
  if (content) return *std::move(content);
  if (::access(path.c_str(), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
    return std::nullopt;
  Error error = std::move(content).error();
  error.hint = "the agent must be able to read what firmware and kernel measured";
  return std::unexpected(std::move(error));
}

}  // namespace

Result<DeviceLogs::Slice> ima_entries_from(ByteView list, std::uint64_t first) {
  ImaList rest(list);
  std::uint64_t number = 0;
  for (; number < first && !rest.is_empty(); ++number)
    if (!rest.skip_entry())
      return refuse("AGT-IMA-LIST", "the kernel's measurement list cannot be read",
                    "entry " + std::to_string(number) + ", " + std::to_string(rest.octets_left()) +
                        " octets before its end");
  if (number < first) return DeviceLogs::Slice{0, to_bytes(list)};
  return DeviceLogs::Slice{first, to_bytes(list.last(rest.octets_left()))};
}

Result<DeviceLogs> read_device_logs(const std::string& event_log, const std::string& ima_log,
                                    const RuntimeMeasurements& runtime, const LogWish& wish) {
  DeviceLogs logs;
  if (wish.event_log) {
    VEDETTE_TRY(logs.event_log, read_if_there(event_log, kMaxEventLogBytes));
    VEDETTE_TRY(const auto command_line, read_if_there(kCommandLineFile, kMaxCommandLine));
    if (command_line) logs.command_line = without_newline(as_text(*command_line));
    // Nobody could be told such a line; it stays a digest.
    if (codec::has_control_character(logs.command_line)) logs.command_line.clear();
  }
  VEDETTE_TRY(const auto ima, read_if_there(ima_log, kMaxImaLogBytes));
  if (ima) {
    VEDETTE_TRY(logs.ima, ima_entries_from(*ima, wish.ima_from));
  }
  DeviceLogs::Slice records{.from = wish.runtime_from <= runtime.count() ? wish.runtime_from : 0};
  VEDETTE_TRY(records.octets, runtime.records_from(records.from));
  logs.runtime = std::move(records);
  return logs;
}

}  // namespace vedette::agent
