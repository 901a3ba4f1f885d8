#include "release/tuf/role_edit.h"

#include <gtest/gtest.h>

#include "release/tuf/metadata.h"
#include "testing/fake_clock.h"

namespace vedette::release::tuf {
namespace {

template <class T>
std::string code(const Result<T>& result) {
  return result ? "" : result.error().code;
}

class TufEdit : public ::testing::Test {
 protected:
  static RoleHolders one(const crypto::PrivateKey& key) {
    return {.keys = {key.public_key()}, .threshold = 1};
  }
  [[nodiscard]] Document root() const {
    return new_root({{"root", one(a_)},
                     {"targets", one(b_)},
                     {"snapshot", one(c_)},
                     {"timestamp", one(c_)}},
                    later_)
        .value();
  }
  // As clients would read it.
  static Root read_root(const Document& document) {
    return parse_root(write_document(document)).value().content;
  }
  static Targets read_targets(const Document& document) {
    return parse_targets(write_document(document)).value().content;
  }

  FakeClock clock_;
  TimePoint later_ = clock_.now() + std::chrono::hours(24);
  crypto::PrivateKey a_ = crypto::PrivateKey::generate_ed25519();
  crypto::PrivateKey b_ = crypto::PrivateKey::generate_p256();
  crypto::PrivateKey c_ = crypto::PrivateKey::generate_ed25519();
};

TEST_F(TufEdit, RefusesAThresholdThatTheKeysCannotReach) {
  Document document = root();
  for (const std::int64_t threshold : {-1, 0, 2})
    EXPECT_EQ(code(set_holders(document, "root", {{a_.public_key()}, threshold})), "TUF-THRESHOLD");
  EXPECT_EQ(code(set_holders(document, "root", {{a_.public_key(), a_.public_key()}, 2})),
            "TUF-THRESHOLD")
      << "the same key twice";
  EXPECT_EQ(code(new_root({{"root", one(a_)}}, later_)), "TUF-THRESHOLD") << "the others have none";
  EXPECT_EQ(read_root(document).keys.size(), 3U) << "nothing was changed";
}

TEST_F(TufEdit, RefusesARoleThatItDoesNotKnow) {
  Document document = root();
  EXPECT_EQ(code(set_holders(document, "voice", one(a_))), "TUF-ROLE");
  Document targets = new_targets(later_);
  for (const char* name : {"root", "a/b", "..", "A", "", "a%b"})
    EXPECT_EQ(code(set_delegation(targets, {name, one(a_), {"a/*"}})), "TUF-ROLE") << name;
  EXPECT_EQ(code(set_delegation(targets, {"voice", one(a_), {}})), "TUF-ROLE");
  EXPECT_EQ(code(set_delegation(targets, {"voice", one(a_), {"../*"}})), "TUF-TARGET-NAME");
  EXPECT_EQ(code(remove_delegation(targets, "voice")), "TUF-ROLE");
}

TEST_F(TufEdit, RefusesTargetsThatNoClientTakes) {
  Document targets = new_targets(later_);
  EXPECT_EQ(code(set_target(targets, "/etc/passwd", 1, {})), "TUF-TARGET-NAME");
  EXPECT_EQ(code(remove_target(targets, "voice/1")), "TUF-NO-TARGET");
}

TEST_F(TufEdit, RefusesToReadWhatAClientWouldNot) {
  EXPECT_EQ(code(read_document(as_bytes("{}"))), "TUF-SYNTAX");
  Document mirrors{.content = root().content.set("_type", "mirrors"), .signatures = {}};
  EXPECT_EQ(code(read_document(write_document(mirrors))), "TUF-TYPE");
}

TEST_F(TufEdit, ARotationTakesAndGivesKeysAndForgetsThoseThatNobodyUses) {
  Document document = root();
  const auto d = crypto::PrivateKey::generate_p256();
  ASSERT_TRUE(set_holders(document, "root", {{a_.public_key(), d.public_key()}, 2}));
  ASSERT_TRUE(set_holders(document, "timestamp", one(d)));
  ASSERT_TRUE(set_holders(document, "snapshot", one(d)));
  const Root read = read_root(document);
  EXPECT_EQ(read.roles.at("root").threshold, 2);
  EXPECT_EQ(read.roles.at("root").key_ids.size(), 2U);
  EXPECT_EQ(read.roles.at("timestamp").key_ids.front(), listed_key(d.public_key())->id);
  EXPECT_FALSE(read.keys.contains(listed_key(c_.public_key())->id));
  EXPECT_EQ(read.keys.size(), 3U);
}

TEST_F(TufEdit, DelegationsKeepTheirOrderAndTargetsCome) {
  Document targets = new_targets(later_);
  ASSERT_TRUE(set_delegation(targets, {"voice", one(a_), {"voice/*"}, true}));
  ASSERT_TRUE(set_delegation(targets, {"gauge", one(b_), {"gauge/*"}}));
  ASSERT_TRUE(set_delegation(targets, {"voice", one(c_), {"voice/*", "sound/*"}}));
  ASSERT_TRUE(set_target(targets, "notes", 3, crypto::sha256(as_bytes("abc"))));
  Targets read = read_targets(targets);
  ASSERT_EQ(read.delegations->roles.size(), 2U);
  EXPECT_EQ(read.delegations->roles[0].name, "voice");
  EXPECT_EQ(read.delegations->roles[0].paths.size(), 2U);
  EXPECT_FALSE(read.delegations->roles[0].terminating);
  EXPECT_FALSE(read.delegations->keys.contains(listed_key(a_.public_key())->id));
  EXPECT_EQ(read.targets.at("notes").length, 3U);
  ASSERT_TRUE(remove_delegation(targets, "voice"));
  ASSERT_TRUE(remove_target(targets, "notes"));
  read = read_targets(targets);
  EXPECT_EQ(read.delegations->roles.size(), 1U);
  EXPECT_EQ(read.delegations->keys.size(), 1U);
  EXPECT_TRUE(read.targets.empty());
}

TEST_F(TufEdit, TheNextVersionIsUnsignedAndKeepsMembersThatWeDoNotKnow) {
  Document document = root();
  document.content.set("x-note", "kept");
  ASSERT_TRUE(sign_document(document, a_));
  ASSERT_TRUE(sign_document(document, a_));
  EXPECT_EQ(document.signatures.size(), 1U) << "one signature of one key";
  Document read = read_document(write_document(document)).value();
  ASSERT_TRUE(begin_next_version(read, later_));
  EXPECT_TRUE(read.signatures.empty());
  EXPECT_EQ(version_of(read).value(), 2);
  EXPECT_EQ(read.content.string("x-note").value(), "kept");
}

}  // namespace
}  // namespace vedette::release::tuf
