// The asking side of net/http.h.
#pragma once

#include <memory>

#include "platform/net/http.h"

namespace vedette::platform::net {

// Opens nothing yet. Refuses NET-TLS when the TLS settings do not fit together.
[[nodiscard]] Result<std::unique_ptr<HttpClient>> make_client(const HttpClientSettings& settings);

}  // namespace vedette::platform::net
