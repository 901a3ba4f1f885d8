#include "platform/net/beast/response_reader.h"

#include <gtest/gtest.h>

namespace vedette::platform::net {
namespace {

std::string code_of(std::string_view text) {
  ResponseReader reader;
  Bytes body;
  const auto complete = reader.feed(as_bytes(text), body);
  return complete ? "" : complete.error().code;
}

TEST(ResponseReader, RefusesWhatIsNotHttp) {
  EXPECT_EQ(code_of("SSH-2.0-OpenSSH_9.2\r\n\r\n"), "NET-SYNTAX");
  EXPECT_EQ(code_of("HTTP/1.1 xyz OK\r\nContent-Length: 0\r\n\r\n"), "NET-SYNTAX");
}

TEST(ResponseReader, RefusesABodyThatTheEndOfTheConnectionDelimits) {
  EXPECT_EQ(code_of("HTTP/1.1 200 OK\r\n\r\nhalf of it"), "NET-SYNTAX");
}

TEST(ResponseReader, RefusesInterimAnswers) {
  EXPECT_EQ(code_of("HTTP/1.1 100 Continue\r\n\r\n"), "NET-SYNTAX");
}

TEST(ResponseReader, RefusesOctetsBehindTheAnswer) {
  EXPECT_EQ(code_of("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab"), "NET-SYNTAX");
}

TEST(ResponseReader, RefusesEndlessHeaders) {
  EXPECT_EQ(code_of("HTTP/1.1 200 OK\r\nX: " + std::string(20000, 'a')), "NET-SYNTAX");
}

TEST(ResponseReader, ReadsAnAnswerOctetByOctet) {
  ResponseReader reader;
  Bytes body;
  const std::string text =
      "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
  EXPECT_FALSE(reader.has_begun());
  for (std::size_t i = 0; i + 1 < text.size(); ++i)
    ASSERT_EQ(reader.feed(as_bytes(text.substr(i, 1)), body), Result<bool>(false)) << i;
  EXPECT_EQ(reader.feed(as_bytes("}"), body), Result<bool>(true));
  EXPECT_EQ(reader.status(), 404);
  EXPECT_EQ(reader.content_length(), 2U);
  EXPECT_TRUE(reader.keeps_alive());
  EXPECT_EQ(reader.head().content_type, "application/json");
  EXPECT_EQ(as_text(body), "{}");
}

}  // namespace
}  // namespace vedette::platform::net
