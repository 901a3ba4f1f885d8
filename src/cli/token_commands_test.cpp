#include <gtest/gtest.h>

#include "cli/canned_server.h"
#include "crypto/authority_sample.h"
#include "crypto/jwk_set.h"
#include "identity/access_token.h"

namespace vedette::cli {
namespace {

class TokenVerify : public ::testing::Test {
 protected:
  TokenVerify() {
    desk_.write("device.pem", certificate_.pem());
    desk_.write("other.pem", issue().pem());
    const crypto::Jwk jwk{"k1", key_.public_key(), {}};
    desk_.write("jwks.json", crypto::to_jwk_set(std::span(&jwk, 1)).value());
    desk_.write("token",
                identity::issue_access_token({.issuer = "spiffe://edge.example/server/verifier",
                                              .subject = "spiffe://edge.example/device/drone-1",
                                              .audience = "https://maps.example",
                                              .id = "0011",
                                              .group = GroupId::parse("drones").value(),
                                              .epoch = Epoch{3},
                                              .attested_at = now_,
                                              .certificate = certificate_.fingerprint(),
                                              .issued_at = now_,
                                              .expires_at = now_ + std::chrono::minutes(5)},
                                             key_, "k1")
                        .value() +
                    "\n");
  }

  [[nodiscard]] crypto::Certificate issue() const {
    return authority_
        .issue(crypto::AuthoritySample::client_profile(),
               crypto::PrivateKey::generate_p256().public_key())
        .value();
  }
  Outcome verify(const std::string& certificate, const std::string& audience,
                 const std::vector<std::string>& more = {}) {
    std::vector<std::string> line{"token",
                                  "verify",
                                  desk_.path("token"),
                                  "--keys",
                                  desk_.path("jwks.json"),
                                  "--certificate",
                                  desk_.path(certificate),
                                  "--trust-domain",
                                  "edge.example",
                                  "--audience",
                                  audience};
    line.insert(line.end(), more.begin(), more.end());
    return desk_.run_json(line);
  }

  Desk desk_;
  const TimePoint now_ = FixedClock().now();
  const crypto::AuthoritySample authority_;
  const crypto::PrivateKey key_ = crypto::PrivateKey::generate_p256();
  const crypto::Certificate certificate_ = issue();
};

TEST_F(TokenVerify, RefusesWithThreeWhatARelyingPartyMustNotTake) {
  const Outcome stolen = verify("other.pem", "https://maps.example");
  EXPECT_EQ(stolen.refusal(), "TOKEN-BINDING");
  EXPECT_EQ(stolen.code, 3);
  EXPECT_EQ(verify("device.pem", "https://other.example").refusal(), "TOKEN-AUDIENCE");
  const Outcome late =
      verify("device.pem", "https://maps.example", {"--at", "2026-11-23T12:58:00Z"});
  EXPECT_EQ(late.refusal(), "TOKEN-EXPIRED");
  EXPECT_EQ(late.code, 3);
  desk_.write("jwks.json", R"({"keys":[]})");
  EXPECT_EQ(verify("device.pem", "https://maps.example").refusal(), "TOKEN-KEY");
}

TEST_F(TokenVerify, ExitsOtherwiseWhereItCouldNotJudge) {
  EXPECT_EQ(verify("nowhere.pem", "https://maps.example").code, 1);
  EXPECT_EQ(desk_.run({"token", "verify", desk_.path("token")}).code, 2);
}

TEST_F(TokenVerify, TellsWhomAGoodTokenAffirmsAndSince) {
  const Outcome good = verify("device.pem", "https://maps.example");
  EXPECT_EQ(good.code, 0) << good.out;
  EXPECT_EQ(good.json().string("subject").value(), "spiffe://edge.example/device/drone-1");
  EXPECT_EQ(good.json().string("expires_at").value(), "2026-11-23T12:58:00Z");
  EXPECT_TRUE(desk_.server.requests().empty()) << "it asks nobody";
}

}  // namespace
}  // namespace vedette::cli
