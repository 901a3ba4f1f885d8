// Violations from a device with a real TPM emulator, to a real server, into its log.
#include <thread>

#include "agent/attestation.h"
#include "agent/credentials.h"
#include "agent/enrollment.h"
#include "agent/violation_reporter.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/jws.h"
#include "platform/tpm/esys/esys_tpm.h"
#include "release/oms_bundle.h"
#include "release/release_statement.h"
#include "testing/software_tpm.h"
#include "testing/violation_scene.h"

#include "control_plane_fixture.h"

namespace vedette {
namespace {

using codec::Json;

class ReportViolations : public ControlPlane {
 protected:
  void SetUp() override {
    VEDETTE_SKIP_WITHOUT_SOFTWARE_TPM();
    auto emulator = testing::SoftwareTpm::start();
    ASSERT_TRUE(emulator.has_value()) << describe(emulator.error());
    emulator_ = std::move(*emulator);
    auto tpm = platform::open_esys_tpm({emulator_->tcti(), emulator_->state_folder()});
    ASSERT_TRUE(tpm.has_value()) << describe(tpm.error());
    tpm_ = std::move(*tpm);
    key_ = *agent::device_private_key(*tpm_);
    for (const std::uint8_t pcr :
         {std::uint8_t{0}, std::uint8_t{4}})  // a boot that measured something
      ASSERT_TRUE(tpm_->extend(pcr, {crypto::sha256(as_bytes("firmware"))}).has_value());
    publish();
    enroll_and_attest();
  }

  void publish() {
    const Bytes model = to_bytes("a model that opens a socket");
    const auto digest = crypto::sha256(model);
    const auto manifest = release::build_manifest("model", {{"m.onnx", digest}});
    event_.model_root = manifest->root;
    const release::ReleaseStatement statement{.model = event_.model,
                                              .number = event_.release,
                                              .tier = release::Tier::high,
                                              .model_root = manifest->root,
                                              .file_name = "m.onnx",
                                              .file_sha256 = digest,
                                              .file_size = model.size(),
                                              .issued_at = from_unix_seconds(1'795'435'200)};
    Json body;
    body.set("bundle", *release::sign_model(*manifest, publisher_));
    body.set("statement", *release::sign_release_statement(statement, publisher_));
    ASSERT_EQ(code(admin_->send({.method = "PUT",
                                 .target = "/v1/blobs/" + to_hex(digest),
                                 .headers = {},
                                 .body = model})),
              "");
    ASSERT_EQ(post(*admin_, "/v1/releases", codec::to_json(body)), "");
  }

  void enroll_and_attest() {
    const auto endorsement = codec::parse_tpm2b_public(*tpm_->endorsement_key());
    ASSERT_EQ(post(*admin_, "/v1/devices/allow",
                   R"({"device":"drone","group":"g","endorsement_sha256":")" +
                       to_hex(crypto::sha256(endorsement->encoded)) + "\"}"),
              "");
    const auto chain = agent::enroll(*enrollment_client(), *tpm_, {*key_});
    ASSERT_TRUE(chain.has_value()) << describe(chain.error());
    const auto credentials = agent::make_credentials(*chain, *key_, "test.vedette", clock_.now());
    ASSERT_TRUE(credentials.has_value()) << describe(credentials.error());
    drone_ = client(server_->ports().device, chain->front(), *key_);
    EXPECT_EQ(agent::attest(*drone_, *tpm_, *credentials, clock_, without_logs()).error().code,
              "ATT-NO-REFERENCE");
    ASSERT_EQ(post(*admin_, "/v1/groups/g/reference/learn", R"({"device":"drone"})"), "");
    const auto verdict = agent::attest(*drone_, *tpm_, *credentials, clock_, without_logs());
    ASSERT_TRUE(verdict.has_value()) << describe(verdict.error());
    verdict_ = *verdict;
    credentials_ = *credentials;
  }

  std::string sign(const std::string& device, std::uint64_t sequence,
                   const crypto::PrivateKey& key) const {
    return *ledger::sign_violation({.device = *DeviceId::parse(device),
                                    .epoch = verdict_->epoch,
                                    .sequence = sequence,
                                    .event = event_},
                                   key);
  }

  // The server's answer; null for none.
  Json submit(const std::vector<std::string>& texts) {
    Json body;
    body.set("violations", Json::Array(texts.begin(), texts.end()));
    const auto answer = platform::read_json_answer(
        *drone_->send(platform::json_request("POST", "/v1/violations", body, verdict_->ear)));
    EXPECT_TRUE(answer.has_value()) << describe(answer.error());
    return answer ? *answer : Json();
  }
  static std::string refusal(const Json& answer) {
    const Json::Array& refused = *answer.find("refused")->if_array();
    return refused.empty() ? "" : *refused.front().string("code");
  }
  Json read(const std::string& target) {
    const auto answer = platform::read_json_answer(*admin_->send(platform::get_request(target)));
    EXPECT_TRUE(answer.has_value()) << describe(answer.error());
    return answer ? *answer : Json();
  }

  // The log's entries on violations, each with its verdict's code behind it.
  std::vector<std::pair<Json, std::string>> logged() {
    std::vector<std::pair<Json, std::string>> found;
    const Json entries = read("/v1/log/entries?start=0&count=64");
    for (const Json& text : *entries.find("entries")->if_array()) {
      const auto entry = *codec::parse_json(as_text(*codec::from_base64(*text.if_string())));
      if (*entry.string("kind") != "violation") continue;
      found.emplace_back(entry, entry.string("code").value_or(""));
    }
    return found;
  }

  std::unique_ptr<testing::SoftwareTpm> emulator_;
  std::unique_ptr<platform::Tpm> tpm_;
  std::optional<crypto::PrivateKey> key_;
  Client admin_ = operator_client();
  Client drone_;
  std::optional<agent::Verdict> verdict_;
  std::optional<agent::Credentials> credentials_;
  ledger::Violation event_ = testing::forbidden_socket();
};

TEST_F(ReportViolations, RefusesAnotherKeysSignatureAndAnotherDevicesName) {
  const auto stranger = crypto::PrivateKey::generate_p256();
  EXPECT_EQ(refusal(submit({sign("drone", 1, stranger)})), "JWS-SIGNATURE");
  EXPECT_EQ(refusal(submit({sign("camera", 1, *key_)})), "VIO-DEVICE");
  EXPECT_EQ(refusal(submit({"x"})), "JWS-SYNTAX");
  const auto entries = logged();
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].second, "JWS-SIGNATURE");
  EXPECT_EQ(entries[1].second, "VIO-DEVICE");
  EXPECT_TRUE(read("/v1/violations").find("violations")->if_array()->empty());
}

TEST_F(ReportViolations, TakesNothingWithoutAVerdictAndNothingUnbounded) {
  Json body;
  body.set("violations", Json::Array{sign("drone", 1, *key_)});
  EXPECT_EQ(post(*drone_, "/v1/violations", codec::to_json(body)), "AUTH-FORBIDDEN");
  EXPECT_EQ(code(drone_->send(platform::json_request(
                "POST", "/v1/violations", Json::Object{{"violations", Json::Array(65, Json("x"))}},
                verdict_->ear))),
            "HTTP-COUNT");
  EXPECT_EQ(get(*drone_, "/v1/violations"), "HTTP-METHOD");
}

TEST_F(ReportViolations, TheSameEventTwiceIsOneAndAnotherUnderItsNumberIsRefused) {
  const std::string first = sign("drone", 7, *key_);
  EXPECT_EQ(*submit({first}).integer("accepted"), 1);
  EXPECT_EQ(*submit({first}).integer("duplicates"), 1);
  EXPECT_EQ(*submit({sign("drone", 7, *key_)}).integer("duplicates"), 1);  // signed again
  event_.call->arguments[0] = 10;
  EXPECT_EQ(refusal(submit({sign("drone", 7, *key_)})), "VIO-SEQUENCE");
  EXPECT_EQ(read("/v1/violations").find("violations")->if_array()->size(), 1U);
  EXPECT_EQ(logged().size(), 2U);
}

TEST_F(ReportViolations, EvidenceFromAnEarlierEpochIsKeptAndMarked) {
  const std::string text = sign("drone", 1, *key_);
  ASSERT_EQ(post(*admin_, "/v1/devices/drone/quarantine", R"({"reason":"odd"})"), "");
  ASSERT_EQ(post(*admin_, "/v1/devices/drone/reinstate", R"({"reason":"fine"})"), "");
  // The first closed its connection: what is sent over one that is just being closed is not told.
  for (int i = 0; i < 1000 && drone_->connected(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const auto verdict = agent::attest(*drone_, *tpm_, *credentials_, clock_, without_logs());
  ASSERT_TRUE(verdict.has_value()) << describe(verdict.error());
  verdict_ = *verdict;
  EXPECT_EQ(*submit({text}).integer("accepted"), 1);
  EXPECT_TRUE(*read("/v1/violations/drone/1").boolean("of_old"));
}

TEST_F(ReportViolations, FromTheCageToTheLogAndTheOperator) {
  const TemporaryFolder device_folder;
  const auto store = *agent::ViolationStore::load(device_folder.path(), clock_.now());
  const auto quarantine = *agent::Quarantine::load(device_folder.path());
  agent::ViolationReporter reporter(clock_, *store, *quarantine, [](const auto&, const auto&) {});
  reporter.attested(verdict_->epoch);
  reporter.record(event_);
  EXPECT_EQ(quarantine->check(event_.model_root).error().code, "SBX-QUARANTINED");
  ASSERT_TRUE(reporter.sign_recorded(verdict_->device, *key_).has_value());
  const auto reported = reporter.report_once(*drone_, *verdict_);
  ASSERT_TRUE(reported.has_value()) << describe(reported.error());
  EXPECT_FALSE(reporter.has_unsent());

  const auto sent = store->oldest(agent::ViolationState::taken, 1);
  ASSERT_EQ(sent.size(), 1U);
  const Json shown = read("/v1/violations/drone/" + std::to_string(sent[0].sequence));
  EXPECT_EQ(*shown.string("jws"), sent[0].jws);
  EXPECT_FALSE(*shown.boolean("of_old"));
  const auto proven = ledger::verify_violation(sent[0].jws, key_->public_key());
  ASSERT_TRUE(proven.has_value());
  EXPECT_EQ((*proven)->claims.event.call, event_.call);

  const auto entries = logged();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(*entries[0].first.string("verdict"), "accepted");
  EXPECT_EQ(*entries[0].first.find("details")->find("event"), ledger::to_json(sent[0].event));
  const Json releases = read("/v1/releases");
  EXPECT_EQ(*releases.find("releases")->if_array()->front().integer("suspect_devices"), 1);
  EXPECT_TRUE(read("/v1/violations?model=other").find("violations")->if_array()->empty());
  EXPECT_EQ(read("/v1/violations?device=drone&model=voice").find("violations")->if_array()->size(),
            1U);
}

}  // namespace
}  // namespace vedette
