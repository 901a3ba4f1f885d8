#include "attestation/appraisal.h"

#include <algorithm>
#include <iterator>

#include "attestation/measurement/register_bank.h"

namespace vedette::attestation {
namespace {

using crypto::BankDigest;

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
  vector.set(TrustClaim::instance_identity, trust::kRecognised);
  vector.set(TrustClaim::hardware, trust::kRecognised);
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
  vector.set(TrustClaim::executables, trust::kContraindicated);
  return contraindicated(vector, {}, code, std::move(message), std::move(cause), std::move(hint));
}

// "TPM Carte Blanche": firmware that never extends leaves the attacker to extend what it likes.
std::optional<std::uint8_t> unextended(const Registers& registers) {
  for (const std::uint8_t pcr : {std::uint8_t{0}, std::uint8_t{4}})
    if (const auto found = registers.find(pcr); found != registers.end() && found->second.is_zero())
      return pcr;
  return std::nullopt;
}

template <class Left, class Right>
std::optional<std::uint8_t> first_not_in(const Left& left, const Right& right,
                                         const std::set<std::uint8_t>& excused = {}) {
  for (const auto& [pcr, value] : left)
    if (!right.contains(pcr) && !excused.contains(pcr)) return pcr;
  return std::nullopt;
}

// Values of another bank say nothing about this quote.
ReferenceValues values_in(codec::TpmAlgorithm bank, const ReferenceValues& references) {
  ReferenceValues values;
  for (const auto& [pcr, accepted] : references.registers)
    std::ranges::copy_if(accepted, std::back_inserter(values.registers[pcr]),
                         [bank](const BankDigest& value) { return value.bank() == bank; });
  return values;
}

std::optional<std::uint8_t> first_in_another_bank(const ReferenceValues& references,
                                                  const ReferenceValues& usable) {
  for (const auto& [pcr, accepted] : references.registers)
    if (!accepted.empty() && usable.registers.at(pcr).empty()) return pcr;
  return std::nullopt;
}

std::vector<RegisterMismatch> mismatches_of(const Registers& registers,
                                            const ReferenceValues& references) {
  std::vector<RegisterMismatch> mismatches;
  for (const auto& [pcr, accepted] : references.registers) {
    const BankDigest& actual = registers.at(pcr);
    if (std::ranges::find(accepted, actual) == accepted.end())
      mismatches.push_back({pcr, accepted, actual});
  }
  return mismatches;
}

std::string text_of(const RegisterMismatch& mismatch) {
  std::string text = "PCR " + std::to_string(mismatch.pcr) + " is " + to_string(mismatch.actual);
  text += ", expected ";
  if (mismatch.expected.empty()) return text + "no value at all";
  for (std::size_t i = 0; i < mismatch.expected.size(); ++i)
    text += (i == 0 ? "" : " or ") + to_string(mismatch.expected[i]);
  return text;
}

Appraisal mismatched(std::vector<RegisterMismatch> mismatches) {
  TrustVector vector = identity_vector();
  std::string names;
  std::string cause;
  for (const RegisterMismatch& mismatch : mismatches) {
    vector.set(claim_of(mismatch.pcr), trust::kContraindicated);
    names += (names.empty() ? "PCR " : ", PCR ") + std::to_string(mismatch.pcr);
    cause += (cause.empty() ? "" : "; ") + text_of(mismatch);
  }
  return contraindicated(
      vector, std::move(mismatches), "ATT-PCR-MISMATCH",
      "the device has measured something else than its group accepts in " + names, std::move(cause),
      "if the change was meant (an update), accept it with 'vedette reference accept'; if not, "
      "quarantine the device and look at what it booted");
}

Appraisal affirmed(const ReferenceValues& references) {
  TrustVector vector = identity_vector();
  for (const auto& [pcr, value] : references.registers)
    vector.set(claim_of(pcr),
               holds_configuration(pcr) ? trust::kRecognised : trust::kBootRecognised);
  return Appraisal{TrustTier::affirming, vector, {}, std::nullopt};
}

}  // namespace

Appraisal appraise(const Verified<Quote>& quote, const std::optional<ReferenceValues>& references,
                   const std::set<std::uint8_t>& judged_elsewhere) {
  const Registers& registers = quote->registers;
  if (const auto pcr = unextended(registers))
    return executables_contraindicated(
        "ATT-PCR-UNEXTENDED", "nothing has measured how the device booted",
        "PCR " + std::to_string(*pcr) + " is all zero",
        "switch measured boot on in the firmware, or quote registers that something extends");
  if (!references || (references->registers.empty() && judged_elsewhere.empty()))
    return executables_contraindicated(
        "ATT-NO-REFERENCE", "there are no reference values for the device's group", {}, kLearnHint);
  if (const auto pcr = first_not_in(registers, references->registers, judged_elsewhere))
    return executables_contraindicated("ATT-PCR-UNKNOWN",
                                       "a quoted register has no reference values",
                                       "PCR " + std::to_string(*pcr), kLearnHint);
  if (const auto pcr = first_not_in(references->registers, registers))
    return executables_contraindicated(
        "ATT-PCR-MISSING", "a register with reference values was not quoted",
        "PCR " + std::to_string(*pcr), "ask for the registers that the reference values name");
  const codec::TpmAlgorithm bank = bank_of(registers);
  const ReferenceValues usable = values_in(bank, *references);
  if (const auto pcr = first_in_another_bank(*references, usable))
    return executables_contraindicated(
        "ATT-PCR-BANK", "the reference values are of another bank than the quote",
        "PCR " + std::to_string(*pcr) + " has none of " + std::string(name_of_bank(bank)),
        "learn them anew; or set 'attestation.bank' of the server to the bank that they are of");
  auto mismatches = mismatches_of(registers, usable);
  if (!mismatches.empty()) return mismatched(std::move(mismatches));
  return affirmed(*references);
}

void leave_out_hardware(TrustVector& vector) {
  for (const TrustClaim claim : {TrustClaim::instance_identity, TrustClaim::hardware})
    if (tier_of(vector[claim]) == TrustTier::affirming) vector.set(claim, 0);
}

Appraisal unvouched_key() {
  TrustVector vector;
  vector.set(TrustClaim::instance_identity, trust::kContraindicated);
  return contraindicated(vector, {}, "ATT-KEY-BOOT",
                         "the device's key was named in another boot than the one that is attested",
                         "what ran when it was named can no longer be judged",
                         "the device is to enrol again, which an agent does by itself");
}

ReferenceValues learn(const Verified<Quote>& quote) {
  ReferenceValues references;
  for (const auto& [pcr, value] : quote->registers)
    references.registers[pcr] = {value};
  return references;
}

}  // namespace vedette::attestation
