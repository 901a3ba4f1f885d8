// The listening side of net/http.h.
#pragma once

#include <memory>

#include "platform/net/http.h"

namespace vedette::platform::net {

// Refuses NET-LISTEN and NET-TLS. `handler` outlives the server.
[[nodiscard]] Result<std::unique_ptr<HttpServer>> start_server(const HttpServerSettings& settings,
                                                               HttpHandler& handler);

}  // namespace vedette::platform::net
