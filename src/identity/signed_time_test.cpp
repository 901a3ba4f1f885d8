#include "identity/signed_time.h"

#include <gtest/gtest.h>

#include "codec/json.h"
#include "crypto/jws.h"
#include "identity/authority.h"

namespace vedette::identity {
namespace {

using crypto::PrivateKey;
using std::chrono::hours;

class SignedTime : public ::testing::Test {
 protected:
  [[nodiscard]] crypto::Certificate signer(const char* name = "verifier") const {
    return authority_
        .issue_server(ServerId::parse(name).value(), {}, key_.public_key(), now_, hours(24))
        .value();
  }
  [[nodiscard]] std::string token(TimePoint time) const {
    return issue_signed_time("spiffe://edge.example/server/verifier", nonce_, time, key_).value();
  }
  [[nodiscard]] std::string code(const std::string& jws, const crypto::Certificate& by,
                                 const Bytes& nonce) const {
    const auto time = verify_signed_time(
        jws, by, std::span(&authority_.issuing(), 1),
        {.roots = std::span(&authority_.root(), 1), .trust_domain = domain_, .nonce = nonce});
    return time ? "" : time.error().code;
  }
  [[nodiscard]] std::string code(const std::string& jws) const {
    return code(jws, signer(), nonce_);
  }
  [[nodiscard]] std::string with(const char* member, codec::Json value) const {
    codec::Json json =
        codec::parse_json(crypto::verify_jws(token(now_), kTimeType, key_.public_key()).value())
            .value();
    json.set(member, std::move(value));
    return code(crypto::sign_jws({kTimeType, {}}, codec::to_json(json), key_).value());
  }

  TimePoint now_ = from_unix_seconds(1'795'000'000);
  TrustDomain domain_ = TrustDomain::parse("edge.example").value();
  CertificateAuthority authority_ =
      CertificateAuthority::open(domain_,
                                 CertificateAuthority::create(domain_, now_).value().material, now_)
          .value();
  PrivateKey key_ = PrivateKey::generate_p256();
  Bytes nonce_ = Bytes(32, 7);
};

TEST_F(SignedTime, OfAForgerIsRefused) {
  const auto forged = issue_signed_time("spiffe://edge.example/server/verifier", nonce_, now_,
                                        PrivateKey::generate_p256());
  EXPECT_EQ(code(*forged), "JWS-SIGNATURE");
}

TEST_F(SignedTime, OfAnybodyButTheVerifierIsRefused) {
  EXPECT_EQ(code(token(now_), signer("control-plane"), nonce_), "TIME-SIGNER");
  const auto device =
      authority_.issue_device(DeviceId::parse("drone").value(), key_.public_key(), now_, hours(1));
  EXPECT_EQ(code(token(now_), *device, nonce_), "TIME-SIGNER");
  EXPECT_EQ(with("iss", "spiffe://edge.example/server/other"), "TIME-ISSUER");
  const auto foreign =
      CertificateAuthority::open(domain_,
                                 CertificateAuthority::create(domain_, now_).value().material, now_)
          .value()
          .issue_server(ServerId::parse("verifier").value(), {}, key_.public_key(), now_,
                        hours(24));
  EXPECT_EQ(code(token(now_), *foreign, nonce_), "CERT-UNTRUSTED");
}

TEST_F(SignedTime, OfAnotherQuestionIsRefused) {
  EXPECT_EQ(code(token(now_), signer(), Bytes(32, 8)), "TIME-NONCE");
  EXPECT_EQ(code(token(now_), signer(), Bytes(16, 7)), "TIME-NONCE");
  EXPECT_EQ(code(token(now_), signer(), {}), "TIME-NONCE");
  for (const std::size_t octets : {std::size_t{0}, std::size_t{15}, std::size_t{65}})
    EXPECT_EQ(issue_signed_time("i", Bytes(octets, 1), now_, key_).error().code, "TIME-NONCE");
}

// A key that was lost after its certificate ended tells no later time than that.
TEST_F(SignedTime, AtWhichItsSignerWasNotCertifiedIsRefused) {
  EXPECT_EQ(code(token(now_ + hours(25))), "CERT-EXPIRED");
  EXPECT_EQ(code(token(now_ - hours(5 * 8760))), "CERT-NOT-YET-VALID");
  EXPECT_EQ(code(token(now_ + hours(10 * 8760))), "CERT-EXPIRED");
}

TEST_F(SignedTime, ThatIsMalformedOrOfAnotherKindIsRefused) {
  for (const char* member : {"iss", "nonce", "time"})
    EXPECT_EQ(with(member, codec::Json(true)), "TIME-SYNTAX") << member;
  EXPECT_EQ(with("time", std::int64_t{-1}), "TIME-SYNTAX");
  EXPECT_EQ(with("time", 1.7e12), "TIME-SYNTAX");
  const auto payload = crypto::verify_jws(token(now_), kTimeType, key_.public_key());
  EXPECT_EQ(code(crypto::sign_jws({"eat+jwt", {}}, *payload, key_).value()), "JWS-TYPE");
}

TEST_F(SignedTime, IsToldToTheMillisecond) {
  const TimePoint time = now_ + Duration(1234);
  const auto told = verify_signed_time(
      token(time), signer(), std::span(&authority_.issuing(), 1),
      {.roots = std::span(&authority_.root(), 1), .trust_domain = domain_, .nonce = nonce_});
  ASSERT_TRUE(told.has_value()) << describe(told.error());
  EXPECT_EQ(*told, time);
}

}  // namespace
}  // namespace vedette::identity
