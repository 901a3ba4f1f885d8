#include "codec/toml.h"

#include <gtest/gtest.h>

namespace vedette::codec {
namespace {

std::string code_of(std::string_view text) {
  const auto value = parse_toml(text);
  return value.has_value() ? "accepted" : value.error().code;
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i)
    all += text;
  return all;
}

TEST(ParseToml, RefusesWhatIsNoToml) {
  for (const char* bad : {"a", "a =", "= 1", "a = 1 b = 2", "a = nope", "[a", "a = 'x", "a = 01",
                          "a = 1\na = 2", "[a]\n[a]", "a = \"\xFF\"", "a = 9223372036854775808"})
    EXPECT_EQ(code_of(bad), "TOML-SYNTAX") << bad;
}

TEST(ParseToml, TellsLineAndColumn) {
  const auto value = parse_toml("a = 1\nb = ?\n");
  ASSERT_FALSE(value.has_value());
  EXPECT_TRUE(value.error().cause.starts_with("line 2, column 5: ")) << value.error().cause;
}

TEST(ParseToml, RefusesDatesTimesAndNumbersThatAreNotFinite) {
  for (const char* bad : {"a = 2026-11-23", "a = 12:53:00", "a = 2026-11-23T12:53:00Z", "a = inf",
                          "a = nan", "a = [1, -inf]", "[t]\na = 2026-11-23"})
    EXPECT_EQ(code_of(bad), "TOML-SYNTAX") << bad;
}

TEST(ParseToml, RefusesNamesOfManyParts) {
  const std::string nine = repeated("a.", 8) + "a";
  EXPECT_EQ(code_of(nine + " = 1"), "accepted");
  EXPECT_EQ(code_of("[" + nine + "]"), "accepted");
  EXPECT_EQ(code_of("a." + nine + " = 1"), "TOML-SYNTAX");
  EXPECT_EQ(code_of("[a." + nine + "]"), "TOML-SYNTAX");
  EXPECT_EQ(code_of("x = 1\n# c\n[[ a . " + nine + "]]"), "TOML-SYNTAX");
  EXPECT_EQ(code_of("x = {'a'.\"b\"." + nine + "= 1}"), "TOML-SYNTAX");
}

TEST(ParseToml, SurvivesDepthThatWouldOverflowTheStack) {
  EXPECT_EQ(code_of(repeated("a.", 500'000) + "a = 1"), "TOML-SYNTAX");
  EXPECT_EQ(code_of("[" + repeated("a.", 500'000) + "a]"), "TOML-SYNTAX");
  EXPECT_EQ(code_of("s = '''\n'''\n" + repeated("a.", 500'000) + "a = 1"), "TOML-SYNTAX");
  EXPECT_EQ(code_of("# \"\"\"\n" + repeated("a.", 500'000) + "a = 1"), "TOML-SYNTAX");
  EXPECT_EQ(code_of("a = " + repeated("[", 500'000)), "TOML-SYNTAX");
  EXPECT_EQ(code_of("a = " + repeated("{a.a.a.a.a.a.a.a.a=", 40'000)), "TOML-SYNTAX");
  EXPECT_EQ(code_of("a = " + repeated("[\n{a.a.a.a.a.a.a.a.a=", 40'000)), "TOML-SYNTAX");
}

TEST(ParseToml, RefusesMoreThan32Levels) {
  EXPECT_EQ(code_of("a = " + repeated("[", 31) + repeated("]", 31)), "accepted");
  EXPECT_EQ(code_of("a = " + repeated("[", 33) + repeated("]", 33)), "TOML-SYNTAX");
}

TEST(ParseToml, RefusesMoreThanOneMebibyte) {
  EXPECT_EQ(code_of(std::string(1 << 20, '\n')), "accepted");
  EXPECT_EQ(code_of(std::string((1 << 20) + 1, '\n')), "TOML-SIZE");
}

TEST(ParseToml, TakesDotsInStringsAndCommentsForWhatTheyAre) {
  EXPECT_EQ(code_of("# ............ and more\na = '1.2.3.4.5.6.7.8.9.10.11' # ..........\n"
                    "b = \"\\\"..........\"\nc = '''\n..........'''\n"
                    "d = \"\"\"..........\\\"\"\"\"\ne = [1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, "
                    "9.5, 10.5]\nf = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4']\n"),
            "accepted");
}

TEST(ParseToml, ReadsAConfiguration) {
  const auto value = parse_toml(
      "listen = '127.0.0.1:8443'\nworkers = 4\nratio = 0.5\n"
      "[tpm]\ninsecure_software_tpm = true\npcrs = [0, 7]\n"
      "[[group]]\nname = 'a'\n[[group]]\nname = 'b'\n");
  ASSERT_TRUE(value.has_value()) << describe(value.error());
  EXPECT_EQ(value->string("listen"), "127.0.0.1:8443");
  EXPECT_EQ(value->integer("workers"), 4);
  EXPECT_EQ(*value->find("ratio")->if_double(), 0.5);
  EXPECT_EQ((*value->object("tpm"))->boolean("insecure_software_tpm"), true);
  EXPECT_EQ(*(*value->object("tpm"))->find("pcrs"), Json(Json::Array{0, 7}));
  EXPECT_EQ((*value->array("group"))->if_array()->at(1).string("name"), "b");
}

TEST(ParseToml, ReadsAnEmptyFileAsAnEmptyObject) {
  EXPECT_EQ(parse_toml(""), Json(Json::Object()));
}

}  // namespace
}  // namespace vedette::codec
