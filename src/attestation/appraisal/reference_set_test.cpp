#include "attestation/appraisal/reference_set.h"

#include <gtest/gtest.h>

namespace vedette::attestation {
namespace {

const std::string kDigest(64, 'a');

TEST(ReferenceSet, RefusesWhatWouldAcceptNothingOrAnything) {
  for (const std::string& bad :
       {std::string("{}"), std::string("[]"), std::string(R"({"registers":{}})"),
        std::string(R"({"registers":{"0":[]}})"), R"({"registers":{"24":[")" + kDigest + R"("]}})",
        R"({"registers":{"x":[")" + kDigest + R"("]}})",
        R"({"registers":{"07":[")" + kDigest + R"("]}})",
        std::string(R"({"registers":{"0":["aa"]}})"), std::string(R"({"registers":{"0":[1]}})"),
        R"({"registers":{"0":[")" + std::string(64, 'A') + R"("]}})",
        R"({"registers":{"0":[")" + std::string(96, 'a') + R"("]}})",
        R"({"registers":{"0":["sha384:)" + kDigest + R"("]}})",
        R"({"registers":{"0":["sha1:)" + std::string(40, 'a') + R"("]}})",
        std::string(R"({"boot":{"secure-boot":"on"}})"),
        std::string(R"({"boot":{"secure-boot":[""]}})"),
        std::string(R"({"ima":{"files":{"/bin/x":["md5:00"]}}})"),
        std::string(R"({"ima":{"keys":["no key"]}})"), std::string(R"({"runtime":[]})")}) {
    EXPECT_FALSE(read_reference_set(bad).has_value()) << bad;
  }
}

// Reference values that are ignored in silence accept what their author meant to refuse.
TEST(ReferenceSet, RefusesMembersThatItDoesNotKnow) {
  for (const std::string& bad : {R"({"registers":{"0":[")" + kDigest + R"("]},"all":true})",
                                 std::string(R"({"ima":{"files":{},"allow":["*"]}})")}) {
    const auto set = read_reference_set(bad);
    ASSERT_FALSE(set.has_value()) << bad;
    EXPECT_EQ(set.error().code, "REF-SYNTAX");
  }
}

TEST(ReferenceSet, ReadsEveryPart) {
  const auto set = read_reference_set(
      R"({"registers":{"0":[")" + kDigest +
      R"("]},"boot":{"secure-boot":["on"]},"ima":{"files":{"/bin/x":["sha256:)" + kDigest +
      R"("]},"excludes":["/var/*"]},"runtime":{"model-release":["published"]}})");
  ASSERT_TRUE(set.has_value()) << describe(set.error());
  EXPECT_EQ(set->exact.registers.at(0).size(), 1U);
  EXPECT_TRUE(set->boot.at("secure-boot").contains("on"));
  ASSERT_NE(set->ima, nullptr);
  EXPECT_NE(set->ima->file("/bin/x"), nullptr);
  EXPECT_TRUE(set->ima->excludes("/var/log"));
  EXPECT_TRUE(set->runtime.at("model-release").contains(kPublished));
}

TEST(ReferenceSet, ReadsWhatItPrints) {
  ReferenceValues values;
  values.registers[0] = {crypto::sha256(as_bytes("a")), crypto::sha256(as_bytes("b"))};
  values.registers[7] = {crypto::sha256(as_bytes("c")),
                         crypto::BankDigest::of(codec::TpmAlgorithm::sha384, as_bytes("c"))};
  EXPECT_EQ(*parse_registers(to_json(values)), values);
  const Accepted accepted{{"application", {"aa", "bb"}}, {"secure-boot", {"on"}}};
  EXPECT_EQ(*parse_accepted(to_json(accepted)), accepted);
}

TEST(ReferenceSet, IsNamedByItsText) {
  const auto one = read_reference_set(R"({"boot":{"secure-boot":["on"]}})");
  const auto other = read_reference_set(R"({"boot":{"secure-boot":["off"]}})");
  EXPECT_EQ(one->id, crypto::sha256(as_bytes(R"({"boot":{"secure-boot":["on"]}})")));
  EXPECT_NE(one->id, other->id);
}

}  // namespace
}  // namespace vedette::attestation
