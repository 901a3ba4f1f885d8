// Fleet: all simulated devices, what will become of each, and what a verifier must think of it.
//
// What it must think follows from what the devices do, never from what the verifier answers: the
// two are compared.
#pragma once

#include <deque>
#include <map>
#include <vector>

#include "identity/authority.h"
#include "platform/store/store.h"

#include "device.h"

namespace vedette::bench {

struct FleetSettings {
  std::size_t devices = 100'000;
  std::size_t lines = 4;
  std::size_t files_per_line = 5'000;
  std::size_t one_liar_in = 100;
  std::size_t one_silent_in = 50;
  std::size_t one_revoked_in = 1'000;
  LifeSettings life;
  std::uint64_t seed = 1;
};

inline constexpr TimePoint kNever = TimePoint::max();

struct Fate {
  TimePoint lies_at = kNever;
  Lie lie = Lie::none;
  TimePoint silent_from = kNever;
  TimePoint silent_to = kNever;
  TimePoint revoked_at = kNever;
};

// What the verifier must hold of a device.
struct Standing {
  bool known = false;
  bool affirming = false;
  TimePoint at{};  // of the last evidence that was authentic
  std::uint32_t reset_count = 0;

  friend bool operator==(const Standing&, const Standing&) = default;
};

// What the log must say of a device.
struct Tally {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  std::uint64_t boots = 0;  // that followed on another
  std::vector<TimePoint> silences;

  friend bool operator==(const Tally&, const Tally&) = default;
};

struct Subject {
  Device device;
  Fate fate;
  Standing standing{};
  Tally tally{};
  TimePoint last_seen{};
  unsigned rounds_of_lying = 0;
  bool quarantined = false;  // for a copy of its TPM; nobody reinstates it
  bool ready = false;        // has lived until now, but not attested yet
  bool in_the_dark = false;  // the verifier died over its evidence: nobody knows whether it counted
};

class Fleet {
 public:
  Fleet(const FleetSettings& settings, TimePoint begin, Duration length);

  // Leaves in the store what enrolment would, and gives each device its certificate.
  [[nodiscard]] Result<void> enroll(const identity::CertificateAuthority& authority,
                                    platform::Store& store, TimePoint now, Duration lifetime);

  [[nodiscard]] const FleetSettings& settings() const { return settings_; }
  [[nodiscard]] const std::vector<Line>& lines() const { return lines_; }
  [[nodiscard]] std::vector<Subject>& subjects() { return subjects_; }
  [[nodiscard]] const std::vector<Subject>& subjects() const { return subjects_; }
  // One of each line, which references are learnt from; not of the day's subjects.
  [[nodiscard]] std::vector<Device>& golden() { return golden_; }
  [[nodiscard]] const std::vector<Device>& golden() const { return golden_; }

 private:
  FleetSettings settings_;
  std::vector<Line> lines_;  // never moved: devices point to them
  std::vector<Subject> subjects_;
  std::vector<Device> golden_;
};

// Whether it keeps quiet at that time.
[[nodiscard]] bool is_silent(const Fate& fate, TimePoint now);
// Lives until now and takes up what its fate has for it. Does nothing until it has attested.
void make_ready(Subject& subject, TimePoint now, const LifeSettings& settings);
// How its next evidence must be answered.
[[nodiscard]] std::string_view expected_code(const Subject& subject, TimePoint now);
// It was answered as it must be.
void settle(Subject& subject, TimePoint now);
// What the watch must find at that time, before anybody attests.
[[nodiscard]] std::size_t fall_silent(std::vector<Subject>& subjects, TimePoint now,
                                      std::chrono::seconds limit);

}  // namespace vedette::bench
