// SharedTpm: the fixture of tests that share one emulated TPM, which the suite powers on and off.
#pragma once

#include <memory>

#include <gtest/gtest.h>

#include "testing/software_tpm.h"

namespace vedette::testing {

// Its tests are skipped where there is no emulator. What one test leaves in the TPM or in its
// folder, the next one finds.
class SharedTpm : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!platform::InsecureSoftwareTpm::available()) return;
    auto started = SoftwareTpm::start();
    ASSERT_TRUE(started) << describe(started.error());
    shared_device = std::move(*started);
  }
  static void TearDownTestSuite() { shared_device.reset(); }
  void SetUp() override { VEDETTE_SKIP_WITHOUT_SOFTWARE_TPM(); }

  static inline std::unique_ptr<SoftwareTpm> shared_device;
};

}  // namespace vedette::testing
