#include "ledger/violation.h"

#include <gtest/gtest.h>

#include "crypto/jws.h"

namespace vedette::ledger {
namespace {

using codec::Json;

ViolationClaims claims() {
  Violation event{.model = *ModelName::parse("silero-vad"), .release = 2};
  event.model_root.fill(1);
  event.profile_sha256.fill(2);
  event.worker_sha256.emplace().fill(3);
  event.call = SystemCall{.architecture = 0xC000003E,
                          .number = 41,
                          .name = "socket",
                          .instruction_pointer = 0xFFFF'FFFF'FFFF'FFFF,
                          .arguments = {2, 1, 0, 0, 0x8000'0000'0000'0001, 0}};
  event.time = from_unix_seconds(1'795'438'387);
  return {.device = *DeviceId::parse("drone-07"), .epoch = {3}, .sequence = 41, .event = event};
}

class ViolationTest : public ::testing::Test {
 protected:
  std::string verify_code(const std::string& payload,
                          const std::string& type = "vedette-violation+jwt") {
    const auto jws = crypto::sign_jws({.type = type, .key_id = {}}, payload, key_);
    const auto violation = verify_violation(*jws, key_.public_key());
    return violation ? "accepted" : violation.error().code;
  }

  Json payload() {
    return *codec::parse_json(*crypto::verify_jws(*sign_violation(claims(), key_),
                                                  "vedette-violation+jwt", key_.public_key()));
  }

  std::string with(const std::string& name, Json value) {
    Json changed = payload();
    changed.set(name, std::move(value));
    return verify_code(codec::to_json(changed));
  }

  std::string with_event(const std::string& name, Json value) {
    Json event = *payload().find("event");
    event.set(name, std::move(value));
    return with("event", std::move(event));
  }

  std::string with_call(const std::string& name, Json value) {
    const Json whole = payload();
    Json call = *whole.find("event")->find("system_call");
    call.set(name, std::move(value));
    return with_event("system_call", std::move(call));
  }

  // Each member left out in turn.
  static std::vector<Json> shortened(const Json& whole) {
    std::vector<Json> results;
    for (const auto& [name, value] : *whole.if_object()) {
      Json::Object rest;
      for (const auto& member : *whole.if_object())
        if (member.first != name) rest.push_back(member);
      results.emplace_back(std::move(rest));
    }
    return results;
  }

  crypto::PrivateKey key_ = crypto::PrivateKey::generate_p256();
};

TEST_F(ViolationTest, RefusesAnotherDevicesKeyAndATokenOfAnotherType) {
  const auto jws = *sign_violation(claims(), key_);
  const auto stranger = crypto::PrivateKey::generate_p256();
  EXPECT_EQ(verify_violation(jws, stranger.public_key()).error().code, "JWS-SIGNATURE");
  EXPECT_EQ(verify_code(codec::to_json(payload()), "vedette-receipt+jwt"), "JWS-TYPE");
}

TEST_F(ViolationTest, RefusesMissingAndUnknownClaims) {
  for (const Json& rest : shortened(payload()))
    EXPECT_EQ(verify_code(codec::to_json(rest)), "VIOLATION-CLAIMS") << codec::to_json(rest);
  const Json whole = payload();
  Json event = *whole.find("event");
  for (const Json& rest : shortened(*event.find("system_call")))
    EXPECT_EQ(with_event("system_call", rest), "VIOLATION-CLAIMS") << codec::to_json(rest);
  int refused = 0;
  for (const Json& rest : shortened(event))
    if (rest.find("worker_sha256") != nullptr) {
      EXPECT_EQ(with("event", rest), "VIOLATION-CLAIMS") << codec::to_json(rest);
      ++refused;
    }
  EXPECT_EQ(refused, 8);  // all but the one that may be absent
  EXPECT_EQ(with("admin", true), "VIOLATION-CLAIMS");
  EXPECT_EQ(with_event("admin", true), "VIOLATION-CLAIMS");
  EXPECT_EQ(with_call("admin", true), "VIOLATION-CLAIMS");
  EXPECT_EQ(verify_code("[]"), "VIOLATION-CLAIMS");
}

TEST_F(ViolationTest, RefusesClaimsOutOfRange) {
  EXPECT_EQ(with("device", "../root"), "VIOLATION-CLAIMS");
  EXPECT_EQ(with("epoch", -1), "VIOLATION-CLAIMS");
  EXPECT_EQ(with("sequence", 0), "VIOLATION-CLAIMS");
  EXPECT_EQ(with("sequence", std::int64_t{1} << 53U), "VIOLATION-CLAIMS");
  EXPECT_EQ(with_event("release", 0), "VIOLATION-CLAIMS");
  EXPECT_EQ(with_event("model_root", std::string(64, 'A')), "VIOLATION-CLAIMS");
  EXPECT_EQ(with_event("contract_sha256", "00"), "VIOLATION-CLAIMS");
  EXPECT_EQ(with_event("kind", "rudeness"), "VIOLATION-CLAIMS");
  EXPECT_EQ(with_event("phase", "lunch"), "VIOLATION-CLAIMS");
  EXPECT_EQ(with_event("time", "yesterday"), "VIOLATION-CLAIMS");
}

TEST_F(ViolationTest, RefusesACallThatTheKernelCannotHaveSeen) {
  EXPECT_EQ(with_call("architecture", "0x1c000003e"), "VIOLATION-CLAIMS");
  EXPECT_EQ(with_call("architecture_name", "aarch64"), "VIOLATION-CLAIMS");
  EXPECT_EQ(with_call("number", std::int64_t{1} << 31U), "VIOLATION-CLAIMS");
  EXPECT_EQ(with_call("name", "Socket"), "VIOLATION-CLAIMS");
  EXPECT_EQ(with_call("name", std::string(33, 'a')), "VIOLATION-CLAIMS");
  EXPECT_EQ(with_call("arguments", Json::Array{"0x0"}), "VIOLATION-CLAIMS");
}

TEST_F(ViolationTest, RefusesWordsInAnyFormButOne) {
  for (const char* word :
       {"", "0x", "2a", "0X2A", "0x2A", "0x02a", "0x2a ", "0x10000000000000000", "-0x1", "0x-1"})
    EXPECT_EQ(with_call("instruction_pointer", word), "VIOLATION-CLAIMS") << word;
  EXPECT_EQ(with_call("instruction_pointer", 42), "VIOLATION-CLAIMS");
  EXPECT_EQ(with_call("instruction_pointer", "0x2a"), "accepted");
}

TEST_F(ViolationTest, RefusesACallAndADetailTogether) {
  EXPECT_EQ(with_event("detail", "and more"), "VIOLATION-CLAIMS");
  EXPECT_EQ(with_event("kind", "crash"), "VIOLATION-CLAIMS");
}

TEST_F(ViolationTest, RefusesHostileJson) {
  EXPECT_EQ(verify_code(R"({"device":"a","device":"b"})"), "JSON-DUPLICATE");
  EXPECT_EQ(verify_code(std::string(1'000, '[')), "JSON-DEPTH");
  EXPECT_EQ(verify_code(codec::to_json(payload()) + "x"), "JSON-SYNTAX");
  EXPECT_EQ(verify_code(std::string(9'000, ' ')), "VIOLATION-SIZE");
}

TEST_F(ViolationTest, RefusesToSignWhatWouldBeRefused) {
  ViolationClaims bad = claims();
  bad.sequence = 0;
  EXPECT_EQ(sign_violation(bad, key_).error().code, "VIOLATION-CLAIMS");
  bad = claims();
  bad.event.call->name = "so\ncket";
  EXPECT_EQ(sign_violation(bad, key_).error().code, "VIOLATION-CLAIMS");
  bad = claims();
  bad.event.call.reset();
  EXPECT_EQ(sign_violation(bad, key_).error().code, "VIOLATION-CLAIMS");
}

TEST_F(ViolationTest, KeepsItsIdWhenSignedAgain) {
  const auto first = verify_violation(*sign_violation(claims(), key_), key_.public_key());
  const auto second = verify_violation(*sign_violation(claims(), key_), key_.public_key());
  ASSERT_TRUE(first && second);
  EXPECT_NE((*first)->jws, (*second)->jws);
  EXPECT_EQ((*first)->id, (*second)->id);
}

TEST_F(ViolationTest, CarriesEveryClaimToTheLastBit) {
  const ViolationClaims sent = claims();
  const auto violation = verify_violation(*sign_violation(sent, key_), key_.public_key());
  ASSERT_TRUE(violation) << describe(violation.error());
  EXPECT_EQ((*violation)->claims.device, sent.device);
  EXPECT_EQ((*violation)->claims.epoch, sent.epoch);
  EXPECT_EQ((*violation)->claims.sequence, sent.sequence);
  EXPECT_EQ((*violation)->claims.event, sent.event);
}

TEST(BoundedViolation, CanBeSignedWhateverAWorkerSays) {
  const auto key = crypto::PrivateKey::generate_p256();
  for (const auto kind :
       {ViolationKind::system_call, ViolationKind::malformed_reply, ViolationKind::deadline,
        ViolationKind::memory, ViolationKind::crash, ViolationKind::drift})
    for (const std::string& words :
         {std::string(), std::string("\0\x1b[2J\xff", 6), std::string(100'000, 'x')})
      for (const bool has_call : {true, false}) {
        ViolationClaims said = claims();
        said.event.kind = kind;
        said.event.detail = words;
        said.event.call->name = words;
        said.event.time += std::chrono::milliseconds(7);
        if (!has_call) said.event.call.reset();
        said.event = bounded(std::move(said.event));
        const auto signed_one = sign_violation(said, key);
        ASSERT_TRUE(signed_one) << describe(signed_one.error());
        EXPECT_EQ((*verify_violation(*signed_one, key.public_key()))->claims.event, said.event);
        EXPECT_LE(signed_one->size(), 4'000U);
      }
}

TEST(DescribedViolation, FitsOneLineForAPerson) {
  Violation event = claims().event;
  EXPECT_EQ(describe(event), "system call socket (41) of x86_64 while loading");
  event.kind = ViolationKind::malformed_reply;
  event.phase = ViolationPhase::serve;
  event.detail = "a shape of 2^62";
  EXPECT_EQ(describe(bounded(event)), "malformed reply (a shape of 2^62) while serving");
}

TEST(BoundedViolation, ChangesNothingThatIsInOrder) {
  EXPECT_EQ(bounded(claims().event), claims().event);
}

}  // namespace
}  // namespace vedette::ledger
