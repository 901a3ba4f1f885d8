// Services of identity by themselves, at moments that a whole server does not stop at.
#include <atomic>
#include <memory>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "attestation/tpm2/tpm2_evidence.h"
#include "codec/base64.h"
#include "platform/store/sqlite/sqlite_store.h"
#include "policy/policy.h"
#include "server/enrollment_service.h"
#include "server/revocation_service.h"
#include "server/server_certificate.h"
#include "server/state_folder.h"
#include "testing/fake_clock.h"
#include "testing/temporary_folder.h"

namespace vedette {
namespace {

// Plays a token: counts what it signs, and can be away.
class CountingToken final : public crypto::DigestSigner {
 public:
  explicit CountingToken(const crypto::PrivateKey& key) {
    const std::string pem = key.insecure_unencrypted_pem().value();
    BIO* const text = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    key_.reset(PEM_read_bio_PrivateKey(text, nullptr, nullptr, nullptr));
    BIO_free(text);
  }

  Result<crypto::EcdsaSignature> sign_digest(const crypto::Sha256Digest& digest) override {
    ++asked;
    if (is_away || signs_left == 0) return refuse("PKCS11-SIGN", "the token did not sign");
    --signs_left;
    const std::unique_ptr<EVP_PKEY_CTX, void (*)(EVP_PKEY_CTX*)> context(
        EVP_PKEY_CTX_new(key_.get(), nullptr), EVP_PKEY_CTX_free);
    Bytes der(80);
    std::size_t size = der.size();
    if (EVP_PKEY_sign_init(context.get()) != 1 ||
        EVP_PKEY_sign(context.get(), der.data(), &size, digest.data(), digest.size()) != 1)
      return refuse("TEST-SIGN", "OpenSSL did not sign");
    VEDETTE_TRY(const Bytes raw, crypto::ecdsa_der_to_raw(ByteView(der).first(size), 32));
    return crypto::EcdsaSignature{.r = {raw.begin(), raw.begin() + 32},
                                  .s = {raw.begin() + 32, raw.end()}};
  }

  std::atomic<int> asked = 0;
  std::atomic<bool> is_away = false;
  std::atomic<int> signs_left = -1;  // then it is away; negative: it stays

 private:
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_{nullptr, EVP_PKEY_free};
};

class IdentityService : public ::testing::Test {
 protected:
  identity::CertificateAuthority make_authority() {
    const crypto::PrivateKey inner = crypto::PrivateKey::generate_p256();
    token_ = std::make_shared<CountingToken>(inner);
    auto key = crypto::PrivateKey::delegated(inner.public_key(), token_).value();
    auto made = identity::CertificateAuthority::create(domain_, clock_.now(), std::move(key));
    return identity::CertificateAuthority::open(domain_, std::move(made->material), clock_.now())
        .value();
  }

  void save(const identity::Device& device) {
    const auto saved = store_->write([&](platform::UnitOfWork& unit) -> Result<void> {
      VEDETTE_CHECK(
          unit.enrollment_rules().allow({device.endorsement_sha256, device.id, device.group}));
      return unit.devices().save(device);
    });
    ASSERT_TRUE(saved.has_value()) << describe(saved.error());
  }

  [[nodiscard]] server::Call call(const server::Caller& caller, std::string argument = {}) const {
    return {.connection = connection_,
            .request = request_,
            .caller = caller,
            .policy = policy::default_policy(),
            .asked = {},
            .resource = resource_,
            .rule = {},
            .waits_for = {},
            .arguments = {std::move(argument)},
            .query = {}};
  }

  TemporaryFolder folder_;
  FakeClock clock_;
  identity::TrustDomain domain_ = identity::TrustDomain::parse("test.vedette").value();
  std::shared_ptr<CountingToken> token_;
  identity::CertificateAuthority authority_ = make_authority();
  std::unique_ptr<platform::Store> store_ =
      platform::open_sqlite_store(folder_ / "server.db").value();
  platform::Connection connection_;
  platform::HttpRequest request_;
  server::Resource resource_;
};

class RevocationLists : public IdentityService {
 protected:
  RevocationLists() { authority_.tell_revocations_at("https://ca.test.vedette/revocation"); }

  std::string list(int shard) {
    const server::Caller anybody;
    const auto answer = lists_.list(call(anybody, std::to_string(shard) + ".crl"));
    return answer ? std::string(as_text(answer->body)) : answer.error().code;
  }

  server::RevocationService lists_{*store_, {{authority_, ""}}, clock_};
};

TEST_F(RevocationLists, AreSignedOneByOneAsTheyAreAskedForAndKept) {
  const int before = token_->asked;
  const std::string seventh = list(7);
  EXPECT_EQ(token_->asked, before + 1) << "the other fifteen are not signed for it";
  EXPECT_EQ(list(7), seventh);
  EXPECT_EQ(token_->asked, before + 1);
  EXPECT_NE(list(8), seventh);
  EXPECT_EQ(token_->asked, before + 2);
  clock_.advance(server::kListAge);
  EXPECT_NE(list(7), seventh) << "it is made anew";
  EXPECT_EQ(token_->asked, before + 3);
}

// Whoever asks again and again makes a token that is away no busier.
TEST_F(RevocationLists, RememberAFailureAndAskTheTokenOnceInAWhile) {
  token_->is_away = true;
  const int before = token_->asked;
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(list(i % 16), "KEY-SIGN");
  EXPECT_EQ(token_->asked, before + 1);
  token_->is_away = false;
  EXPECT_EQ(list(3), "KEY-SIGN") << "not yet";
  clock_.advance(server::kListAge);
  EXPECT_NE(list(3), "KEY-SIGN");
  EXPECT_EQ(token_->asked, before + 2);
}

class ServersOwn : public IdentityService {
 protected:
  static constexpr std::chrono::hours kLife{96};

  server::RevocationService revocations_{*store_, {{authority_, ""}}, clock_};
  identity::TrustBundle trust_;
  server::ServerCertificate certificate_{clock_,       authority_,          trust_,
                                         revocations_, {{}, {"127.0.0.1"}}, kLife};
};

// The authority's token signs the certificate and is gone before it could sign the responder's.
TEST_F(ServersOwn, CertificateIsShownThoughItsOcspResponseCouldNotBeMade) {
  ASSERT_TRUE(certificate_.tend().value());
  const auto first = certificate_.settings();
  ASSERT_FALSE(first.ocsp_response.empty());
  clock_.advance(kLife / 2 + std::chrono::hours(1));
  token_->signs_left = 1;
  const auto tended = certificate_.tend();
  ASSERT_TRUE(tended.has_value()) << describe(tended.error());
  EXPECT_TRUE(*tended) << "the listeners have to show it";
  const auto second = certificate_.settings();
  EXPECT_NE(second.chain.front().serial_hex(), first.chain.front().serial_hex());
  EXPECT_TRUE(second.ocsp_response.empty()) << "the former one's says nothing of this one";
  token_->signs_left = -1;
  EXPECT_TRUE(certificate_.tend().value());
  const auto third = certificate_.settings();
  EXPECT_EQ(third.chain.front().serial_hex(), second.chain.front().serial_hex());
  EXPECT_FALSE(third.ocsp_response.empty());
}

// Its certificate is not valid yet by the time of now: whoever asked would refuse what it signs.
TEST_F(ServersOwn, OcspResponderOfAClockThatWasAheadIsMadeAnew) {
  clock_.advance(std::chrono::hours(240));
  ASSERT_TRUE(certificate_.tend().has_value());
  const auto leaf = certificate_.settings().chain.front();
  const int before = token_->asked;
  ASSERT_TRUE(revocations_.statement_of(leaf).has_value());
  ASSERT_EQ(token_->asked, before) << "by the responder that is there";
  clock_.advance(-std::chrono::hours(239));
  ASSERT_TRUE(revocations_.statement_of(leaf).has_value());
  EXPECT_EQ(token_->asked, before + 1);
}

// What the gate saw of a device, and what became of it before the renewal's transaction.
class RenewalMeanwhile : public IdentityService {
 protected:
  RenewalMeanwhile() {
    connection_.peer =
        authority_.issue_device(drone_.id, key_.public_key(), clock_.now(), std::chrono::hours(1))
            .value();
    request_.headers = {{"content-type", "application/pkcs10"}};
    const auto csr = crypto::make_certificate_request(key_, drone_.id.str(),
                                                      identity::SpiffeId(domain_, drone_.id).str());
    request_.body = to_bytes(codec::to_base64(csr.value()));
    caller_.peer = identity::identify_peer(*connection_.peer, domain_, clock_.now()).value();
    caller_.device = drone_;
  }

  std::string renew() {
    const auto renewed = enrollment_.simple_reenroll(call(caller_));
    return renewed ? "" : renewed.error().code;
  }
  bool is_issued() {
    bool found = false;
    (void)store_->read([&](platform::UnitOfWork& unit) -> Result<void> {
      VEDETTE_TRY(const auto latest,
                  unit.certificates().latest(drone_.id, key_.public_key().spki_sha256()));
      found = latest.has_value();
      return {};
    });
    return found;
  }

  crypto::PrivateKey key_ = crypto::PrivateKey::generate_p256();
  identity::Device drone_{.id = DeviceId::parse("drone").value(),
                          .group = GroupId::parse("drones").value(),
                          .status = identity::DeviceStatus::active,
                          .epoch = Epoch{1},
                          .endorsement_sha256 = {},
                          .attestation_key = {1},
                          .device_key_sha256 = key_.public_key().spki_sha256(),
                          .enrolled_at = clock_.now(),
                          .status_since = clock_.now(),
                          .status_reason = {}};
  server::Caller caller_;
  server::Chronicle chronicle_{
      *store_, clock_,
      ledger::Log(ledger::NoteSigner::create(server::log_origin(domain_),
                                             crypto::PrivateKey::generate_ed25519())
                      .value())};
  identity::TrustBundle trust_;  // renewals do not look at it: the gate does
  attestation::Tpm2Evidence tpm2_{{{0}, 13, {}, codec::TpmAlgorithm::sha256}};
  server::ReferenceCache references_;
  server::EnrollmentService enrollment_{
      *store_, chronicle_, authority_, trust_, clock_, std::chrono::hours(1), {tpm2_, references_},
      {},      {}};
};

TEST_F(RenewalMeanwhile, OfADeviceThatWasRevokedOrQuarantinedIsRefused) {
  for (const auto status : {identity::DeviceStatus::revoked, identity::DeviceStatus::quarantined}) {
    save(with_status(drone_, status, "stolen", clock_.now()));
    EXPECT_EQ(renew(), "AUTH-REVOKED");
  }
  EXPECT_FALSE(is_issued());
}

TEST_F(RenewalMeanwhile, OfADeviceThatEnrolledWithAnotherKeyIsRefused) {
  auto other = drone_;
  other.device_key_sha256 = {};
  save(other);
  EXPECT_EQ(renew(), "AUTH-KEY");
  EXPECT_FALSE(is_issued());
}

TEST_F(RenewalMeanwhile, OfADeviceAsItWasIsCommittedWithItsRecord) {
  save(drone_);
  EXPECT_EQ(renew(), "");
  EXPECT_TRUE(is_issued());
}

}  // namespace
}  // namespace vedette
