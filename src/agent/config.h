// AgentConfig: the settings of vedette-agent, from one TOML file.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/strong_id.h"
#include "inference/policy/posture.h"

namespace vedette::agent {

struct AgentConfig {
  std::string state_folder;
  std::string trust_domain;
  std::string tcti;                    // how to reach the TPM; see platform/tpm/esys
  bool insecure_software_tpm = false;  // the TPM is software: no hardware root of trust
  std::string server_host;
  std::uint16_t enrollment_port = 0;
  std::uint16_t device_port = 0;
  std::string server_roots;  // PEM file: the only anchors for the server's certificate
  std::vector<std::string> publisher_keys;  // PEM files of the keys that may sign releases
  std::vector<ModelName> models;
  std::string worker_path;  // of vedette-worker
  inference::Posture posture = inference::Posture::full;
  std::uint64_t worker_memory_bytes = 0;
  std::uint64_t model_max_bytes = 0;
  std::string api_address;     // loopback alone
  std::uint16_t api_port = 0;  // 0: the system chooses
  std::string memory_socket;   // path of the shared-memory API's socket; empty: off
  std::size_t memory_sessions = 0;
  std::uint32_t memory_spin_microseconds = 0;
  std::chrono::milliseconds inference_deadline{0};
  std::chrono::seconds poll_interval{0};  // how often a newer release is looked for
};

// Refuses CONFIG-SYNTAX, CONFIG-UNKNOWN, CONFIG-MISSING and CONFIG-VALUE, each naming the setting.
// `[tpm]` holds either `device` (a path) or `insecure_software_tpm` (a socket's path).
[[nodiscard]] Result<AgentConfig> load_agent_config(const std::string& path);

}  // namespace vedette::agent
