// The agent's local API over a real server, without a device behind it: for clients that others
// wrote.
//
// usage: inference_server [UNIX_SOCKET]
//
// Serves the models of testing/echo_models.h on a port of loopback, which it prints, or on the
// socket; ends with its standard input.
#include <cstdio>
#include <iostream>

#include <unistd.h>

#include "agent/local_api.h"
#include "platform/net/beast/beast_http.h"
#include "testing/echo_models.h"

namespace {

using namespace vedette;

class NoWitness final : public agent::InferenceWitness {
 public:
  Result<void> witness(const agent::Inference& /*inference*/) override { return {}; }
};

Result<void> run(const std::string& unix_path) {
  const SystemClock clock;
  agent::TrustState trust(clock);
  const TimePoint far = clock.now() + std::chrono::hours(1);
  trust.believe({*DeviceId::parse("drone"), "token", far, far, Epoch{1}});
  EchoModels models;
  for (const char* name : {"echo", "busy", "dead"})
    models.serve(name, 3);
  NoWitness witness;
  agent::LocalApi api({.trust = trust,
                       .models = models,
                       .witness = witness,
                       .policy = {.owner = ::geteuid(), .rules = {}},
                       .status = [] { return codec::Json(codec::Json::Object{}); },
                       .retry_after = {}});
  platform::HttpServerSettings settings;
  settings.unix_path = unix_path;
  settings.max_body_bytes = std::size_t{8} << 20U;
  VEDETTE_TRY(const auto server, platform::make_beast_http()->serve(settings, api));
  std::cout << server->port() << '\n' << std::flush;
  while (std::cin.get() != std::char_traits<char>::eof()) {
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const auto result = run(argc > 1 ? argv[1] : "");
  if (!result) std::cerr << "inference_server: " << describe(result.error()) << '\n';
  return result ? 0 : 1;
}
