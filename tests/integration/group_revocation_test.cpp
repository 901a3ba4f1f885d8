// A whole group is revoked by two operators, at once.
#include <thread>

#include "codec/base64.h"
#include "codec/json.h"

#include "control_plane_fixture.h"

namespace vedette {
namespace {

using codec::Json;

constexpr const char* kRevoke = "/v1/groups/group/revoke";
constexpr const char* kApprove = "/v1/groups/group/revoke/approve";
constexpr const char* kReason = R"({"reason":"a batch of stolen devices"})";

class GroupRevocation : public ControlPlane {
 protected:
  GroupRevocation() {
    add_operator("second");
    second_ = operator_client("second");
  }

  Json ask(const std::string& target) {
    return platform::read_json_answer(*admin_->send(platform::get_request(target))).value();
  }
  std::string propose() {
    const auto answer = platform::read_json_answer(
        *admin_->send(platform::json_request("POST", kRevoke, *codec::parse_json(kReason))));
    return answer->string("proposal").value_or("");
  }
  static std::string approval(const std::string& id) { return R"({"proposal":")" + id + "\"}"; }

  std::vector<std::string> logged(const std::string& kind) {
    std::vector<std::string> subjects;
    const Json log = ask("/v1/log/entries?start=0&count=1000");
    for (const Json& text : *log.find("entries")->if_array()) {
      const auto entry = *codec::parse_json(as_text(*codec::from_base64(*text.if_string())));
      if (*entry.string("kind") == kind && *entry.string("verdict") == "accepted")
        subjects.push_back(*entry.string("subject") + " by " + *entry.string("rule"));
    }
    return subjects;
  }

  Client admin_ = operator_client();
  Client second_;
};

TEST_F(GroupRevocation, IsNotDoneByOnePersonNorApprovedByThemselves) {
  const auto drone = device_client("drone");
  const std::string id = propose();
  EXPECT_EQ(id.size(), 64U);
  EXPECT_EQ(post(*drone, "/v1/attestation/challenge", "{}"), "") << "it only waits";
  EXPECT_EQ(post(*admin_, kApprove, approval(id)), "DEV-SECOND-PERSON");
  EXPECT_EQ(post(*second_, kApprove, approval(std::string(64, '0'))), "DEV-PROPOSAL");
  EXPECT_EQ(post(*second_, "/v1/groups/other/revoke/approve", approval(id)), "DEV-PROPOSAL");
  EXPECT_EQ(post(*second_, kRevoke, R"({"reason":""})"), "HTTP-REASON");
  EXPECT_EQ(post(*drone, "/v1/attestation/challenge", "{}"), "");
  EXPECT_EQ(ask("/v1/devices").find("devices")->if_array()->front().string("status").value(),
            "active");
}

// An approval is about today's fleet, not about what somebody wanted some time ago.
TEST_F(GroupRevocation, IsNotApprovedADayAfterItWasProposed) {
  const auto drone = device_client("drone");
  const std::string id = propose();
  const auto age = [&](Duration by) {
    const auto aged = store_->write([&](platform::UnitOfWork& unit) -> Result<void> {
      auto proposal = unit.proposals().find("group/group/revoke").value().value();
      proposal.proposed_at -= by;
      return unit.proposals().save(proposal);
    });
    ASSERT_TRUE(aged.has_value());
  };
  age(policy::kProposalLifetime);
  EXPECT_EQ(post(*second_, kApprove, approval(id)), "DEV-PROPOSAL");
  EXPECT_EQ(get(*second_, "/v1/groups/group/revoke/proposal"), "HTTP-NOT-FOUND");
  EXPECT_EQ(post(*drone, "/v1/attestation/challenge", "{}"), "") << "it is not revoked";
  age(-std::chrono::minutes(1));
  EXPECT_EQ(post(*second_, kApprove, approval(id)), "") << "a minute younger, it is";
}

TEST_F(GroupRevocation, AnApprovalNeverMeansAnEarlierProposalOfTheSame) {
  const std::string first = propose();
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // its time has whole seconds
  const std::string again = propose();
  EXPECT_NE(first, again);
  EXPECT_EQ(post(*second_, kApprove, approval(first)), "DEV-PROPOSAL");
  EXPECT_EQ(post(*second_, kApprove, approval(again)), "");
}

TEST_F(GroupRevocation, ByADeviceIsForbidden) {
  const Enrolled drone = enroll("drone");
  const auto as_operator = client(server_->ports().operators, drone.certificate, drone.key);
  EXPECT_EQ(post(*as_operator, kRevoke, kReason), "AUTH-FORBIDDEN");
  EXPECT_EQ(post(*as_operator, kApprove, approval(std::string(64, '0'))), "AUTH-FORBIDDEN");
}

TEST_F(GroupRevocation, BySecondOperatorCutsEveryDeviceAtOnceAndIsInTheLog) {
  const auto drone = device_client("drone");
  const auto camera = device_client("camera");
  ASSERT_EQ(post(*drone, "/v1/attestation/challenge", "{}"), "");
  ASSERT_EQ(post(*camera, "/v1/attestation/challenge", "{}"), "");
  const std::string id = propose();
  const Json shown = ask("/v1/groups/group/revoke/proposal");
  EXPECT_EQ(shown.string("proposer").value(), "operator/admin");
  EXPECT_EQ(shown.string("reason").value(), "a batch of stolen devices");
  const auto answer = platform::read_json_answer(
      *second_->send(platform::json_request("POST", kApprove, *codec::parse_json(approval(id)))));
  ASSERT_TRUE(answer.has_value()) << describe(answer.error());
  EXPECT_EQ(answer->integer("devices").value(), 2);
  EXPECT_EQ(answer->integer("connections_closed").value(), 2);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while ((drone->connected() || camera->connected()) && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  EXPECT_EQ(post(*drone, "/v1/attestation/challenge", "{}"), "AUTH-REVOKED");
  EXPECT_EQ(post(*camera, "/v1/attestation/challenge", "{}"), "AUTH-REVOKED");
  const std::string by = " by two-operators-may-revoke-a-group";
  EXPECT_EQ(logged("revoke-group-proposal"), std::vector{"group/group" + by});
  EXPECT_EQ(logged("revoke-group"), std::vector{"group/group" + by});
  EXPECT_EQ(logged("revoke"), (std::vector{"device/camera" + by, "device/drone" + by}));
  EXPECT_EQ(post(*second_, kApprove, approval(id)), "DEV-PROPOSAL") << "once only";
}

}  // namespace
}  // namespace vedette
