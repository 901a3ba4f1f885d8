#include "identity/renewal_info.h"

#include <array>

#include <gtest/gtest.h>

#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/jws.h"
#include "identity/authority.h"

namespace vedette::identity {
namespace {

using crypto::PrivateKey;

class RenewalToken : public ::testing::Test {
 protected:
  [[nodiscard]] crypto::Certificate signer(const char* name = "verifier") const {
    return authority_
        .issue_server(ServerId::parse(name).value(), {}, key_.public_key(), now_,
                      std::chrono::hours(24))
        .value();
  }

  [[nodiscard]] RenewalInfo info() const {
    return {.issuer = "spiffe://edge.example/server/verifier",
            .device = id_.str(),
            .certificate = leaf_.fingerprint(),
            .window = suggested_window(life_of(leaf_), id_.str()),
            .ask_again = std::chrono::seconds(300),
            .issued_at = now_};
  }

  [[nodiscard]] std::string code(const std::string& token, const crypto::Certificate& by,
                                 TimePoint now) const {
    const auto advice = verify_renewal_info(token, by, std::span(&authority_.issuing(), 1),
                                            {.roots = std::span(&authority_.root(), 1),
                                             .device = id_,
                                             .certificate = leaf_,
                                             .now = now});
    return advice ? "believed" : advice.error().code;
  }
  [[nodiscard]] std::string code(const RenewalInfo& said) const {
    return code(issue_renewal_info(said, key_).value(), signer(), now_);
  }
  // The sound token with one member set otherwise.
  [[nodiscard]] std::string with(const char* member, codec::Json value) const {
    const auto sound = crypto::verify_jws(issue_renewal_info(info(), key_).value(), kRenewalType,
                                          key_.public_key());
    codec::Json json = codec::parse_json(*sound).value();
    json.set(member, std::move(value));
    return code(crypto::sign_jws({kRenewalType, {}}, codec::to_json(json), key_).value(), signer(),
                now_);
  }

  TimePoint now_ = from_unix_seconds(1'795'000'000);
  TrustDomain domain_ = TrustDomain::parse("edge.example").value();
  CertificateAuthority authority_ =
      CertificateAuthority::open(domain_,
                                 CertificateAuthority::create(domain_, now_).value().material, now_)
          .value();
  PrivateKey key_ = PrivateKey::generate_p256();
  DeviceId device_ = DeviceId::parse("drone-1").value();
  SpiffeId id_{domain_, device_};
  crypto::Certificate leaf_ = authority_
                                  .issue_device(device_, PrivateKey::generate_p256().public_key(),
                                                now_, std::chrono::hours(1))
                                  .value();
};

TEST_F(RenewalToken, AForgedOneIsRefused) {
  const auto forged = issue_renewal_info(info(), PrivateKey::generate_p256()).value();
  EXPECT_EQ(code(forged, signer(), now_), "JWS-SIGNATURE");
}

TEST_F(RenewalToken, NobodyButTheVerifierMaySignOne) {
  const auto token = issue_renewal_info(info(), key_).value();
  EXPECT_EQ(code(token, signer("control-plane"), now_), "RENEW-SIGNER");
  const auto device = authority_.issue_device(DeviceId::parse("drone-2").value(), key_.public_key(),
                                              now_, std::chrono::hours(1));
  EXPECT_EQ(code(token, *device, now_), "RENEW-SIGNER");
  const auto other =
      CertificateAuthority::open(domain_,
                                 CertificateAuthority::create(domain_, now_).value().material, now_)
          .value()
          .issue_server(ServerId::parse("verifier").value(), {}, key_.public_key(), now_,
                        std::chrono::hours(24));
  EXPECT_EQ(code(token, *other, now_), "CERT-UNTRUSTED");
}

TEST_F(RenewalToken, ATokenOfAnotherKindIsRefused) {
  const auto sound =
      crypto::verify_jws(issue_renewal_info(info(), key_).value(), kRenewalType, key_.public_key());
  EXPECT_EQ(code(crypto::sign_jws({"eat+jwt", {}}, *sound, key_).value(), signer(), now_),
            "JWS-TYPE");
}

TEST_F(RenewalToken, AnotherDevicesIsRefused) {
  RenewalInfo said = info();
  said.device = "spiffe://edge.example/device/drone-2";
  EXPECT_EQ(code(said), "RENEW-AUDIENCE");
  said = info();
  said.issuer = "spiffe://edge.example/server/other";
  EXPECT_EQ(code(said), "RENEW-ISSUER");
}

TEST_F(RenewalToken, OneForAFormerCertificateIsRefused) {
  RenewalInfo said = info();
  said.certificate[0] ^= 1U;
  EXPECT_EQ(code(said), "RENEW-CERTIFICATE");
}

TEST_F(RenewalToken, AStaleOneOrOneFromTheFutureIsRefused) {
  RenewalInfo said = info();
  said.issued_at = now_ - std::chrono::hours(24);
  EXPECT_EQ(code(said), "RENEW-STALE");
  said.issued_at = now_ + std::chrono::seconds(61);
  EXPECT_EQ(code(said), "RENEW-STALE");
  EXPECT_EQ(with("exp", to_unix_seconds(now_) + std::int64_t{25} * 3600), "RENEW-STALE");
  EXPECT_EQ(with("exp", to_unix_seconds(now_) - 1), "RENEW-STALE");
}

TEST_F(RenewalToken, AWindowThatCannotBeFollowedIsRefused) {
  const CertificateLife life = life_of(leaf_);
  for (const RenewalWindow window :
       {RenewalWindow{now_ + std::chrono::seconds(100), now_ + std::chrono::seconds(100)},
        RenewalWindow{now_ + std::chrono::seconds(100), now_ + std::chrono::seconds(50)},
        RenewalWindow{latest_renewal(life) + std::chrono::seconds(1),
                      latest_renewal(life) + std::chrono::seconds(100)},
        RenewalWindow{life.not_before - std::chrono::seconds(100),
                      earliest_renewal(life) - std::chrono::seconds(1)}}) {
    RenewalInfo said = info();
    said.window = window;
    EXPECT_EQ(code(said), "RENEW-WINDOW");
  }
}

TEST_F(RenewalToken, AMalformedOneIsRefused) {
  for (const char* member : {"iss", "aud", "cnf", "iat", "exp", "start", "end", "retry_after"})
    EXPECT_EQ(with(member, codec::Json(true)), "RENEW-SYNTAX") << member;
  EXPECT_EQ(with("start", codec::Json(std::int64_t{-1})), "RENEW-SYNTAX");
}

TEST_F(RenewalToken, TheVerifiersWordForThisCertificateIsBelieved) {
  EXPECT_EQ(code(info()), "believed");
}

TEST_F(RenewalToken, WhenToAskAgainIsHeldWithinBounds) {
  const auto asked = [&](Duration wish) {
    RenewalInfo said = info();
    said.ask_again = wish;
    return verify_renewal_info(issue_renewal_info(said, key_).value(), signer(),
                               std::span(&authority_.issuing(), 1),
                               {.roots = std::span(&authority_.root(), 1),
                                .device = id_,
                                .certificate = leaf_,
                                .now = now_})
        .value()
        .ask_again;
  };
  EXPECT_EQ(asked(std::chrono::seconds(0)), kSoonestQuestion);
  EXPECT_EQ(asked(std::chrono::seconds(300)), std::chrono::seconds(300));
  EXPECT_EQ(asked(std::chrono::hours(1000)), kLatestQuestion);
}

}  // namespace
}  // namespace vedette::identity
