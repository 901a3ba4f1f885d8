// A client between a device and the server that lets a test have its hand in it.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "platform/net/http.h"

namespace vedette {

class WatchedClient final : public platform::HttpClient {
 public:
  using Before = std::function<void(const platform::HttpRequest&)>;
  // What the device hears in place of the answer.
  using Answer = std::function<Result<platform::HttpResponse>(const platform::HttpRequest&,
                                                              Result<platform::HttpResponse>)>;

  WatchedClient(platform::HttpClient& inner, Before before, Answer answer = {})
      : inner_(inner), before_(std::move(before)), answer_(std::move(answer)) {}

  Result<platform::HttpResponse> send(const platform::HttpRequest& request) override {
    if (before_) before_(request);
    auto answer = inner_.send(request);
    return answer_ ? answer_(request, std::move(answer)) : std::move(answer);
  }
  Result<platform::HttpResponse> download(
      const platform::HttpRequest& request,
      const std::function<Result<void>(ByteView)>& sink) override {
    return inner_.download(request, sink);
  }
  Result<Bytes> channel_binding() override { return inner_.channel_binding(); }
  bool connected() override { return inner_.connected(); }

 private:
  platform::HttpClient& inner_;
  Before before_;
  Answer answer_;
};

}  // namespace vedette
