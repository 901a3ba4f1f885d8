#include "attestation/event_log/replay.h"

#include <algorithm>
#include <optional>

namespace vedette::attestation {
namespace {

constexpr std::string_view kStartupLocality{"StartupLocality\0", 16};

std::string place(const Event& event) {
  return "event " + std::to_string(event.number) + ", register " + std::to_string(event.pcr);
}

bool all_zero(const EventDigest& digest) {
  return std::ranges::all_of(digest.value, [](std::uint8_t octet) { return octet == 0; });
}

bool is_startup_locality(const Event& event) {
  return event.data.size() >= kStartupLocality.size() &&
         equal(ByteView(event.data).first(kStartupLocality.size()), as_bytes(kStartupLocality));
}

std::unexpected<Error> refuse_locality(const Event& event, std::string_view why) {
  return refuse("ATT-LOG-LOCALITY", "the event log's StartupLocality cannot be",
                place(event) + ": " + std::string(why));
}

// TPM2_Startup comes from locality 0 or 3; 4 stands for an H-CRTM sequence before it (PFP,
// "Startup Locality Event").
Result<std::uint8_t> startup_locality(const Event& event) {
  if (event.data.size() != kStartupLocality.size() + 1) return refuse_locality(event, "its size");
  const std::uint8_t locality = event.data.back();
  if (locality != 0 && locality != 3 && locality != 4)
    return refuse_locality(event, "locality " + std::to_string(locality));
  if (event.pcr != 0) return refuse_locality(event, "not PCR 0's");
  return locality;
}

class Replay {
 public:
  explicit Replay(codec::TpmAlgorithm bank) : registers_(bank) {}

  Result<void> take(const Event& event, LogKind kind) {
    if (event.type != EventType::no_action) return extend(event);
    if (!std::ranges::all_of(event.digests, all_zero))
      return refuse("ATT-LOG-NO-ACTION", "an event that is never measured has a digest",
                    place(event));
    if (kind == LogKind::tpm && is_startup_locality(event)) return start(event);
    return {};
  }

  RegisterBank finish() { return std::move(registers_); }

 private:
  Result<void> extend(const Event& event) {
    const Bytes* const digest = event.digest(registers_.bank());
    if (digest == nullptr)
      return refuse("ATT-LOG-BANK", "an event has no digest of the quoted bank", place(event));
    registers_.extend(event.pcr, *digest);
    return {};
  }

  Result<void> start(const Event& event) {
    if (started_) return refuse_locality(event, "the second");
    if (registers_.extended().contains(0))
      return refuse_locality(event, "after PCR 0's first event");
    VEDETTE_TRY(const std::uint8_t locality, startup_locality(event));
    registers_.start_at_locality(locality);
    started_ = true;
    return {};
  }

  RegisterBank registers_;
  bool started_ = false;
};

}  // namespace

Result<RegisterBank> replay(const EventLog& log, codec::TpmAlgorithm bank) {
  if (!log.has_bank(bank) || codec::digest_size(bank) == 0)
    return refuse("ATT-LOG-BANK", "the event log has no digests of the quoted bank",
                  std::string(name_of_bank(bank)));
  Replay replay(bank);
  for (const Event& event : log.events)
    VEDETTE_CHECK(replay.take(event, log.kind));
  return replay.finish();
}

}  // namespace vedette::attestation
