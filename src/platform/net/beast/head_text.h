// The heads of messages that we send (RFC 9112), as octets.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "platform/net/http.h"

namespace vedette::platform::net {

enum class Persistence { keep_alive, close };

// Both refuse NET-SYNTAX for what would not arrive as it was meant: control characters, which could
// smuggle in a header or a second message, and headers that only the connection may set (host,
// connection, content-length, transfer-encoding, expect). `host` is the value of the Host header.
[[nodiscard]] Result<Bytes> request_head(const HttpRequest& request, const std::string& host);
[[nodiscard]] Result<Bytes> response_head(const HttpResponse& response, Persistence persistence);

// Octets that follow the head of `response`: none for 204 and 304.
[[nodiscard]] std::uint64_t body_length(const HttpResponse& response);

}  // namespace vedette::platform::net
