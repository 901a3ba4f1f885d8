// EventLog: what firmware, boot loaders and the kernel's stub say that they measured (TCG PC Client
// Platform Firmware Profile, "Event Logging"), well-formed and nothing more.
//
//   VEDETTE_TRY(EventLog log, parse_event_log(bytes));
//   VEDETTE_TRY(const Verified<BootLog> boot, verify_event_log(std::move(log), quoted, {10}));
//   VEDETTE_TRY(const BootFacts facts, read_boot_facts(boot));
//
// A log is text by anybody until its replay equals quoted registers (verify.h). Even then only the
// digests and their order within one register are proven: not the types of the events, not the
// order between registers, and an event's data only where its digest covers it (data_binding.h).
#pragma once

#include <cstdint>
#include <vector>

#include "attestation/event_log/event_type.h"
#include "base/bytes.h"
#include "base/error.h"
#include "codec/tpm.h"

namespace vedette::attestation {

inline constexpr std::size_t kMaxLogOctets = std::size_t{1} << 20U;
inline constexpr std::size_t kMaxLogEvents = 8192;
inline constexpr std::size_t kMaxLogBanks = 8;
inline constexpr std::size_t kMaxEventOctets = std::size_t{256} << 10U;  // a dbx has some 24 KiB

// Algorithms that we do not know (SM3) keep their number.
struct EventDigest {
  codec::TpmAlgorithm bank = codec::TpmAlgorithm::null;
  Bytes value;
};

struct Event {
  std::size_t number = 0;  // in the log, from 1; the header is none
  std::uint8_t pcr = 0;
  EventType type = EventType::no_action;
  std::vector<EventDigest> digests;  // one per bank of the log, in the header's order
  Bytes data;

  [[nodiscard]] const Bytes* digest(codec::TpmAlgorithm bank) const;  // null without that bank
};

enum class LogFormat {
  crypto_agile,  // header "Spec ID Event03", TCG_PCR_EVENT2
  sha1_only,     // TCG_PCR_EVENT; parsed so that it can be refused by name: ATT-LOG-SHA1
};

// Whose registers the log speaks of.
enum class LogKind {
  tpm,           // PCR 0 to 23
  confidential,  // CCEL of a TDX guest: 0 is MRTD, n is RTMR n-1. Parsed and replayed only.
};

struct EventLog {
  LogFormat format = LogFormat::crypto_agile;
  LogKind kind = LogKind::tpm;
  std::vector<codec::TpmAlgorithm> banks;  // the announced ones
  std::vector<Event> events;

  [[nodiscard]] bool has_bank(codec::TpmAlgorithm bank) const;
};

struct ParseOptions {
  LogKind kind = LogKind::tpm;
  // Whether 0x00 or 0xFF alone may follow the last event, as in ACPI's log area.
  bool allow_padding = false;
};

// Refuses ATT-LOG-EMPTY, ATT-LOG-SIZE, ATT-LOG-PADDING and ATT-LOG-SYNTAX: a register too high, a
// length or count beyond the bounds above or the log's end, a header with an algorithm twice or of
// a wrong size, an event whose digests are not the announced ones, each once. The vendor's octets
// of the header are skipped, never read.
[[nodiscard]] Result<EventLog> parse_event_log(ByteView bytes, const ParseOptions& options = {});

}  // namespace vedette::attestation
