#include "attestation/appraisal.h"

#include <algorithm>

namespace vedette::attestation {
namespace {

using crypto::Sha256Digest;
using Registers = std::map<std::uint8_t, Sha256Digest>;

// AR4SI 2.3.4: values of the claims that we make.
constexpr std::int8_t kRecognised = 2;        // instance, configuration, hardware: as expected
constexpr std::int8_t kBootRecognised = 3;    // executables: what was loaded at boot
constexpr std::int8_t kContraindicated = 96;  // of any claim
constexpr const char* kLearnHint =
    "run 'vedette reference learn <group> --from <device>' on a device that you trust";

// TCG PC Client Platform Firmware Profile, 2.3.4: 1, 3, 5 and 7 hold configuration and data.
bool holds_configuration(std::uint8_t pcr) {
  return pcr == 1 || pcr == 3 || pcr == 5 || pcr == 7;
}

TrustClaim claim_of(std::uint8_t pcr) {
  return holds_configuration(pcr) ? TrustClaim::configuration : TrustClaim::executables;
}

// What the verified quote proves by itself: an enrolled instance on a TPM that was admitted.
TrustVector identity_vector() {
  TrustVector vector;
  vector.set(TrustClaim::instance_identity, kRecognised);
  vector.set(TrustClaim::hardware, kRecognised);
  return vector;
}

Appraisal contraindicated(TrustVector vector, std::vector<RegisterMismatch> mismatches,
                          std::string_view code, std::string message, std::string cause,
                          std::string hint) {
  return Appraisal{TrustTier::contraindicated, vector, std::move(mismatches),
                   refuse(code, std::move(message), std::move(cause), std::move(hint)).error()};
}

Appraisal executables_contraindicated(std::string_view code, std::string message, std::string cause,
                                      std::string hint) {
  TrustVector vector = identity_vector();
  vector.set(TrustClaim::executables, kContraindicated);
  return contraindicated(vector, {}, code, std::move(message), std::move(cause), std::move(hint));
}

// "TPM Carte Blanche": firmware that never extends leaves the attacker to extend what it likes.
std::optional<std::uint8_t> unextended(const Registers& registers) {
  for (const std::uint8_t pcr : {std::uint8_t{0}, std::uint8_t{4}})
    if (const auto found = registers.find(pcr);
        found != registers.end() && found->second == Sha256Digest{})
      return pcr;
  return std::nullopt;
}

template <class Left, class Right>
std::optional<std::uint8_t> first_not_in(const Left& left, const Right& right) {
  for (const auto& [pcr, value] : left)
    if (!right.contains(pcr)) return pcr;
  return std::nullopt;
}

std::vector<RegisterMismatch> mismatches_of(const Registers& registers,
                                            const ReferenceValues& references) {
  std::vector<RegisterMismatch> mismatches;
  for (const auto& [pcr, actual] : registers) {
    const auto& accepted = references.registers.at(pcr);
    if (std::ranges::find(accepted, actual) == accepted.end())
      mismatches.push_back({pcr, accepted, actual});
  }
  return mismatches;
}

std::string text_of(const RegisterMismatch& mismatch) {
  std::string text = "PCR " + std::to_string(mismatch.pcr) + " is " + to_hex(mismatch.actual);
  text += ", expected ";
  if (mismatch.expected.empty()) return text + "no value at all";
  for (std::size_t i = 0; i < mismatch.expected.size(); ++i)
    text += (i == 0 ? "" : " or ") + to_hex(mismatch.expected[i]);
  return text;
}

Appraisal mismatched(std::vector<RegisterMismatch> mismatches) {
  TrustVector vector = identity_vector();
  std::string names;
  std::string cause;
  for (const RegisterMismatch& mismatch : mismatches) {
    vector.set(claim_of(mismatch.pcr), kContraindicated);
    names += (names.empty() ? "PCR " : ", PCR ") + std::to_string(mismatch.pcr);
    cause += (cause.empty() ? "" : "; ") + text_of(mismatch);
  }
  return contraindicated(
      vector, std::move(mismatches), "ATT-PCR-MISMATCH",
      "the device has measured something else than its group accepts in " + names, std::move(cause),
      "if the change was meant (an update), accept it with 'vedette reference learn'; if not, "
      "quarantine the device and look at what it booted");
}

Appraisal affirmed(const Registers& registers) {
  TrustVector vector = identity_vector();
  for (const auto& [pcr, value] : registers)
    vector.set(claim_of(pcr), holds_configuration(pcr) ? kRecognised : kBootRecognised);
  return Appraisal{TrustTier::affirming, vector, {}, std::nullopt};
}

}  // namespace

Appraisal appraise(const Verified<Quote>& quote, const std::optional<ReferenceValues>& references) {
  const Registers& registers = quote->registers;
  if (const auto pcr = unextended(registers))
    return executables_contraindicated(
        "ATT-PCR-UNEXTENDED", "nothing has measured how the device booted",
        "PCR " + std::to_string(*pcr) + " is all zero",
        "switch measured boot on in the firmware, or quote registers that something extends");
  if (!references || references->registers.empty())
    return executables_contraindicated(
        "ATT-NO-REFERENCE", "there are no reference values for the device's group", {}, kLearnHint);
  if (const auto pcr = first_not_in(registers, references->registers))
    return executables_contraindicated("ATT-PCR-UNKNOWN",
                                       "a quoted register has no reference values",
                                       "PCR " + std::to_string(*pcr), kLearnHint);
  if (const auto pcr = first_not_in(references->registers, registers))
    return executables_contraindicated(
        "ATT-PCR-MISSING", "a register with reference values was not quoted",
        "PCR " + std::to_string(*pcr), "ask for the registers that the reference values name");
  auto mismatches = mismatches_of(registers, *references);
  if (!mismatches.empty()) return mismatched(std::move(mismatches));
  return affirmed(registers);
}

ReferenceValues learn(const Verified<Quote>& quote) {
  ReferenceValues references;
  for (const auto& [pcr, value] : quote->registers)
    references.registers[pcr] = {value};
  return references;
}

}  // namespace vedette::attestation
