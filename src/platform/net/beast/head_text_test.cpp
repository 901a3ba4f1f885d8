#include "platform/net/beast/head_text.h"

#include <gtest/gtest.h>

namespace vedette::platform::net {
namespace {

std::string code_of(const Result<Bytes>& result) {
  return result ? "" : result.error().code;
}

HttpRequest get_root() {
  return {.method = "GET", .target = "/", .headers = {}, .body = {}};
}

TEST(HeadText, RefusesControlCharactersThatWouldSplitAMessage) {
  auto request = get_root();
  request.headers = {{"x", "a\r\nEvil: yes"}};
  EXPECT_EQ(code_of(request_head(request, "a")), "NET-SYNTAX");
  request.headers = {{"x: y\r\nEvil", "yes"}};
  EXPECT_EQ(code_of(request_head(request, "a")), "NET-SYNTAX");
  request = get_root();
  request.target = "/a HTTP/1.1\r\nEvil: yes\r\n";
  EXPECT_EQ(code_of(request_head(request, "a")), "NET-SYNTAX");
  HttpResponse response;
  response.headers = {{"location", "/\r\n\r\nbody"}};
  EXPECT_EQ(code_of(response_head(response, Persistence::close)), "NET-SYNTAX");
  response = {};
  response.content_type = "text/plain\n";
  EXPECT_EQ(code_of(response_head(response, Persistence::close)), "NET-SYNTAX");
}

TEST(HeadText, RefusesHeadersThatFrameTheMessage) {
  auto request = get_root();
  request.headers = {{"Content-length", "7"}};
  EXPECT_EQ(code_of(request_head(request, "a")), "NET-SYNTAX");
  request.headers = {{"TRANSFER-ENCODING", "chunked"}};
  EXPECT_EQ(code_of(request_head(request, "a")), "NET-SYNTAX");
}

TEST(HeadText, RefusesTargetsThatAreNoPath) {
  auto request = get_root();
  request.target = "http://other/";
  EXPECT_EQ(code_of(request_head(request, "a")), "NET-SYNTAX");
  request.target = "/" + std::string(2048, 'a');
  EXPECT_EQ(code_of(request_head(request, "a")), "NET-SYNTAX");
}

TEST(HeadText, WritesARequest) {
  HttpRequest request{.method = "POST",
                      .target = "/a?b",
                      .headers = {{"accept", "text/plain"}},
                      .body = to_bytes("hi")};
  EXPECT_EQ(as_text(*request_head(request, "example.test:443")),
            "POST /a?b HTTP/1.1\r\nHost: example.test:443\r\nContent-Length: 2\r\n"
            "accept: text/plain\r\n\r\n");
}

TEST(HeadText, WritesResponses) {
  HttpResponse response;
  response.status = 404;
  response.body = to_bytes("{}");
  EXPECT_EQ(as_text(*response_head(response, Persistence::close)),
            "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
            "Connection: close\r\n\r\n");
}

TEST(HeadText, NoContentHasNoLength) {
  HttpResponse response;
  response.status = 204;
  response.body = to_bytes("ignored");
  EXPECT_EQ(body_length(response), 0U);
  EXPECT_EQ(as_text(*response_head(response, Persistence::keep_alive)),
            "HTTP/1.1 204 No Content\r\n\r\n");
}

}  // namespace
}  // namespace vedette::platform::net
