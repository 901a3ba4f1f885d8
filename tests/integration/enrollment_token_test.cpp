// Tokens for the first enrolment, and what is tried with those of others.
#include <fstream>

#include "server/device_json.h"

#include "enrolling_tpm_fixture.h"
#include "watched_client.h"

namespace vedette {
namespace {

void want_tokens(server::ServerConfig& config) {
  config.token_groups = {"g"};
}

class TokenEnrolment : public EnrollingTpm {
 protected:
  TokenEnrolment() : EnrollingTpm(want_tokens) {}
  void SetUp() override {
    EnrollingTpm::SetUp();
    if (IsSkipped()) return;
    allow("drone");
    client_ = enrollment_client();
  }

  [[nodiscard]] std::string token(const std::string& of, const std::string& group = "g") {
    codec::Json body;
    body.set("group", group).set("endorsement_sha256", of).set("valid_seconds", 3600);
    const auto admin = operator_client();
    const auto answer =
        admin->send(platform::json_request("POST", "/v1/enrollment-tokens", body)).value();
    return codec::parse_json(as_text(answer.body)).value().string("token").value_or("");
  }
  [[nodiscard]] std::string enrolled(const std::optional<std::string>& token) {
    return enrolled(*client_, *tpm_, *key_, token);
  }
  static std::string enrolled(platform::HttpClient& client, platform::Tpm& tpm,
                              const crypto::PrivateKey& key,
                              const std::optional<std::string>& token) {
    const auto chain = agent::enroll(client, tpm, {key}, nullptr, token);
    return chain ? "" : chain.error().code;
  }

  Client client_;
};

TEST_F(TokenEnrolment, WithoutATokenIsRefusedWhereTheGroupWantsOne) {
  EXPECT_EQ(enrolled({}), "ENR-TOKEN-MISSING");
}

TEST_F(TokenEnrolment, ATokenThatNobodyMadeIsRefused) {
  const auto made = identity::make_enrollment_token();
  EXPECT_EQ(enrolled(std::string(as_text(made.text.expose()))), "ENR-TOKEN-UNKNOWN");
  EXPECT_EQ(enrolled("secret"), "ENR-TOKEN-SYNTAX");
}

// Group 11: wrong tenant.
TEST_F(TokenEnrolment, ATokenOfAnotherTpmOrGroupIsRefused) {
  EXPECT_EQ(enrolled(token(std::string(64, 'a'))), "ENR-TOKEN-EK");
  EXPECT_EQ(enrolled(token(endorsement_hex(), "others")), "ENR-TOKEN-GROUP");
}

// Group 11: expired.
TEST_F(TokenEnrolment, ATokenThatExpiredIsRefused) {
  const auto made = identity::make_enrollment_token();
  const identity::EnrollmentToken late{
      .sha256 = made.sha256,
      .group = GroupId::parse("g").value(),
      .endorsement_sha256 = server::parse_sha256(endorsement_hex()).value(),
      .expires_at = clock_.now() - std::chrono::seconds(1)};
  ASSERT_TRUE(store_->write([&](platform::UnitOfWork& unit) {
    return unit.enrollment_tokens().add(late, clock_.now());
  }));
  EXPECT_EQ(enrolled(std::string(as_text(made.text.expose()))), "ENR-TOKEN-EXPIRED");
}

// A token names its TPM: there is none for whoever finds it, and none that lasts.
TEST_F(TokenEnrolment, ATokenForNobodyIsNotMade) {
  const auto admin = operator_client();
  const auto refused = [&](const std::string& members) {
    return post(*admin, "/v1/enrollment-tokens", R"({"group":"g")" + members + "}");
  };
  const std::string hash = R"(,"endorsement_sha256":")" + endorsement_hex() + "\"";
  EXPECT_EQ(refused(R"(,"valid_seconds":3600)"), "HTTP-VALUE");
  EXPECT_EQ(refused(hash + R"(,"certificate_serial":"0a","valid_seconds":3600)"), "HTTP-VALUE");
  EXPECT_EQ(refused(hash + R"(,"valid_seconds":59)"), "HTTP-VALUE");
  EXPECT_EQ(refused(hash + R"(,"valid_seconds":2592001)"), "HTTP-VALUE");
  EXPECT_EQ(refused(R"(,"certificate_serial":"0A","valid_seconds":3600)"), "HEX-SYNTAX");
}

TEST_F(TokenEnrolment, ATokenLetsItsTpmEnrolAndIsNotAskedForAgain) {
  const std::string once = token(endorsement_hex());
  EXPECT_EQ(enrolled(once), "");
  EXPECT_EQ(enrolled(once), "") << "its answer may have been lost";
  EXPECT_EQ(enrolled({}), "") << "it is on record";
  EXPECT_EQ(token(endorsement_hex()), "") << "none is made for a TPM that enrolled";
}

// Group 11: two at once, at two servers on one store; the TPM has made other keys in between.
TEST_F(TokenEnrolment, OfTwoThatComeAtOnceAtTwoServersOneWins) {
  server::ServerConfig config;
  config.keys.insecure_unencrypted = true;
  config.state_folder = folder_ / "state";
  config.trust_domain = "test.vedette";
  config.ip_addresses = {"127.0.0.1"};
  config.registers = {0, 4};
  config.token_groups = {"g"};
  const auto replica = server::Server::start(config, {clock_, *http_, *store_, *blobs_});
  ASSERT_TRUE(replica.has_value()) << describe(replica.error());
  const TemporaryFolder other_keys;
  const std::string once = token(endorsement_hex());
  std::string first;
  WatchedClient interrupted(*client_, [&](const platform::HttpRequest& request) {
    if (!request.target.ends_with("/simpleenroll")) return;
    key_.reset();  // the emulator speaks to one at a time, and the request is signed
    tpm_.reset();
    const auto again = platform::open_esys_tpm({emulator_->tcti(), other_keys / "keys"}).value();
    const auto other = client((*replica)->ports().enrollment, {}, publisher_);
    first = enrolled(*other, *again, agent::device_private_key(*again).value(), once);
  });
  EXPECT_EQ(enrolled(interrupted, *tpm_, *key_, once), "ENR-TOKEN-USED");
  EXPECT_EQ(first, "");
}

// The log tells which token it was, and not the token.
TEST_F(TokenEnrolment, TheTokenItselfIsKeptNowhere) {
  const std::string once = token(endorsement_hex());
  ASSERT_EQ(enrolled(once), "");
  for (const char* file : {"state/server.db", "state/server.db-wal"}) {
    std::ifstream stream(folder_ / file, std::ios::binary);
    const std::string content((std::istreambuf_iterator<char>(stream)), {});
    EXPECT_EQ(content.find(once.substr(once.size() - 40)), std::string::npos) << file;
    if (!std::string(file).ends_with("wal")) continue;
    EXPECT_NE(content.find("token_sha256"), std::string::npos) << "the log's entry is there";
  }
}

}  // namespace
}  // namespace vedette
