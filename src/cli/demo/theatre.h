// Theatre: the demo's folder, its server and its devices, all of them real programs.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/demo/stage.h"
#include "codec/json.h"
#include "crypto/certificate.h"
#include "crypto/key.h"
#include "platform/net/http.h"

namespace vedette::cli::demo {

// One device: a TPM emulator, an agent, and its inference API.
struct ActingDevice {
  std::string name;
  std::string folder;
  std::unique_ptr<StageTpm> tpm;
  std::unique_ptr<StageProcess> agent;
  std::unique_ptr<platform::HttpClient> api;
  std::uint16_t api_port = 0;
};

// The ports and the key that the server announced when it was ready.
struct ServerFacts {
  std::uint16_t enrollment_port = 0;
  std::uint16_t device_port = 0;
  std::uint16_t operator_port = 0;
  std::string log_vkey;
};

class Theatre {
 public:
  // `programs` is the folder with vedette, vedette-server, vedette-agent and vedette-worker.
  Theatre(Stage& stage, std::string folder, std::string programs)
      : stage_(stage), folder_(std::move(folder)), programs_(std::move(programs)) {}

  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }
  [[nodiscard]] std::string program(const std::string& name) const {
    return programs_ + "/" + name;
  }
  [[nodiscard]] Stage& stage() { return stage_; }
  [[nodiscard]] const ServerFacts& server() const { return server_; }
  [[nodiscard]] std::string operator_folder() const { return path("server/operators/admin"); }

  // Runs a program to its end. The JSON that it printed; or the refusal that it printed, as a
  // value.
  [[nodiscard]] Result<codec::Json> run(const std::string& program,
                                        std::vector<std::string> arguments);
  // `vedette ... -o json --operator ...`, as an operator would type it.
  [[nodiscard]] Result<codec::Json> vedette(std::vector<std::string> arguments);

  [[nodiscard]] Result<void> start_server();
  // Powers a TPM on and plays its firmware: measures four components into PCR 0, 2, 4 and 7.
  [[nodiscard]] Result<std::unique_ptr<ActingDevice>> power_on(const std::string& name);
  // SHA-256 of the endorsement key, as the operator would read it off the device's delivery note.
  [[nodiscard]] Result<std::string> endorsement_hash(const ActingDevice& device);
  // Ends the device's former agent, if there is one.
  [[nodiscard]] Result<void> start_agent(ActingDevice& device);
  [[nodiscard]] Result<codec::Json> agent_status(ActingDevice& device);

  // What malware on the device can do: use its certificate and its TPM's key.
  struct Identity {
    std::unique_ptr<platform::Tpm> tpm;
    std::vector<crypto::Certificate> chain;
    crypto::PrivateKey key;
    std::unique_ptr<platform::HttpClient> client;  // to the device listener
  };
  [[nodiscard]] Result<Identity> impersonate(const ActingDevice& device);

 private:
  [[nodiscard]] Result<codec::Json> wait_until_ready(StageProcess& process, const std::string& log);
  [[nodiscard]] Result<void> write_server_config() const;
  [[nodiscard]] Result<void> write_agent_config(const ActingDevice& device) const;

  Stage& stage_;
  std::string folder_;
  std::string programs_;
  std::unique_ptr<StageProcess> server_process_;
  ServerFacts server_;
  unsigned commands_ = 0;
};

// Asks `condition` every 20 ms until it says yes. Refuses DEMO-TIMEOUT, with what was waited for,
// and passes on what `condition` refuses.
[[nodiscard]] Result<void> wait_for(const std::string& what, std::chrono::milliseconds limit,
                                    const std::function<Result<bool>()>& condition);

}  // namespace vedette::cli::demo
