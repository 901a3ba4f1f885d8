#include "agent/trust_anchors.h"

#include <array>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/fd.h"
#include "codec/json.h"
#include "identity/authority.h"
#include "identity/rollover.h"
#include "testing/temporary_folder.h"

namespace vedette::agent {
namespace {

using codec::Json;
using crypto::PrivateKey;
using identity::SignedTrustBundle;

// Has `bundles`, gives out `at_once` of them in one answer, and says `newest` if it is set.
class BundleServer final : public platform::HttpClient {
 public:
  Result<platform::HttpResponse> send(const platform::HttpRequest& request) override {
    const std::string target = request.target;
    const std::size_t from = std::stoul(target.substr(target.find("from=") + 5));
    Json::Array texts;
    for (std::size_t i = from - 1; i < bundles.size() && texts.size() < at_once; ++i)
      texts.emplace_back(bundles[i].text());
    Json body;
    body.set("newest", newest.value_or(bundles.size())).set("bundles", std::move(texts));
    platform::HttpResponse response;
    response.body = to_bytes(codec::to_json(body));
    ++requests;
    return response;
  }
  Result<platform::HttpResponse> download(
      const platform::HttpRequest& /*request*/,
      const std::function<Result<void>(ByteView)>& /*sink*/) override {
    return refuse("NET-UNREACHABLE", "nobody is there");
  }
  Result<Bytes> channel_binding() override { return refuse("NET-UNREACHABLE", "nobody is there"); }
  bool connected() override { return true; }

  std::vector<SignedTrustBundle> bundles;
  std::size_t at_once = 16;
  std::optional<std::uint64_t> newest;
  int requests = 0;
};

class TrustAnchorsTest : public ::testing::Test {
 protected:
  TrustAnchorsTest() {
    constexpr Duration kOverlap = std::chrono::hours(48);
    server_.bundles.push_back(
        identity::first_bundle(domain_, made_.material.root, made_.material.issuing, a_, now_)
            .value());
    server_.bundles.push_back(
        identity::roll_root(server_.bundles[0], b_, a_, now_, kOverlap).value());
    server_.bundles.push_back(
        identity::roll_root(server_.bundles[1], c_, b_, now_, kOverlap).value());
  }

  [[nodiscard]] Result<TrustAnchors> load() const {
    return TrustAnchors::load(folder_.path(), {made_.material.root}, domain_);
  }
  // What following comes to: `news`, `nothing`, or the code of the refusal.
  [[nodiscard]] std::string follow(TrustAnchors& anchors) {
    const auto followed = anchors.follow(server_, now_);
    if (!followed) return followed.error().code;
    return *followed ? "news" : "nothing";
  }
  [[nodiscard]] std::string path() const { return folder_ / "trust.json"; }

  TemporaryFolder folder_;
  TimePoint now_ = from_unix_seconds(1'795'000'000);
  identity::TrustDomain domain_ = *identity::TrustDomain::parse("edge.example");
  identity::NewAuthority made_ = identity::CertificateAuthority::create(domain_, now_).value();
  PrivateKey a_ = made_.root_key;
  PrivateKey b_ = PrivateKey::generate_p256();
  PrivateKey c_ = PrivateKey::generate_p256();
  BundleServer server_;
};

TEST_F(TrustAnchorsTest, ADamagedRecordIsRefusedAndNotForgotten) {
  for (const char* damaged : {"", "{}", "garbage"}) {
    std::ofstream(path()) << damaged;
    EXPECT_EQ(load().error().code, "AGT-STATE") << damaged;
  }
}

TEST_F(TrustAnchorsTest, ARecordOfAnotherTrustDomainIsRefused) {
  auto anchors = load().value();
  ASSERT_EQ(follow(anchors), "news");
  const auto other = *identity::TrustDomain::parse("other.example");
  EXPECT_EQ(TrustAnchors::load(folder_.path(), {made_.material.root}, other).error().code,
            "BUNDLE-DOMAIN");
}

TEST_F(TrustAnchorsTest, AServerThatWentBackIsNotFollowed) {
  auto anchors = load().value();
  ASSERT_EQ(follow(anchors), "news");
  server_.bundles.pop_back();
  EXPECT_EQ(follow(anchors), "BUNDLE-ROLLBACK");
  server_.newest = 4;
  EXPECT_EQ(follow(anchors), "BUNDLE-GAP") << "a server that says it has more and has not";
  EXPECT_EQ(anchors.version(), 3U);
  auto restarted = load().value();
  server_.newest.reset();
  EXPECT_EQ(follow(restarted), "BUNDLE-ROLLBACK") << "after a restart too";
  EXPECT_EQ(restarted.version(), 3U);
  server_.bundles.clear();
  EXPECT_EQ(follow(restarted), "BUNDLE-ROLLBACK") << "not to none at all either";
}

TEST_F(TrustAnchorsTest, WhatIsRefusedChangesNothing) {
  auto anchors = load().value();
  server_.bundles.erase(server_.bundles.begin() + 1);  // the walk has a gap
  EXPECT_EQ(follow(anchors), "BUNDLE-GAP");
  EXPECT_EQ(anchors.version(), 0U);
  EXPECT_FALSE(std::filesystem::exists(path()));
  EXPECT_EQ(anchors.roots_at(now_).at(0).fingerprint(), made_.material.root.fingerprint());
}

TEST_F(TrustAnchorsTest, WhatCannotBeKeptIsNotTrusted) {
  auto anchors = load().value();
  std::filesystem::create_directory(path());
  EXPECT_NE(follow(anchors), "news");
  EXPECT_EQ(anchors.version(), 0U);
}

TEST_F(TrustAnchorsTest, AServerWithoutEndIsLeft) {
  auto anchors = load().value();
  server_.at_once = 1;
  server_.newest = 1'000'000;
  EXPECT_EQ(follow(anchors), "BUNDLE-GAP") << "three, and then it had no more";
  EXPECT_LE(server_.requests, 5);
  server_.bundles.assign(2'000, server_.bundles[0]);
  EXPECT_EQ(follow(anchors), "BUNDLE-SYNTAX");
  EXPECT_LE(server_.requests, 1'100);
  EXPECT_EQ(anchors.version(), 0U);
}

// Its folder was lost or is not whole: it must not look as if there were nothing new.
TEST_F(TrustAnchorsTest, AServerThatLacksWhatItSaysItHasIsRefused) {
  auto anchors = load().value();
  server_.newest = 3;
  server_.bundles.pop_back();
  EXPECT_EQ(follow(anchors), "BUNDLE-GAP");
  server_.bundles.clear();
  const auto refused = anchors.follow(server_, now_);
  EXPECT_EQ(refused.error().code, "BUNDLE-GAP");
  EXPECT_NE(refused.error().hint.find("ca/bundles"), std::string::npos) << refused.error().hint;
  EXPECT_EQ(anchors.version(), 0U);
}

TEST_F(TrustAnchorsTest, WalkOverTwoRolloversAndSurviveARestart) {
  auto anchors = load().value();
  server_.at_once = 2;
  ASSERT_EQ(follow(anchors), "news");
  EXPECT_EQ(server_.requests, 2);
  auto restarted = load().value();
  EXPECT_EQ(restarted.version(), 3U);
  EXPECT_EQ(*restarted.roots_at(now_).at(0).public_key(), c_.public_key());
  EXPECT_EQ(restarted.roots_at(now_ + std::chrono::hours(48)).size(), 1U)
      << "former roots end as the bundle says";
  EXPECT_EQ(follow(restarted), "nothing");
}

// Of a client that was made while the root was trusted still.
TEST_F(TrustAnchorsTest, AChainUpToARootThatHasEndedIsRefused) {
  auto anchors = load().value();
  const auto code = [&](const crypto::Certificate& root, TimePoint at) {
    const auto& leaf = made_.material.issuing;  // whatever lies below
    const auto judged = anchors.check_server(std::array{leaf, root}, at);
    return judged ? "" : judged.error().code;
  };
  EXPECT_EQ(code(made_.material.root, now_), "") << "none was heard of";
  ASSERT_EQ(follow(anchors), "news");
  const TimePoint end = now_ + std::chrono::hours(48);
  EXPECT_EQ(code(made_.material.root, end), "NET-ISSUER");
  EXPECT_EQ(code(made_.material.root, end - Duration(1)), "");
  EXPECT_EQ(code(server_.bundles[2].bundle().root(), end), "");
  EXPECT_EQ(code(made_.material.issuing, now_), "NET-ISSUER") << "no root of the bundle";
}

TEST_F(TrustAnchorsTest, FollowOneRolloverAfterTheOther) {
  auto anchors = load().value();
  const auto last = server_.bundles.back();
  server_.bundles.pop_back();
  ASSERT_EQ(follow(anchors), "news");
  server_.bundles.push_back(last);
  ASSERT_EQ(follow(anchors), "news");
  EXPECT_EQ(anchors.version(), 3U);
}

TEST_F(TrustAnchorsTest, WithoutBundlesTheConfiguredRootsStay) {
  auto anchors = load().value();
  server_.bundles.clear();
  EXPECT_EQ(follow(anchors), "nothing");
  EXPECT_EQ(anchors.roots_at(now_).size(), 1U);
}

}  // namespace
}  // namespace vedette::agent
