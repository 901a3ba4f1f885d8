#include "cli/output.h"

#include <sstream>

#include <gtest/gtest.h>

namespace vedette::cli {
namespace {

const Error kError{.code = "OMS-DIGEST",
                   .message = "a file is not the one that was signed",
                   .cause = "a.onnx",
                   .hint = "get it again"};

TEST(Printable, TakesTheSteeringOutOfHostileText) {
  EXPECT_EQ(printable("a\033[2Jb"), "a\xEF\xBF\xBD[2Jb");
  EXPECT_EQ(printable("a\rb\x7F"),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "\xEF\xBF\xBD"
            "31m");
  EXPECT_EQ(printable("\xFF\xC3"), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(printable("line\nGrüße"), "line\nGrüße");
}

TEST(Output, UnderJsonIsOneDocumentEvenWhenItIsRefused) {
  std::ostringstream out;
  std::ostringstream err;
  Output output(Format::json, out, err, true);
  output.note("working");
  output.refusal(kError);
  EXPECT_TRUE(err.str().empty());
  const auto document = codec::parse_json(out.str());
  ASSERT_TRUE(document.has_value()) << out.str();
  const auto error = document->object("error");
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ((*error)->string("code").value_or(""), "OMS-DIGEST");
  EXPECT_EQ((*error)->string("cause").value_or(""), "a.onnx");
  EXPECT_EQ((*error)->string("hint").value_or(""), "get it again");
}

TEST(Output, UnderJsonARefusalBehindAResultAddsNoSecondDocument) {
  std::ostringstream out;
  std::ostringstream err;
  Output output(Format::json, out, err, false);
  output.result(codec::Json::Object{{"ready", false}}, "");
  output.refusal(kError);
  EXPECT_TRUE(codec::parse_json(out.str()).has_value()) << out.str();
  EXPECT_TRUE(err.str().empty());
}

TEST(Output, AsTextKeepsRefusalsOffStandardOutputAndColourOffPipes) {
  std::ostringstream out;
  std::ostringstream err;
  Output output(Format::text, out, err, false);
  output.refusal(kError);
  EXPECT_TRUE(out.str().empty());
  EXPECT_EQ(err.str(),
            "refused  a file is not the one that was signed  [OMS-DIGEST]\n"
            "  cause  a.onnx\n  hint   get it again\n");
}

TEST(Output, TellsARefusalFromAMistakeAndAFailure) {
  const auto label = [](const char* code) {
    std::ostringstream out;
    std::ostringstream err;
    Output(Format::text, out, err, false).refusal({code, "m", "", ""});
    return err.str();
  };
  EXPECT_TRUE(label("CLI-USAGE").starts_with("mistake  m"));
  EXPECT_TRUE(label("FILE-OPEN").starts_with("failed  m"));
  EXPECT_TRUE(label("NET-TIMEOUT").starts_with("unreachable  m"));
}

TEST(Output, SaysWhenItCouldNotBeWritten) {
  std::ostream broken(nullptr);
  std::ostringstream err;
  Output output(Format::text, broken, err, false);
  output.result({}, "text\n");
  EXPECT_FALSE(output.flush());
}

TEST(Table, AlignsColumnsByCharactersAndLeavesNoTrailingSpace) {
  EXPECT_EQ(table({{"NAME", "X"}, {"Türe", "1"}, {"a", ""}}), "NAME  X\nTüre  1\na\n");
}

TEST(Table, KeepsARowOnOneLine) {
  EXPECT_EQ(table({{"a\nb", "c"}}), "a b  c\n");
}

TEST(Styled, IsPlainWhereColourIsOff) {
  EXPECT_EQ(styled("x", "1;32", false), "x");
  EXPECT_EQ(styled("x", "1;32", true), "\033[1;32mx\033[0m");
}

}  // namespace
}  // namespace vedette::cli
