// A herd of devices whose power came back at one moment: all want to renew now, by real TLS, and
// go on by the agent's own plan when that fails.
//
// What is simulated: one program plays all devices, so at most `clients` of them have a connection
// at a time; the others wait for a turn as they would for the network. Time is not simulated.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <queue>
#include <string>
#include <vector>

#include "agent/renewal_plan.h"

#include "fleet.h"

namespace vedette::bench {

class Herd {
 public:
  static constexpr std::size_t kMostSeconds = 3'600;
  using PerSecond = std::array<std::atomic<std::uint32_t>, kMostSeconds>;

  // Devices whose certificates were issued at `issued_at`. All is borrowed.
  Herd(const Fleet& fleet, std::vector<FleetDevice> devices, TimePoint issued_at);
  Herd(const Herd&) = delete;
  Herd& operator=(const Herd&) = delete;
  ~Herd();  // waits for run() to end

  // Starts them all; then as many threads as `clients` act for them.
  void start(std::size_t clients);
  // Blocks until so many have a new certificate, or all have come to an end.
  void wait_until_renewed(std::size_t count);
  void wait_for_all();

  [[nodiscard]] std::size_t renewed() const { return renewed_; }
  [[nodiscard]] std::size_t expired() const { return expired_; }
  [[nodiscard]] std::size_t refused() const { return refused_; }
  [[nodiscard]] const PerSecond& renewed_per_second() const { return renewals_; }
  [[nodiscard]] const PerSecond& turned_away_per_second() const { return turned_away_; }
  [[nodiscard]] const PerSecond& unanswered_per_second() const { return unanswered_; }
  [[nodiscard]] std::size_t seconds() const { return last_second_ + 1; }
  // Of the certificate that each holds in the end, in the order of the devices.
  [[nodiscard]] const std::vector<std::string>& serials() const { return serials_; }
  [[nodiscard]] const std::vector<FleetDevice>& devices() const { return devices_; }

 private:
  enum class Outcome { renewed, turned_away, unanswered, refused };
  struct Attempt {
    Outcome outcome = Outcome::unanswered;
    std::optional<Duration> wait;
    std::string serial;
  };

  void act();
  [[nodiscard]] std::optional<std::size_t> next();
  [[nodiscard]] Attempt attempt(const FleetDevice& device) const;
  void settle(std::size_t device, Attempt attempt);
  [[nodiscard]] std::size_t second() const;

  const Fleet& fleet_;
  const std::vector<FleetDevice> devices_;
  const identity::CertificateLife life_;
  const BareContext context_;
  TimePoint begin_;
  SystemClock clock_;

  std::mutex mutex_;  // guards what follows, up to the counters
  std::condition_variable changed_;
  using Due = std::pair<TimePoint, std::size_t>;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::vector<agent::RenewalPlan> plans_;
  std::vector<std::string> serials_;
  std::size_t left_;

  std::atomic<std::size_t> renewed_ = 0;
  std::atomic<std::size_t> expired_ = 0;
  std::atomic<std::size_t> refused_ = 0;
  std::atomic<std::size_t> last_second_ = 0;
  PerSecond renewals_{};
  PerSecond turned_away_{};
  PerSecond unanswered_{};
  std::vector<std::thread> threads_;
};

}  // namespace vedette::bench
