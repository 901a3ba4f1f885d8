// BankDigest: a digest in one of a TPM's banks of registers (TPM 2.0 Part 1, 17): what extends a
// register there, and what the register holds.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "codec/tpm.h"
#include "crypto/digest.h"

namespace vedette::crypto {

// The banks whose word is taken, in the order of their algorithms. SHA-1 is none of them: what it
// names may be something else.
inline constexpr std::array kBanks{codec::TpmAlgorithm::sha256, codec::TpmAlgorithm::sha384};

[[nodiscard]] bool is_bank(codec::TpmAlgorithm algorithm);
// `sha256` and `sha384`; none of another name.
[[nodiscard]] std::optional<codec::TpmAlgorithm> bank_named(std::string_view name);

class BankDigest {
 public:
  // Zeros, as a register begins: of the SHA-256 bank, or of that one. Throws std::invalid_argument
  // for what is no bank.
  BankDigest() = default;
  explicit BankDigest(codec::TpmAlgorithm bank);
  // A SHA-256 digest is one of that bank, wherever one is wanted.
  BankDigest(const Sha256Digest& digest);
  // None for what is no bank, or not as long as its digests.
  [[nodiscard]] static std::optional<BankDigest> from(codec::TpmAlgorithm bank, ByteView octets);
  // Of that content. Throws std::invalid_argument for what is no bank.
  [[nodiscard]] static BankDigest of(codec::TpmAlgorithm bank, ByteView content);

  [[nodiscard]] codec::TpmAlgorithm bank() const { return bank_; }
  [[nodiscard]] ByteView octets() const;
  [[nodiscard]] bool is_zero() const;

  // H(value || digest): TPM2_PCR_Extend. Throws std::invalid_argument for one of another bank.
  [[nodiscard]] BankDigest extended(const BankDigest& digest) const;

  friend bool operator==(const BankDigest&, const BankDigest&) = default;

 private:
  codec::TpmAlgorithm bank_ = codec::TpmAlgorithm::sha256;
  std::array<std::uint8_t, 48> octets_{};  // zeros behind a shorter digest
};

// A SHA-256 digest in hexadecimal, and `sha384:` before one of that bank.
[[nodiscard]] std::string to_string(const BankDigest& digest);
// That form alone: lower case, whole.
[[nodiscard]] std::optional<BankDigest> parse_bank_digest(std::string_view text);

}  // namespace vedette::crypto
