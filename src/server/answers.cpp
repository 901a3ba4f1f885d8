#include "server/answers.h"

#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include <unistd.h>

#include "crypto/digest.h"

namespace vedette::server {

using platform::HttpResponse;

namespace {

constexpr int kUnauthorized = 401;
constexpr int kUnavailable = 503;
constexpr unsigned kShortestWait = 5;  // seconds
constexpr unsigned kSpreadOfWaits = 11;

// Whoever is turned away together shall not come back together.
std::string retry_after() {
  return std::to_string(kShortestWait + crypto::random_bytes(1).front() % kSpreadOfWaits);
}

}  // namespace

HttpResponse answer(const codec::Json& body) {
  return answer_text("application/json", codec::to_json(body));
}

HttpResponse answer_text(std::string content_type, std::string_view body) {
  HttpResponse response;
  response.content_type = std::move(content_type);
  response.body = to_bytes(body);
  return response;
}

HttpResponse answer_file(UniqueFd file, std::uint64_t size) {
  HttpResponse response;
  response.content_type = "application/octet-stream";
  response.body_size = size;
  const auto shared = std::make_shared<UniqueFd>(std::move(file));
  response.stream = [shared](std::span<std::uint8_t> buffer) -> Result<std::size_t> {
    for (;;) {
      const ssize_t got = ::read(shared->get(), buffer.data(), buffer.size());
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR)
        return refuse("FILE-READ", "a stored file could not be read", errno_text("read"));
    }
  };
  return response;
}

int status_of(const Error& error) {
  // Read from the top: the first prefix that fits decides.
  constexpr std::array<std::pair<std::string_view, int>, 26> kStatus{{
      {"HTTP-NOT-FOUND", 404}, {"HTTP-METHOD", 405},  {"HTTP-RANGE", 416}, {"HTTP-", 400},
      {"AUTH-MISSING", 401},   {"AUTH-CHANGED", 409}, {"EST-LABEL", 404},  {"EST-MEDIA-TYPE", 415},
      {"EST-SIZE", 413},       {"EST-FULL-CMC", 501}, {"EST-BUSY", 503},   {"ENR-BUSY", 503},
      {"JSON-", 400},          {"BASE64-", 400},      {"HEX-", 400},       {"TPM-SYNTAX", 400},
      {"CSR-", 400},           {"NAME-", 400},        {"REL-EXISTS", 409}, {"REL-APPROVED", 409},
      {"STORE-BUSY", 503},     {"STORE-", 500},       {"FILE-", 500},      {"KEY-SIGN", 503},
      {"TOKEN-AUDIENCE", 400}, {"TIME-NONCE", 400},
  }};
  for (const auto& [prefix, status] : kStatus)
    if (error.code.starts_with(prefix)) return status;
  return 403;
}

HttpResponse answer(const Error& error) {
  codec::Json inner;
  inner.set("code", error.code).set("message", error.message);
  if (!error.cause.empty()) inner.set("cause", error.cause);
  if (!error.hint.empty()) inner.set("hint", error.hint);
  codec::Json body;
  body.set("error", std::move(inner));
  HttpResponse response = answer(body);
  response.status = status_of(error);
  if (response.status == kUnauthorized)
    response.headers.emplace_back("www-authenticate", "Basic realm=\"enrolment\"");
  if (response.status == kUnavailable) response.headers.emplace_back("retry-after", retry_after());
  return response;
}

}  // namespace vedette::server
