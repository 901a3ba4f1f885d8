// SoftwareTpm: a TPM of its own for a test, in a temporary folder that goes with it.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "platform/tpm/swtpm/swtpm_process.h"

// First line of a test (or of SetUp) that needs the emulator.
#define VEDETTE_SKIP_WITHOUT_SOFTWARE_TPM()                   \
  if (!::vedette::platform::InsecureSoftwareTpm::available()) \
  GTEST_SKIP() << "swtpm is not installed (Debian: swtpm, swtpm-tools)"

namespace vedette::testing {

// Powered on from start() to destruction. Making one takes about half a second, and a second for
// the first of a process, which also makes the maker's authority that all of them share; so a suite
// shares one where it can. Start it from the test's main thread (see child_process.h).
class SoftwareTpm {
 public:
  [[nodiscard]] static Result<std::unique_ptr<SoftwareTpm>> start(
      const std::string& name = "device-1", const std::string& banks = "sha256");
  SoftwareTpm(const SoftwareTpm&) = delete;
  SoftwareTpm& operator=(const SoftwareTpm&) = delete;
  ~SoftwareTpm();

  [[nodiscard]] std::string tcti() const { return tpm_->tcti(); }
  // A power cycle; also after a test killed the process.
  [[nodiscard]] Result<void> restart() { return tpm_->restart(); }
  [[nodiscard]] pid_t process_id() const { return tpm_->process_id(); }
  // Exists, and is empty at first: for the wrapped keys of the adapter under test.
  [[nodiscard]] std::string state_folder() const { return folder_ + "/keys"; }
  [[nodiscard]] std::string root_certificate_path() const { return tpm_->root_certificate_path(); }
  [[nodiscard]] std::string issuer_certificate_path() const {
    return tpm_->issuer_certificate_path();
  }

 private:
  explicit SoftwareTpm(std::string folder) : folder_(std::move(folder)) {}

  std::string folder_;
  std::unique_ptr<platform::InsecureSoftwareTpm> tpm_;
};

}  // namespace vedette::testing
