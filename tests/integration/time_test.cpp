// A device that does not know the time, against the real server.
#include <gtest/gtest.h>

#include "agent/server_time.h"
#include "codec/base64.h"
#include "platform/tpm/esys/esys_tpm.h"
#include "testing/fake_clock.h"
#include "testing/software_tpm.h"

#include "control_plane_fixture.h"

namespace vedette {
namespace {

using std::chrono::hours;

constexpr Duration kYear = hours(8766);

class DeviceTime : public ControlPlane {
 protected:
  Client connect(const Clock* clock, bool any_time) {
    platform::HttpClientSettings settings;
    settings.host = "127.0.0.1";
    settings.port = server_->ports().enrollment;
    settings.roots = {keys_->authority.root()};
    settings.clock = clock;
    settings.insecure_any_time = any_time;
    return *http_->connect(settings);
  }
  Result<agent::ToldTime> ask(platform::HttpClient& client, const std::string& domain) {
    return agent::ask_time(client, boot_, trust_, {}, identity::TrustDomain::parse(domain).value());
  }
  std::string get_time(const std::string& nonce) {
    return get(*connect(nullptr, false), "/v1/time?nonce=" + nonce);
  }

  agent::SystemBootTime boot_;
  const identity::TrustDomain domain_ = identity::TrustDomain::parse("test.vedette").value();
  agent::TrustAnchors trust_ =
      agent::TrustAnchors::load(folder_.path(), {keys_->authority.root()}, domain_).value();
};

// The whole way: the operating system is wrong, TLS is refused, the time is told, TLS is taken.
TEST_F(DeviceTime, IsLearntByADeviceWhoseClockIsYearsWrong) {
  for (const Duration wrong_by : {-5 * kYear, 10 * kYear, -56 * kYear}) {
    FakeClock wall;
    wall.set(clock_.now() + wrong_by);
    agent::GuardedClock device(boot_, wall);
    EXPECT_EQ(get(*connect(&device, false), "/.well-known/est/cacerts"), "NET-TLS");
    const auto told = ask(*connect(&device, true), "test.vedette");
    ASSERT_TRUE(told.has_value()) << describe(told.error());
    ASSERT_TRUE(device.tell(told->time, told->uncertainty));
    EXPECT_EQ(get(*connect(&device, false), "/.well-known/est/cacerts"), "");
    const Duration off = device.now() - clock_.now();
    EXPECT_LT(std::chrono::abs(off), std::chrono::seconds(2));
  }
}

TEST_F(DeviceTime, IsRefusedFromAnotherAuthority) {
  const auto other = identity::CertificateAuthority::create(
      identity::TrustDomain::parse("test.vedette").value(), clock_.now());
  platform::HttpClientSettings settings;
  settings.host = "127.0.0.1";
  settings.port = server_->ports().enrollment;
  settings.roots = {other->material.root};
  settings.insecure_any_time = true;
  EXPECT_EQ(get(**http_->connect(settings), "/.well-known/est/cacerts"), "NET-TLS")
      << "any time is no reason to take any certificate";
  EXPECT_EQ(ask(*connect(nullptr, true), "other.vedette").error().code, "TIME-SIGNER");
}

TEST_F(DeviceTime, IsToldToNobodyWithoutAQuestion) {
  EXPECT_EQ(get(*connect(nullptr, false), "/v1/time"), "TIME-NONCE");
  EXPECT_EQ(get_time(codec::to_base64url(Bytes(15, 1))), "TIME-NONCE");
  EXPECT_EQ(get_time(codec::to_base64url(Bytes(65, 1))), "TIME-NONCE");
  EXPECT_EQ(get_time("a+b"), "BASE64-SYNTAX");
  EXPECT_EQ(get_time(codec::to_base64url(Bytes(16, 1))), "");
}

// An answer that took for ever says nothing of now.
TEST_F(DeviceTime, IsRefusedWhereTheAnswerTookTooLong) {
  class SlowBoot final : public agent::BootTime {
   public:
    [[nodiscard]] Duration now() const override { return now_ += std::chrono::seconds(11); }

   private:
    mutable Duration now_{};
  };
  const SlowBoot slow;
  const auto told = agent::ask_time(*connect(nullptr, true), slow, trust_, {}, domain_);
  EXPECT_EQ(told.error().code, "TIME-SLOW");
}

TEST_F(DeviceTime, TheTpmCountsOnAndSaysHowOftenItWasReset) {
  VEDETTE_SKIP_WITHOUT_SOFTWARE_TPM();
  const auto emulator = testing::SoftwareTpm::start("device-1", "sha256");
  ASSERT_TRUE(emulator.has_value()) << describe(emulator.error());
  const auto tpm = platform::open_esys_tpm({(*emulator)->tcti(), (*emulator)->state_folder()});
  ASSERT_TRUE(tpm.has_value());
  const auto first = (*tpm)->read_clock();
  ASSERT_TRUE(first.has_value()) << describe(first.error());
  const auto second = (*tpm)->read_clock();
  EXPECT_GE(second->clock, first->clock);
  EXPECT_EQ(second->reset_count, first->reset_count);
}

}  // namespace
}  // namespace vedette
