// Group 13 of the identity attacks: issuing CA and root change in the middle of a fleet.
#include "identity/rollover.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>

#include "codec/base64.h"
#include "crypto/digest.h"
#include "identity/trust_bundle.h"
#include "platform/tpm/esys/esys_tpm.h"
#include "testing/fake_clock.h"
#include "testing/software_tpm.h"

#include "rollover_fixture.h"

namespace vedette {
namespace {

TEST_F(RolloverMidFleet, ARetiredIssuingAuthoritysCertificateIsRefused) {
  const auto drone = set_out("drone");
  roll_issuing(Duration{0});
  EXPECT_EQ(get(*connect(*drone), "/v1/renewal-info"), "PEER-ISSUER");
  EXPECT_EQ(renew(*drone), "PEER-ISSUER");
  EXPECT_EQ(get(*operator_client(), "/v1/status"), "PEER-ISSUER") << "an operator's is no better";
  const auto renewed = server::renew_operator(folder_ / "state", keys_->authority, keys_->trust,
                                              *OperatorId::parse("admin"), clock_.now());
  ASSERT_TRUE(renewed.has_value()) << describe(renewed.error());
  EXPECT_EQ(get(*operator_client(), "/v1/status"), "");
}

// Whoever stole a former issuing CA's key after its retirement makes certificates with it.
TEST_F(RolloverMidFleet, WhatARetiredIssuingAuthoritySignsAfterwardsIsRefused) {
  const identity::CertificateAuthority stolen = keys_->authority;
  roll_issuing(Duration{0});
  const auto key = crypto::PrivateKey::generate_p256();
  const auto forged = stolen.issue_operator(*OperatorId::parse("admin"), key.public_key(),
                                            clock_.now(), std::chrono::hours(1));
  const auto thief = client_with(server_->ports().operators, {*forged, stolen.issuing()}, key);
  EXPECT_EQ(get(*thief, "/v1/status"), "PEER-ISSUER");
}

// The server's own disk is what these stand for: bundles that nobody may follow.
TEST_F(RolloverMidFleet, BundlesThatDoNotFollowAreRefusedByDevices) {
  const auto drone = set_out("drone");
  ASSERT_EQ(follow(*drone), "news");
  roll_root("b.key");
  const auto second = keys_->bundles.at(1);
  const auto alone = identity::sign_trust_bundle(second.bundle(), std::array{root_key_});
  ASSERT_TRUE(alone.has_value());
  const auto serve = [&](const std::vector<identity::SignedTrustBundle>& bundles) {
    std::vector<std::string> texts;
    for (const auto& bundle : bundles)
      texts.push_back(bundle.text());
    const auto walked = identity::walk_trust(
        {.trust_domain = domain_, .held = keys_->bundles.at(0), .anchors = {}, .now = clock_.now()},
        texts);
    return walked ? "" : walked.error().code;
  };
  EXPECT_EQ(serve({*alone}), "BUNDLE-SIGNATURE");
  EXPECT_EQ(serve({second}), "");
  // And a server does not start with such a folder.
  const std::string path = folder_ / "state/ca/bundles/2.json";
  ASSERT_TRUE(write_file_atomically(path, as_bytes(alone->text()), 0644).has_value());
  EXPECT_EQ(server::load_state(folder_ / "state", domain_, clock_.now(), custody_).error().code,
            "STATE-TRUST");
}

TEST_F(RolloverMidFleet, AServerThatWasRestoredFromABackupMovesNoDeviceBack) {
  const auto drone = set_out("drone");
  roll_issuing();
  ASSERT_EQ(follow(*drone), "news");
  std::filesystem::remove(folder_ / "state/ca/bundles/2.json");
  restart();
  EXPECT_EQ(follow(*drone), "BUNDLE-ROLLBACK");
  EXPECT_EQ(drone->trust.version(), 2U);
}

TEST_F(RolloverMidFleet, ALiveDeviceGoesOnOverAllOfThem) {
  const auto drone = set_out("drone");
  ASSERT_EQ(follow(*drone), "news");
  ASSERT_EQ(renew(*drone), "");
  const std::array<std::function<void()>, 3> rollovers{
      [&] { roll_issuing(); }, [&] { roll_root("b.key"); }, [&] { roll_root("c.key"); }};
  for (const auto& roll_over : rollovers) {
    const auto before = drone->chain.front().serial_hex();
    roll_over();
    EXPECT_EQ(get(*connect(*drone), "/v1/attestation/wanted"), "") << "with the old certificate";
    EXPECT_EQ(follow(*drone), "news");
    EXPECT_EQ(renew(*drone), "");
    EXPECT_NE(drone->chain.front().serial_hex(), before);
    EXPECT_TRUE(is_of_present_issuer(*drone));
  }
  EXPECT_EQ(drone->trust.version(), 4U);
  EXPECT_EQ(drone->trust.roots_at(clock_.now()).front().fingerprint(),
            keys_->authority.root().fingerprint());
}

TEST_F(RolloverMidFleet, ADeviceThatWasAwayForTwoRootsComesBack) {
  const auto drone = set_out("drone");
  roll_root("b.key", Duration{0});
  roll_root("c.key", Duration{0});
  EXPECT_EQ(drone->trust.version(), 0U);
  // Its certificate is worth nothing any more, but it knows its server, by what certifies the third
  // root by the second, and the second by the first.
  EXPECT_EQ(follow(*drone, false), "news");
  EXPECT_EQ(drone->trust.version(), 3U);
  const auto roots = drone->trust.roots_at(clock_.now());
  ASSERT_EQ(roots.size(), 1U);
  EXPECT_EQ(roots.front().fingerprint(), keys_->authority.root().fingerprint());
  EXPECT_EQ(get(*connect(*drone, false), "/.well-known/est/csrattrs"), "") << "by the new root";
}

TEST_F(RolloverMidFleet, AnOperatorWhoKnowsTheFirstRootAloneIsServed) {
  roll_root("b.key");
  roll_root("c.key");
  platform::HttpClientSettings settings;
  settings.host = "127.0.0.1";
  settings.port = server_->ports().operators;
  settings.roots = {first_root_};
  const std::string own = folder_ / "state/operators/admin/";
  settings.chain =
      *crypto::Certificate::all_from_pem(as_text(*read_file(own + "operator.pem", 1U << 16U)));
  settings.key =
      *crypto::PrivateKey::from_pem(as_text(*read_file(own + "operator.key", 1U << 16U)));
  EXPECT_EQ(get(**http_->connect(settings), "/v1/status"), "");
}

// The answer was lost before the rollover, and the device asks again behind it.
TEST_F(RolloverMidFleet, ARetryGetsNoCertificateOfAFormerIssuingAuthority) {
  const auto drone = set_out("drone");
  const auto first = drone->chain;
  ASSERT_EQ(renew(*drone), "");
  const auto lost = drone->chain.front().serial_hex();
  drone->chain = first;
  ASSERT_EQ(renew(*drone), "");
  ASSERT_EQ(drone->chain.front().serial_hex(), lost) << "without a rollover it is told again";
  drone->chain = first;
  roll_issuing();
  ASSERT_EQ(renew(*drone), "");
  EXPECT_NE(drone->chain.front().serial_hex(), lost);
  EXPECT_TRUE(is_of_present_issuer(*drone));
}

TEST_F(RolloverMidFleet, TheServersWordOnRenewalsIsBelievedBehindARollover) {
  const auto drone = set_out("drone");
  roll_issuing();
  ASSERT_EQ(follow(*drone), "news");
  const auto credentials =
      agent::make_credentials(drone->chain, drone->key, "test.vedette", clock_.now());
  const auto now = clock_.now();
  const auto client = connect(*drone);
  const auto late = set_out("late");
  EXPECT_EQ(agent::renewal_advice(*client, *credentials, late->trust, now).error().code,
            "CERT-UNTRUSTED")
      << "who has not heard of it knows nothing of the new authority";
  const auto advice = agent::renewal_advice(*client, *credentials, drone->trust, now);
  EXPECT_TRUE(advice.has_value()) << describe(advice.error());
}

// RFC 7030, 4.1.3: OldWithOld, OldWithNew and NewWithOld beside the present ones.
TEST_F(RolloverMidFleet, CacertsLeadsFromEitherRootToTheOther) {
  const auto old_issuing = keys_->authority.issuing();
  roll_root("b.key");
  const auto answer = enrollment_client()->send(platform::get_request("/.well-known/est/cacerts"));
  ASSERT_EQ(code(answer), "");
  const auto certificates =
      crypto::parse_certs_only(*codec::from_base64_lines(as_text(answer->body)));
  ASSERT_TRUE(certificates.has_value()) << describe(certificates.error());
  const auto is_there = [&](const crypto::Certificate& wanted) {
    return std::ranges::any_of(*certificates, [&](const crypto::Certificate& certificate) {
      return certificate.fingerprint() == wanted.fingerprint();
    });
  };
  const auto& trust = keys_->trust;
  for (const auto& wanted : {first_root_, keys_->authority.root(), trust.new_with_old.at(0),
                             trust.old_with_new.at(0), keys_->authority.issuing(), old_issuing})
    EXPECT_TRUE(is_there(wanted)) << wanted.subject();
  EXPECT_EQ(certificates->size(), 6U);
}

TEST_F(RolloverMidFleet, BundlesAreGivenOutFromAVersionOnAndNowhereElse) {
  roll_issuing();
  const auto client = enrollment_client();
  for (const char* query : {"?from=0", "?from=-1", "?from=x", "?from=", "?from=1x"})
    EXPECT_EQ(get(*client, std::string("/v1/trust/bundles") + query), "HTTP-QUERY") << query;
  const auto count = [&](const std::string& query) {
    const auto answer = client->send(platform::get_request("/v1/trust/bundles" + query));
    const auto body = codec::parse_json(as_text(answer->body)).value();
    EXPECT_EQ(body.integer("newest").value_or(0), 2);
    return body.array("bundles").value()->if_array()->size();
  };
  EXPECT_EQ(count(""), 2U);
  EXPECT_EQ(count("?from=2"), 1U);
  EXPECT_EQ(count("?from=3"), 0U);
}

TEST_F(RolloverMidFleet, TheLogSaysWhichBundleIsInForce) {
  const auto last_entry = [&] {
    const auto answer =
        operator_client()->send(platform::get_request("/v1/log/entries?start=0&count=64"));
    const auto entries = codec::parse_json(as_text(answer->body)).value();
    const std::string last = *entries.array("entries").value()->if_array()->back().if_string();
    return std::string(as_text(*codec::from_base64(last)));
  };
  EXPECT_EQ(last_entry().find("trust bundle"), std::string::npos) << "none was rolled over";
  roll_issuing();
  const std::string entry = last_entry();
  EXPECT_NE(entry.find(R"("version":2)"), std::string::npos) << entry;
  const auto digest = crypto::sha256(as_bytes(keys_->bundles.back().payload()));
  EXPECT_NE(entry.find(to_hex(digest)), std::string::npos) << entry;
}

class RolloverWithTpm : public RolloverMidFleet {
 protected:
  void SetUp() override {
    VEDETTE_SKIP_WITHOUT_SOFTWARE_TPM();
    auto emulator = testing::SoftwareTpm::start();
    ASSERT_TRUE(emulator.has_value()) << describe(emulator.error());
    emulator_ = std::move(*emulator);
    auto tpm = platform::open_esys_tpm({emulator_->tcti(), emulator_->state_folder()});
    ASSERT_TRUE(tpm.has_value()) << describe(tpm.error());
    tpm_ = std::move(*tpm);
    const auto endorsement = codec::parse_tpm2b_public(*tpm_->endorsement_key());
    const std::string body = R"({"device":"drone","group":"g","endorsement_sha256":")" +
                             to_hex(crypto::sha256(endorsement->encoded)) + "\"}";
    ASSERT_EQ(post(*operator_client(), "/v1/devices/allow", body), "");
  }

  std::unique_ptr<testing::SoftwareTpm> emulator_;
  std::unique_ptr<platform::Tpm> tpm_;
};

// All of a shelf's life: its certificate has lost its worth, its root has gone twice.
TEST_F(RolloverWithTpm, ADeviceFromTheShelfEnrolsByItsTpmOverTwoRollovers) {
  const auto drone = set_out("shelf");  // for its anchors alone
  drone->key = *agent::device_private_key(*tpm_);
  auto first = agent::enroll(*connect(*drone, false), *tpm_, {drone->key});
  ASSERT_TRUE(first.has_value()) << describe(first.error());
  drone->chain = *std::move(first);
  ASSERT_EQ(get(*connect(*drone), "/v1/attestation/wanted"), "");
  roll_root("b.key", Duration{0});
  roll_issuing(Duration{0});
  roll_root("c.key", Duration{0});
  EXPECT_EQ(get(*connect(*drone), "/v1/attestation/wanted"), "NET-TLS") << "its root is gone";
  ASSERT_EQ(follow(*drone, false), "news");
  auto again = agent::enroll(*connect(*drone, false), *tpm_, {drone->key});
  ASSERT_TRUE(again.has_value()) << describe(again.error());
  EXPECT_NE(again->front().serial_hex(), drone->chain.front().serial_hex())
      << "a retry, but of a former issuing CA";
  drone->chain = *std::move(again);
  EXPECT_EQ(get(*connect(*drone), "/v1/attestation/wanted"), "");
}

}  // namespace
}  // namespace vedette
