#include "server/est.h"

#include <gtest/gtest.h>

#include "codec/base64.h"
#include "crypto/key.h"
#include "server/answers.h"

namespace vedette::server {
namespace {

const Bytes kRequest =
    crypto::make_certificate_request(crypto::PrivateKey::generate_p256(), "drone",
                                     "spiffe://test.vedette/device/drone")
        .value();

platform::HttpRequest post(const std::string& body,
                           const std::string& type = "application/pkcs10") {
  return {
      .method = "POST", .target = "/", .headers = {{"content-type", type}}, .body = to_bytes(body)};
}

std::string code_of(const platform::HttpRequest& request) {
  const auto read = read_certificate_request(request);
  return read ? "read" : read.error().code;
}

// A newline after every 64 characters, and at the end, as `openssl base64` writes it.
std::string in_lines(const std::string& text, const std::string& newline) {
  std::string lines;
  for (std::size_t i = 0; i < text.size(); i += 64)
    lines += text.substr(i, 64) + newline;
  return lines;
}

TEST(EstBody, RefusesEveryOtherMediaType) {
  const std::string body = codec::to_base64(kRequest);
  for (const char* type : {"", "application/json", "application/pkcs10x", "text/plain",
                           "application/pkcs7-mime", "multipart/mixed; a=application/pkcs10"})
    EXPECT_EQ(code_of(post(body, type)), "EST-MEDIA-TYPE") << type;
  EXPECT_EQ(code_of({.method = "POST", .target = "/", .headers = {}, .body = to_bytes(body)}),
            "EST-MEDIA-TYPE");
}

TEST(EstBody, RefusesTenMegabytesBeforeItDecodesThem) {
  // Not base64 at all: were it decoded first, that would be the refusal.
  EXPECT_EQ(code_of(post(std::string(10U << 20U, '!'))), "EST-SIZE");
}

TEST(EstBody, RefusesBase64Garbage) {
  for (const char* body :
       {"!!!!", "MAA", "MAA =", "-----BEGIN CERTIFICATE REQUEST-----", "MA==MA=="})
    EXPECT_EQ(code_of(post(body)), "BASE64-SYNTAX") << body;
}

TEST(EstBody, RefusesTheDerItselfAndNothing) {
  EXPECT_EQ(code_of(post(std::string(as_text(kRequest)))), "BASE64-SYNTAX");
  EXPECT_EQ(code_of(post("")), "CSR-SYNTAX");
}

TEST(EstBody, RefusesOctetsBehindTheRequest) {
  Bytes longer = kRequest;
  longer.push_back(0);
  EXPECT_EQ(code_of(post(codec::to_base64(longer))), "CSR-SYNTAX");
}

TEST(EstBody, TakesLinesParametersAndAnyTransferEncoding) {
  const std::string body = codec::to_base64(kRequest);
  EXPECT_EQ(code_of(post(body)), "read");
  EXPECT_EQ(code_of(post(in_lines(body, "\n"))), "read");
  EXPECT_EQ(code_of(post(in_lines(body, "\r\n"))), "read");
  EXPECT_EQ(code_of(post(body, "Application/PKCS10 ; charset=us-ascii")), "read");
  for (const char* encoding : {"base64", "binary", "8bit"}) {
    auto request = post(body);
    request.headers.emplace_back("content-transfer-encoding", encoding);
    EXPECT_EQ(code_of(request), "read") << encoding;
  }
}

}  // namespace
}  // namespace vedette::server
