// What a whole agent goes through but releases: renewal, a model that breaks out, a restart.
#include "crypto/certificate.h"
#include "ledger/violation.h"

#include "whole_agent_fixture.h"

namespace vedette::whole_agent {
namespace {

// Certificates so short that one is renewed while the test looks.
class RenewingAgent : public WholeAgent {
 protected:
  void SetUp() override {
    const std::string drop_ins = folder_ / "conf.d";
    std::filesystem::create_directory(drop_ins);
    const auto written = write_file_atomically(
        drop_ins + "/short.toml", as_bytes("[certificates]\nlifetime_seconds = 30\n"), 0600);
    ASSERT_TRUE(written.has_value()) << describe(written.error());
    WholeAgent::SetUp();
  }

  Result<std::string> serial() const {
    VEDETTE_TRY(const Bytes pem, read_file(drone_->folder + "/state/device.pem", kMaxFile));
    VEDETTE_TRY(const auto leaf, crypto::Certificate::from_pem(as_text(pem)));
    return leaf.serial_hex();
  }
};

TEST_F(RenewingAgent, ModelsAnswerWhileTheCertificateIsRenewed) {
  const auto before = serial();
  ASSERT_TRUE(before.has_value()) << describe(before.error());
  std::size_t unanswered = 0;
  const auto renewed = wait_for("another certificate", 20s, [&]() -> Result<bool> {
    if (!ask_by_socket(3)) ++unanswered;
    VEDETTE_TRY(const std::string now, serial());
    return now != *before;
  });
  ASSERT_TRUE(renewed.has_value()) << describe(renewed.error());
  // And on, until a verdict for the new certificate is there.
  for (int i = 0; i < 50; ++i)
    if (!ask_by_socket(3)) ++unanswered;
  EXPECT_EQ(unanswered, 0U);
}

TEST_F(WholeAgent, AModelThatBreaksOutIsEvidenceEverywhereAndNeverRunsAgain) {
  const auto by_memory = ask_by_memory(2);
  ASSERT_TRUE(by_memory.has_value()) << describe(by_memory.error());
  EXPECT_EQ(*by_memory, 4);
  const auto by_socket = ask_by_socket(3);
  ASSERT_TRUE(by_socket.has_value()) << describe(by_socket.error());
  EXPECT_EQ(*by_socket, 6);

  EXPECT_EQ(code_of(ask_by_memory(kTrigger)), "SBX-SYSCALL-DENIED");

  // On the device's disk, signed by its TPM.
  const auto kept = evidence();
  ASSERT_TRUE(kept.has_value()) << describe(kept.error());
  const Json& event = *kept->find("event");
  EXPECT_EQ(*event.string("kind"), "system_call");
  EXPECT_EQ(*event.string("phase"), "serve");
  EXPECT_EQ(*event.find("system_call")->string("name"), "socket");
  const std::string jws = *kept->string("jws");
  const auto pem = read_file(drone_->folder + "/state/device.pem", kMaxFile);
  const auto leaf = crypto::Certificate::from_pem(as_text(*pem));
  const auto verified = ledger::verify_violation(jws, *leaf->public_key());
  ASSERT_TRUE(verified.has_value()) << describe(verified.error());
  EXPECT_EQ((*verified)->claims.event.model.str(), "gauge");

  // At the server, as the operator sees it: the same octets.
  const auto listed = theatre_.vedette({"violation", "list"});
  ASSERT_TRUE(listed.has_value()) << describe(listed.error());
  const Json::Array& violations = *listed->find("violations")->if_array();
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(*violations[0].string("device"), "drone");
  EXPECT_EQ(*violations[0].string("jws"), jws);
  EXPECT_NE(violations[0].string("tried")->find("socket"), std::string::npos);

  // Quarantined: neither door leads to it any more, and the device's operator sees why.
  EXPECT_EQ(code_of(ask_by_memory(2)), "SRV-QUARANTINED");
  const auto refused = ask_by_socket(3);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("SRV-QUARANTINED"), std::string::npos)
      << refused.error().message;
  const auto quarantined =
      theatre_.run("vedette-agent", {"quarantine", "list", "--config", config_path()});
  ASSERT_TRUE(quarantined.has_value()) << describe(quarantined.error());
  EXPECT_EQ(quarantined->string("model").value_or(""), "gauge");
}

// Restarted, the agent neither forgets the quarantine nor reports the event again.
TEST_F(WholeAgent, ARestartLiftsNoQuarantine) {
  EXPECT_EQ(code_of(ask_by_memory(kTrigger)), "SBX-SYSCALL-DENIED");
  ASSERT_TRUE(evidence().has_value());
  drone_->agent.reset();
  ASSERT_TRUE(start_agent().has_value());
  ASSERT_TRUE(wait_for("the quarantine is told", 15s, [&]() -> Result<bool> {
                VEDETTE_TRY(const Json status, theatre_.agent_status(*drone_));
                return codec::to_json(*status.find("news")).find("SBX-QUARANTINED") !=
                       std::string::npos;
              }).has_value());
  const auto still = serves();
  ASSERT_TRUE(still.has_value()) << describe(still.error());
  EXPECT_FALSE(*still);
  EXPECT_EQ(theatre_.vedette({"violation", "list"})->find("violations")->if_array()->size(), 1U);
}

}  // namespace
}  // namespace vedette::whole_agent
