#include "platform/net/beast/request_reader.h"

#include <string>

#include <gtest/gtest.h>

namespace vedette::platform::net {
namespace {

using State = RequestReader::State;

int status_of(std::string_view text, std::size_t max_body_bytes = 100) {
  RequestReader reader(max_body_bytes);
  const auto state = reader.feed(as_bytes(text));
  return state ? 0 : state.error().status;
}

TEST(RequestReader, RefusesWhatIsNotHttp) {
  EXPECT_EQ(status_of("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET /\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\nHost: a\n\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost : a\r\n\r\n"), 400);
}

TEST(RequestReader, RefusesTargetsThatAreNoPath) {
  EXPECT_EQ(status_of("GET http://other/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
}

TEST(RequestReader, RefusesMissingAndSecondHost) {
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
}

TEST(RequestReader, RefusesTwoLengths) {
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
                      "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            400);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
                      "Content-Length: 2\r\n\r\nab"),
            400);
}

TEST(RequestReader, RefusesOversizeTarget) {
  const std::string fits(kMaxTargetBytes - 1, 'a');
  EXPECT_EQ(status_of("GET /" + fits + " HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
  EXPECT_EQ(status_of("GET /" + fits + "a HTTP/1.1\r\nHost: a\r\n\r\n"), 414);
}

TEST(RequestReader, RefusesOversizeHeader) {
  const std::string filler(kMaxHeaderBytes, 'a');
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\nX: " + filler), 431);
}

TEST(RequestReader, RefusesOversizeBody) {
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"), 0);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n"), 413);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" +
                      std::string(101, 'a') + "\r\n"),
            413);
}

TEST(RequestReader, ReadsARequestOctetByOctet) {
  RequestReader reader(100);
  const std::string text =
      "POST /v1/a?b=c HTTP/1.1\r\nHost: a\r\nX-Thing:  yes \r\nContent-Length: 5\r\n\r\nhello";
  EXPECT_FALSE(reader.has_begun());
  for (std::size_t i = 0; i + 1 < text.size(); ++i)
    ASSERT_EQ(reader.feed(as_bytes(text.substr(i, 1))), State::need_more) << i;
  EXPECT_TRUE(reader.has_begun());
  ASSERT_EQ(reader.feed(as_bytes("o")), State::complete);
  EXPECT_TRUE(reader.keeps_alive());
  const auto request = reader.take();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/v1/a?b=c");
  EXPECT_EQ(request.header("x-thing"), "yes");
  EXPECT_EQ(as_text(request.body), "hello");
  EXPECT_FALSE(reader.has_begun());
}

TEST(RequestReader, ReadsChunkedBodies) {
  RequestReader reader(100);
  ASSERT_EQ(reader.feed(as_bytes("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                                 "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")),
            State::complete);
  EXPECT_EQ(as_text(reader.take().body), "abcde");
}

TEST(RequestReader, KeepsPipelinedRequestsApart) {
  RequestReader reader(100);
  ASSERT_EQ(reader.feed(as_bytes("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"
                                 "GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")),
            State::complete);
  EXPECT_EQ(reader.take().target, "/1");
  EXPECT_TRUE(reader.has_begun());
  ASSERT_EQ(reader.feed({}), State::complete);
  EXPECT_FALSE(reader.keeps_alive());
  EXPECT_EQ(reader.take().target, "/2");
}

TEST(RequestReader, AsksForTheBodyOfACarefulClientOnce) {
  RequestReader reader(100);
  ASSERT_EQ(reader.feed(as_bytes("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
                                 "Expect: 100-continue\r\n\r\n")),
            State::want_continue);
  ASSERT_EQ(reader.feed({}), State::need_more);
  ASSERT_EQ(reader.feed(as_bytes("hi")), State::complete);
  EXPECT_EQ(as_text(reader.take().body), "hi");
}

}  // namespace
}  // namespace vedette::platform::net
