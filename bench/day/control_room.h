// ControlRoom: the operator of a simulated day, and the ways to its verifier.
#pragma once

#include <memory>
#include <string>

#include "platform/net/http.h"

#include "fleet.h"

namespace vedette::bench {

class ControlRoom {
 public:
  // With the first operator's certificate from the state folder. `http` is borrowed.
  [[nodiscard]] static Result<std::unique_ptr<ControlRoom>> open(platform::HttpFactory& http,
                                                                 const std::string& folder);

  [[nodiscard]] Result<std::unique_ptr<platform::HttpClient>> device_client() const;

  // Learns each line's references from its golden device, as an operator would, and adds all of the
  // line's files.
  [[nodiscard]] Result<void> set_references(Fleet& fleet);
  [[nodiscard]] Result<void> revoke(const DeviceId& device);
  // One round of the silence watch; gives how many devices it found.
  [[nodiscard]] Result<std::uint64_t> sweep();

 private:
  ControlRoom(platform::HttpFactory& http, std::string folder, Bytes certificate)
      : http_(http), folder_(std::move(folder)), certificate_(std::move(certificate)) {}

  [[nodiscard]] Result<std::unique_ptr<platform::HttpClient>> client(std::uint16_t port) const;
  [[nodiscard]] Result<codec::Json> ask(const std::string& method, const std::string& target,
                                        const codec::Json& body);

  platform::HttpFactory& http_;
  std::string folder_;
  Bytes certificate_;
  std::unique_ptr<platform::HttpClient> operators_;
  std::unique_ptr<platform::HttpClient> watch_;
};

}  // namespace vedette::bench
