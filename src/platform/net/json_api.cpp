#include "platform/net/json_api.h"

#include <utility>

namespace vedette::platform {

namespace {

constexpr int kFirstRefusal = 400;

// The refusal in `{"error":{...}}`; a server that is not ours, or broken, gets a code of its own.
Error refusal_in(const HttpResponse& response) {
  const auto body = codec::parse_json(as_text(response.body));
  const codec::Json* error = body ? body->find("error") : nullptr;
  const auto member = [&](std::string_view name) {
    const codec::Json* value = error == nullptr ? nullptr : error->find(name);
    const std::string* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::string{} : *text;
  };
  if (member("code").empty())
    return {"HTTP-ANSWER", "the server answered with an unexplained error",
            "status " + std::to_string(response.status), "is this a Vedette server?"};
  return {member("code"), member("message"), member("cause"), member("hint")};
}

void add_bearer(HttpRequest& request, const std::string& bearer) {
  if (!bearer.empty()) request.headers.emplace_back("authorization", "Bearer " + bearer);
}

}  // namespace

Result<codec::Json> read_json_answer(const HttpResponse& response) {
  if (response.status >= kFirstRefusal) return std::unexpected(refusal_in(response));
  auto body = codec::parse_json(
      as_text(response.body), {.max_bytes = 64U << 20U, .max_depth = 32, .max_values = 2'000'000});
  if (!body)
    return refuse("HTTP-ANSWER", "the server's answer is not valid JSON", describe(body.error()));
  return body;
}

Result<HttpResponse> expect_success(HttpResponse response) {
  if (response.status >= kFirstRefusal) return std::unexpected(refusal_in(response));
  return response;
}

HttpRequest get_request(std::string target, const std::string& bearer) {
  HttpRequest request{.method = "GET", .target = std::move(target), .headers = {}, .body = {}};
  request.headers.emplace_back("accept", "application/json");
  add_bearer(request, bearer);
  return request;
}

HttpRequest json_request(std::string method, std::string target, const codec::Json& body,
                         const std::string& bearer) {
  HttpRequest request{.method = std::move(method),
                      .target = std::move(target),
                      .headers = {},
                      .body = to_bytes(codec::to_json(body))};
  request.headers.emplace_back("accept", "application/json");
  request.headers.emplace_back("content-type", "application/json");
  add_bearer(request, bearer);
  return request;
}

}  // namespace vedette::platform
