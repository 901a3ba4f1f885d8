#include "agent/local_callers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/toml.h"

namespace vedette::agent {
namespace {

using ::testing::HasSubstr;

Result<std::vector<policy::CallerRule>> read(const std::string& toml) {
  const auto parsed = codec::parse_toml(toml);
  if (!parsed) return std::unexpected(parsed.error());
  return read_caller_rules(*parsed->find("callers")->if_array());
}

std::string code_of(const std::string& keys) {
  const auto rules = read("[[callers]]\n" + keys);
  return rules ? "" : rules.error().code;
}

policy::CallerRule rule_of(const std::string& keys) {
  return read("[[callers]]\nmodels = [\"voice\"]\n" + keys).value().front();
}

TEST(CallerRules, RefuseToNameNobodyOrTooMany) {
  EXPECT_EQ(code_of("models = [\"*\"]"), "CONFIG-VALUE");
  EXPECT_EQ(code_of("models = [\"*\"]\nany = false"), "CONFIG-VALUE");
  EXPECT_EQ(code_of("models = [\"*\"]\nany = true\nuid = 1"), "CONFIG-VALUE");
  EXPECT_EQ(code_of("models = [\"*\"]\nuser = \"root\"\nuid = 0"), "CONFIG-VALUE");
  EXPECT_EQ(code_of("models = [\"*\"]\ngroup = \"root\"\ngid = 0"), "CONFIG-VALUE");
}

TEST(CallerRules, RefuseUnknownUsersAndGroups) {
  EXPECT_EQ(code_of("models = [\"*\"]\nuser = \"no-such-user\""), "CONFIG-VALUE");
  EXPECT_EQ(code_of("models = [\"*\"]\nuser = \"\""), "CONFIG-VALUE");
  EXPECT_EQ(code_of("models = [\"*\"]\nuser = 0"), "CONFIG-VALUE");
  EXPECT_EQ(code_of("models = [\"*\"]\ngroup = \"no-such-group\""), "CONFIG-VALUE");
  EXPECT_EQ(code_of("models = [\"*\"]\nuid = \"root\""), "CONFIG-VALUE");
  EXPECT_EQ(code_of("models = [\"*\"]\nuid = -1"), "CONFIG-VALUE");
  EXPECT_EQ(code_of("models = [\"*\"]\nuid = 4294967295"), "CONFIG-VALUE");
}

TEST(CallerRules, RefuseToBeWithoutModelsOrWithOtherKeys) {
  EXPECT_EQ(code_of("uid = 1"), "CONFIG-VALUE");
  EXPECT_EQ(code_of("uid = 1\nmodels = []"), "CONFIG-VALUE");
  EXPECT_EQ(code_of("uid = 1\nmodels = [\"No Name\"]"), "CONFIG-VALUE");
  EXPECT_EQ(code_of("uid = 1\nmodels = \"voice\""), "CONFIG-VALUE");
  EXPECT_EQ(code_of("uid = 1\nmodels = [\"voice\"]\nmodel = \"voice\""), "CONFIG-UNKNOWN");
}

TEST(CallerRules, NameTheTableThatIsWrong) {
  const auto refused =
      read("[[callers]]\nuid = 1\nmodels = [\"*\"]\n[[callers]]\nuid = 2\nmodels = []\n");
  EXPECT_THAT(refused.error().cause, HasSubstr("number 2"));
}

TEST(CallerRules, ReadUsersGroupsAndAnybody) {
  const auto user = rule_of("user = \"root\"");
  EXPECT_EQ(user.uid, 0U);
  EXPECT_EQ(user.gid, std::nullopt);
  EXPECT_EQ(user.id, "user root");
  EXPECT_EQ(user.outputs, std::nullopt);
  EXPECT_TRUE(user.may_infer);
  EXPECT_TRUE(user.may_see_metadata);
  const auto both = rule_of("uid = 1001\ngroup = \"root\"\noutputs = []\ninfer = false");
  EXPECT_EQ(both.uid, 1001U);
  EXPECT_EQ(both.gid, 0U);
  EXPECT_EQ(both.id, "uid 1001 group root");
  EXPECT_EQ(both.outputs, std::vector<std::string>{});
  EXPECT_FALSE(both.may_infer);
  const auto any = rule_of("any = true\noutputs = [\"label\"]\nmetadata = false");
  EXPECT_EQ(any.uid, std::nullopt);
  EXPECT_EQ(any.gid, std::nullopt);
  EXPECT_EQ(any.outputs, std::vector<std::string>{"label"});
  EXPECT_FALSE(any.may_see_metadata);
}

TEST(SocketMode, IsOctalAndNothingElse) {
  for (const char* text : {"", "66", "0o660", "0888", "01777", "660 ", "-660", "rw-rw----"})
    EXPECT_EQ(read_mode(text).error().code, "CONFIG-VALUE") << text;
  EXPECT_EQ(read_mode("0660").value(), 0660U);
  EXPECT_EQ(read_mode("666").value(), 0666U);
}

}  // namespace
}  // namespace vedette::agent
