// A server that holds to a policy of its operator's own.
#include <gmock/gmock.h>

#include "attestation/ear.h"
#include "base/fd.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "server/chronicle.h"
#include "server/release_service.h"

#include "control_plane_fixture.h"

namespace vedette {
namespace {

using codec::Json;
using ::testing::HasSubstr;

// Two operators publish, one looks after line-a, references take two, tier high wants freshness.
constexpr std::string_view kPolicy = R"policy(
role releaser = ["operator/admin"];
role line-a = ["operator/second", "operator/third"];

rule fresh-for-high
  forbid device to read_release, read_blob
  when resource.tier == "high" and not (context.attested and context.attestation_age < 5m)
  because "a model of tier high needs an attestation of the last five minutes"
  hint "attest again";

rule devices-work
  permit device to challenge, read_release, read_blob
  when principal.status == "active"
  because "devices may work";

rule maps-for-the-fleet
  permit device to request_token
  when context.attested and resource.audience in ["https://maps.example", "urn:weather"]
  because "a device needs these services and no other";

rule everybody-looks
  permit operator to read_everything, read_authorities
  because "operators see everything";

rule releasers-publish
  permit operator to publish_blob, publish_release
  when principal has role releaser
  because "releases are the releasers' business";

rule their-own-line
  permit operator to manage_devices
  when principal has role line-a and resource.group == "line-a"
  because "a line's operators look after its devices";

rule two-change-references
  permit operator to manage_references
  when context.approvals >= 2 and resource.group == "line-a"
  because "what devices are held to takes two";
)policy";

// Made before the server, which is started with it.
struct Kept {
  std::optional<server::ServerConfig> config;

  void write(std::string_view text) const {
    const auto written = write_file_atomically(config->policy, as_bytes(text), 0644);
    if (!written) throw std::runtime_error(describe(written.error()));
  }
};

class PolicyInForce : protected Kept, public ControlPlane {
 protected:
  PolicyInForce()
      : ControlPlane([kept = static_cast<Kept*>(this)](server::ServerConfig& start) {
          kept->config = start;
          kept->config->policy = start.state_folder + "/test.policy";
          kept->write(kPolicy);
          start = *kept->config;
        }) {
    add_operator("second");
    add_operator("third");
    second_ = operator_client("second");
  }

  // With what the policy's file says now.
  Result<void> restart() {
    server_.reset();
    auto started = server::Server::start(*config, {clock_, *http_, *store_, *blobs_});
    if (!started) return std::unexpected(started.error());
    server_ = *std::move(started);
    admin_ = operator_client();
    second_ = operator_client("second");
    return {};
  }

  void save_release(const char* model, release::Tier tier) {
    const auto saved = store_->write([&](platform::UnitOfWork& unit) {
      return unit.releases().add({.model = *ModelName::parse(model),
                                  .number = 1,
                                  .tier = tier,
                                  .file_name = "m.onnx",
                                  .bundle = "b",
                                  .statement = "s",
                                  .published_at = clock_.now()});
    });
    ASSERT_TRUE(saved.has_value());
  }

  std::vector<Json> log() {
    const auto answer = platform::read_json_answer(
        *admin_->send(platform::get_request("/v1/log/entries?start=0&count=1000")));
    std::vector<Json> entries;
    for (const Json& text : *answer->find("entries")->if_array())
      entries.push_back(*codec::parse_json(as_text(*codec::from_base64(*text.if_string()))));
    return entries;
  }

  std::string allow(platform::HttpClient& client, const std::string& group) {
    return post(client, "/v1/devices/allow",
                R"({"device":"d-)" + group + R"(","group":")" + group +
                    R"(","endorsement_sha256":")" + std::string(64, 'a') + "\"}");
  }

  Client admin_ = operator_client();
  Client second_;
};

platform::HttpRequest set_request(const std::string& target) {
  const std::string set = R"({"registers":{"0":[")" + std::string(64, '0') + R"("]}})";
  return {.method = "PUT", .target = target, .headers = {}, .body = to_bytes(set)};
}

constexpr const char* kSet = "/v1/groups/line-a/reference";
constexpr const char* kApprove = "/v1/groups/line-a/reference/approve";

TEST_F(PolicyInForce, ThatIsNotUnderstoodRefusesTheStartWithLineAndColumn) {
  write("rule r\n  permit device to fly\n  because \"so\";\n");
  const auto refused = restart();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "POLICY-NAME");
  EXPECT_THAT(refused.error().cause, HasSubstr("test.policy: line 2, column 20: 'fly'"));
  EXPECT_THAT(refused.error().hint, HasSubstr("vedette policy check"));
  write("");
  EXPECT_EQ(restart().error().code, "POLICY-SYNTAX");
}

TEST_F(PolicyInForce, RefusesAnOperatorWithoutTheRoleAndTheLogNamesTheRules) {
  EXPECT_EQ(post(*second_, "/v1/releases", "{}"), "AUTH-FORBIDDEN");
  const Json entry = log().back();
  EXPECT_EQ(entry.string("kind").value(), "access");
  EXPECT_EQ(entry.string("subject").value(), "publish_release");
  EXPECT_EQ(entry.string("rule").value(), "default-deny");
  EXPECT_EQ(post(*admin_, "/v1/releases", "{}"), "JSON-MEMBER") << "past the gate";
}

TEST_F(PolicyInForce, KeepsAnOperatorToTheirOwnGroup) {
  EXPECT_EQ(allow(*admin_, "line-a"), "AUTH-FORBIDDEN");
  EXPECT_EQ(allow(*second_, "line-b"), "AUTH-FORBIDDEN");
  EXPECT_EQ(allow(*second_, "line-a"), "");
  EXPECT_EQ(log().back().string("rule").value(), "their-own-line");
  // Of a device by name, the group is the record's, and one that is not there has none.
  (void)enroll("drone");
  EXPECT_EQ(post(*second_, "/v1/devices/drone/revoke", R"({"reason":"x"})"), "AUTH-FORBIDDEN");
  EXPECT_EQ(post(*second_, "/v1/devices/nobody/revoke", R"({"reason":"x"})"), "AUTH-FORBIDDEN");
}

// Nor by another way: whose TPM or name belongs to another line stays there.
TEST_F(PolicyInForce, LetsNobodyTakeAnotherGroupsDeviceByAllowingIt) {
  const Enrolled drone = enroll("drone");
  const auto take = [&](const std::string& device, const std::string& endorsement) {
    return post(*second_, "/v1/devices/allow",
                R"({"device":")" + device + R"(","group":"line-a","endorsement_sha256":")" +
                    endorsement + R"("})");
  };
  const std::string tpm = to_hex(crypto::sha256(as_bytes("drone")));  // as the fixture enrols it
  EXPECT_EQ(take("drone", std::string(64, 'e')), "AUTH-FORBIDDEN") << "by its name";
  EXPECT_EQ(take("other", tpm), "AUTH-FORBIDDEN") << "by its TPM";
  EXPECT_EQ(take("other", std::string(64, 'e')), "");
}

TEST_F(PolicyInForce, GivesTierHighOnlyToAFreshAttestation) {
  save_release("voice", release::Tier::high);
  save_release("noise", release::Tier::low);
  const Enrolled drone = enroll("drone");
  const auto client_of = client(server_->ports().device, drone.certificate, drone.key);
  const auto ask = [&](const std::string& target, const std::string& token) {
    return code(client_of->send(platform::get_request(target, token)));
  };
  const std::string old = verdict(drone, "drone", std::chrono::minutes(6));
  const std::string blob = "/v1/blobs/" + std::string(64, 'a') + "?release=1&model=";
  EXPECT_EQ(ask("/v1/releases/voice", old), "AUTH-FORBIDDEN");
  EXPECT_EQ(log().back().string("rule").value(), "fresh-for-high");
  EXPECT_EQ(ask(blob + "voice", old), "AUTH-FORBIDDEN");
  EXPECT_EQ(ask("/v1/releases/noise", old), "");
  const std::string fresh = verdict(drone, "drone", std::chrono::minutes(4));
  EXPECT_EQ(ask("/v1/releases/voice", fresh), "");
  EXPECT_EQ(ask(blob + "voice", fresh), "HTTP-NOT-FOUND") << "past the gate";
  // What does not exist has no tier, and might be of any.
  EXPECT_EQ(ask("/v1/releases/nothing", old), "AUTH-FORBIDDEN");
  EXPECT_EQ(ask("/v1/releases/nothing", fresh), "HTTP-NOT-FOUND");
}

// Between the policy's question and the answer another release may have come.
TEST_F(PolicyInForce, GivesNoReleaseOfAnotherTierThanWasDecidedOn) {
  save_release("voice", release::Tier::high);
  auto signer = ledger::NoteSigner::create("test", keys_->log);
  ASSERT_TRUE(signer.has_value());
  server::Chronicle chronicle(*store_, clock_, ledger::Log(*std::move(signer)));
  server::ReleaseService releases(*store_, *blobs_, chronicle, clock_, {});
  const auto code_for = [&](std::optional<release::Tier> tier) {
    const auto answer = releases.latest({.connection = {},
                                         .request = {},
                                         .caller = {},
                                         .policy = policy::default_policy(),
                                         .asked = {},
                                         .resource = {.tier = tier},
                                         .rule = {},
                                         .waits_for = {},
                                         .arguments = {"voice"},
                                         .query = {}});
    return answer ? std::string() : answer.error().code;
  };
  EXPECT_EQ(code_for(release::Tier::low), "AUTH-CHANGED");
  EXPECT_EQ(code_for(release::Tier::high), "");
  EXPECT_EQ(code_for(std::nullopt), "") << "it did not decide";
}

TEST_F(PolicyInForce, MakesOnePersonsChangeOfReferencesAProposal) {
  const auto put = set_request(kSet);
  const auto proposed = platform::read_json_answer(*admin_->send(put));
  ASSERT_TRUE(proposed.has_value()) << describe(proposed.error());
  const std::string approval = R"({"proposal":")" + proposed->string("proposal").value() + "\"}";
  const Json entry = log().back();
  EXPECT_EQ(entry.string("kind").value(), "reference-proposal");
  EXPECT_EQ(entry.string("rule").value(), "two-change-references");
  EXPECT_EQ(entry.find("details")->string("waits_for").value(), "default-deny");
  EXPECT_EQ(get(*admin_, kSet), "HTTP-NOT-FOUND") << "not in force";
  EXPECT_EQ(post(*admin_, kApprove, approval), "REF-SECOND-PERSON");
  EXPECT_EQ(post(*second_, kApprove, approval), "");
  EXPECT_EQ(log().back().string("rule").value(), "two-change-references");
  EXPECT_EQ(get(*admin_, kSet), "");
  const auto elsewhere = set_request("/v1/groups/line-b/reference");
  EXPECT_EQ(code(admin_->send(elsewhere)), "AUTH-FORBIDDEN") << "not even together";
}

// Not by its set alone: the same values, proposed by somebody else, are another proposal.
TEST_F(PolicyInForce, NamesAProposalByItsProposerAndForgetsItAfterADay) {
  const auto propose = [&](platform::HttpClient& by) {
    const auto proposed = platform::read_json_answer(*by.send(set_request(kSet)));
    return R"({"proposal":")" + proposed->string("proposal").value() + "\"}";
  };
  const std::string admins = propose(*admin_);
  const std::string seconds = propose(*second_);
  EXPECT_NE(admins, seconds);
  EXPECT_EQ(post(*second_, kApprove, admins), "REF-PROPOSAL") << "it was replaced";
  EXPECT_EQ(post(*second_, kApprove, seconds), "REF-SECOND-PERSON");
  const auto aged = store_->write([&](platform::UnitOfWork& unit) -> Result<void> {
    auto proposal = unit.proposals().find("group/line-a/reference").value().value();
    proposal.proposed_at -= policy::kProposalLifetime;
    return unit.proposals().save(proposal);
  });
  ASSERT_TRUE(aged.has_value());
  EXPECT_EQ(post(*admin_, kApprove, seconds), "REF-PROPOSAL") << "it waited for too long";
  EXPECT_EQ(get(*admin_, kSet), "HTTP-NOT-FOUND");
}

TEST_F(PolicyInForce, ApprovesNothingWhoseProposerMayNoLongerProposeIt) {
  const auto put = set_request(kSet);
  const auto proposed = platform::read_json_answer(*admin_->send(put));
  const std::string approval = R"({"proposal":")" + proposed->string("proposal").value() + "\"}";
  write(std::string(kPolicy) + R"policy(
rule not-admin
  forbid operator to manage_references
  when principal.name == "admin"
  because "admin has left";
)policy");
  ASSERT_TRUE(restart().has_value());
  EXPECT_EQ(post(*second_, kApprove, approval), "AUTH-PROPOSER");
  EXPECT_EQ(get(*second_, kSet), "HTTP-NOT-FOUND");
}

TEST_F(PolicyInForce, StandsInTheLogByItsDigestAtEachStart) {
  const std::string first = to_hex(crypto::sha256(as_bytes(kPolicy)));
  write(std::string(kPolicy) + "# longer\n");
  ASSERT_TRUE(restart().has_value());
  std::vector<std::string> digests;
  for (const Json& entry : log())
    if (entry.string("kind").value() == "policy") {
      EXPECT_EQ(entry.string("actor").value(), "server/verifier");
      EXPECT_EQ(entry.find("details")->string("source").value(), "file");
      digests.push_back(entry.find("details")->string("sha256").value());
    }
  EXPECT_EQ(digests,
            (std::vector<std::string>{
                first, to_hex(crypto::sha256(as_bytes(std::string(kPolicy) + "# longer\n")))}));
}

// Whatever a policy permits: what needs a device's record is answered to devices.
TEST_F(PolicyInForce, GivesTokensForTheAudiencesOfItsRulesAlone) {
  const Enrolled drone = enroll("drone");
  const auto device = client(server_->ports().device, drone.certificate, drone.key);
  const auto ask = [&](const std::string& audience) {
    platform::HttpRequest request = platform::json_request(
        "POST", "/v1/tokens", Json(Json::Object{{"audience", Json(audience)}}));
    request.headers.emplace_back("authorization",
                                 "Bearer " + verdict(drone, "drone", std::chrono::seconds(5)));
    return code(device->send(request));
  };
  EXPECT_EQ(ask("https://bank.example"), "AUTH-FORBIDDEN");
  EXPECT_EQ(ask("https://maps.example.evil"), "AUTH-FORBIDDEN");
  EXPECT_EQ(ask("HTTPS://maps.example"), "AUTH-FORBIDDEN") << "names are compared octet by octet";
  EXPECT_EQ(ask("two words"), "AUTH-FORBIDDEN") << "what is no audience is not known";
  EXPECT_EQ(ask("https://maps.example"), "");
  EXPECT_EQ(ask("urn:weather"), "");
}

TEST_F(PolicyInForce, LetsNobodyTakeAnotherGroupsDeviceOffTheAllowList) {
  const GroupId line = *GroupId::parse("line-a");
  const auto list = [&](const char* key) {
    return store_->write([&](platform::UnitOfWork& unit) {
      return unit.enrollment_rules().allow(
          {crypto::sha256(as_bytes(key)), *DeviceId::parse("ours"), line});
    });
  };
  (void)enroll("theirs");  // in `group`
  ASSERT_TRUE(list("another TPM"));
  EXPECT_EQ(post(*second_, "/v1/devices/theirs/disallow", "{}"), "AUTH-FORBIDDEN");
  (void)enroll("ours");
  ASSERT_TRUE(store_->write([&](platform::UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(auto device, unit.devices().find(*DeviceId::parse("ours")));
    device->group = line;
    return unit.devices().save(*device);
  }));
  EXPECT_EQ(post(*second_, "/v1/devices/ours/disallow", "{}"), "AUTH-FORBIDDEN")
      << "one of its entries is of another group";
  ASSERT_TRUE(list("ours"));
  EXPECT_EQ(post(*second_, "/v1/devices/ours/disallow", "{}"), "");
}

// One that never enrolled has no record that could say whose it is.
TEST_F(PolicyInForce, JudgesATpmThatNeverEnrolledByTheGroupOfItsEntry) {
  const auto list = [&](const char* device, const char* key, const char* group) {
    const auto listed = store_->write([&](platform::UnitOfWork& unit) {
      return unit.enrollment_rules().allow(
          {crypto::sha256(as_bytes(key)), *DeviceId::parse(device), *GroupId::parse(group)});
    });
    ASSERT_TRUE(listed.has_value());
  };
  const auto disallow = [&](const std::string& device) {
    return post(*second_, "/v1/devices/" + device + "/disallow", "{}");
  };
  list("foreign", "a", "line-b");
  EXPECT_EQ(disallow("foreign"), "AUTH-FORBIDDEN");
  list("both", "c", "line-a");  // the first of the two, by its key's digest
  list("both", "b", "line-b");
  EXPECT_EQ(disallow("both"), "AUTH-FORBIDDEN") << "one of its entries is of another group";
  EXPECT_EQ(disallow("unheard-of"), "AUTH-FORBIDDEN");
  list("new", "d", "line-a");
  EXPECT_EQ(post(*second_, "/v1/devices/new/revoke", R"({"reason":"x"})"), "HTTP-NOT-FOUND");
  EXPECT_EQ(disallow("new"), "");
  EXPECT_EQ(disallow("new"), "AUTH-FORBIDDEN") << "it is nobody's now";
}

TEST_F(PolicyInForce, MakersAreDismissedByWhoMayAdmitThemToTheGroup) {
  const auto digest = to_hex(keys_->authority.root().fingerprint());
  const auto change = [&](const char* target, const char* group) {
    Json body;
    body.set("group", group);
    if (std::string_view(target).ends_with("remove"))
      body.set("sha256", digest);
    else
      body.set("certificate", keys_->authority.root().pem());
    return post(*second_, target, codec::to_json(body));
  };
  ASSERT_EQ(change("/v1/endorsement-roots", "line-a"), "");
  EXPECT_EQ(change("/v1/endorsement-roots", "line-b"), "AUTH-FORBIDDEN");
  EXPECT_EQ(change("/v1/endorsement-roots/remove", "line-b"), "AUTH-FORBIDDEN");
  EXPECT_EQ(change("/v1/endorsement-roots/remove", "line-a"), "");
  EXPECT_EQ(get(*second_, "/v1/endorsement-roots"), "");
}

TEST_F(PolicyInForce, OpensNoDevicesMatterToAnOperator) {
  write("rule all\n  permit operator to any\n  because \"everything\";\n");
  ASSERT_TRUE(restart().has_value());
  const std::string own = folder_ / "state/operators/admin/";
  const auto leaf = crypto::Certificate::from_pem(as_text(*read_file(own + "operator.pem", 65536)));
  const auto key = crypto::PrivateKey::from_pem(as_text(*read_file(own + "operator.key", 65536)));
  const auto as_device = client(server_->ports().device, *leaf, *key);
  EXPECT_EQ(get(*as_device, "/v1/renewal-info"), "AUTH-FORBIDDEN");
  for (const char* target : {"/v1/attestation/challenge", "/v1/attestation/evidence", "/v1/results",
                             "/v1/violations", "/.well-known/est/simplereenroll"})
    EXPECT_EQ(post(*as_device, target, "{}"), "AUTH-FORBIDDEN") << target;
  EXPECT_EQ(get(*as_device, "/.well-known/est/cacerts"), "");
}

}  // namespace
}  // namespace vedette
