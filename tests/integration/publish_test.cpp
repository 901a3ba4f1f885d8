// What publishers may put into the registry.
#include <array>

#include "base/fd.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "policy/policy.h"
#include "release/oms_bundle.h"
#include "release/release_statement.h"

#include "control_plane_fixture.h"

namespace vedette {
namespace {

class Publish : public ControlPlane {
 protected:
  struct Documents {
    std::string bundle;
    std::string statement;
    std::string contract{};  // left out when empty
  };

  // A release whose statement names the contract that comes with it.
  Documents release_with(const release::RuntimeContract& contract, std::uint64_t number) const {
    const auto digest = crypto::sha256(model_);
    const auto manifest = release::build_manifest("model", {{"m.onnx", digest}});
    const auto made = release::sign_runtime_contract(contract, *ModelName::parse("voice"),
                                                     manifest->root, publisher_);
    Documents documents = signed_release(number, publisher_, made->contract_sha256);
    documents.contract = made->text;
    return documents;
  }

  Documents signed_release(std::uint64_t number, const crypto::PrivateKey& key,
                           std::optional<crypto::Sha256Digest> contract = std::nullopt) const {
    const auto digest = crypto::sha256(model_);
    auto manifest = release::build_manifest("model", {{"m.onnx", digest}});
    const release::ReleaseStatement statement{.model = *ModelName::parse("voice"),
                                              .number = number,
                                              .tier = tier_,
                                              .model_root = manifest->root,
                                              .file_name = "m.onnx",
                                              .file_sha256 = digest,
                                              .file_size = model_.size(),
                                              .issued_at = from_unix_seconds(1'795'435'200),
                                              .contract_sha256 = contract};
    return {*release::sign_model(*manifest, key), *release::sign_release_statement(statement, key)};
  }

  std::string publish(const Documents& documents) {
    codec::Json body;
    body.set("bundle", documents.bundle).set("statement", documents.statement);
    if (!documents.contract.empty()) body.set("contract", documents.contract);
    return post(*admin_, "/v1/releases", codec::to_json(body));
  }

  // Release 1, of four threads.
  Documents publish_one_that_widens() {
    release::RuntimeContract wide;
    wide.powers = {release::Threads{4}};
    Documents documents = release_with(wide, 1);
    EXPECT_EQ(upload(to_hex(crypto::sha256(model_))), "");
    EXPECT_EQ(publish(documents), "");
    return documents;
  }

  std::string upload(const std::string& name) {
    return code(admin_->send(
        {.method = "PUT", .target = "/v1/blobs/" + name, .headers = {}, .body = model_}));
  }

  // From the next start on.
  void take_two_for(release::Tier tier) {
    config_.two_person_tiers = {tier};
    restart();
    admin_ = operator_client();
  }
  codec::Json shown(std::uint64_t number) {
    return platform::read_json_answer(
               *admin_->send(platform::get_request("/v1/releases/voice/" + std::to_string(number))))
        .value_or(codec::Json::Object{});
  }
  bool waits(std::uint64_t number) { return shown(number).boolean("pending").value(); }
  std::vector<std::string> subjects_in_log(std::string_view kind) {
    const auto log = platform::read_json_answer(
        *admin_->send(platform::get_request("/v1/log/entries?start=0&count=64")));
    std::vector<std::string> subjects;
    for (const codec::Json& element : *log->find("entries")->if_array()) {
      const auto entry =
          codec::parse_json(as_text(codec::from_base64(*element.if_string()).value()));
      if (entry->string("kind") == kind) subjects.push_back(*entry->string("subject"));
    }
    return subjects;
  }

  release::Tier tier_ = release::Tier::high;
  Bytes model_ = to_bytes("not a model, but bytes with a digest");
  Client admin_ = operator_client();
};

TEST_F(Publish, RefusesAStrangersSignature) {
  EXPECT_EQ(publish(signed_release(1, crypto::PrivateKey::generate_p256())), "OMS-UNTRUSTED");
}

TEST_F(Publish, RefusesAStatementByAnotherThanTheBundlesKind) {
  Documents mixed = signed_release(1, publisher_);
  mixed.statement = signed_release(1, crypto::PrivateKey::generate_p256()).statement;
  EXPECT_NE(publish(mixed), "");
}

TEST_F(Publish, RefusesAReleaseWhoseFileIsMissing) {
  EXPECT_EQ(publish(signed_release(1, publisher_)), "REL-BLOB-MISSING");
}

TEST_F(Publish, RefusesAFileThatIsNotWhatItsNameSays) {
  EXPECT_EQ(upload(std::string(64, 'a')), "BLOB-DIGEST");
  EXPECT_EQ(upload("..%2fserver.db"), "HEX-SYNTAX");
}

TEST_F(Publish, RefusesAContractThatWasDroppedOrSwapped) {
  ASSERT_EQ(upload(to_hex(crypto::sha256(model_))), "");
  Documents documents = release_with({}, 1);
  documents.contract.clear();
  EXPECT_EQ(publish(documents), "REL-CONTRACT");
  release::RuntimeContract wide;
  wide.powers = {release::Threads{4}};
  documents.contract = release_with(wide, 1).contract;
  EXPECT_EQ(publish(documents), "REL-CONTRACT");
  documents = signed_release(1, publisher_);
  documents.contract = release_with({}, 1).contract;
  EXPECT_EQ(publish(documents), "REL-CONTRACT");
}

TEST_F(Publish, AContractIsListedAndLoggedWithWhatItWidens) {
  const Documents documents = publish_one_that_widens();
  ASSERT_EQ(publish(signed_release(2, publisher_)), "");
  const auto answer =
      platform::read_json_answer(*admin_->send(platform::get_request("/v1/releases")));
  ASSERT_TRUE(answer.has_value());
  const codec::Json::Array& releases = *answer->find("releases")->if_array();
  ASSERT_EQ(releases.size(), 2U);
  const codec::Json* contract = releases[0].find("contract");
  ASSERT_NE(contract, nullptr);
  const auto verified =
      release::verify_runtime_contract(documents.contract, std::array{publisher_.public_key()});
  EXPECT_EQ(contract->string("sha256").value_or(""), to_hex((*verified)->contract_sha256));
  EXPECT_TRUE(contract->find("widenings")->if_array()->front().if_string()->contains("4 threads"));
  EXPECT_EQ(releases[1].find("contract"), nullptr);
  const auto log = platform::read_json_answer(
      *admin_->send(platform::get_request("/v1/log/entries?start=1&count=1")));
  ASSERT_TRUE(log.has_value());
  const auto entry = codec::from_base64(*log->find("entries")->if_array()->front().if_string());
  EXPECT_TRUE(as_text(*entry).contains(to_hex((*verified)->contract_sha256)));
  EXPECT_TRUE(as_text(*entry).contains("4 threads"));
}

TEST_F(Publish, AStoredContractThatNoLongerVerifiesIsListedAsRefused) {
  const Documents documents = release_with({}, 1);
  const auto verified =
      release::verify_release(documents.bundle, documents.statement,
                              std::array{publisher_.public_key()}, documents.contract);
  const auto foreign = release::sign_runtime_contract(
      {}, (*verified)->model, (*verified)->model_root, crypto::PrivateKey::generate_p256());
  const auto stored = store_->write([&](platform::UnitOfWork& unit) {
    return unit.releases().add({.model = (*verified)->model,
                                .number = 1,
                                .model_root = (*verified)->model_root,
                                .file_name = "m.onnx",
                                .bundle = documents.bundle,
                                .statement = documents.statement,
                                .contract = foreign->text,
                                .published_at = from_unix_seconds(1'795'435'200)});
  });
  ASSERT_TRUE(stored.has_value());
  const auto answer =
      platform::read_json_answer(*admin_->send(platform::get_request("/v1/releases")));
  const codec::Json* contract = answer->find("releases")->if_array()->front().find("contract");
  ASSERT_NE(contract, nullptr);
  EXPECT_TRUE(contract->string("refused").value_or("").starts_with("DSSE-UNTRUSTED"));
  EXPECT_EQ(contract->find("widenings"), nullptr);
}

TEST_F(Publish, OneReleaseIsShownAsTheListTellsOfItAndAsItWasSigned) {
  const Documents documents = publish_one_that_widens();
  ASSERT_EQ(post(*admin_, "/v1/releases/voice/1/block", R"({"reason":"biased"})"), "");
  EXPECT_EQ(post(*admin_, "/v1/releases/voice/2/block", R"({"reason":"biased"})"),
            "HTTP-NOT-FOUND");
  EXPECT_EQ(get(*admin_, "/v1/releases/voice/2"), "HTTP-NOT-FOUND");
  const auto list =
      platform::read_json_answer(*admin_->send(platform::get_request("/v1/releases")));
  const auto shown =
      platform::read_json_answer(*admin_->send(platform::get_request("/v1/releases/voice/1")));
  ASSERT_TRUE(list.has_value() && shown.has_value());
  for (const auto& [name, value] : *list->find("releases")->if_array()->front().if_object()) {
    const codec::Json* same = shown->find(name == "contract" ? "contract_summary" : name);
    ASSERT_NE(same, nullptr) << name;
    EXPECT_EQ(*same, value) << name;
  }
  EXPECT_EQ(shown->boolean("blocked"), true);
  EXPECT_EQ(shown->string("bundle"), documents.bundle);
  EXPECT_EQ(shown->string("statement"), documents.statement);
  EXPECT_EQ(shown->string("contract"), documents.contract);
}

TEST_F(Publish, NumbersOnlyRise) {
  ASSERT_EQ(upload(to_hex(crypto::sha256(model_))), "");
  EXPECT_EQ(publish(signed_release(2, publisher_)), "");
  EXPECT_EQ(publish(signed_release(2, publisher_)), "REL-EXISTS");
  EXPECT_EQ(publish(signed_release(1, publisher_)), "REL-EXISTS");
  EXPECT_EQ(publish(signed_release(3, publisher_)), "");
}

TEST_F(Publish, EveryDecisionIsInTheLogRefusalsToo) {
  ASSERT_EQ(upload(to_hex(crypto::sha256(model_))), "");
  EXPECT_EQ(publish(signed_release(1, crypto::PrivateKey::generate_p256())), "OMS-UNTRUSTED");
  EXPECT_EQ(publish(signed_release(1, publisher_)), "");
  const auto status =
      platform::read_json_answer(*admin_->send(platform::get_request("/v1/status")));
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(*status->integer("log_size"), 3) << "the policy that is in force, and two decisions";
  EXPECT_EQ(get(*admin_, "/v1/log/checkpoint"), "");
}

TEST_F(Publish, WhoMayPublishMayNotApproveForThat) {
  std::string policy(policy::default_policy_text());
  const std::string_view approving = " approve_release,";
  policy.erase(policy.find(approving), approving.size());
  config_.policy = folder_ / "own.policy";
  ASSERT_TRUE(write_file_atomically(config_.policy, as_bytes(policy), 0600).has_value());
  take_two_for(release::Tier::high);
  ASSERT_EQ(upload(to_hex(crypto::sha256(model_))), "");
  ASSERT_EQ(publish(signed_release(1, publisher_)), "");
  EXPECT_EQ(post(*admin_, "/v1/releases/voice/1/approval", R"({"approval":"{}"})"),
            "AUTH-FORBIDDEN");
}

TEST_F(Publish, AModelThatHadATierOfTwoTakesTwoWhateverTheTierOfItsNext) {
  take_two_for(release::Tier::high);
  ASSERT_EQ(upload(to_hex(crypto::sha256(model_))), "");
  tier_ = release::Tier::low;
  ASSERT_EQ(publish(signed_release(1, publisher_)), "");
  EXPECT_FALSE(waits(1)) << "one publisher is enough for a tier that takes one";
  tier_ = release::Tier::high;
  ASSERT_EQ(publish(signed_release(2, publisher_)), "");
  EXPECT_TRUE(waits(2));
  tier_ = release::Tier::low;
  ASSERT_EQ(publish(signed_release(3, publisher_)), "");
  EXPECT_TRUE(waits(3));
}

TEST_F(Publish, WhatNobodyApprovedIsHeldFromTheStartThatTakesTwo) {
  ASSERT_EQ(upload(to_hex(crypto::sha256(model_))), "");
  ASSERT_EQ(publish(signed_release(1, publisher_)), "");
  EXPECT_FALSE(waits(1));
  take_two_for(release::Tier::low);
  EXPECT_FALSE(waits(1)) << "this model had no such tier";
  take_two_for(release::Tier::high);
  EXPECT_TRUE(waits(1));
  restart();
  admin_ = operator_client();
  EXPECT_EQ(subjects_in_log("hold"), std::vector<std::string>{"voice/1"}) << "held once";
}

}  // namespace
}  // namespace vedette
