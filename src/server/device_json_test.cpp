#include "server/device_json.h"

#include <gtest/gtest.h>

namespace vedette::server {
namespace {

using codec::parse_json;

TEST(ReferenceValues, RefusesWhatWouldAcceptNothingOrAnything) {
  const std::string digest(64, 'a');
  for (const std::string& bad :
       {std::string("{}"), std::string(R"({"registers":{}})"),
        std::string(R"({"registers":{"0":[]}})"), R"({"registers":{"24":[")" + digest + R"("]}})",
        R"({"registers":{"x":[")" + digest + R"("]}})",
        std::string(R"({"registers":{"0":["aa"]}})"), std::string(R"({"registers":{"0":[1]}})"),
        R"({"registers":{"0":[")" + std::string(64, 'A') + R"("]}})",
        R"({"registers":{"0":[")" + digest + R"("]},"all":true})"}) {
    const auto json = parse_json(bad);
    ASSERT_TRUE(json.has_value()) << bad;
    EXPECT_FALSE(parse_reference_values(*json).has_value()) << bad;
  }
}

TEST(ReferenceValues, ReadsWhatItPrints) {
  attestation::ReferenceValues values;
  values.registers[0] = {crypto::sha256(as_bytes("a")), crypto::sha256(as_bytes("b"))};
  values.registers[7] = {crypto::sha256(as_bytes("c"))};
  EXPECT_EQ(*parse_reference_values(to_json(values)), values);
}

}  // namespace
}  // namespace vedette::server
