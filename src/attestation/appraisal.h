// Appraisal: the verdict on a quote.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "attestation/quote.h"
#include "attestation/reference_values.h"
#include "attestation/trust_vector.h"
#include "base/error.h"
#include "base/verified.h"

namespace vedette::attestation {

// Names this way of judging in tokens (ear_appraisal_policy_ids).
inline constexpr const char* kAppraisalPolicy = "tag:vedette,2026:measured-device#1";

struct RegisterMismatch {
  std::uint8_t pcr = 0;
  std::vector<crypto::BankDigest> expected;  // of the quoted bank; empty: nothing is accepted
  crypto::BankDigest actual;

  friend bool operator==(const RegisterMismatch&, const RegisterMismatch&) = default;
};

struct Appraisal {
  TrustTier status = TrustTier::contraindicated;  // never better than the vector's worst claim
  TrustVector vector;
  std::vector<RegisterMismatch> mismatches;
  std::optional<Error> error;  // why; none if and only if the status is affirming
};

// Affirming only if every register of the quote has an accepted value, and every register that has
// reference values was quoted. Otherwise contraindicated, with one of
//   ATT-PCR-UNEXTENDED  register 0 or 4 is all zero: nothing measured the boot into this bank ("TPM
//                       Carte Blanche")
//   ATT-NO-REFERENCE    there are no reference values for the device's group
//   ATT-PCR-UNKNOWN     a quoted register has no reference values
//   ATT-PCR-MISSING     a register with reference values was not quoted
//   ATT-PCR-BANK        all reference values of a register are of another bank than the quote
//   ATT-PCR-MISMATCH    a register has another value; each is named in the cause and in mismatches
// Registers of `judged_elsewhere` (by their logs) need no reference values, but keep to those that
// they have.
[[nodiscard]] Appraisal appraise(const Verified<Quote>& quote,
                                 const std::optional<ReferenceValues>& references,
                                 const std::set<std::uint8_t>& judged_elsewhere = {});

// The verdict on a device whose own key no hardware was shown to hold: whoever copied it would be
// taken for the device. Its TPM is as genuine as before, but that is no word about who holds the
// key, so neither is claimed: instance-identity nor hardware. A claim against them stays.
void leave_out_hardware(TrustVector& vector);

// The verdict on a key that another boot named than the one that was attested, whatever that one
// ran. Refuses ATT-KEY-BOOT in the appraisal.
[[nodiscard]] Appraisal unvouched_key();

// Reference values that accept exactly what this quote says.
[[nodiscard]] ReferenceValues learn(const Verified<Quote>& quote);

}  // namespace vedette::attestation
