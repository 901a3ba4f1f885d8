// Rollovers on disk: whole or not at all.
#include "server/rollover.h"

#include <array>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/fd.h"
#include "server/ca_folder.h"
#include "server/state_folder.h"
#include "testing/temporary_folder.h"

namespace vedette::server {
namespace {

namespace fs = std::filesystem;

struct RolloverOnDisk : testing::Test {
  RolloverOnDisk() {
    const auto made = create_state(state, domain, *OperatorId::parse("admin"), now, *custody);
    if (!made) throw std::runtime_error(describe(made.error()));
  }

  crypto::PrivateKey key_in(const std::string& path) const {
    return *crypto::PrivateKey::from_pem(as_text(*read_file(path, 1U << 16U)));
  }
  RolloverPlace place(const crypto::PrivateKey& root_key,
                      Duration overlap = std::chrono::hours(48)) const {
    return {state, domain, *custody, root_key, now, overlap};
  }
  RolloverPlace place() const { return place(key_in(state + "/offline/root.key")); }
  Result<ServerKeys> load() const { return load_state(state, domain, now, *custody); }
  template <class T>
  static std::string code_of(const Result<T>& result) {
    return result ? "" : result.error().code;
  }
  std::string content(const std::string& name) const {
    return std::string(as_text(*read_file(state + name, 1U << 16U)));
  }

  const TemporaryFolder folder;
  const std::string state = folder / "state";
  const identity::TrustDomain domain = *identity::TrustDomain::parse("test.vedette");
  const TimePoint now = SystemClock().now();
  const Result<KeyCustody> custody = KeyCustody::open({.insecure_unencrypted = true}, nullptr);
};

TEST_F(RolloverOnDisk, WithAnotherKeyThanTheRootsChangesNothing) {
  const auto other = crypto::PrivateKey::generate_p256();
  EXPECT_EQ(code_of(rollover_issuing(place(other), {})), "CA-ROOT-KEY");
  EXPECT_EQ(code_of(rollover_root(place(other), folder / "next.key", {})), "CA-ROOT-KEY");
  EXPECT_FALSE(fs::exists(folder / "next.key"));
  EXPECT_EQ(load()->trust.version, 1U);
}

TEST_F(RolloverOnDisk, OverAKeyThatIsThereIsRefused) {
  std::ofstream(folder / "next.key") << "something else";
  EXPECT_EQ(code_of(rollover_root(place(), folder / "next.key", {})), "STATE-EXISTS");
}

TEST_F(RolloverOnDisk, FromATokenToAFileIsRefused) {
  const auto named =
      KeyCustody::open({.issuing_key = "pkcs11:token=t", .insecure_unencrypted = true}, nullptr);
  EXPECT_EQ(
      code_of(rollover_issuing(
          {state, domain, *named, key_in(state + "/offline/root.key"), now, Duration{0}}, {})),
      "CA-ROLLOVER");
}

TEST_F(RolloverOnDisk, ABundleThatWasTakenAwayOrChangedIsNoticed) {
  ASSERT_EQ(code_of(rollover_issuing(place(), {})), "");
  ASSERT_EQ(code_of(rollover_issuing(place(), {})), "");
  fs::rename(state + "/ca/bundles/2.json", folder / "2.json");
  EXPECT_EQ(code_of(load()), "STATE-TRUST");
  fs::copy_file(state + "/ca/bundles/3.json", state + "/ca/bundles/2.json");
  EXPECT_EQ(code_of(load()), "STATE-TRUST");
  fs::remove(state + "/ca/bundles/2.json");
  fs::rename(folder / "2.json", state + "/ca/bundles/2.json");
  EXPECT_EQ(code_of(load()), "");
}

TEST_F(RolloverOnDisk, AFormerKeyIsMissedWhileItIsTrusted) {
  ASSERT_EQ(code_of(rollover_issuing(place(), {})), "");
  ASSERT_EQ(load()->former.size(), 1U);
  fs::remove(state + "/ca/issuing.key");
  EXPECT_EQ(code_of(load()), "FILE-OPEN");
  EXPECT_EQ(code_of(load_state(state, domain, now + std::chrono::hours(49), *custody)), "");
}

TEST_F(RolloverOnDisk, OfTheIssuingAuthorityIsInForceAtTheNextStart) {
  const auto before = load()->authority.issuing().fingerprint();
  const auto trust = rollover_issuing(place(), {});
  ASSERT_TRUE(trust.has_value()) << describe(trust.error());
  const auto keys = load();
  ASSERT_TRUE(keys.has_value()) << describe(keys.error());
  EXPECT_EQ(keys->trust.version, 2U);
  EXPECT_NE(keys->authority.issuing().fingerprint(), before);
  EXPECT_EQ(keys->former.at(0).issuing().fingerprint(), before);
  EXPECT_EQ(content("/ca/issuing.pem"), keys->authority.issuing().pem());
}

TEST_F(RolloverOnDisk, OfTheRootTwiceKeepsTheIssuingKey) {
  const auto before = load()->authority.issuing().spki_sha256();
  ASSERT_EQ(code_of(rollover_root(place(), folder / "b.key", {})), "");
  EXPECT_EQ(code_of(rollover_root(place(), folder / "c.key", {})), "CA-ROOT-KEY")
      << "the former root hands over no more";
  const SecretBytes passphrase(to_bytes(std::string_view("in another safe")));
  ASSERT_EQ(code_of(rollover_root(place(key_in(folder / "b.key")), folder / "c.key", passphrase)),
            "");
  const auto keys = load();
  ASSERT_TRUE(keys.has_value()) << describe(keys.error());
  EXPECT_EQ(keys->trust.version, 3U);
  EXPECT_EQ(keys->authority.issuing().spki_sha256(), before);
  EXPECT_TRUE(keys->former.empty()) << "it is the same issuing CA";
  EXPECT_EQ(content("/ca/root.pem"), keys->authority.root().pem());
  const auto pem = read_file(folder / "c.key", 1U << 16U);
  EXPECT_TRUE(as_text(*pem).starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
}

// As `kill -9` leaves it: all that comes before the bundle, or the bundle without its copies.
TEST_F(RolloverOnDisk, ThatWasInterruptedIsWholeOrHasNotHappened) {
  const std::string root = content("/ca/root.pem");
  ASSERT_EQ(code_of(rollover_root(place(), folder / "b.key", {})), "");
  ASSERT_TRUE(write_file_atomically(state + "/ca/root.pem", as_bytes(root), 0644).has_value());
  ASSERT_EQ(code_of(load()), "");
  EXPECT_NE(content("/ca/root.pem"), root) << "the copies follow";
  fs::remove(state + "/ca/bundles/2.json");
  const auto before = load();
  ASSERT_TRUE(before.has_value()) << describe(before.error());
  EXPECT_EQ(content("/ca/root.pem"), root);
  EXPECT_EQ(code_of(rollover_root(place(), folder / "again.key", {})), "");
}

TEST_F(RolloverOnDisk, AFolderOfBeforeGetsItsFirstBundleWithIt) {
  fs::remove_all(state + "/ca/bundles");
  ASSERT_EQ(load()->trust.version, 0U);
  ASSERT_EQ(code_of(rollover_issuing(place(), {})), "");
  EXPECT_EQ(load()->bundles.size(), 2U);
}

TEST_F(RolloverOnDisk, EncryptsTheKeysOfAllIssuingAuthorities) {
  ASSERT_EQ(code_of(rollover_issuing(place(), {})), "");
  const SecretBytes passphrase(to_bytes(std::string_view("battery staple")));
  ASSERT_TRUE(encrypt_state(state, passphrase).has_value());
  std::size_t keys = 0;
  for (const auto& entry : fs::directory_iterator(state + "/ca")) {
    if (entry.path().extension() != ".key") continue;
    ++keys;
    EXPECT_TRUE(content("/ca/" + entry.path().filename().string())
                    .starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"))
        << entry.path();
  }
  EXPECT_EQ(keys, 2U);
}

TEST_F(RolloverOnDisk, AnOperatorIsRenewedForTheSameKeyAndAllRoots) {
  const auto admin = *OperatorId::parse("admin");
  const auto before = crypto::Certificate::from_pem(content("/operators/admin/operator.pem"));
  ASSERT_EQ(code_of(rollover_issuing(place(), {})), "");
  ASSERT_EQ(code_of(rollover_root(place(), folder / "b.key", {})), "");
  const auto keys = load();
  EXPECT_EQ(code_of(renew_operator(state, keys->authority, keys->trust,
                                   *OperatorId::parse("nobody"), now)),
            "FILE-OPEN");
  ASSERT_EQ(code_of(renew_operator(state, keys->authority, keys->trust, admin, now)), "");
  const auto chain = crypto::Certificate::all_from_pem(content("/operators/admin/operator.pem"));
  EXPECT_EQ(chain->front().spki_sha256(), before->spki_sha256());
  EXPECT_EQ(code_of(identity::check_issuer(chain->front(), keys->authority.issuing().spki_sha256(),
                                           keys->trust, now)),
            "");
  const auto roots = crypto::Certificate::all_from_pem(content("/operators/admin/roots.pem"));
  ASSERT_EQ(roots->size(), 2U);
  EXPECT_EQ(roots->front().fingerprint(), keys->authority.root().fingerprint());
}

}  // namespace
}  // namespace vedette::server
