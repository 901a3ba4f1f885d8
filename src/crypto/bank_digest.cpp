#include "crypto/bank_digest.h"

#include <algorithm>
#include <stdexcept>

#include "codec/base64.h"
#include "crypto/tpm.h"

namespace vedette::crypto {

namespace {

using codec::TpmAlgorithm;

constexpr std::string_view kSha384Prefix = "sha384:";

void require(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(what);
}

}  // namespace

bool is_bank(TpmAlgorithm algorithm) {
  return std::ranges::find(kBanks, algorithm) != kBanks.end();
}

std::optional<TpmAlgorithm> bank_named(std::string_view name) {
  if (name == "sha256") return TpmAlgorithm::sha256;
  if (name == "sha384") return TpmAlgorithm::sha384;
  return std::nullopt;
}

BankDigest::BankDigest(TpmAlgorithm bank) : bank_(bank) {
  require(is_bank(bank), "not a bank");
}

BankDigest::BankDigest(const Sha256Digest& digest) {
  std::ranges::copy(digest, octets_.begin());
}

std::optional<BankDigest> BankDigest::from(TpmAlgorithm bank, ByteView octets) {
  if (!is_bank(bank) || octets.size() != codec::digest_size(bank)) return std::nullopt;
  BankDigest digest(bank);
  std::ranges::copy(octets, digest.octets_.begin());
  return digest;
}

BankDigest BankDigest::of(TpmAlgorithm bank, ByteView content) {
  require(is_bank(bank), "not a bank");
  return *from(bank, digest(*tpm_hash(bank), content));
}

ByteView BankDigest::octets() const {
  return ByteView(octets_).first(codec::digest_size(bank_));
}

bool BankDigest::is_zero() const {
  return std::ranges::all_of(octets_, [](std::uint8_t octet) { return octet == 0; });
}

BankDigest BankDigest::extended(const BankDigest& digest) const {
  require(digest.bank_ == bank_, "a digest of another bank");
  Bytes both = to_bytes(octets());
  append(both, digest.octets());
  return of(bank_, both);
}

std::string to_string(const BankDigest& digest) {
  const std::string hex = to_hex(digest.octets());
  return digest.bank() == TpmAlgorithm::sha384 ? std::string(kSha384Prefix) + hex : hex;
}

std::optional<BankDigest> parse_bank_digest(std::string_view text) {
  const bool is_sha384 = text.starts_with(kSha384Prefix);
  const auto octets = codec::from_hex(is_sha384 ? text.substr(kSha384Prefix.size()) : text);
  if (!octets) return std::nullopt;
  auto digest = BankDigest::from(is_sha384 ? TpmAlgorithm::sha384 : TpmAlgorithm::sha256, *octets);
  if (!digest || to_string(*digest) != text) return std::nullopt;
  return digest;
}

}  // namespace vedette::crypto
