// Attestation with a real TPM emulator against the real server.
#include "agent/attestation.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "agent/enrollment.h"
#include "agent/evidence_logs.h"
#include "crypto/digest.h"
#include "platform/tpm/esys/esys_tpm.h"
#include "testing/software_tpm.h"

#include "control_plane_fixture.h"

namespace vedette {
namespace {

// A relay between a device and the server: passes the challenge on one connection and the evidence
// on another, as a man in the middle would who has the device's certificate on his side.
class Relay final : public platform::HttpClient {
 public:
  Relay(platform::HttpClient& to_device, platform::HttpClient& to_server)
      : to_device_(to_device), to_server_(to_server) {}

  Result<platform::HttpResponse> send(const platform::HttpRequest& request) override {
    if (request.target != "/v1/attestation/evidence") return to_device_.send(request);
    ++evidences;
    return to_server_.send(request);
  }
  Result<platform::HttpResponse> download(
      const platform::HttpRequest& /*request*/,
      const std::function<Result<void>(ByteView)>& /*sink*/) override {
    return refuse("NET-CLOSED", "nothing to download");
  }
  Result<Bytes> channel_binding() override { return to_device_.channel_binding(); }
  bool connected() override { return true; }

  int evidences = 0;

 private:
  platform::HttpClient& to_device_;
  platform::HttpClient& to_server_;
};

class AttestWithTpm : public ControlPlane {
 protected:
  using ControlPlane::ControlPlane;

  void SetUp() override {
    VEDETTE_SKIP_WITHOUT_SOFTWARE_TPM();
    auto emulator = testing::SoftwareTpm::start("device-1", banks());
    ASSERT_TRUE(emulator.has_value()) << describe(emulator.error());
    emulator_ = *std::move(emulator);
    open_tpm();
    for (const std::uint8_t pcr : {std::uint8_t{0}, std::uint8_t{4}})
      ASSERT_TRUE(tpm_->extend(pcr, {crypto::sha256(as_bytes("firmware"))}).has_value());
    enroll_drone();
  }

  [[nodiscard]] virtual std::string banks() const { return "sha256"; }
  [[nodiscard]] virtual platform::AttestationKeyKind key_kind() const {
    return platform::AttestationKeyKind::ecdsa_p256;
  }
  // The emulator is for one user at a time: the one before goes first.
  void open_tpm() {
    credentials_.reset();
    tpm_.reset();
    auto tpm = platform::open_esys_tpm({emulator_->tcti(), emulator_->state_folder(), key_kind()});
    ASSERT_TRUE(tpm.has_value()) << describe(tpm.error());
    tpm_ = *std::move(tpm);
  }

  void enroll_drone() {
    const auto endorsement = codec::parse_tpm2b_public(*tpm_->endorsement_key());
    admin_ = operator_client();
    ASSERT_EQ(post(*admin_, "/v1/devices/allow",
                   R"({"device":"drone","group":"g","endorsement_sha256":")" +
                       to_hex(crypto::sha256(endorsement->encoded)) + "\"}"),
              "");
    const auto key = *agent::device_private_key(*tpm_);
    const auto chain = agent::enroll(*enrollment_client(), *tpm_, {key});
    ASSERT_TRUE(chain.has_value()) << describe(chain.error());
    chain_ = *chain;
    use_certificate();
  }
  void use_certificate() {
    credentials_ = *agent::make_credentials(chain_, *agent::device_private_key(*tpm_),
                                            "test.vedette", clock_.now());
  }
  Client connection() {
    return client(server_->ports().device, credentials_->leaf(), credentials_->key);
  }
  std::string attest(platform::HttpClient& client) {
    const auto verdict = agent::attest(client, *tpm_, *credentials_, clock_, without_logs());
    return verdict ? "" : verdict.error().code;
  }

  std::unique_ptr<testing::SoftwareTpm> emulator_;
  std::unique_ptr<platform::Tpm> tpm_;
  Client admin_;
  std::vector<crypto::Certificate> chain_;
  std::optional<agent::Credentials> credentials_;
};

TEST_F(AttestWithTpm, RefusesAQuoteThatWasMadeForAnotherConnection) {
  const auto one = connection();
  const auto other = connection();
  Relay relay(*one, *other);
  EXPECT_EQ(attest(relay), "ATT-NONCE");
  EXPECT_EQ(relay.evidences, 2) << "tried again once, and not for ever";
}

TEST_F(AttestWithTpm, GrantsAVerdictOverOneConnection) {
  const auto one = connection();
  EXPECT_EQ(attest(*one), "ATT-NO-REFERENCE") << "the quote itself is good";
  ASSERT_EQ(post(*admin_, "/v1/groups/g/reference/learn", R"({"device":"drone"})"), "");
  EXPECT_EQ(attest(*one), "");
}

class AttestWithEachKey : public AttestWithTpm,
                          public ::testing::WithParamInterface<platform::AttestationKeyKind> {
 protected:
  using AttestWithTpm::AttestWithTpm;

  [[nodiscard]] platform::AttestationKeyKind key_kind() const override { return GetParam(); }
};

TEST_P(AttestWithEachKey, RefusesAKeyThatWasNotEnrolled) {
  EXPECT_EQ(attest(*connection()), "ATT-NO-REFERENCE") << "the quote itself is good";
  ASSERT_TRUE(std::filesystem::remove(emulator_->state_folder() + "/attestation-key.tpm2"));
  open_tpm();
  use_certificate();
  EXPECT_EQ(attest(*connection()), "ATT-SIGNATURE");
}

TEST_P(AttestWithEachKey, IsEnrolledAndAttests) {
  const auto one = connection();
  EXPECT_EQ(attest(*one), "ATT-NO-REFERENCE") << "the quote itself is good";
  ASSERT_EQ(post(*admin_, "/v1/groups/g/reference/learn", R"({"device":"drone"})"), "");
  EXPECT_EQ(attest(*one), "");
  ASSERT_TRUE(tpm_->extend(4, {crypto::sha256(as_bytes("another loader"))}).has_value());
  EXPECT_EQ(attest(*one), "ATT-PCR-MISMATCH");
}

// The server asks for the SHA-384 bank.
class AttestInSha384 : public AttestWithEachKey {
 protected:
  static constexpr std::uint8_t kRuntime = 13;

  AttestInSha384()
      : AttestWithEachKey([](server::ServerConfig& config) {
          config.bank = codec::TpmAlgorithm::sha384;
          config.registers = {0, 4, kRuntime};
        }) {}

  [[nodiscard]] std::string banks() const override { return "sha256,sha384"; }

  // As an agent does that has started, beside no logs of firmware and kernel.
  std::string attest_with_log() {
    const std::string state = folder_.path();
    const auto log = agent::RuntimeMeasurements::open(state, kRuntime, *tpm_);
    EXPECT_TRUE(log.has_value()) << describe(log.error());
    for (const auto kind : {attestation::RuntimeEventKind::agent_start,
                            attestation::RuntimeEventKind::worker_binary}) {
      const auto measured = (*log)->measure({.kind = kind,
                                             .name = "program",
                                             .digest = crypto::sha256(as_bytes("program")),
                                             .powers = {}});
      EXPECT_TRUE(measured.has_value()) << describe(measured.error());
    }
    const agent::EvidenceSource source{
        .runtime_register = kRuntime, .everything = false, .read = [&](const agent::LogWish& wish) {
          return agent::read_device_logs(state + "/none", state + "/none", **log, wish);
        }};
    const auto verdict = agent::attest(*connection(), *tpm_, *credentials_, clock_, source);
    return verdict ? "" : verdict.error().code;
  }
  void extend_as_firmware() {
    for (const std::uint8_t pcr : {std::uint8_t{0}, std::uint8_t{4}})
      ASSERT_TRUE(tpm_->extend(pcr, {crypto::BankDigest::of(codec::TpmAlgorithm::sha384,
                                                            as_bytes("firmware"))})
                      .has_value());
  }
};

TEST_P(AttestInSha384, RefusesABankThatTheFirmwareNeverExtended) {
  EXPECT_EQ(attest(*connection()), "ATT-PCR-UNEXTENDED") << "SetUp() extends SHA-256 alone";
}

TEST_P(AttestInSha384, IsQuotedLearntAndHeldToIt) {
  extend_as_firmware();
  EXPECT_EQ(attest_with_log(), "ATT-NO-REFERENCE") << "the quote itself is good";
  ASSERT_EQ(post(*admin_, "/v1/groups/g/reference/learn", R"({"device":"drone"})"), "");
  EXPECT_EQ(attest_with_log(), "");
  ASSERT_TRUE(tpm_->extend(4, {crypto::BankDigest::of(codec::TpmAlgorithm::sha384,
                                                      as_bytes("another loader"))})
                  .has_value());
  EXPECT_EQ(attest_with_log(), "ATT-PCR-MISMATCH");
}

class AttestWithoutSha384 : public AttestInSha384 {
 protected:
  [[nodiscard]] std::string banks() const override { return "sha256"; }
};

TEST_P(AttestWithoutSha384, RefusesToQuoteABankThatItDoesNotKeep) {
  EXPECT_EQ(attest(*connection()), "TPM-PCR-BANK");
}

const auto kKinds = ::testing::Values(platform::AttestationKeyKind::ecdsa_p256,
                                      platform::AttestationKeyKind::ecdsa_p384,
                                      platform::AttestationKeyKind::rsa_2048);
INSTANTIATE_TEST_SUITE_P(OfEachKind, AttestInSha384, kKinds);
INSTANTIATE_TEST_SUITE_P(OfOneKind, AttestWithoutSha384,
                         ::testing::Values(platform::AttestationKeyKind::ecdsa_p256));
INSTANTIATE_TEST_SUITE_P(OfEachKind, AttestWithEachKey, kKinds);

}  // namespace
}  // namespace vedette
