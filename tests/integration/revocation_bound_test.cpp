// The stated bound: from an operator's command to the last request of a revoked device that was
// accepted, at most a second. `./dev bench identity revocation` measures it with 1,000 devices.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "control_plane_fixture.h"

namespace vedette {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kDevices = 100;
constexpr std::size_t kThreads = 4;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::chrono::seconds kBound{5};  // sanitizers make everything several times slower
#else
constexpr std::chrono::seconds kBound{1};
#endif
constexpr std::chrono::seconds kLookedAt =
    kBound + std::chrono::seconds(2);  // for what is accepted too late

// Every device asks again as soon as it is answered; when each was last accepted is kept.
class RevocationBound : public ControlPlane {
 protected:
  RevocationBound() {
    for (std::size_t i = 0; i < kDevices; ++i)
      devices_.push_back(device_client("drone-" + std::to_string(i)));
    for (std::size_t first = 0; first < kThreads; ++first)
      threads_.emplace_back([this, first] { ask(first); });
    const auto patience = steady_clock::now() + std::chrono::seconds(60);
    const auto all_came = [this] {
      return std::ranges::none_of(accepted_, [](const auto& at) { return at.load() == 0; });
    };
    while (!all_came() && steady_clock::now() < patience)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_TRUE(all_came()) << "a device was never answered";
  }
  ~RevocationBound() override {
    stopping_ = true;
    for (auto& thread : threads_)
      thread.join();
  }
  RevocationBound(const RevocationBound&) = delete;
  RevocationBound& operator=(const RevocationBound&) = delete;

  static std::int64_t now() { return steady_clock::now().time_since_epoch().count(); }

  void ask(std::size_t first) {
    while (!stopping_)
      for (std::size_t i = first; i < kDevices; i += kThreads)
        if (get(*devices_[i], "/v1/attestation/wanted").empty()) accepted_[i] = now();
  }

  // How long after `command` the last request of any of these devices was accepted.
  steady_clock::duration last_accepted(std::int64_t command, std::size_t first, std::size_t end) {
    std::this_thread::sleep_for(kLookedAt);
    std::int64_t last = command;
    for (std::size_t i = first; i < end; ++i)
      last = std::max(last, accepted_[i].load());
    return steady_clock::duration(last - command);
  }

  std::vector<Client> devices_;
  std::array<std::atomic<std::int64_t>, kDevices> accepted_{};
  std::atomic<bool> stopping_ = false;
  std::vector<std::thread> threads_;
};

TEST_F(RevocationBound, OfOneDeviceAmongAHundredLiveOnesIsASecond) {
  const auto admin = operator_client();
  const std::int64_t command = now();
  ASSERT_EQ(post(*admin, "/v1/devices/drone-7/revoke", R"({"reason":"stolen"})"), "");
  EXPECT_LE(last_accepted(command, 7, 8), kBound);
  EXPECT_GT(last_accepted(command, 8, kDevices), kBound) << "the others go on";
}

TEST_F(RevocationBound, OfAGroupOfAHundredLiveDevicesIsASecond) {
  const auto admin = operator_client();
  add_operator("second");
  const auto second = operator_client("second");
  const auto proposed = platform::read_json_answer(*admin->send(platform::json_request(
      "POST", "/v1/groups/group/revoke", codec::Json::Object{{"reason", "stolen"}})));
  ASSERT_TRUE(proposed.has_value()) << describe(proposed.error());
  const std::string id = proposed->string("proposal").value();
  const std::int64_t command = now();
  ASSERT_EQ(post(*second, "/v1/groups/group/revoke/approve", R"({"proposal":")" + id + "\"}"), "");
  EXPECT_LE(last_accepted(command, 0, kDevices), kBound);
}

}  // namespace
}  // namespace vedette
