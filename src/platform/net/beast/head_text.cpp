#include "platform/net/beast/head_text.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/status.hpp>

namespace vedette::platform::net {

namespace {

constexpr std::array<std::string_view, 5> kOwnHeaders{"host", "connection", "content-length",
                                                      "transfer-encoding", "expect"};

bool is_token(std::string_view text) {  // RFC 9110, 5.6.2
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view text) {  // RFC 9110, 5.5, without obsolete text
  return std::ranges::all_of(text, [](char c) { return (c >= ' ' && c <= '~') || c == '\t'; });
}

bool is_target(std::string_view text) {
  return text.starts_with('/') && text.size() <= 2048 &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

std::unexpected<Error> unsendable(std::string message, std::string_view what) {
  return refuse("NET-SYNTAX", std::move(message), std::string(what.substr(0, 80)));
}

Result<std::string> header_lines(const std::vector<std::pair<std::string, std::string>>& headers) {
  std::string lines;
  for (const auto& [name, value] : headers) {
    if (!is_token(name) || !is_field_value(value))
      return unsendable("a header cannot be sent as it is", name);
    if (std::ranges::any_of(kOwnHeaders,
                            [&](auto own) { return boost::beast::iequals(own, name); }))
      return unsendable("this header is set by the connection alone", name);
    lines += name + ": " + value + "\r\n";
  }
  return lines;
}

}  // namespace

Result<Bytes> request_head(const HttpRequest& request, const std::string& host) {
  if (!is_token(request.method)) return unsendable("not a request method", request.method);
  if (!is_target(request.target)) return unsendable("not a request target", request.target);
  VEDETTE_TRY(const auto lines, header_lines(request.headers));
  std::string head = request.method + " " + request.target + " HTTP/1.1\r\nHost: " + host + "\r\n";
  if (!request.body.empty() || (request.method != "GET" && request.method != "DELETE"))
    head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  return to_bytes(head + lines + "\r\n");
}

Result<Bytes> response_head(const HttpResponse& response, Persistence persistence) {
  if (response.status < 200 || response.status > 599)
    return unsendable("not a final status", std::to_string(response.status));
  if (!is_field_value(response.content_type))
    return unsendable("not a content type", response.content_type);
  VEDETTE_TRY(const auto lines, header_lines(response.headers));
  const auto reason =
      boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(response.status));
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " " + std::string(reason);
  head += "\r\n";
  if (response.status != 204 && response.status != 304) {
    if (!response.content_type.empty()) head += "Content-Type: " + response.content_type + "\r\n";
    head += "Content-Length: " + std::to_string(body_length(response)) + "\r\n";
  }
  if (persistence == Persistence::close) head += "Connection: close\r\n";
  return to_bytes(head + lines + "\r\n");
}

std::uint64_t body_length(const HttpResponse& response) {
  if (response.status == 204 || response.status == 304) return 0;
  return response.stream ? response.body_size : response.body.size();
}

}  // namespace vedette::platform::net
