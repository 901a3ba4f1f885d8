#include "agent/server_files.h"

#include <algorithm>

#include "platform/net/json_api.h"

namespace vedette::agent {

Result<void> ServerFiles::fetch(const std::string& url, std::chrono::seconds within,
                                const release::tuf::Sink& sink) {
  using SteadyClock = std::chrono::steady_clock;
  const auto end = std::min(end_, SteadyClock::now() + within);
  const auto take = [&](ByteView piece) -> Result<void> {
    if (SteadyClock::now() >= end)
      return refuse("TUF-SLOW", "the repository sends too slowly", url.substr(0, 200));
    if (piece.size() > octets_left_)
      return refuse("TUF-SIZE", "the repository sends more than one look may take",
                    url.substr(0, 200));
    octets_left_ -= piece.size();
    return sink(piece);
  };
  if (SteadyClock::now() >= end)
    return refuse("TUF-SLOW", "the repository takes longer than one look may", url.substr(0, 200));
  VEDETTE_TRY(auto response, client_.download(platform::get_request(url, ear_), take));
  if (response.status == 404)
    return refuse("TUF-NOT-FOUND", "the repository has no such file", url.substr(0, 200),
                  "does the server serve one? see the section [tuf] of its configuration");
  const int status = response.status;
  VEDETTE_CHECK(platform::expect_success(std::move(response)));
  if (status == 200) return {};
  return refuse("TUF-STATUS", "the repository's server does not give the file",
                url.substr(0, 200) + ": status " + std::to_string(status));
}

}  // namespace vedette::agent
