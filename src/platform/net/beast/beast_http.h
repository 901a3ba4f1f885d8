// The adapter of net/http.h: Boost.Beast and Asio over OpenSSL.
#pragma once

#include <memory>

#include "platform/net/http.h"

namespace vedette::platform {

// TLS 1.3 only, ALPN http/1.1, no resumption, no early data. Refusals are those of net/http.h.
[[nodiscard]] std::unique_ptr<HttpFactory> make_beast_http();

}  // namespace vedette::platform
