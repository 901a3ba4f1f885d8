#include "ledger/receipt.h"

#include <gtest/gtest.h>

#include "crypto/jws.h"

namespace vedette::ledger {
namespace {

using codec::Json;

ReceiptClaims claims() {
  ReceiptClaims claims{.device = *DeviceId::parse("drone-07"),
                       .epoch = {3},
                       .model = *ModelName::parse("silero-vad"),
                       .release = 2,
                       .sequence = 41,
                       .time = from_unix_seconds(1'795'438'387),
                       .request = "req-1"};
  claims.model_root.fill(1);
  claims.inputs_sha256.fill(2);
  claims.outputs_sha256.fill(3);
  return claims;
}

class ReceiptTest : public ::testing::Test {
 protected:
  // The verdict on a payload that the device really signed.
  std::string verify_code(const std::string& payload,
                          const std::string& type = "vedette-receipt+jwt") {
    const auto jws = crypto::sign_jws({.type = type, .key_id = {}}, payload, key_);
    const auto receipt = verify_receipt(*jws, key_.public_key());
    return receipt ? "accepted" : receipt.error().code;
  }

  Json payload() {
    const auto jws = sign_receipt(claims(), key_);
    return *codec::parse_json(*crypto::verify_jws(*jws, "vedette-receipt+jwt", key_.public_key()));
  }

  std::string with(const std::string& name, Json value) {
    Json changed = payload();
    changed.set(name, std::move(value));
    return verify_code(codec::to_json(changed));
  }

  crypto::PrivateKey key_ = crypto::PrivateKey::generate_p256();
};

TEST_F(ReceiptTest, RefusesAnotherDevicesKey) {
  const auto jws = *sign_receipt(claims(), key_);
  const auto stranger = crypto::PrivateKey::generate_p256();
  EXPECT_EQ(verify_receipt(jws, stranger.public_key()).error().code, "JWS-SIGNATURE");
}

TEST_F(ReceiptTest, RefusesATokenOfAnotherType) {
  EXPECT_EQ(verify_code(codec::to_json(payload()), "eat+jwt"), "JWS-TYPE");
}

TEST_F(ReceiptTest, RefusesMissingAndUnknownClaims) {
  const Json whole = payload();
  for (const auto& [name, value] : *whole.if_object()) {
    Json::Object rest;
    for (const auto& member : *whole.if_object())
      if (member.first != name) rest.push_back(member);
    EXPECT_EQ(verify_code(codec::to_json(rest)), "RECEIPT-CLAIMS") << name;
  }
  EXPECT_EQ(with("admin", true), "RECEIPT-CLAIMS");
  EXPECT_EQ(verify_code("[]"), "RECEIPT-CLAIMS");
}

TEST_F(ReceiptTest, RefusesClaimsOutOfRange) {
  EXPECT_EQ(with("device", "../root"), "RECEIPT-CLAIMS");
  EXPECT_EQ(with("model", "A"), "RECEIPT-CLAIMS");
  EXPECT_EQ(with("release", 0), "RECEIPT-CLAIMS");
  EXPECT_EQ(with("release", 1.0), "RECEIPT-CLAIMS");
  EXPECT_EQ(with("epoch", -1), "RECEIPT-CLAIMS");
  EXPECT_EQ(with("sequence", "41"), "RECEIPT-CLAIMS");
  EXPECT_EQ(with("time", "yesterday"), "RECEIPT-CLAIMS");
  EXPECT_EQ(with("request", ""), "RECEIPT-CLAIMS");
  EXPECT_EQ(with("request", std::string(129, 'a')), "RECEIPT-CLAIMS");
  EXPECT_EQ(with("request", "a\nb"), "RECEIPT-CLAIMS");
  EXPECT_EQ(with("model_root", std::string(64, 'A')), "RECEIPT-CLAIMS");
  EXPECT_EQ(with("inputs_sha256", std::string(62, '0')), "RECEIPT-CLAIMS");
  EXPECT_EQ(with("outputs", "text"), "RECEIPT-CLAIMS");
}

TEST_F(ReceiptTest, RefusesHostileJson) {
  EXPECT_EQ(verify_code("{\"device\":\"a\",\"device\":\"b\"}"), "JSON-DUPLICATE");
  EXPECT_EQ(verify_code(std::string(10'000, '[')), "JSON-DEPTH");
  EXPECT_EQ(verify_code(codec::to_json(payload()) + "x"), "JSON-SYNTAX");
}

TEST_F(ReceiptTest, RefusesToSignWhatWouldBeRefused) {
  ReceiptClaims bad = claims();
  bad.release = 0;
  EXPECT_EQ(sign_receipt(bad, key_).error().code, "RECEIPT-CLAIMS");
  bad = claims();
  bad.outputs = Json::Array{std::string(140'000, 'x')};
  EXPECT_EQ(sign_receipt(bad, key_).error().code, "RECEIPT-SIZE");
}

TEST_F(ReceiptTest, KeepsItsIdWhenSignedAgain) {
  const auto first = verify_receipt(*sign_receipt(claims(), key_), key_.public_key());
  const auto second = verify_receipt(*sign_receipt(claims(), key_), key_.public_key());
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  EXPECT_NE((*first)->jws, (*second)->jws);
  EXPECT_EQ((*first)->id, (*second)->id);
}

TEST_F(ReceiptTest, CarriesEveryClaim) {
  ReceiptClaims sent = claims();
  sent.outputs = Json::Array{Json::Object{{"name", "output"}, {"data", Json::Array{0.5}}}};
  const auto receipt = verify_receipt(*sign_receipt(sent, key_), key_.public_key());
  ASSERT_TRUE(receipt) << describe(receipt.error());
  const ReceiptClaims& got = (*receipt)->claims;
  EXPECT_EQ(got.device, sent.device);
  EXPECT_EQ(got.epoch, sent.epoch);
  EXPECT_EQ(got.model, sent.model);
  EXPECT_EQ(got.release, sent.release);
  EXPECT_EQ(got.model_root, sent.model_root);
  EXPECT_EQ(got.sequence, sent.sequence);
  EXPECT_EQ(got.time, sent.time);
  EXPECT_EQ(got.request, sent.request);
  EXPECT_EQ(got.inputs_sha256, sent.inputs_sha256);
  EXPECT_EQ(got.outputs_sha256, sent.outputs_sha256);
  EXPECT_EQ(got.outputs, sent.outputs);
}

}  // namespace
}  // namespace vedette::ledger
