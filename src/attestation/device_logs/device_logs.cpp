#include "attestation/device_logs/device_logs.h"

#include "codec/base64.h"
#include "codec/utf8.h"

namespace vedette::attestation {

namespace {

using codec::Json;

constexpr std::size_t kMaxCommandLine = 2048;  // of the kernel: COMMAND_LINE_SIZE

std::unexpected<Error> refuse_syntax(std::string cause) {
  return refuse("ATT-SYNTAX", "the attestation evidence is malformed", std::move(cause));
}

Result<Bytes> read_octets(const Json& json, std::string_view member) {
  const auto text = json.string(member);
  if (!text) return refuse_syntax(describe(text.error()));
  auto octets = codec::from_base64(*text);
  if (!octets) return refuse_syntax(std::string(member) + ": " + describe(octets.error()));
  return octets;
}

Result<std::optional<DeviceLogs::Slice>> read_slice(const Json& evidence, std::string_view member,
                                                    std::string_view content) {
  if (evidence.find(member) == nullptr) return std::nullopt;
  const auto slice = evidence.object(member);
  if (!slice) return refuse_syntax(describe(slice.error()));
  if ((*slice)->if_object()->size() != 2) return refuse_syntax(std::string(member));
  const auto from = (*slice)->integer("from");
  if (!from || *from < 0) return refuse_syntax(std::string(member) + ": no number to begin from");
  VEDETTE_TRY(Bytes octets, read_octets(**slice, content));
  return DeviceLogs::Slice{static_cast<std::uint64_t>(*from), std::move(octets)};
}

Json slice_json(const DeviceLogs::Slice& slice, const char* content) {
  Json json;
  json.set("from", slice.from).set(content, codec::to_base64(slice.octets));
  return json;
}

Result<std::uint64_t> entry_number(const Json& logs, std::string_view member) {
  const auto number = logs.integer(member);
  if (number && *number >= 0) return static_cast<std::uint64_t>(*number);
  return refuse("ATT-WISH", "it is not said from where on a log is wanted", std::string(member));
}

}  // namespace

Json to_json(const LogWish& wish) {
  Json logs;
  logs.set("event_log", wish.event_log).set("ima_from", wish.ima_from);
  return logs.set("runtime_from", wish.runtime_from);
}

Result<LogWish> parse_log_wish(const Json& logs) {
  LogWish wish;
  const auto event_log = logs.boolean("event_log");
  if (!event_log)
    return refuse("ATT-WISH", "it is not said whether the event log is wanted",
                  describe(event_log.error()));
  wish.event_log = *event_log;
  VEDETTE_TRY(wish.ima_from, entry_number(logs, "ima_from"));
  VEDETTE_TRY(wish.runtime_from, entry_number(logs, "runtime_from"));
  return wish;
}

void set_device_logs(Json& evidence, const DeviceLogs& logs) {
  if (logs.event_log) evidence.set("event_log", codec::to_base64(*logs.event_log));
  if (logs.event_log && !logs.command_line.empty())
    evidence.set("kernel_command_line", logs.command_line);
  if (logs.ima) evidence.set("ima", slice_json(*logs.ima, "entries"));
  if (logs.runtime) evidence.set("runtime", slice_json(*logs.runtime, "records"));
}

Result<DeviceLogs> parse_device_logs(const Json& evidence) {
  DeviceLogs logs;
  if (evidence.find("event_log") != nullptr) {
    VEDETTE_TRY(logs.event_log, read_octets(evidence, "event_log"));
  }
  if (evidence.find("kernel_command_line") != nullptr) {
    const auto text = evidence.string("kernel_command_line");
    if (!text || text->size() > kMaxCommandLine || codec::has_control_character(*text))
      return refuse_syntax("kernel_command_line");
    logs.command_line = *text;
  }
  VEDETTE_TRY(logs.ima, read_slice(evidence, "ima", "entries"));
  VEDETTE_TRY(logs.runtime, read_slice(evidence, "runtime", "records"));
  return logs;
}

}  // namespace vedette::attestation
