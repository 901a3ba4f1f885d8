#include "attestation/conceptual_message.h"

#include <gtest/gtest.h>

#include "attestation/measurement/code_of.h"

namespace vedette::attestation {
namespace {

TEST(ConceptualMessage, RefusesOtherShapesTypesAndContents) {
  for (const char* bad :
       {"", "{}", "[]", R"(["application/vnd.vedette.evidence+json"])",
        R"(["application/vnd.vedette.evidence+json","e30","x"])",
        R"(["application/eat+jwt","e30"])", R"(["application/vnd.vedette.evidence+json",7])",
        R"(["application/vnd.vedette.evidence+json","e30="])",
        R"(["application/vnd.vedette.evidence+json","e3"])"})
    EXPECT_EQ(code_of(unwrap_evidence(bad)), "ATT-SYNTAX") << bad;
  EXPECT_EQ(code_of(unwrap_evidence(std::string(20'000, '['))), "ATT-SYNTAX");
}

TEST(ConceptualMessage, IsUnwrappedAsItWasWrapped) {
  codec::Json evidence;
  evidence.set("nonce", "AAAA");
  EXPECT_EQ(unwrap_evidence(wrap_evidence(evidence)).value(), evidence);
}

}  // namespace
}  // namespace vedette::attestation
