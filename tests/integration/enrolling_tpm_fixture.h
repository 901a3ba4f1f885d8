// A device with a TPM emulator of its own, which the control plane of this process may enrol.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/enrollment.h"
#include "crypto/digest.h"
#include "platform/tpm/esys/esys_tpm.h"
#include "testing/software_tpm.h"

#include "control_plane_fixture.h"

namespace vedette {

class EnrollingTpm : public ControlPlane {
 protected:
  explicit EnrollingTpm(const std::function<void(server::ServerConfig&)>& adjust = {})
      : ControlPlane(adjust) {}

  void SetUp() override {
    VEDETTE_SKIP_WITHOUT_SOFTWARE_TPM();
    auto emulator = testing::SoftwareTpm::start();
    ASSERT_TRUE(emulator.has_value()) << describe(emulator.error());
    emulator_ = std::move(*emulator);
    auto tpm = platform::open_esys_tpm({emulator_->tcti(), emulator_->state_folder()});
    ASSERT_TRUE(tpm.has_value()) << describe(tpm.error());
    tpm_ = std::move(*tpm);
    key_ = *agent::device_private_key(*tpm_);
  }

  [[nodiscard]] std::string endorsement_hex() const {
    const auto endorsement = codec::parse_tpm2b_public(*tpm_->endorsement_key());
    return to_hex(crypto::sha256(endorsement->encoded));
  }

  // `more`: further members of the rule.
  void allow(const std::string& device, const std::string& more = "") {
    const std::string body = R"({"device":")" + device + R"(","group":"g","endorsement_sha256":")" +
                             endorsement_hex() + "\"" + more + "}";
    const auto admin = operator_client();
    ASSERT_EQ(post(*admin, "/v1/devices/allow", body), "");
  }

  std::unique_ptr<testing::SoftwareTpm> emulator_;
  std::unique_ptr<platform::Tpm> tpm_;
  std::optional<crypto::PrivateKey> key_;
};

}  // namespace vedette
