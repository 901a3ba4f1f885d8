#include "agent/api_refusal.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "inference/api/open_inference.h"

namespace vedette::agent {

namespace {

constexpr int kTooManyRequests = 429;

// The first that fits; whole codes stand before the areas that they belong to.
constexpr std::array<std::pair<std::string_view, int>, 21> kStatus{{
    {"AGT-CALLER-DENIED", 403},
    {"AGT-NO-MODEL-YET", 503},
    {"AGT-NO-MODEL", 404},
    {"AGT-NO-VERSION", 404},
    {"AGT-", 503},
    {"OIP-PATH", 404},
    {"OIP-VERSION", 404},
    {"OIP-METHOD", 405},
    {"OIP-ENCODING", 415},
    {"OIP-", 400},
    {"SRV-QUEUE-FULL", kTooManyRequests},
    {"SRV-RATE", kTooManyRequests},
    {"SRV-DEADLINE", 504},
    {"SRV-", 503},
    {"SBX-REQUEST-SIZE", 413},
    {"SBX-DEADLINE", 504},
    {"SBX-", 503},
    {"IO-OUTPUT", 500},
    {"IO-", 400},
    {"JSON-", 400},
    {"INF-", 400},
}};

std::chrono::seconds whole_seconds(std::optional<std::chrono::milliseconds> wait) {
  return std::max(std::chrono::ceil<std::chrono::seconds>(wait.value_or(std::chrono::seconds(1))),
                  std::chrono::seconds(1));
}

}  // namespace

int status_of(const Error& error) {
  for (const auto& [prefix, status] : kStatus)
    if (error.code.starts_with(prefix)) return status;
  return 500;
}

platform::HttpResponse refusal_response(const Error& error, const RetryAfter& retry_after) {
  platform::HttpResponse response;
  response.status = status_of(error);
  response.body = to_bytes(inference::render_error(error));
  if (response.status == kTooManyRequests) {
    const auto wait = whole_seconds(retry_after ? retry_after(error) : std::nullopt);
    response.headers.emplace_back("Retry-After", std::to_string(wait.count()));
  }
  return response;
}

}  // namespace vedette::agent
