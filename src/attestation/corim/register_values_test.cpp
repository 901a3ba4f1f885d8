#include "attestation/corim/register_values.h"

#include "attestation/corim/corim_sample.h"

namespace vedette::attestation::corim {
namespace {

const Environment kGroup{.vendor = "ACME", .group = sample_uuid()};

crypto::Sha256Digest filled(std::uint8_t octet) {
  crypto::Sha256Digest digest{};
  digest.fill(octet);
  return digest;
}

Measurement registers(std::map<RegisterIndex, std::vector<Digest>> values) {
  Measurement measurement;
  measurement.registers = std::move(values);
  return measurement;
}

Digest sha256_of(std::uint8_t octet) {
  return {.algorithm = crypto::Hash::sha256, .value = Bytes(32, octet)};
}

Result<ReferenceValues> values_of(std::vector<ReferenceTriple> triples) {
  Corim corim;
  corim.id = std::string("m");
  corim.tags = {{.id = std::string("t")}};
  corim.reference = std::move(triples);
  return register_values(read(write_corim(corim).value()).value(), kGroup);
}

TEST(RegisterValues, RefuseAnEnvironmentThatIsNotThere) {
  Environment other = kGroup;
  other.model = "Road Runner";
  EXPECT_EQ(code_of(values_of({{other, {registers({{std::uint64_t{0}, {sha256_of(1)}}})}}})),
            "CORIM-ABSENT");
}

TEST(RegisterValues, RefuseWhatRegistersCannotShow) {
  const Measurement good = registers({{std::uint64_t{0}, {sha256_of(1)}}});
  const auto changed = [&](auto change) {
    Measurement measurement = good;
    change(measurement);
    return code_of(values_of({{kGroup, {good}}, {kGroup, {measurement}}}));
  };
  EXPECT_EQ(changed([](Measurement&) {}), "");
  EXPECT_EQ(changed([](Measurement& m) { m.svn = Svn{.value = 1}; }), "CORIM-UNMAPPED");
  EXPECT_EQ(changed([](Measurement& m) { m.key = std::string("k"); }), "CORIM-UNMAPPED");
  EXPECT_EQ(changed([](Measurement& m) { m.digests = {sha256_of(1)}; }), "CORIM-UNMAPPED");
  EXPECT_EQ(changed([](Measurement& m) {
              m.authorized_by = {crypto::PrivateKey::generate_p256().public_key()};
            }),
            "CORIM-UNMAPPED");
  EXPECT_EQ(code_of(values_of({{kGroup, {registers({{std::uint64_t{24}, {sha256_of(1)}}})}}})),
            "CORIM-UNMAPPED");
  EXPECT_EQ(code_of(values_of({{kGroup, {registers({{std::string("0"), {sha256_of(1)}}})}}})),
            "CORIM-UNMAPPED");
  const Digest sha384{.algorithm = crypto::Hash::sha384, .value = Bytes(48, 1)};
  const Digest sha512{.algorithm = crypto::Hash::sha512, .value = Bytes(64, 1)};
  EXPECT_EQ(code_of(values_of({{kGroup, {registers({{std::uint64_t{0}, {sha512}}})}}})),
            "CORIM-UNMAPPED");
  EXPECT_EQ(
      code_of(values_of({{kGroup, {registers({{std::uint64_t{0}, {sha256_of(1), sha384}}})}}})),
      "CORIM-UNMAPPED");
}

TEST(RegisterValues, RefuseCombinationsThatWouldBeMixed) {
  const Measurement one =
      registers({{std::uint64_t{0}, {sha256_of(1)}}, {std::uint64_t{1}, {sha256_of(2)}}});
  const Measurement two =
      registers({{std::uint64_t{0}, {sha256_of(3)}}, {std::uint64_t{1}, {sha256_of(4)}}});
  EXPECT_EQ(code_of(values_of({{kGroup, {one}}})), "");
  EXPECT_EQ(code_of(values_of({{kGroup, {one}}, {kGroup, {two}}})), "CORIM-UNMAPPED");
  EXPECT_EQ(code_of(values_of({{kGroup, {one, two}}})), "CORIM-UNMAPPED");
}

TEST(RegisterValues, ComeBackAsTheyWereWritten) {
  ReferenceValues values;
  values.registers[0] = {filled(1), filled(2)};
  values.registers[7] = {filled(3),
                         crypto::BankDigest::of(codec::TpmAlgorithm::sha384, as_bytes("3"))};
  EXPECT_EQ(values_of(register_triples(kGroup, values)).value(), values);
}

}  // namespace
}  // namespace vedette::attestation::corim
