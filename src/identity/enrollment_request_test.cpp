#include <gtest/gtest.h>

#include "identity/enrollment_token.h"
#include "testing/enrollment_scene.h"

namespace vedette::identity {
namespace {

using codec::Json;
using codec::to_base64;
using vedette::testing::sized;

class RequestBody : public ::testing::Test {
 protected:
  [[nodiscard]] Json body() const {
    const auto request = scene_.request();
    const auto& key = std::get<CertifiedKey>(request.device_key);
    Json proof;
    proof.set("attest", to_base64(key.attest));
    proof.set("signature", to_base64(key.signature));
    Json json;
    json.set("endorsement_key", to_base64(sized(request.endorsement_key.encoded)));
    json.set("attestation_key", to_base64(sized(request.attestation_key.encoded)));
    json.set("device_key", to_base64(sized(key.key.encoded)));
    json.set("certification", std::move(proof));
    return json;
  }
  // The same of a key outside of the TPM.
  [[nodiscard]] Json outside_body() const {
    const auto request = scene_.outside_request();
    const auto& quoted = std::get<QuotedKey>(request.device_key);
    Json quote;
    quote.set("attest", to_base64(quoted.attest));
    quote.set("signature", to_base64(quoted.signature));
    Json key;
    key.set("kind", "pkcs11").set("public_key", to_base64(quoted.public_key));
    const Json inside = body();
    Json json;
    for (const auto& [name, value] : *inside.if_object())
      if (name != "certification") json.set(name, value);
    return json.set("device_key", std::move(key)).set("quote", std::move(quote));
  }
  static std::string code(const Json& json) { return code_of(parse_enrollment_request(json)); }

  EnrollmentScene scene_;
};

TEST_F(RequestBody, a_missing_member_is_refused) {
  for (const char* name : {"endorsement_key", "attestation_key", "device_key", "certification"}) {
    Json json = body();
    json.set(name, nullptr);
    EXPECT_EQ(code(json), "ENR-SYNTAX") << name;
  }
  EXPECT_EQ(code(Json()), "ENR-SYNTAX");
  EXPECT_EQ(code(Json(Json::Array{})), "ENR-SYNTAX");
}

TEST_F(RequestBody, an_unknown_member_is_refused) {
  Json json = body();
  json.set("device", "drone-7");
  EXPECT_EQ(code(json), "ENR-SYNTAX");
}

TEST_F(RequestBody, a_token_that_is_none_is_refused) {
  Json json = body();
  for (const Json& token : {Json("secret"), Json(""), Json(7)}) {
    json.set("token", token);
    EXPECT_NE(code(json), "accepted");
  }
  const MadeToken made = make_enrollment_token();
  json.set("token", as_text(made.text.expose()));
  EXPECT_EQ(parse_enrollment_request(json)->token_sha256, made.sha256);
}

TEST_F(RequestBody, a_device_that_names_its_own_sku_is_refused) {
  Json json = body();
  json.set("sku", "camera-mk1");
  EXPECT_EQ(code(json), "ENR-SYNTAX");
}

TEST_F(RequestBody, a_key_that_is_no_tpm_key_is_refused) {
  Json json = body();
  json.set("device_key", "AAAA");
  EXPECT_EQ(code(json), "ENR-SYNTAX");
  json.set("device_key", "not base64!");
  EXPECT_EQ(code(json), "ENR-SYNTAX");
  json.set("device_key", 7);
  EXPECT_EQ(code(json), "ENR-SYNTAX");
  Bytes longer = sized(scene_.key_public().encoded);
  longer.push_back(0);
  json.set("device_key", to_base64(longer));
  EXPECT_EQ(code(json), "ENR-SYNTAX");
}

TEST_F(RequestBody, a_key_of_one_form_with_the_proof_of_the_other_is_refused) {
  const Json inside = body();
  const Json outside = outside_body();
  Json json = inside;
  json.set("quote", *outside.find("quote"));
  EXPECT_EQ(code(json), "ENR-SYNTAX") << "both";
  json = outside;
  json.set("certification", *inside.find("certification"));
  EXPECT_EQ(code(json), "ENR-SYNTAX") << "both";
  json = inside;
  json.set("device_key", *outside.find("device_key"));
  EXPECT_EQ(code(json), "ENR-SYNTAX");
  json = outside;
  json.set("device_key", *inside.find("device_key"));
  EXPECT_EQ(code(json), "ENR-SYNTAX");
}

TEST_F(RequestBody, a_key_of_no_known_kind_is_refused) {
  const Json outside = outside_body();
  for (const char* kind : {"", "PKCS11", "tpm2", "token"}) {
    Json key = *outside.find("device_key");
    Json json = outside;
    json.set("device_key", key.set("kind", kind));
    EXPECT_EQ(code(json), "ENR-SYNTAX") << kind;
  }
  Json key = *outside.find("device_key");
  Json json = outside;
  json.set("device_key", key.set("more", 1));
  EXPECT_EQ(code(json), "ENR-SYNTAX");
}

TEST_F(RequestBody, a_member_of_ten_megabytes_is_refused) {
  Json json = body();
  json.set("endorsement_certificate", std::string(10'000'000, 'A'));
  EXPECT_EQ(code(json), "ENR-SYNTAX");
}

TEST_F(RequestBody, what_the_device_sends_is_read_and_verifies) {
  const auto request = parse_enrollment_request(body());
  ASSERT_TRUE(request.has_value()) << describe(request.error());
  EXPECT_FALSE(request->endorsement_certificate.has_value());
  EXPECT_EQ(code_of(verify_enrollment(*request, scene_.context())), "accepted");
}

TEST_F(RequestBody, a_key_outside_of_the_tpm_is_read_and_verifies_where_it_is_allowed) {
  const auto request = parse_enrollment_request(outside_body());
  ASSERT_TRUE(request.has_value()) << describe(request.error());
  auto context = scene_.context();
  EXPECT_EQ(code_of(verify_enrollment(*request, context)), "ENR-KEY-PLACE");
  context.allowed->keys.pkcs11 = true;
  EXPECT_EQ(code_of(verify_enrollment(*request, context)), "accepted");
}

TEST_F(RequestBody, a_certificate_is_kept_unread) {
  Json json = body();
  json.set("endorsement_certificate", to_base64(as_bytes("anything")));
  const auto request = parse_enrollment_request(json);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->endorsement_certificate, to_bytes("anything"));
}

}  // namespace
}  // namespace vedette::identity
