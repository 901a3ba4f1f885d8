// EST as an attacker would speak it, over real TLS (docs/identity-attacks.md).
#include "codec/base64.h"
#include "crypto/certificate.h"

#include "control_plane_fixture.h"

namespace vedette {
namespace {

constexpr const char* kReenroll = "/.well-known/est/simplereenroll";
constexpr const char* kUri = "spiffe://test.vedette/device/drone";

class AttackOnRenewal : public ControlPlane {
 protected:
  explicit AttackOnRenewal(const std::function<void(server::ServerConfig&)>& adjust = {})
      : ControlPlane(adjust) {}

  [[nodiscard]] Client drone() {
    return client(server_->ports().device, drone_.certificate, drone_.key);
  }
  static std::string body_of(const crypto::PrivateKey& key, const std::string& name,
                             const std::string& uri) {
    return codec::to_base64(crypto::make_certificate_request(key, name, uri).value());
  }
  static Result<platform::HttpResponse> send(platform::HttpClient& client,
                                             const std::string& target, const std::string& body,
                                             const std::string& bearer = {}) {
    platform::HttpRequest request{.method = "POST",
                                  .target = target,
                                  .headers = {{"content-type", "application/pkcs10"}},
                                  .body = to_bytes(body)};
    if (!bearer.empty()) request.headers.emplace_back("authorization", "Bearer " + bearer);
    return client.send(request);
  }
  [[nodiscard]] std::string renew(const std::string& body) {
    return code(send(*drone(), kReenroll, body));
  }

  Enrolled drone_ = enroll("drone");
  std::string sound_ = body_of(drone_.key, "drone", kUri);
};

// Certification requests.

TEST_F(AttackOnRenewal, ARequestForAnotherKeyIsRefused) {
  EXPECT_EQ(renew(body_of(crypto::PrivateKey::generate_p256(), "drone", kUri)), "ENR-CSR-KEY");
  EXPECT_EQ(renew(sound_), "");
}

TEST_F(AttackOnRenewal, ARequestThatItsKeyDidNotSignIsRefused) {
  Bytes der = codec::from_base64(sound_).value();
  der.back() ^= 1U;
  const std::string refused = renew(codec::to_base64(der));
  EXPECT_EQ(refused, "CSR-SIGNATURE");
}

TEST_F(AttackOnRenewal, GarbageAndOctetsBehindAreRefused) {
  Bytes longer = codec::from_base64(sound_).value();
  longer.push_back(0);
  EXPECT_EQ(renew(codec::to_base64(longer)), "CSR-SYNTAX");
  EXPECT_EQ(renew("%%%%"), "BASE64-SYNTAX");
  EXPECT_EQ(renew(codec::to_base64(Bytes(300, 0xA5))), "CSR-SYNTAX");
}

TEST_F(AttackOnRenewal, TenMegabytesAreRefusedOnEitherListener) {
  const std::string huge(10U << 20U, 'A');
  const auto to_device_plane = send(*drone(), kReenroll, huge);
  EXPECT_EQ(code(to_device_plane), "EST-SIZE");
  EXPECT_EQ(to_device_plane->status, 413);
  // From whoever comes, it is not even received.
  const auto anonymous = send(*enrollment_client(), "/.well-known/est/simpleenroll", huge);
  EXPECT_EQ(code(anonymous), "HTTP-BODY-SIZE");
}

// Renewals.

TEST_F(AttackOnRenewal, AnAlteredSubjectOrNameIsRefused) {
  EXPECT_EQ(renew(body_of(drone_.key, "drone-2", kUri)), "ENR-CSR-SUBJECT");
  EXPECT_EQ(renew(body_of(drone_.key, "drone", "spiffe://test.vedette/device/drone-2")),
            "ENR-CSR-SAN");
  EXPECT_EQ(renew(body_of(drone_.key, "drone", "spiffe://test.vedette/operator/admin")),
            "ENR-CSR-SAN");
  EXPECT_EQ(renew(body_of(drone_.key, "drone", "")), "ENR-CSR-SAN");
}

TEST_F(AttackOnRenewal, ATokenInPlaceOfTheCertificateIsRefused) {
  const auto anonymous = enrollment_client();
  for (const char* token : {"", "e30.e30.e30"}) {
    const auto answer = send(*anonymous, kReenroll, sound_, token);
    EXPECT_EQ(code(answer), "EST-CLIENT-CERTIFICATE");
    EXPECT_EQ(answer->status, 403);
  }
  const auto nobody = client(server_->ports().device, {}, publisher_);
  EXPECT_EQ(code(send(*nobody, kReenroll, sound_, "e30.e30.e30")), "NET-TLS");
}

TEST_F(AttackOnRenewal, AThirdPartysCertificateIsRefused) {
  const auto domain = identity::TrustDomain::parse("test.vedette").value();
  const auto made = identity::CertificateAuthority::create(domain, clock_.now()).value();
  const auto other =
      identity::CertificateAuthority::open(domain, made.material, clock_.now()).value();
  const auto leaf = other.issue_device(DeviceId::parse("drone").value(), drone_.key.public_key(),
                                       clock_.now(), std::chrono::hours(1));
  const auto stranger = client(server_->ports().device, *leaf, drone_.key);
  EXPECT_EQ(code(send(*stranger, kReenroll, sound_)), "NET-TLS");
}

TEST_F(AttackOnRenewal, AnotherDevicesCertificateRenewsOnlyThatDevice) {
  const Enrolled other = enroll("camera");
  const auto camera = client(server_->ports().device, other.certificate, other.key);
  EXPECT_EQ(code(send(*camera, kReenroll, sound_)), "ENR-CSR-SUBJECT");
  EXPECT_EQ(code(send(*camera, kReenroll, body_of(other.key, "camera", kUri))), "ENR-CSR-SAN");
}

TEST_F(AttackOnRenewal, AfterExpiryThereIsNothingToRenew) {
  using std::chrono_literals::operator""s;
  // It ended a second ago, and the authority is as young as this test.
  const auto leaf = keys_->authority.issue_device(DeviceId::parse("drone").value(),
                                                  drone_.key.public_key(), clock_.now() - 30s, 29s);
  ASSERT_TRUE(leaf.has_value()) << describe(leaf.error());
  const auto late = client(server_->ports().device, *leaf, drone_.key);
  EXPECT_EQ(code(send(*late, kReenroll, sound_)), "NET-TLS");
}

// What EST has and this server has not.

TEST_F(AttackOnRenewal, KeysFromTheServerFullCmcAndLabelsAreRefusedWithAReason) {
  const auto anonymous = enrollment_client();
  const auto known = drone();
  for (platform::HttpClient* const at : {anonymous.get(), known.get()}) {
    const auto key = send(*at, "/.well-known/est/serverkeygen", sound_);
    EXPECT_EQ(code(key), "EST-SERVER-KEY");
    EXPECT_EQ(key->status, 403);
    const auto cmc = send(*at, "/.well-known/est/fullcmc", sound_);
    EXPECT_EQ(code(cmc), "EST-FULL-CMC");
    EXPECT_EQ(cmc->status, 501);
    EXPECT_EQ(get(*at, "/.well-known/est/other-ca/cacerts"), "EST-LABEL");
    EXPECT_EQ(code(send(*at, "/.well-known/est/other-ca/simplereenroll", sound_)), "EST-LABEL");
    EXPECT_EQ(
        code(at->send(
            {.method = "POST", .target = "/.well-known/est/cacerts", .headers = {}, .body = {}})),
        "HTTP-METHOD");
  }
}

TEST_F(AttackOnRenewal, AnotherMediaTypeIsRefused) {
  const auto answer = drone()->send({.method = "POST",
                                     .target = kReenroll,
                                     .headers = {{"content-type", "application/json"}},
                                     .body = to_bytes(sound_)});
  EXPECT_EQ(code(answer), "EST-MEDIA-TYPE");
  EXPECT_EQ(answer->status, 415);
}

TEST_F(AttackOnRenewal, WithNewlinesAndATransferEncodingItIsTheSameRequest) {
  std::string lines = sound_;
  for (std::size_t at = 64; at < lines.size(); at += 66)
    lines.insert(at, "\r\n");
  EXPECT_EQ(renew(lines), "");
  const auto answer = drone()->send(
      {.method = "POST",
       .target = kReenroll,
       .headers = {{"content-type", "application/pkcs10"}, {"content-transfer-encoding", "base64"}},
       .body = to_bytes(lines)});
  EXPECT_EQ(code(answer), "");
}

}  // namespace
}  // namespace vedette
