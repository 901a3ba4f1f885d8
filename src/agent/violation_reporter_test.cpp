#include "agent/violation_reporter.h"

#include <deque>
#include <filesystem>

#include <gtest/gtest.h>

#include "testing/fake_clock.h"
#include "testing/temporary_folder.h"
#include "testing/violation_scene.h"

namespace vedette::agent {
namespace {

using codec::Json;
using testing::forbidden_socket;
using testing::missed_deadline;

// Answers in turn what it was given, and remembers what it was sent.
class ScriptedServer final : public platform::HttpClient {
 public:
  Result<platform::HttpResponse> send(const platform::HttpRequest& request) override {
    requests.push_back(request);
    if (answers.empty()) return refuse("NET-UNREACHABLE", "nobody is there");
    platform::HttpResponse response;
    response.body = to_bytes(answers.front());
    answers.pop_front();
    return response;
  }
  Result<platform::HttpResponse> download(
      const platform::HttpRequest& /*request*/,
      const std::function<Result<void>(ByteView)>& /*sink*/) override {
    return refuse("NET-UNREACHABLE", "nobody is there");
  }
  Result<Bytes> channel_binding() override { return refuse("NET-UNREACHABLE", "nobody is there"); }
  bool connected() override { return true; }

  std::deque<std::string> answers;
  std::vector<platform::HttpRequest> requests;
};

class ViolationReporterTest : public ::testing::Test {
 protected:
  std::vector<std::string> sent(std::size_t request) {
    const auto body = codec::parse_json(as_text(server_.requests.at(request).body));
    std::vector<std::string> texts;
    for (const Json& one : *(*body->array("violations"))->if_array())
      texts.push_back(*one.if_string());
    return texts;
  }
  std::string report() {
    const auto reported = reporter_.report_once(server_, verdict_);
    return reported ? "" : reported.error().code;
  }
  void sign() { ASSERT_TRUE(reporter_.sign_recorded(*DeviceId::parse("drone"), key_).has_value()); }

  TemporaryFolder folder_;
  FakeClock clock_;
  std::unique_ptr<ViolationStore> store_ = *ViolationStore::load(folder_.path(), clock_.now());
  std::unique_ptr<Quarantine> quarantine_ = *Quarantine::load(folder_.path());
  std::vector<std::pair<std::string, std::string>> told_;
  ViolationReporter reporter_{clock_, *store_, *quarantine_,
                              [this](const std::string& text, std::optional<Error> error) {
                                told_.emplace_back(text, error ? error->code : "");
                              }};
  crypto::PrivateKey key_ = crypto::PrivateKey::generate_p256();
  ScriptedServer server_;
  Verdict verdict_{.device = *DeviceId::parse("drone"),
                   .ear = "token",
                   .expires_at = {},
                   .attest_again_at = {},
                   .epoch = Epoch{3}};
};

TEST_F(ViolationReporterTest, WhenItReturnsTheEventAndTheQuarantineAreOnDisk) {
  reporter_.attested(Epoch{3});
  reporter_.record(forbidden_socket());
  const auto store = *ViolationStore::load(folder_.path(), clock_.now());
  const auto kept = store->oldest(ViolationState::recorded, 9);
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].epoch, Epoch{3});
  EXPECT_EQ(to_unix_seconds(kept[0].event.time), to_unix_seconds(clock_.now()));
  EXPECT_EQ(kept[0].event.call, forbidden_socket().call);
  EXPECT_TRUE((*Quarantine::load(folder_.path()))->contains(forbidden_socket().model_root));
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].first, "voice release 2: system call socket (41) of x86_64 while serving");
}

TEST_F(ViolationReporterTest, OnlyWhatCondemnsAtOnceIsQuarantined) {
  reporter_.record(missed_deadline());
  EXPECT_FALSE(quarantine_->contains(missed_deadline().model_root));
  auto reply = missed_deadline();
  reply.kind = ledger::ViolationKind::malformed_reply;
  reporter_.record(reply);
  EXPECT_TRUE(quarantine_->contains(reply.model_root));
}

TEST_F(ViolationReporterTest, WhereTheDiskRefusesTheModelIsKeptOutAndTheLossIsTold) {
  std::filesystem::rename(folder_.path(), folder_.path() + ".gone");
  reporter_.record(forbidden_socket());
  std::filesystem::rename(folder_.path() + ".gone", folder_.path());
  EXPECT_TRUE(quarantine_->contains(forbidden_socket().model_root));
  ASSERT_EQ(told_.size(), 2U);
  EXPECT_EQ(told_[0].second, "FILE-CREATE");
  EXPECT_EQ(told_[1].second, "FILE-CREATE");
  EXPECT_EQ(*reporter_.status().integer("lost"), 1);
}

TEST_F(ViolationReporterTest, WordsOfAHostileWorkerDoNotKeepItsEvidenceAway) {
  auto reply = missed_deadline();
  reply.kind = ledger::ViolationKind::malformed_reply;
  reply.detail = std::string(10'000, '\x1b');
  reporter_.record(reply);
  EXPECT_EQ(store_->counts().recorded, 1U);
}

TEST_F(ViolationReporterTest, NothingIsSentUnsigned) {
  reporter_.record(forbidden_socket());
  EXPECT_EQ(report(), "");
  EXPECT_TRUE(server_.requests.empty());
  EXPECT_TRUE(reporter_.has_unsigned());
  EXPECT_FALSE(reporter_.has_unsent());
}

TEST_F(ViolationReporterTest, SendsTheSameTextsInOrderUntilTheServerHasDecided) {
  reporter_.record(forbidden_socket(1));
  reporter_.record(forbidden_socket(2));
  sign();
  EXPECT_EQ(report(), "NET-UNREACHABLE");
  server_.answers = {R"({"accepted":0,"duplicates":2,"refused":[]})"};
  EXPECT_EQ(report(), "");
  EXPECT_EQ(sent(0), sent(1));
  EXPECT_EQ(server_.requests[0].target, "/v1/violations");
  const auto first = ledger::verify_violation(sent(0).at(0), key_.public_key());
  const auto second = ledger::verify_violation(sent(0).at(1), key_.public_key());
  ASSERT_TRUE(first && second);
  EXPECT_EQ((*first)->claims.event.model_root[0], 1);
  EXPECT_EQ((*second)->claims.sequence, (*first)->claims.sequence + 1);
  EXPECT_EQ(report(), "");
  EXPECT_EQ(server_.requests.size(), 2U);
  EXPECT_EQ(store_->counts().taken, 2U);
}

TEST_F(ViolationReporterTest, WhatTheServerRefusesForGoodIsKeptButNotSentAgain) {
  reporter_.record(forbidden_socket(1));
  reporter_.record(forbidden_socket(2));
  sign();
  server_.answers = {
      R"({"accepted":1,"duplicates":0,"refused":[{"index":0,"code":"VIO-RELEASE","message":"m"}]})"};
  EXPECT_EQ(report(), "VIO-RELEASE");
  EXPECT_EQ(store_->counts().refused, 1U);
  EXPECT_EQ(store_->counts().taken, 1U);
}

TEST_F(ViolationReporterTest, AnAnswerThatDoesNotAddUpSettlesNothing) {
  reporter_.record(forbidden_socket());
  sign();
  for (const char* answer :
       {"{}", R"({"accepted":0,"duplicates":0,"refused":[]})",
        R"({"accepted":2,"duplicates":-1,"refused":[]})",
        R"({"accepted":0,"duplicates":0,"refused":[{"index":1,"code":"A-B","message":"m"}]})"}) {
    server_.answers = {answer};
    EXPECT_NE(report(), "") << answer;
    EXPECT_EQ(store_->counts().sealed, 1U) << answer;
  }
}

TEST_F(ViolationReporterTest, AKeyThatRefusesLeavesTheOrderAsItIs) {
  class Refusing final : public crypto::DigestSigner {
   public:
    Result<crypto::EcdsaSignature> sign_digest(const crypto::Sha256Digest& /*digest*/) override {
      return refuse("TPM-FAILED", "the TPM is busy");
    }
  };
  reporter_.record(forbidden_socket());
  const auto broken =
      *crypto::PrivateKey::delegated(key_.public_key(), std::make_shared<Refusing>());
  EXPECT_FALSE(reporter_.sign_recorded(*DeviceId::parse("drone"), broken).has_value());
  EXPECT_TRUE(reporter_.has_unsigned());
  sign();
  EXPECT_TRUE(reporter_.has_unsent());
}

}  // namespace
}  // namespace vedette::agent
