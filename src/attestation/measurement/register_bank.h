// RegisterBank: the registers of one bank as a log says that they were extended.
//
//   RegisterBank bank(codec::TpmAlgorithm::sha256);
//   bank.start_at_locality(3);                      // PCR 0, if the log says so
//   bank.extend(4, event.digest);
//   if (equal(bank.value(4), quoted)) ...
//
// A replay proves nothing by itself: any value can be logged. Only comparing it with quoted values
// does.
#pragma once

#include <array>
#include <cstdint>
#include <set>

#include "base/bytes.h"
#include "codec/tpm.h"

namespace vedette::attestation {

inline constexpr std::uint8_t kRegisterCount = 24;  // TCG PC Client Platform TPM Profile

// The digest of `bytes` by a bank's algorithm. SHA-1 included, for reading old logs and IMA's
// template hashes only. Throws std::invalid_argument for what is no hash that we know.
[[nodiscard]] Bytes digest_by(codec::TpmAlgorithm hash, ByteView bytes);

// How refusals and reports call a bank: "sha256".
[[nodiscard]] std::string_view name_of_bank(codec::TpmAlgorithm bank);

// Throws std::invalid_argument for a register above 23 or a digest of another size: parsers have
// refused those before.
class RegisterBank {
 public:
  // SHA-1 is for replaying what is refused afterwards.
  explicit RegisterBank(codec::TpmAlgorithm bank);

  // PCR 0 begins with the locality of TPM2_Startup, or 4 after an H-CRTM sequence, in its last
  // octet (TPM 2.0 Library, Part 3, TPM2_Startup). Before any extension of PCR 0 only.
  void start_at_locality(std::uint8_t locality);

  // value = H(value || digest).
  void extend(std::uint8_t pcr, ByteView digest);

  // All zero until extended; 17 to 22 all ones, as after a reset without dynamic launch.
  [[nodiscard]] ByteView value(std::uint8_t pcr) const;
  [[nodiscard]] const std::set<std::uint8_t>& extended() const { return extended_; }
  [[nodiscard]] codec::TpmAlgorithm bank() const { return bank_; }

 private:
  codec::TpmAlgorithm bank_;
  std::array<Bytes, kRegisterCount> values_;
  std::set<std::uint8_t> extended_;
};

}  // namespace vedette::attestation
