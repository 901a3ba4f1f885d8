// How a refusal leaves by the local API: its status, its headers, its words. Pure.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "base/error.h"
#include "platform/net/http.h"

namespace vedette::agent {

// The HTTP status for a refusal's code; 500 for one that nobody foresaw.
[[nodiscard]] int status_of(const Error& error);

// When to come again, if whoever refused knows; may be empty.
using RetryAfter = std::function<std::optional<std::chrono::milliseconds>(const Error&)>;

// `{"error":"..."}` as the protocol has it. A 429 says Retry-After: in whole seconds, rounded up, a
// second when nobody knows.
[[nodiscard]] platform::HttpResponse refusal_response(const Error& error,
                                                      const RetryAfter& retry_after);

}  // namespace vedette::agent
