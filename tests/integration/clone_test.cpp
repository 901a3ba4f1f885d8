// One identity in two places (group 10 of the identity attacks), and what only looks like it.
#include <filesystem>
#include <thread>

#include "agent/attestation.h"
#include "codec/base64.h"

#include "enrolling_tpm_fixture.h"
#include "watched_client.h"

namespace vedette {
namespace {

class CloneAlarm : public EnrollingTpm {
 protected:
  static constexpr const char* kGood = "ATT-NO-REFERENCE";  // the quote itself is good

  void SetUp() override {
    EnrollingTpm::SetUp();
    if (IsSkipped()) return;
    for (const std::uint8_t pcr : {std::uint8_t{0}, std::uint8_t{4}})
      ASSERT_TRUE(tpm_->extend(pcr, {crypto::sha256(as_bytes("firmware"))}).has_value());
    allow("drone");
    const auto chain = agent::enroll(*enrollment_client(), *tpm_, {*key_});
    ASSERT_TRUE(chain.has_value()) << describe(chain.error());
    credentials_ = agent::make_credentials(*chain, *key_, "test.vedette", clock_.now()).value();
  }

  [[nodiscard]] Client connection() {
    return client(server_->ports().device, credentials_->leaf(), credentials_->key);
  }
  [[nodiscard]] std::string attest(platform::HttpClient& client, platform::Tpm& tpm) {
    const auto verdict = agent::attest(client, tpm, *credentials_, clock_, without_logs());
    return verdict ? "" : verdict.error().code;
  }
  [[nodiscard]] std::string attest(platform::HttpClient& client) { return attest(client, *tpm_); }

  // As far as keys go: the same TPM, whose former keys nobody can load any more.
  void clear() {
    tpm_.reset();
    std::filesystem::remove_all(emulator_->state_folder());
    std::filesystem::create_directory(emulator_->state_folder());
    std::filesystem::permissions(emulator_->state_folder(), std::filesystem::perms::owner_all);
    tpm_ = platform::open_esys_tpm({emulator_->tcti(), emulator_->state_folder()}).value();
    key_ = *agent::device_private_key(*tpm_);
  }
  void enrol_again() {
    const auto chain = agent::enroll(*enrollment_client(), *tpm_, {*key_});
    ASSERT_TRUE(chain.has_value()) << describe(chain.error());
    credentials_ = agent::make_credentials(*chain, *key_, "test.vedette", clock_.now()).value();
  }

  // Closed by the server, as soon as that arrives here.
  static bool closes(platform::HttpClient& client) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (client.connected() && std::chrono::steady_clock::now() < deadline)
      std::this_thread::yield();
    return !client.connected();
  }

  [[nodiscard]] DeviceId drone() const { return DeviceId::parse("drone").value(); }
  [[nodiscard]] identity::DeviceStatus status() const {
    std::optional<identity::Device> found;
    (void)store_->read([&](platform::UnitOfWork& unit) -> Result<void> {
      VEDETTE_TRY(found, unit.devices().find(drone()));
      return {};
    });
    return found.value().status;
  }
  // What the server believes to have seen of the TPM's time.
  void remember(const std::function<void(attestation::AttestationState&)>& change) {
    ASSERT_TRUE(store_->write([&](platform::UnitOfWork& unit) -> Result<void> {
      VEDETTE_TRY(auto last, unit.attestations().last(drone()));
      change(last.value());
      return unit.attestations().save(drone(), *last);
    }));
  }
  [[nodiscard]] std::string log() {
    const auto admin = operator_client();
    const auto answer =
        admin->send(platform::get_request("/v1/log/entries?start=0&count=64")).value();
    const auto body = codec::parse_json(as_text(answer.body)).value();
    std::string text;
    for (const auto& entry : *body.array("entries").value()->if_array())
      text += as_text(codec::from_base64(*entry.if_string()).value());
    return text;
  }

  std::optional<agent::Credentials> credentials_;
};

// One TPM that two machines reach, such as one passed through to a guest: its time is sound.
TEST_F(CloneAlarm, TwoThatAttestInTurnAreBothPutIntoQuarantine) {
  const auto one = connection();
  const auto other = connection();
  ASSERT_EQ(attest(*one), kGood);
  ASSERT_EQ(attest(*other), kGood);
  ASSERT_EQ(status(), identity::DeviceStatus::active);
  const std::string refused = attest(*one);
  EXPECT_TRUE(refused == "ATT-CLONED" || refused == "NET-CLOSED") << refused;
  EXPECT_EQ(status(), identity::DeviceStatus::quarantined);
  EXPECT_NE(log().find("clone-alarm"), std::string::npos);
  for (const Client* client : {&one, &other}) {
    EXPECT_TRUE(closes(**client));
    EXPECT_EQ(get(**client, "/v1/renewal-info"), "AUTH-QUARANTINED");
  }
}

// The state of a software TPM, copied with the disk: the same keys, the same certificate.
TEST_F(CloneAlarm, ACopiedSoftwareTpmPutsBothIntoQuarantine) {
  namespace fs = std::filesystem;
  const auto one = connection();
  ASSERT_EQ(attest(*one), kGood);
  const TemporaryFolder copy;
  const fs::path folder = fs::path(emulator_->state_folder()).parent_path();
  fs::copy(folder / "keys", copy / "keys", fs::copy_options::recursive);
  for (const auto& file : fs::recursive_directory_iterator(folder / "tpm")) {
    const fs::path to = fs::path(copy.path()) / fs::relative(file.path(), folder);
    fs::create_directories(to.parent_path());
    if (file.is_regular_file()) fs::copy(file, to);
  }
  const auto emulator =
      platform::InsecureSoftwareTpm::start({copy / "tpm", copy / "maker", "device-1", "sha256"});
  ASSERT_TRUE(emulator.has_value()) << describe(emulator.error());
  const auto clone = platform::open_esys_tpm({(*emulator)->tcti(), copy / "keys"}).value();
  ASSERT_EQ(clone->endorsement_key().value(), tpm_->endorsement_key().value());
  for (const std::uint8_t pcr : {std::uint8_t{0}, std::uint8_t{4}})
    ASSERT_TRUE(clone->extend(pcr, {crypto::sha256(as_bytes("firmware"))}).has_value());

  const auto other = connection();
  ASSERT_EQ(attest(*other, *clone), kGood) << "as after a reboot, so far";
  const auto back = connection();  // younger than the clone's: its TPM's time tells
  const std::string refused = attest(*back);
  EXPECT_TRUE(refused == "ATT-CLONED" || refused == "NET-CLOSED") << refused;
  EXPECT_EQ(status(), identity::DeviceStatus::quarantined);
  EXPECT_TRUE(closes(*other));
}

// A cloned disk on a second TPM: its keys do not load there.
TEST_F(CloneAlarm, ACopiedDiskOnAnotherTpmHasNoKeys) {
  auto second = testing::SoftwareTpm::start("device-2").value();
  std::filesystem::copy(emulator_->state_folder(), second->state_folder(),
                        std::filesystem::copy_options::recursive);
  const auto tpm = platform::open_esys_tpm({second->tcti(), second->state_folder()}).value();
  EXPECT_EQ(tpm->device_key().error().code, "TPM-FOREIGN-STATE");
  EXPECT_EQ(tpm->quote({codec::TpmAlgorithm::sha256, {0, 4}}, Bytes(32, 1)).error().code,
            "TPM-FOREIGN-STATE");
}

// A handover: the old connection lingers, the device goes on over new ones and never goes back.
TEST_F(CloneAlarm, AReconnectRaisesNone) {
  std::vector<Client> lingering;
  for (int i = 0; i < 5; ++i) {
    lingering.push_back(connection());
    ASSERT_EQ(attest(*lingering.back()), kGood) << i;
  }
  EXPECT_EQ(status(), identity::DeviceStatus::active);
  EXPECT_EQ(get(*lingering.front(), "/v1/renewal-info"), "") << "no word of attestation";
}

// Evidence that was stuck on its way while the device came back over another connection.
TEST_F(CloneAlarm, EvidenceThatCameLateRaisesNone) {
  const auto old = connection();
  ASSERT_EQ(attest(*old), kGood);
  const auto young = connection();
  WatchedClient late(*old, [&](const platform::HttpRequest& request) {
    if (request.target == "/v1/attestation/evidence") {
      EXPECT_EQ(attest(*young), kGood);
    }
  });
  EXPECT_EQ(attest(late), "ATT-NONCE-UNKNOWN");
  EXPECT_EQ(status(), identity::DeviceStatus::active);
}

TEST_F(CloneAlarm, ATpmWhoseTimeWentBackIsPutIntoQuarantine) {
  const auto one = connection();
  ASSERT_EQ(attest(*one), kGood);
  remember([](auto& last) { last.clock += 1'000'000'000; });
  const std::string refused = attest(*one);
  EXPECT_TRUE(refused == "ATT-CLONED" || refused == "NET-CLOSED") << refused;
  EXPECT_EQ(status(), identity::DeviceStatus::quarantined);
}

// A TPM that was cleared has another attestation key and counts anew: whoever enrols it again by
// its endorsement key is not held to what the former key said.
TEST_F(CloneAlarm, AClearedTpmThatEnrolledAgainIsNotHeldToItsFormerTime) {
  ASSERT_EQ(attest(*connection()), kGood);
  remember([](auto& last) { last.clock += 1'000'000'000; });
  clear();
  ASSERT_NO_FATAL_FAILURE(enrol_again());
  EXPECT_NE(log().find("attestation_key_was_sha256"), std::string::npos) << log();
  EXPECT_EQ(attest(*connection()), kGood);
  EXPECT_EQ(attest(*connection()), kGood);
  EXPECT_EQ(status(), identity::DeviceStatus::active);
}

// Nobody shakes a key's time off without another key, and so another enrolment that stands in the
// log.
TEST_F(CloneAlarm, AnotherEnrolmentWithTheSameKeyIsHeldToItsTimeAndRaisesTheAlarm) {
  ASSERT_EQ(attest(*connection()), kGood);
  remember([](auto& last) { last.clock += 1'000'000'000; });
  const auto admin = operator_client();
  ASSERT_EQ(post(*admin, "/v1/devices/drone/quarantine", R"({"reason":"x"})"), "");
  ASSERT_EQ(post(*admin, "/v1/devices/drone/reinstate", R"({"reason":"x"})"), "");
  ASSERT_NO_FATAL_FAILURE(enrol_again());
  const auto one = connection();
  const std::string refused = attest(*one);
  EXPECT_TRUE(refused == "ATT-CLONED" || refused == "NET-CLOSED") << refused;
  EXPECT_EQ(status(), identity::DeviceStatus::quarantined);
}

// From before it was kept whose a state is: its counters hold every key.
TEST_F(CloneAlarm, AStateThatDoesNotSayWhoseItIsHoldsEveryKey) {
  ASSERT_EQ(attest(*connection()), kGood);
  remember([](auto& last) {
    last.clock += 1'000'000'000;
    last.attestation_key.reset();
  });
  clear();
  ASSERT_NO_FATAL_FAILURE(enrol_again());
  EXPECT_EQ(attest(*connection()), "ATT-CLOCK");
  EXPECT_EQ(status(), identity::DeviceStatus::active) << "it may have been another key";
}

// The last quote may have been made after this one: refused, and no alarm.
TEST_F(CloneAlarm, ATimeThatWentBackInDisorderIsRefusedAlone) {
  const auto one = connection();
  ASSERT_EQ(attest(*one), kGood);
  remember([](auto& last) {
    last.clock += 1'000'000'000;
    last.at += std::chrono::hours(1);
  });
  EXPECT_EQ(attest(*one), "ATT-CLOCK");
  EXPECT_EQ(status(), identity::DeviceStatus::active);
}

}  // namespace
}  // namespace vedette
