#include "attestation/measurement/register_bank.h"

#include <stdexcept>

#include "crypto/digest.h"

namespace vedette::attestation {
namespace {

using codec::TpmAlgorithm;

// Reset to all ones, so that no dynamic launch can be claimed that did not happen.
bool is_dynamic(std::uint8_t pcr) {
  return pcr >= 17 && pcr <= 22;
}

void require(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(what);
}

}  // namespace

Bytes digest_by(TpmAlgorithm hash, ByteView bytes) {
  if (hash == TpmAlgorithm::sha1) return to_bytes(crypto::insecure_sha1(bytes));
  if (hash == TpmAlgorithm::sha256) return crypto::digest(crypto::Hash::sha256, bytes);
  if (hash == TpmAlgorithm::sha384) return crypto::digest(crypto::Hash::sha384, bytes);
  if (hash == TpmAlgorithm::sha512) return crypto::digest(crypto::Hash::sha512, bytes);
  throw std::invalid_argument("not a hash of a register bank");
}

std::string_view name_of_bank(TpmAlgorithm bank) {
  if (bank == TpmAlgorithm::sha1) return "sha1";
  if (bank == TpmAlgorithm::sha256) return "sha256";
  if (bank == TpmAlgorithm::sha384) return "sha384";
  if (bank == TpmAlgorithm::sha512) return "sha512";
  return "unknown";
}

RegisterBank::RegisterBank(TpmAlgorithm bank) : bank_(bank) {
  const std::size_t size = codec::digest_size(bank);
  require(size != 0, "not a hash of a register bank");
  for (std::uint8_t pcr = 0; pcr < kRegisterCount; ++pcr)
    values_.at(pcr) = Bytes(size, is_dynamic(pcr) ? 0xFF : 0x00);
}

void RegisterBank::start_at_locality(std::uint8_t locality) {
  require(!extended_.contains(0), "PCR 0 was extended before its start");
  values_[0].back() = locality;
}

void RegisterBank::extend(std::uint8_t pcr, ByteView digest) {
  require(pcr < kRegisterCount, "no such register");
  Bytes& value = values_.at(pcr);
  require(digest.size() == value.size(), "a digest of another bank");
  Bytes joined = value;
  append(joined, digest);
  value = digest_by(bank_, joined);
  extended_.insert(pcr);
}

ByteView RegisterBank::value(std::uint8_t pcr) const {
  require(pcr < kRegisterCount, "no such register");
  return values_.at(pcr);
}

}  // namespace vedette::attestation
