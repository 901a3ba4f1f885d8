// From octets to events: one pass, every length checked before it is used.
#include <algorithm>

#include "attestation/event_log/event_log.h"
#include "attestation/event_log/spec_id.h"
#include "attestation/measurement/little_endian.h"
#include "attestation/measurement/register_bank.h"

namespace vedette::attestation {
namespace {

using codec::ByteReader;
using codec::TpmAlgorithm;

constexpr std::size_t kSha1Octets = 20;
constexpr std::uint8_t kHighestRtmrIndex = 4;

std::uint8_t highest_register(LogKind kind) {
  return kind == LogKind::tpm ? kRegisterCount - 1 : kHighestRtmrIndex;
}

// Where the padding begins that ends the log: its octets are all 0x00 or all 0xFF. Found once, so
// that asking at each event costs nothing.
std::size_t padding_start(ByteView bytes) {
  const std::uint8_t last = bytes.back();
  if (last != 0x00 && last != 0xFF) return bytes.size();
  std::size_t start = bytes.size();
  while (start > 0 && bytes[start - 1] == last)
    --start;
  return start;
}

class LogParser {
 public:
  LogParser(ByteView bytes, const ParseOptions& options)
      : options_(options),
        padding_start_(padding_start(bytes)),
        reader_(bytes, "ATT-LOG-SYNTAX", "the event log is malformed") {}

  Result<EventLog> parse() {
    log_.kind = options_.kind;
    VEDETTE_TRY(Event first, read_sha1_event());
    if (is_spec_id_event03(first.data)) {
      VEDETTE_CHECK(adopt_header(first));
    } else {
      log_.format = LogFormat::sha1_only;
      log_.banks = {TpmAlgorithm::sha1};
      VEDETTE_CHECK(keep(std::move(first)));
    }
    VEDETTE_CHECK(read_events());
    return std::move(log_);
  }

 private:
  Result<void> adopt_header(const Event& header) {
    const bool at_register_0 = header.pcr == 0 || options_.kind == LogKind::confidential;
    if (header.type != EventType::no_action || !at_register_0)
      return reader_.refuse_field("header", "not an EV_NO_ACTION in register 0");
    if (header.digests.front().value != Bytes(kSha1Octets))
      return reader_.refuse_field("header", "its digest is not zero");
    VEDETTE_TRY(announced_, parse_spec_id_event03(header.data));
    for (const AnnouncedBank& bank : announced_)
      log_.banks.push_back(bank.bank);
    return {};
  }

  Result<void> read_events() {
    while (reader_.remaining() != 0) {
      if (reader_.offset() >= padding_start_) return end_in_padding();
      VEDETTE_TRY(Event event,
                  log_.format == LogFormat::crypto_agile ? read_agile_event() : read_sha1_event());
      VEDETTE_CHECK(keep(std::move(event)));
    }
    return {};
  }

  Result<void> end_in_padding() const {
    if (options_.allow_padding) return {};
    return refuse("ATT-LOG-PADDING", "octets that are no event follow the event log",
                  std::to_string(reader_.remaining()) + " octets",
                  "send the log up to its last event");
  }

  Result<void> keep(Event event) {
    if (log_.events.size() == kMaxLogEvents) return reader_.refuse_field("event", "too many");
    const bool first_of_old_log = log_.format == LogFormat::sha1_only && log_.events.empty();
    if (event.type == EventType::no_action && is_spec_id_event(event.data) && !first_of_old_log)
      return reader_.refuse_field("event", "a second header");
    event.number = log_.events.size() + 1;
    log_.events.push_back(std::move(event));
    return {};
  }

  // TCG_PCR_EVENT
  Result<Event> read_sha1_event() {
    Event event;
    VEDETTE_CHECK(read_register_and_type(event));
    VEDETTE_TRY(const ByteView digest, reader_.take("digest", kSha1Octets));
    event.digests.push_back({TpmAlgorithm::sha1, to_bytes(digest)});
    VEDETTE_CHECK(read_data(event));
    return event;
  }

  // TCG_PCR_EVENT2
  Result<Event> read_agile_event() {
    Event event;
    VEDETTE_CHECK(read_register_and_type(event));
    VEDETTE_TRY(const std::uint32_t count, read_u32_le(reader_, "digests.count"));
    if (count != announced_.size())
      return reader_.refuse_field("digests.count", "not one digest per announced algorithm");
    for (std::uint32_t i = 0; i < count; ++i)
      VEDETTE_CHECK(read_digest(event));
    VEDETTE_CHECK(read_data(event));
    return event;
  }

  Result<void> read_register_and_type(Event& event) {
    VEDETTE_TRY(const std::uint32_t pcr, read_u32_le(reader_, "pcrIndex"));
    if (pcr > highest_register(options_.kind))
      return reader_.refuse_field("pcrIndex", "no such register");
    VEDETTE_TRY(const std::uint32_t type, read_u32_le(reader_, "eventType"));
    event.pcr = static_cast<std::uint8_t>(pcr);
    event.type = static_cast<EventType>(type);
    return {};
  }

  Result<void> read_digest(Event& event) {
    VEDETTE_TRY(const std::uint16_t number, read_u16_le(reader_, "hashAlg"));
    const auto algorithm = static_cast<TpmAlgorithm>(number);
    const auto bank = std::ranges::find(announced_, algorithm, &AnnouncedBank::bank);
    if (bank == announced_.end())
      return reader_.refuse_field("hashAlg", "not announced by the header");
    if (event.digest(algorithm) != nullptr) return reader_.refuse_field("hashAlg", "twice");
    VEDETTE_TRY(const ByteView digest, reader_.take("digest", bank->digest_octets));
    event.digests.push_back({algorithm, to_bytes(digest)});
    return {};
  }

  Result<void> read_data(Event& event) {
    VEDETTE_TRY(const std::uint32_t size, read_u32_le(reader_, "eventSize"));
    if (size > kMaxEventOctets) return reader_.refuse_field("eventSize", "too large");
    VEDETTE_TRY(const ByteView data, reader_.take("event", size));
    event.data = to_bytes(data);
    return {};
  }

  ParseOptions options_;
  std::size_t padding_start_;
  ByteReader reader_;
  std::vector<AnnouncedBank> announced_;
  EventLog log_;
};

}  // namespace

Result<EventLog> parse_event_log(ByteView bytes, const ParseOptions& options) {
  if (bytes.empty())
    return refuse("ATT-LOG-EMPTY", "the event log is empty", "no octets",
                  "see that the kernel exposes binary_bios_measurements");
  if (bytes.size() > kMaxLogOctets)
    return refuse("ATT-LOG-SIZE", "the event log is too long",
                  std::to_string(bytes.size()) + " octets");
  return LogParser(bytes, options).parse();
}

}  // namespace vedette::attestation
