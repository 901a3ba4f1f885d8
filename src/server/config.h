// ServerConfig: the settings of vedette-server, from one TOML file.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace vedette::server {

struct Listener {
  std::string address = "127.0.0.1";
  std::uint16_t port =
      0;  // 0: the system chooses; `vedette-server` prints and publishes the choice
};

struct ServerConfig {
  std::string state_folder;  // absolute, or relative to the configuration file's folder
  std::string trust_domain;
  std::vector<std::string> dns_names;  // of the server's own certificate
  std::vector<std::string> ip_addresses;
  Listener enrollment;
  Listener device;
  Listener operators;
  std::vector<std::string> publisher_keys;  // PEM files of the keys that may sign releases
  std::vector<std::uint8_t> registers;  // PCRs that a quote must select, SHA-256 bank, ascending
  std::chrono::seconds certificate_lifetime{3600};
  std::chrono::seconds attestation_lifetime{300};  // of an EAR
  std::chrono::seconds attestation_interval{120};  // how often devices attest again
};

// Refuses CONFIG-SYNTAX, CONFIG-UNKNOWN (a setting that does not exist), CONFIG-MISSING and
// CONFIG-VALUE, each naming the setting. Drop-ins and the environment: see codec/settings.h.
[[nodiscard]] Result<ServerConfig> load_server_config(const std::string& path);

}  // namespace vedette::server
