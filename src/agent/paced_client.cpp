#include "agent/paced_client.h"

namespace vedette::agent {

Result<platform::HttpResponse> PacedClient::send(const platform::HttpRequest& request) {
  VEDETTE_CHECK(pace_());
  return inner_.send(request);
}

Result<platform::HttpResponse> PacedClient::download(
    const platform::HttpRequest& request, const std::function<Result<void>(ByteView)>& sink) {
  VEDETTE_CHECK(pace_());
  return inner_.download(request, [&](ByteView piece) -> Result<void> {
    VEDETTE_CHECK(sink(piece));
    return pace_();
  });
}

}  // namespace vedette::agent
