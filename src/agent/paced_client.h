// PacedClient: a client that gives way, within a download too, to what else this device has to do.
#pragma once

#include <functional>
#include <utility>

#include "platform/net/http.h"

namespace vedette::agent {

// Asks `pace` before each request, and after each piece of a download has been taken: its refusal
// breaks that off, and is returned. A download that is begun has taken a piece by then, so one that
// is broken off again and again comes to its end. A server that sends nothing is not waited for
// longer than by the client within.
class PacedClient final : public platform::HttpClient {
 public:
  using Pace = std::function<Result<void>()>;

  // `inner` outlives this.
  PacedClient(platform::HttpClient& inner, Pace pace) : inner_(inner), pace_(std::move(pace)) {}

  [[nodiscard]] Result<platform::HttpResponse> send(const platform::HttpRequest& request) override;
  [[nodiscard]] Result<platform::HttpResponse> download(
      const platform::HttpRequest& request,
      const std::function<Result<void>(ByteView)>& sink) override;
  [[nodiscard]] Result<Bytes> channel_binding() override { return inner_.channel_binding(); }
  [[nodiscard]] bool connected() override { return inner_.connected(); }

 private:
  platform::HttpClient& inner_;
  Pace pace_;
};

}  // namespace vedette::agent
