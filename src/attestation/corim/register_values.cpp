#include "attestation/corim/register_values.h"

#include <algorithm>
#include <optional>
#include <set>

#include "crypto/tpm.h"

namespace vedette::attestation::corim {
namespace {

constexpr std::uint64_t kLastRegister = 23;

std::unexpected<Error> unmapped(std::string cause) {
  return refuse("CORIM-UNMAPPED", "the manifest demands more than registers can show",
                std::move(cause), "give the environment reference values of registers alone");
}

// All but the registers is as if it were not there.
Result<void> check_registers_alone(const Measurement& measurement) {
  Measurement rest = measurement;
  rest.registers.clear();
  if (rest != Measurement())
    return unmapped("a measurement has other values, a key or authorities");
  return {};
}

std::optional<crypto::BankDigest> bank_digest(const Digest& digest) {
  for (const codec::TpmAlgorithm bank : crypto::kBanks)
    if (crypto::tpm_hash(bank) == digest.algorithm)
      return crypto::BankDigest::from(bank, digest.value);
  return std::nullopt;
}

Result<void> add_register(const RegisterIndex& index, const std::vector<Digest>& digests,
                          ReferenceValues& values) {
  const auto* const number = std::get_if<std::uint64_t>(&index);
  if (number == nullptr || *number > kLastRegister) return unmapped("a register that no TPM has");
  const auto digest = digests.size() == 1 ? bank_digest(digests.front()) : std::nullopt;
  if (!digest) return unmapped("a register with another digest than one of SHA-256 or SHA-384");
  auto& accepted = values.registers[static_cast<std::uint8_t>(*number)];
  if (std::ranges::find(accepted, *digest) == accepted.end()) accepted.push_back(*digest);
  return {};
}

std::size_t count_registers(const ReferenceTriple& triple) {
  std::size_t count = 0;
  for (const Measurement& measurement : triple.measurements)
    count += measurement.registers.size();
  return count;
}

// Two values that one register must have at once match nothing; taken apart they would match.
Result<void> add_triple(const ReferenceTriple& triple, ReferenceValues& values) {
  std::set<RegisterIndex> seen;
  for (const Measurement& measurement : triple.measurements) {
    VEDETTE_CHECK(check_registers_alone(measurement));
    for (const auto& [index, digests] : measurement.registers) {
      if (!seen.insert(index).second) return unmapped("a triple has one register twice");
      VEDETTE_CHECK(add_register(index, digests, values));
    }
  }
  return {};
}

}  // namespace

std::vector<ReferenceTriple> register_triples(const Environment& environment,
                                              const ReferenceValues& values) {
  std::vector<ReferenceTriple> result;
  for (const auto& [index, digests] : values.registers)
    for (const crypto::BankDigest& digest : digests) {
      Measurement measurement;
      measurement.registers[std::uint64_t{index}] = {Digest{
          .algorithm = *crypto::tpm_hash(digest.bank()), .value = to_bytes(digest.octets())}};
      result.push_back({.environment = environment, .measurements = {std::move(measurement)}});
    }
  return result;
}

Result<ReferenceValues> register_values(const Verified<Corim>& corim,
                                        const Environment& environment) {
  ReferenceValues result;
  std::size_t triples = 0;
  bool has_combination = false;
  for (const ReferenceTriple& triple : corim->reference) {
    if (triple.environment != environment) continue;
    ++triples;
    has_combination = has_combination || count_registers(triple) > 1;
    VEDETTE_CHECK(add_triple(triple, result));
  }
  if (triples == 0)
    return refuse("CORIM-ABSENT", "the manifest has no reference values for this environment");
  // Register by register, two accepted combinations would accept their mixtures too.
  if (has_combination && triples > 1) return unmapped("several combinations of registers");
  return result;
}

}  // namespace vedette::attestation::corim
