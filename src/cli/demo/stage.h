// Stage: what the demo needs of the outside world. The composition root builds it of real parts.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "platform/net/http.h"
#include "platform/tpm/tpm.h"

namespace vedette::cli::demo {

// A TPM emulator that runs while this lives.
class StageTpm {
 public:
  StageTpm() = default;
  StageTpm(const StageTpm&) = delete;
  StageTpm& operator=(const StageTpm&) = delete;
  virtual ~StageTpm() = default;

  [[nodiscard]] virtual std::string tcti() const = 0;
  // PEM files of its maker: the root, and the intermediate that signs endorsement certificates.
  [[nodiscard]] virtual std::string root_path() const = 0;
  [[nodiscard]] virtual std::string issuer_path() const = 0;
};

// A program that runs while this lives.
class StageProcess {
 public:
  StageProcess() = default;
  StageProcess(const StageProcess&) = delete;
  StageProcess& operator=(const StageProcess&) = delete;
  virtual ~StageProcess() = default;

  // The exit status, or none if it still runs after `limit`.
  [[nodiscard]] virtual std::optional<int> wait_for(std::chrono::milliseconds limit) = 0;
};

class Stage {
 public:
  Stage() = default;
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  virtual ~Stage() = default;

  [[nodiscard]] virtual platform::HttpFactory& http() = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<StageTpm>> start_tpm(const std::string& folder,
                                                                    const std::string& maker_folder,
                                                                    const std::string& name) = 0;
  // Another user of a running emulator: the firmware that measures, or malware on the device.
  [[nodiscard]] virtual Result<std::unique_ptr<platform::Tpm>> open_tpm(
      const std::string& tcti, const std::string& state_folder) = 0;
  // arguments[0] is the program's absolute path; its output is appended to `output_path`.
  [[nodiscard]] virtual Result<std::unique_ptr<StageProcess>> start(
      const std::vector<std::string>& arguments, const std::string& output_path) = 0;
};

}  // namespace vedette::cli::demo
