// AgentConfig: the settings of vedette-agent, from one TOML file.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/strong_id.h"
#include "crypto/digest.h"
#include "identity/key_kind.h"
#include "inference/policy/posture.h"
#include "inference/policy/power.h"
#include "platform/tpm/tpm.h"
#include "policy/local_caller.h"
#include "release/registry.h"

namespace vedette::agent {

struct AgentConfig {
  std::string state_folder;
  std::string trust_domain;
  std::string tcti;                    // how to reach the TPM; see platform/tpm/esys
  bool insecure_software_tpm = false;  // the TPM is software: no hardware root of trust
  platform::AttestationKeyKind attestation_key = platform::AttestationKeyKind::ecdsa_p256;
  std::string region;  // where the device is, as contracts name it; empty: nowhere in particular
  std::string device_key = "tpm:";  // as a KeyProvider knows it
  identity::KeyKind device_key_kind = identity::KeyKind::tpm;
  std::string server_host;
  std::uint16_t enrollment_port = 0;
  std::uint16_t device_port = 0;
  std::string
      enrollment_token_file;  // of an operator; empty: none. It may be gone once it was used
  std::string server_roots;   // PEM file: the only anchors for the server's certificate
  std::vector<std::string> publisher_keys;      // PEM files of the keys that may sign releases
  std::vector<release::Tier> two_person_tiers;  // whose releases another publisher must approve
  std::string tuf_root;  // file of the TUF root that this device begins with; empty: none
  std::vector<ModelName> models;
  std::string worker_path;  // of vedette-worker
  inference::Posture posture = inference::Posture::full;
  std::uint64_t worker_memory_bytes = 0;
  std::uint64_t model_max_bytes = 0;
  std::uint64_t cache_max_bytes = 0;     // of model files that are kept on disk; 0: none is
  std::uint64_t replicas = 0;            // of one model, at most
  std::vector<inference::Power> powers;  // that a contract may use here; threads: at most as many
  bool allow_ort_format = false;         // which is not scanned before the runtime reads it
  bool api_tcp = true;
  std::string api_address;                      // loopback alone
  std::uint16_t api_port = 0;                   // 0: the system chooses
  std::string api_unix_socket;                  // its path; empty: none
  unsigned api_unix_mode = 0;                   // its permission bits
  std::vector<policy::CallerRule> api_callers;  // none: our own user and root alone
  std::string memory_socket;                    // of the shared-memory API; empty: off
  std::size_t memory_sessions = 0;
  std::uint32_t memory_spin_microseconds = 0;
  std::chrono::milliseconds inference_deadline{0};
  std::chrono::seconds poll_interval{0};  // how often a newer release is looked for
  std::uint8_t runtime_register = 13;     // what the agent measures goes there
  std::string event_log;                  // the firmware's; need not exist
  std::string ima_log;                    // the kernel's; need not exist
  // Of the settings in force: the file, its drop-ins and the environment, merged, as compact JSON
  // with sorted members.
  crypto::Sha256Digest settings_sha256{};
};

// `[inference] allow` lists what contracts may widen here: `threads N`, `device-node /dev/...`,
// `ort`.
// `[attestation]` holds `runtime_register` (0 to 15 but for 10, which is the kernel's), `event_log`
// and `ima_log`, the files with what firmware and kernel measured. Measuring cannot be switched
// off. Refuses CONFIG-SYNTAX, CONFIG-UNKNOWN, CONFIG-MISSING and CONFIG-VALUE, each naming the
// setting.
// `[api]` serves by TCP on loopback unless `tcp = false`, on `unix_socket` if it is set, and those
// whom `[[api.callers]]` name (agent/local_callers.h).
// `[device] key` says where the key lives that authenticates the device: "tpm" (as if nothing were
// said), the name of a key in a token ("pkcs11:...", RFC 7512), or "insecure-memory", made anew at
// each start. A server takes the latter two only where an operator allowed them.
// `[tpm]` holds either `device` (a path) or `insecure_software_tpm` (a socket's path), and
// `attestation_key`, the kind of key that signs quotes: ecdsa-p256, ecdsa-p384 or rsa-2048. It is
// made at the first start; a device that shall have another enrols anew.
[[nodiscard]] Result<AgentConfig> load_agent_config(const std::string& path);

}  // namespace vedette::agent
