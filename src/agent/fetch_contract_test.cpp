// A release's contract on its way to a device, from a server that may be hostile.
#include <gtest/gtest.h>

#include "agent/fetch.h"
#include "codec/json.h"
#include "release/oms_bundle.h"
#include "release/release_approval.h"
#include "testing/fake_clock.h"
#include "testing/file_server.h"
#include "testing/register_tpm.h"
#include "testing/temporary_folder.h"

namespace vedette::agent {
namespace {

using codec::Json;
using release::RuntimeContract;

// Answers with one release; whoever comes for its file finds the connection closed, at first.
class ReleaseServer final : public testing::FileServer {
 public:
  ReleaseServer() { refusal = "NET-CLOSED"; }

  Result<platform::HttpResponse> send(const platform::HttpRequest& /*request*/) override {
    platform::HttpResponse response;
    response.body = to_bytes(codec::to_json(answer));
    return response;
  }
  Result<platform::HttpResponse> download(
      const platform::HttpRequest& request,
      const std::function<Result<void>(ByteView)>& sink) override {
    meanwhile();
    return FileServer::download(request, sink);
  }
  [[nodiscard]] std::size_t downloads() const { return asked.size(); }

  Json answer;
  std::function<void()> meanwhile = [] {};  // while a file is on its way
};

class FetchContract : public ::testing::Test {
 protected:
  void publish(const RuntimeContract& contract, std::uint64_t number = 1) {
    const auto file = server_.add(to_bytes("weights")).sha256;
    const auto manifest = release::build_manifest("folder", {{.name = "m.onnx", .sha256 = file}});
    const auto made = release::sign_runtime_contract(contract, model_, manifest->root, key_);
    const release::ReleaseStatement statement{.model = model_,
                                              .number = number,
                                              .model_root = manifest->root,
                                              .file_name = "m.onnx",
                                              .file_sha256 = file,
                                              .file_size = 7,
                                              .issued_at = from_unix_seconds(1'795'438'387),
                                              .contract_sha256 = made->contract_sha256};
    server_.answer = Json::Object{{"bundle", *release::sign_model(*manifest, key_)},
                                  {"statement", *sign_release_statement(statement, key_)},
                                  {"contract", made->text}};
  }

  [[nodiscard]] std::string fetch() {
    AgentConfig config;
    config.two_person_tiers = two_person_tiers_;
    config.worker_memory_bytes = std::uint64_t{512} << 20U;
    config.model_max_bytes = 1000;
    config.inference_deadline = std::chrono::seconds{1};
    const TemporaryFolder folder;
    testing::RegisterTpm tpm;
    auto floors = ReleaseFloors::load(folder.path(), tpm);
    if (took_two_) {
      EXPECT_TRUE(floors->accept(model_, 1, 1, true).has_value());
    }
    const std::vector publishers{key_.public_key(), second_.public_key()};
    const auto quarantine = Quarantine::load(folder.path());
    ModelFiles files;
    ListedReleases everything;
    const std::string ear = "ear";
    ListedReleases::Round listed(everything, server_, ear, clock_);
    return fetch_newer(server_, ear,
                       {.config = config,
                        .publishers = publishers,
                        .floors = *floors,
                        .quarantine = **quarantine,
                        .refused = refused_,
                        .clock = clock_},
                       files, listed, model_, {})
        .error()
        .code;
  }

  ModelName model_ = *ModelName::parse("voice");
  crypto::PrivateKey key_ = crypto::PrivateKey::generate_p256();
  crypto::PrivateKey second_ = crypto::PrivateKey::generate_p256();
  std::vector<release::Tier> two_person_tiers_;
  bool took_two_ = false;  // a release of the model that two publishers stood by ran here
  FakeClock clock_;
  RefusedReleases refused_{std::chrono::minutes(1)};
  ReleaseServer server_;
};

// The server alone cannot have a release run that one publisher signed and nobody looked at.
TEST_F(FetchContract, RefusesAReleaseThatNoOtherPublisherApproved) {
  publish({});
  const auto release =
      release::verify_release(*server_.answer.string("bundle"), *server_.answer.string("statement"),
                              std::vector{key_.public_key()}, *server_.answer.string("contract"));
  const auto approval = release::sign_release_approval(*release, second_).value();
  two_person_tiers_ = {release::Tier::low, (*release)->tier};
  EXPECT_EQ(fetch(), "REL-APPROVAL");
  server_.answer.set("approval", nullptr);
  EXPECT_EQ(fetch(), "JSON-MEMBER");
  server_.answer.set("approval", *server_.answer.string("statement"));
  EXPECT_EQ(fetch(), "REL-APPROVAL");
  const auto stranger = crypto::PrivateKey::generate_p256();
  server_.answer.set("approval", release::sign_release_approval(*release, stranger).value());
  EXPECT_EQ(fetch(), "DSSE-UNTRUSTED");
  EXPECT_EQ(server_.downloads(), 0U);
  server_.answer.set("approval", approval);
  EXPECT_EQ(fetch(), "NET-CLOSED");
  EXPECT_EQ(server_.downloads(), 1U) << "it comes for the file now";
}

TEST_F(FetchContract, RefusesAContractForAnotherRegionOrTimeBeforeAnyDownload) {
  RuntimeContract contract;
  contract.regions = {"eu-west"};
  publish(contract);
  EXPECT_EQ(fetch(), "AGT-CONTRACT-REGION");
  contract.regions.clear();
  contract.valid_until = clock_.now();
  publish(contract);
  EXPECT_EQ(fetch(), "AGT-CONTRACT-TIME");
  EXPECT_EQ(server_.downloads(), 0U);
  clock_.advance(-std::chrono::seconds(1));
  EXPECT_EQ(fetch(), "NET-CLOSED");
}

TEST_F(FetchContract, RefusesAContractThatEndedDuringTheDownload) {
  server_.refusal.clear();
  RuntimeContract contract;
  contract.valid_until = clock_.now() + std::chrono::seconds(30);
  publish(contract);
  server_.meanwhile = [this] { clock_.advance(std::chrono::seconds(30)); };
  EXPECT_EQ(fetch(), "AGT-CONTRACT-TIME");
  EXPECT_EQ(server_.downloads(), 1U);
}

// The file is no model at all.
TEST_F(FetchContract, AReleaseThatFailedHereIsNotFetchedAnewWithEachLook) {
  server_.refusal.clear();
  publish({});
  const std::string code = fetch();
  EXPECT_TRUE(code.starts_with("ADM-")) << code;
  EXPECT_EQ(fetch(), code) << "as it was told before";
  EXPECT_EQ(server_.downloads(), 1U);
  clock_.advance(std::chrono::minutes(1));
  EXPECT_EQ(fetch(), code);
  EXPECT_EQ(server_.downloads(), 2U);
  clock_.advance(std::chrono::minutes(1));
  EXPECT_EQ(fetch(), code);
  EXPECT_EQ(server_.downloads(), 2U) << "twice the wait";
  publish({}, 2);
  EXPECT_EQ(fetch(), code);
  EXPECT_EQ(server_.downloads(), 3U) << "another release";
}

TEST_F(FetchContract, AsksForNoApprovalOfAnotherTier) {
  publish({});
  two_person_tiers_ = {release::Tier::high};
  EXPECT_EQ(fetch(), "NET-CLOSED");
  EXPECT_EQ(server_.downloads(), 1U);
}

TEST_F(FetchContract, RefusesAnUnapprovedReleaseOfAModelThatTookTwoWhateverItsTier) {
  publish({});
  took_two_ = true;
  EXPECT_EQ(fetch(), "REL-APPROVAL");
  EXPECT_EQ(server_.downloads(), 0U);
}

TEST_F(FetchContract, RefusesAReleaseWhoseContractTheServerDropped) {
  publish({});
  const std::string statement = *server_.answer.string("statement");
  server_.answer =
      Json::Object{{"bundle", *server_.answer.string("bundle")}, {"statement", statement}};
  EXPECT_EQ(fetch(), "REL-CONTRACT");
  server_.answer.set("contract", nullptr);
  EXPECT_EQ(fetch(), "JSON-MEMBER");
  EXPECT_EQ(server_.downloads(), 0U);
}

TEST_F(FetchContract, RefusesAContractThatTheServerSwapped) {
  RuntimeContract wide;
  wide.memory_bytes = std::uint64_t{512} << 20U;
  publish(wide);
  const std::string swapped = *server_.answer.string("contract");
  publish({});
  server_.answer.set("contract", swapped);
  EXPECT_EQ(fetch(), "REL-CONTRACT");
  EXPECT_EQ(server_.downloads(), 0U);
}

TEST_F(FetchContract, RefusesWhatTheDeviceDoesNotAllowBeforeAnyDownload) {
  RuntimeContract contract;
  contract.memory_bytes = std::uint64_t{513} << 20U;
  publish(contract);
  EXPECT_EQ(fetch(), "AGT-CONTRACT-CEILING");
  EXPECT_EQ(server_.downloads(), 0U);
}

TEST_F(FetchContract, ComesForTheFileUnderAContractThatFits) {
  publish({});
  EXPECT_EQ(fetch(), "NET-CLOSED");
  EXPECT_EQ(server_.downloads(), 1U);
}

}  // namespace
}  // namespace vedette::agent
