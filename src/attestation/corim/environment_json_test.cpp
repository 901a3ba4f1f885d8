#include "attestation/corim/environment_json.h"

#include "attestation/corim/corim_sample.h"

namespace vedette::attestation::corim {
namespace {

std::string parse_code(const char* text) {
  return code_of(parse_environment(codec::parse_json(text).value()));
}

TEST(EnvironmentJson, RefusesWhatIsNone) {
  for (const char* text : {"[]", "{}", R"({"maker":"ACME"})", R"({"vendor":""})", R"({"vendor":7})",
                           R"({"layer":-1})", R"({"layer":1.0})", R"({"class_id":"2b"})",
                           R"({"class_id":{}})", R"({"class_id":{"oid":"2b","uuid":"00"}})",
                           R"({"class_id":{"ueid":"2b"}})", R"({"class_id":{"oid":""}})",
                           R"({"class_id":{"oid":"2"}})", R"({"class_id":{"uuid":"00"}})",
                           R"({"group":{"oid":"2b"}})", R"({"instance":{"oid":"2b"}})"})
    EXPECT_EQ(parse_code(text), "CORIM-ENVIRONMENT") << text;
  EXPECT_EQ(code_of(parse_environment(codec::Json().set("vendor", std::string(257, 'v')))),
            "CORIM-ENVIRONMENT");
}

TEST(EnvironmentJson, ComesBackAsItWasWritten) {
  const Environment full = full_manifest().reference.front().environment;
  EXPECT_EQ(parse_environment(to_json(full)).value(), full);
  const Environment bytes{.class_id = Bytes{1}, .instance = Bytes{2}, .group = Bytes{3}};
  EXPECT_EQ(parse_environment(to_json(bytes)).value(), bytes);
  const Environment uuids{.class_id = sample_uuid(), .instance = sample_uuid()};
  EXPECT_EQ(parse_environment(to_json(uuids)).value(), uuids);
}

}  // namespace
}  // namespace vedette::attestation::corim
