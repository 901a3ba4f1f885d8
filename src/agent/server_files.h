// ServerFiles: the TUF repository that the control plane serves, over the device's own connection.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "platform/net/http.h"
#include "release/tuf/updater.h"

namespace vedette::agent {

// URLs are paths on that server. 404 alone says that there is no such file; any other refusal is
// the server's own, with its code, so that a device that is to attest again does so. All files
// together are bounded in octets (TUF-SIZE) and in time (TUF-SLOW).
class ServerFiles final : public release::tuf::Fetcher {
 public:
  // Borrows.
  ServerFiles(platform::HttpClient& client, const std::string& ear, std::uint64_t octets,
              std::chrono::seconds time)
      : client_(client),
        ear_(ear),
        octets_left_(octets),
        end_(std::chrono::steady_clock::now() + time) {}

  [[nodiscard]] Result<void> fetch(const std::string& url, std::chrono::seconds within,
                                   const release::tuf::Sink& sink) override;

 private:
  platform::HttpClient& client_;
  const std::string& ear_;
  std::uint64_t octets_left_;
  const std::chrono::steady_clock::time_point end_;
};

}  // namespace vedette::agent
