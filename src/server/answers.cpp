#include "server/answers.h"

#include <array>
#include <utility>

namespace vedette::server {

using platform::HttpResponse;

HttpResponse answer(const codec::Json& body) {
  return answer_text("application/json", codec::to_json(body));
}

HttpResponse answer_text(std::string content_type, std::string_view body) {
  HttpResponse response;
  response.content_type = std::move(content_type);
  response.body = to_bytes(body);
  return response;
}

int status_of(const Error& error) {
  // Read from the top: the first prefix that fits decides.
  constexpr std::array<std::pair<std::string_view, int>, 14> kStatus{{
      {"HTTP-NOT-FOUND", 404},
      {"HTTP-METHOD", 405},
      {"HTTP-", 400},
      {"AUTH-MISSING", 401},
      {"JSON-", 400},
      {"BASE64-", 400},
      {"HEX-", 400},
      {"TPM-SYNTAX", 400},
      {"CSR-SYNTAX", 400},
      {"NAME-", 400},
      {"REL-EXISTS", 409},
      {"STORE-BUSY", 503},
      {"STORE-", 500},
      {"FILE-", 500},
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
  return response;
}

}  // namespace vedette::server
