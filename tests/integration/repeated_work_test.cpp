// Decisions at the moments that a store chooses: a record that changes behind the gate, and a work
// that is undone and run again, of whose first run nothing may show.
#include "agent/attestation.h"
#include "codec/base64.h"
#include "identity/issued_certificate.h"

#include "enrolling_tpm_fixture.h"
#include "meddled_store.h"
#include "watched_client.h"

namespace vedette {
namespace {

constexpr const char* kGood = "ATT-PCR-UNEXTENDED";  // the quote itself is good

class RepeatedWork : public EnrollingTpm {
 protected:
  ~RepeatedWork() override { server_.reset(); }  // before its store

  void SetUp() override {
    EnrollingTpm::SetUp();
    if (IsSkipped()) return;
    allow("drone");
    server_.reset();
    server_ = server::Server::start(config_, {clock_, *http_, meddled_, *blobs_}).value();
  }
  [[nodiscard]] agent::Credentials enrolled() {
    const auto chain = agent::enroll(*enrollment_client(), *tpm_, {*key_});
    return agent::make_credentials(chain.value(), *key_, "test.vedette", clock_.now()).value();
  }
  // What became of an attestation that `meddle` had its hand in, just before the evidence is sent.
  [[nodiscard]] std::string attest(const agent::Credentials& credentials,
                                   const std::function<void()>& meddle) {
    const auto device = client(server_->ports().device, credentials.leaf(), *key_);
    WatchedClient watched(*device, [&](const platform::HttpRequest& request) {
      if (request.target == "/v1/attestation/evidence") meddle();
    });
    const auto verdict = agent::attest(watched, *tpm_, credentials, clock_, without_logs());
    return verdict ? "" : verdict.error().code;
  }
  void change(const std::function<Result<void>(platform::UnitOfWork&)>& work) {
    const auto changed = store_->write(work);
    EXPECT_TRUE(changed.has_value()) << describe(changed.error());
  }
  [[nodiscard]] bool is_on_record(const crypto::Certificate& certificate) const {
    std::optional<identity::IssuedCertificate> latest;
    (void)store_->read([&](platform::UnitOfWork& unit) -> Result<void> {
      VEDETTE_TRY(latest, unit.certificates().latest(drone(), certificate.spki_sha256()));
      return {};
    });
    return latest && latest->serial_hex == certificate.serial_hex();
  }
  [[nodiscard]] std::string last_entry() {
    const auto answer =
        operator_client()->send(platform::get_request("/v1/log/entries?start=0&count=64")).value();
    const auto body = codec::parse_json(as_text(answer.body)).value();
    const auto& entries = *body.array("entries").value()->if_array();
    return std::string(as_text(codec::from_base64(*entries.back().if_string()).value()));
  }
  static DeviceId drone() { return DeviceId::parse("drone").value(); }

  MeddledStore meddled_{*store_};
};

TEST_F(RepeatedWork, EvidenceOfADeviceThatEnrolledWithAnotherKeyMeanwhileIsRefused) {
  const auto credentials = enrolled();
  ASSERT_EQ(attest(credentials, [] {}), kGood);
  EXPECT_EQ(attest(credentials,
                   [&] {
                     meddled_.before_next_write([&] {
                       change([&](platform::UnitOfWork& unit) -> Result<void> {
                         VEDETTE_TRY(auto device, unit.devices().find(drone()));
                         device->device_key_sha256 = crypto::sha256(as_bytes("another key"));
                         return unit.devices().save(*device);
                       });
                     });
                   }),
            "AUTH-KEY");
}

// The first run raised the alarm, and was undone; by the second there was nothing to raise it for.
TEST_F(RepeatedWork, AnAlarmThatWasUndoneLeavesNoTraceInTheLog) {
  const auto credentials = enrolled();
  ASSERT_EQ(attest(credentials, [] {}), kGood);
  const auto move_clock = [&](std::int64_t by) {
    change([&, by](platform::UnitOfWork& unit) -> Result<void> {
      VEDETTE_TRY(auto last, unit.attestations().last(drone()));
      last->clock += static_cast<std::uint64_t>(by);
      return unit.attestations().save(drone(), *last);
    });
  };
  meddled_.run_twice();
  EXPECT_EQ(attest(credentials,
                   [&] {
                     move_clock(1'000'000'000);
                     meddled_.between_runs([&] { move_clock(-1'000'000'000); });
                   }),
            kGood);
  EXPECT_NE(last_entry().find(R"("kind":"attest")"), std::string::npos) << last_entry();

  // What is not undone is an alarm, which ends the connection too.
  EXPECT_NE(attest(credentials, [&] { move_clock(1'000'000'000); }), kGood);
  EXPECT_NE(last_entry().find(R"("kind":"clone-alarm")"), std::string::npos) << last_entry();
}

TEST_F(RepeatedWork, OfAnEnrolmentIssuesWhatIsOnRecord) {
  meddled_.run_twice();
  const auto issued = enrolled().leaf();
  EXPECT_TRUE(is_on_record(issued));
  const std::string entry = last_entry();
  EXPECT_NE(entry.find(issued.serial_hex()), std::string::npos) << entry;
  EXPECT_EQ(entry.find("again"), std::string::npos) << entry;
}

TEST_F(RepeatedWork, OfARenewalAndAnAttestedEnrolmentDoesToo) {
  meddled_.run_twice();
  const auto credentials = enrolled();
  const auto device = client(server_->ports().device, credentials.leaf(), *key_);
  const auto renewed = agent::renew(*device, credentials);
  ASSERT_TRUE(renewed.has_value()) << describe(renewed.error());
  EXPECT_TRUE(is_on_record(renewed->front()));
  for (const char* verb : {"quarantine", "reinstate"})
    ASSERT_EQ(
        post(*operator_client(), std::string("/v1/devices/drone/") + verb, R"({"reason":"x"})"),
        "");
  const auto anew = agent::enroll_attested(*enrollment_client(), *tpm_, *key_, credentials.leaf());
  ASSERT_TRUE(anew.has_value()) << describe(anew.error());
  EXPECT_NE(anew->front().serial_hex(), renewed->front().serial_hex());
  EXPECT_TRUE(is_on_record(anew->front()));
  EXPECT_EQ(last_entry().find("again"), std::string::npos) << last_entry();
}

}  // namespace
}  // namespace vedette
