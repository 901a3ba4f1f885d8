#include "demo_stage.h"

#include <cstdlib>

#include "platform/tpm/esys/esys_tpm.h"
#include "platform/tpm/swtpm/child_process.h"
#include "platform/tpm/swtpm/swtpm_process.h"

namespace vedette {

namespace {

class SoftwareTpm final : public cli::demo::StageTpm {
 public:
  explicit SoftwareTpm(std::unique_ptr<platform::InsecureSoftwareTpm> tpm) : tpm_(std::move(tpm)) {}

  [[nodiscard]] std::string tcti() const override { return tpm_->tcti(); }
  [[nodiscard]] std::string root_path() const override { return tpm_->root_certificate_path(); }
  [[nodiscard]] std::string issuer_path() const override { return tpm_->issuer_certificate_path(); }

 private:
  std::unique_ptr<platform::InsecureSoftwareTpm> tpm_;
};

class Process final : public cli::demo::StageProcess {
 public:
  explicit Process(platform::ChildProcess child) : child_(std::move(child)) {}

  [[nodiscard]] std::optional<int> wait_for(std::chrono::milliseconds limit) override {
    return child_.wait_for(limit);
  }

 private:
  platform::ChildProcess child_;
};

class RealStage final : public cli::demo::Stage {
 public:
  explicit RealStage(platform::HttpFactory& http) : http_(http) {}

  [[nodiscard]] platform::HttpFactory& http() override { return http_; }

  [[nodiscard]] Result<std::unique_ptr<cli::demo::StageTpm>> start_tpm(
      const std::string& folder, const std::string& maker_folder,
      const std::string& name) override {
    VEDETTE_TRY(auto tpm, platform::InsecureSoftwareTpm::start({folder, maker_folder, name}));
    return std::make_unique<SoftwareTpm>(std::move(tpm));
  }

  [[nodiscard]] Result<std::unique_ptr<platform::Tpm>> open_tpm(
      const std::string& tcti, const std::string& state_folder) override {
    return platform::open_esys_tpm({tcti, state_folder});
  }

  [[nodiscard]] Result<std::unique_ptr<cli::demo::StageProcess>> start(
      const std::vector<std::string>& arguments, const std::string& output_path) override {
    const char* path = std::getenv("PATH");
    VEDETTE_TRY(auto child,
                platform::ChildProcess::start(
                    {.arguments = arguments,
                     .environment = {std::string("PATH=") + (path == nullptr ? "" : path)},
                     .output_path = output_path}));
    return std::make_unique<Process>(std::move(child));
  }

 private:
  platform::HttpFactory& http_;
};

}  // namespace

std::unique_ptr<cli::demo::Stage> make_demo_stage(platform::HttpFactory& http) {
  return std::make_unique<RealStage>(http);
}

}  // namespace vedette
