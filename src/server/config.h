// ServerConfig: the settings of vedette-server, from one TOML file.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "codec/tpm.h"
#include "release/registry.h"
#include "server/key_custody.h"

namespace vedette::server {

struct Listener {
  std::string address = "127.0.0.1";
  std::uint16_t port =
      0;  // 0: the system chooses; `vedette-server` prints and publishes the choice
};

// `[tuf]`: a repository of The Update Framework for the devices.
struct TufSettings {
  std::string repository{};  // its folder; empty: none is served
  // Of its snapshot and timestamp: `pkcs11:...` or `tpm:...`, or the absolute path of a file that
  // is kept as `[keys]` says. Empty: somebody else renews.
  std::string online_key{};
  std::chrono::seconds timestamp_lifetime{86'400};  // renewed at half of it
  std::chrono::seconds snapshot_lifetime{7 * 86'400};
};

struct ServerConfig {
  std::string state_folder;  // absolute, or relative to the configuration file's folder
  std::string trust_domain;
  KeySettings keys;
  std::vector<std::string> dns_names;  // of the server's own certificate
  std::vector<std::string> ip_addresses;
  Listener enrollment;
  Listener device;
  Listener operators;
  std::string policy;  // a file of rules (docs/policy.md); empty: the built-in policy
  std::vector<std::string> publisher_keys;  // PEM files of the keys that may sign releases
  TufSettings tuf;
  codec::TpmAlgorithm bank = codec::TpmAlgorithm::sha256;  // that quotes are asked for of
  std::vector<std::uint8_t> registers;  // PCRs that a quote must select, ascending
  std::uint8_t runtime_register = 13;   // PCR of the agent's measurement log: always quoted
  std::chrono::seconds certificate_lifetime{3600};
  std::chrono::seconds server_certificate_lifetime{86'400};  // of its own; renewed at half of it
  // Where anybody finds what this server tells under /revocation, without a slash at its end:
  // device certificates name it. Empty: they name nothing, and all revocations stand in one list.
  std::string revocation_url;
  std::size_t issuances_at_once = 64;  // in work on a listener; more are told to wait
  // The groups whose devices need a token to enrol first; "*" names every group.
  std::vector<std::string> token_groups;
  // For whom an attested device may have an access token by this, beside the policy; none by
  // default.
  std::vector<std::string> token_audiences;
  std::vector<std::string> manifest_signers;  // PEM files of makers whose reference manifests count
  // Reference values change only when a second operator has approved them.
  bool two_person_references = false;
  std::vector<release::Tier> two_person_tiers;  // whose releases need another publisher's approval
  std::chrono::seconds attestation_lifetime{300};  // of an EAR
  std::chrono::seconds attestation_interval{120};  // how often devices attest again
  std::chrono::seconds silence_limit{300};  // then a device is unknown; never below the lifetime
};

// Refuses CONFIG-SYNTAX, CONFIG-UNKNOWN (a setting that does not exist), CONFIG-MISSING and
// CONFIG-VALUE, each naming the setting. Drop-ins and the environment: see codec/settings.h.
[[nodiscard]] Result<ServerConfig> load_server_config(const std::string& path);

}  // namespace vedette::server
