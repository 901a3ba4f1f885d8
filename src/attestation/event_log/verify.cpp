#include "attestation/event_log/verify.h"

#include <algorithm>

#include "attestation/event_log/replay.h"

namespace vedette::attestation {
namespace {

using codec::TpmAlgorithm;

std::string register_name(std::uint8_t pcr) {
  return "PCR " + std::to_string(pcr);
}

Result<void> check_log(const EventLog& log, TpmAlgorithm bank) {
  if (log.events.empty()) return refuse("ATT-LOG-EMPTY", "the event log has no events");
  if (log.format == LogFormat::sha1_only || bank == TpmAlgorithm::sha1)
    return refuse("ATT-LOG-SHA1", "an event log by SHA-1 proves nothing",
                  log.format == LogFormat::sha1_only ? "the log has no other digests"
                                                     : "the quote is of the SHA-1 bank",
                  "switch on the SHA-256 bank in the firmware's setup");
  if (log.kind != LogKind::tpm)
    return refuse("ATT-LOG-KIND", "the event log is not of a TPM's registers");
  return {};
}

Result<void> check_sizes(const QuotedRegisters& quoted) {
  const std::size_t size = codec::digest_size(quoted.bank);
  for (const auto& [pcr, value] : quoted.values)
    if (pcr >= kRegisterCount || value.size() != size)
      return refuse("ATT-LOG-REGISTERS", "a quoted register is not one of its bank",
                    register_name(pcr) + ", " + std::to_string(value.size()) + " octets");
  return {};
}

// All zero, or as TPM2_Startup leaves PCR 0.
bool is_unextended(const Bytes& value) {
  return std::ranges::all_of(value.begin(), value.end() - 1, [](auto octet) { return octet == 0; });
}

constexpr std::uint8_t kAlwaysExtended[] = {0, 4};

// "TPM Carte Blanche": a bank that the firmware does not extend can be filled by anybody, so the
// evidence that it does must be there.
Result<void> check_extended(const QuotedRegisters& quoted) {
  for (const std::uint8_t pcr : kAlwaysExtended) {
    const auto found = quoted.values.find(pcr);
    if (found == quoted.values.end())
      return refuse("ATT-LOG-REGISTERS", "a register that every boot extends was not quoted",
                    register_name(pcr), "quote PCR 0 and 4 with the others");
    if (is_unextended(found->second))
      return refuse("ATT-LOG-UNEXTENDED", "the firmware measured nothing into the quoted bank",
                    register_name(pcr) + " of " + std::string(name_of_bank(quoted.bank)),
                    "quote a bank that the firmware extends");
  }
  return {};
}

Result<void> check_register(std::uint8_t pcr, const Bytes& quoted, const RegisterBank& replayed) {
  if (equal(quoted, replayed.value(pcr))) return {};
  const std::string cause = register_name(pcr) + ": quoted " + to_hex(quoted) + ", replayed " +
                            to_hex(replayed.value(pcr));
  if (!replayed.extended().contains(pcr))
    return refuse("ATT-LOG-NO-EVENTS", "the event log has no events of a register in use", cause,
                  "name the register if another log fills it");
  return refuse("ATT-LOG-MISMATCH", "the event log is not what the TPM measured", cause,
                "the log is cut, forged, or older than the quote: inspect the device, then boot "
                "it anew");
}

}  // namespace

QuotedRegisters quoted_registers(const std::map<std::uint8_t, crypto::BankDigest>& registers) {
  QuotedRegisters quoted;
  if (!registers.empty()) quoted.bank = registers.begin()->second.bank();
  for (const auto& [pcr, value] : registers)
    quoted.values.emplace(pcr, to_bytes(value.octets()));
  return quoted;
}

Result<Verified<BootLog>> verify_event_log(EventLog log, const QuotedRegisters& quoted,
                                           const std::set<std::uint8_t>& owned_elsewhere) {
  VEDETTE_CHECK(check_log(log, quoted.bank));
  VEDETTE_TRY(const RegisterBank replayed, replay(log, quoted.bank));
  VEDETTE_CHECK(check_sizes(quoted));
  VEDETTE_CHECK(check_extended(quoted));
  BootLog boot{std::move(log), quoted.bank, {}};
  for (const auto& [pcr, value] : quoted.values) {
    if (owned_elsewhere.contains(pcr)) continue;
    VEDETTE_CHECK(check_register(pcr, value, replayed));
    if (replayed.extended().contains(pcr)) boot.registers.insert(pcr);
  }
  if (boot.registers.empty())
    return refuse("ATT-LOG-REGISTERS", "no register was quoted that the event log speaks of");
  return Verified<BootLog>(BootLog::VerificationKey(), std::move(boot));
}

}  // namespace vedette::attestation
