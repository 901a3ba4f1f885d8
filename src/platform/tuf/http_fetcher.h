// HttpFetcher: a TUF repository on an HTTP server.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "platform/net/http.h"
#include "release/tuf/updater.h"

namespace vedette::platform {

// `https://` needs anchors for the server's certificate: never the system's. `http://` is for
// loopback only, as everywhere here; TUF itself would not need more, as it believes no octet for
// where it came from. Redirects are not followed. A status of 403 or 404 says that there is no such
// file, any other than 200 refuses TUF-STATUS; a URL that is none of both refuses TUF-URL.
class HttpFetcher final : public release::tuf::Fetcher {
 public:
  HttpFetcher(HttpFactory& http, std::vector<crypto::Certificate> roots)
      : http_(http), roots_(std::move(roots)) {}

  [[nodiscard]] Result<void> fetch(const std::string& url, std::chrono::seconds within,
                                   const release::tuf::Sink& sink) override;

 private:
  [[nodiscard]] Result<HttpClient*> client_for(const std::string& url, std::size_t path_at);

  HttpFactory& http_;
  std::vector<crypto::Certificate> roots_;
  std::string origin_;                  // of the connection that is kept
  std::unique_ptr<HttpClient> client_;  // to it
};

}  // namespace vedette::platform
