#include "fleet.h"

#include <algorithm>
#include <utility>

namespace vedette::bench {

namespace {

constexpr unsigned kRoundsOfLying = 2;  // of a lie that lasts until the next boot

Line make_line(std::size_t number, std::size_t files) {
  return {GroupId::parse("line-" + std::to_string(number)).value(), files};
}

DeviceId name_of(const std::string& kind, std::size_t number) {
  return DeviceId::parse(kind + "-" + std::to_string(number)).value();
}

// A moment between two shares of the day.
TimePoint moment(Dice& dice, TimePoint begin, Duration length, double from, double to) {
  const double share = from + (to - from) * dice.share();
  return begin + Duration(static_cast<Duration::rep>(static_cast<double>(length.count()) * share));
}

// Liars, the silent and the revoked have other numbers: each must be found by its own means.
Fate fate_of(std::size_t number, const FleetSettings& settings, TimePoint begin, Duration length,
             Dice& dice) {
  Fate fate;
  if (number % settings.one_revoked_in == 0) {
    fate.revoked_at = moment(dice, begin, length, 0.3, 0.8);
  } else if (number % settings.one_silent_in == 1) {
    fate.silent_from = moment(dice, begin, length, 0.2, 0.6);
    fate.silent_to = moment(dice, fate.silent_from, length, 0.05, 0.5);
  } else if (number % settings.one_liar_in == 2) {
    fate.lie = kLies.at((number / settings.one_liar_in) % kLies.size());
    fate.lies_at = moment(dice, begin, length, 0.2, 0.8);
  }
  return fate;
}

// What enrolment would have left of it. `key` is that of TLS, which is not played: one serves all.
Result<identity::Device> enroll_one(Device& device, const crypto::PublicKey& key,
                                    const identity::CertificateAuthority& authority, TimePoint now,
                                    Duration lifetime) {
  VEDETTE_TRY(const auto certificate, authority.issue_device(device.id(), key, now, lifetime));
  device.certify(certificate);
  return identity::Device{.id = device.id(),
                          .group = device.line().group,
                          .status = identity::DeviceStatus::active,
                          .epoch = Epoch{1},
                          .endorsement_sha256 = crypto::sha256(as_bytes(device.id().str())),
                          .attestation_key = device.attestation_public(),
                          .device_key_sha256 = key.spki_sha256(),
                          .enrolled_at = now,
                          .status_since = {},
                          .status_reason = {}};
}

}  // namespace

Fleet::Fleet(const FleetSettings& settings, TimePoint begin, Duration length)
    : settings_(settings) {
  lines_.reserve(settings.lines);
  golden_.reserve(settings.lines);
  for (std::size_t i = 0; i < settings.lines; ++i)
    lines_.push_back(make_line(i, settings.files_per_line));
  for (std::size_t i = 0; i < settings.lines; ++i)
    golden_.emplace_back(name_of("golden", i), lines_[i], settings.seed);
  subjects_.reserve(settings.devices);
  for (std::size_t i = 0; i < settings.devices; ++i) {
    Subject subject{
        .device = Device(name_of("d", i), lines_[i % lines_.size()], settings.seed * 1'000'003 + i),
        .fate = {},
        .last_seen = begin};
    subject.fate = fate_of(i, settings, begin, length, subject.device.dice());
    subjects_.push_back(std::move(subject));
  }
}

Result<void> Fleet::enroll(const identity::CertificateAuthority& authority, platform::Store& store,
                           TimePoint now, Duration lifetime) {
  std::vector<Device*> devices;
  devices.reserve(golden_.size() + subjects_.size());
  for (Device& device : golden_)
    devices.push_back(&device);
  for (Subject& subject : subjects_)
    devices.push_back(&subject.device);
  const crypto::PublicKey key = crypto::PrivateKey::generate_p256().public_key();
  constexpr std::size_t kAtOnce = 1000;
  for (std::size_t first = 0; first < devices.size(); first += kAtOnce) {
    VEDETTE_CHECK(store.write([&](platform::UnitOfWork& unit) -> Result<void> {
      for (std::size_t i = first; i < std::min(first + kAtOnce, devices.size()); ++i) {
        VEDETTE_TRY(const auto record, enroll_one(*devices[i], key, authority, now, lifetime));
        VEDETTE_CHECK(unit.devices().save(record));
      }
      return {};
    }));
  }
  return {};
}

bool is_silent(const Fate& fate, TimePoint now) {
  return now >= fate.silent_from && now < fate.silent_to;
}

void make_ready(Subject& subject, TimePoint now, const LifeSettings& settings) {
  if (std::exchange(subject.ready, true)) return;
  Device& device = subject.device;
  device.live(now - subject.last_seen, settings);
  if (device.lie() != Lie::none) {
    const unsigned rounds = is_told_by_the_tpm(device.lie()) ? kRoundsOfLying : 1;
    if (subject.rounds_of_lying >= rounds) device.take_up(Lie::none, settings);
  } else if (now >= subject.fate.lies_at) {
    subject.fate.lies_at = kNever;
    device.take_up(subject.fate.lie, settings);
  }
}

std::string_view expected_code(const Subject& subject, TimePoint now) {
  if (now >= subject.fate.revoked_at) return "AUTH-REVOKED";
  if (subject.quarantined) return "AUTH-QUARANTINED";
  return refusal_of(subject.device.lie());
}

void settle(Subject& subject, TimePoint now) {
  subject.ready = false;
  subject.last_seen = now;
  if (now >= subject.fate.revoked_at || subject.quarantined) return;  // turned away at the gate
  Device& device = subject.device;
  Standing& standing = subject.standing;
  const bool lies = device.lie() != Lie::none;
  ++(lies ? subject.tally.refused : subject.tally.accepted);
  if (lies) ++subject.rounds_of_lying;
  subject.quarantined = device.lie() == Lie::old_clock;
  if (lies && !is_told_by_the_tpm(device.lie())) return;  // nothing is learnt from it
  device.arrived();
  if (standing.known && standing.reset_count != device.reset_count()) ++subject.tally.boots;
  standing = {.known = true, .affirming = !lies, .at = now, .reset_count = device.reset_count()};
}

std::size_t fall_silent(std::vector<Subject>& subjects, TimePoint now, std::chrono::seconds limit) {
  std::size_t count = 0;
  for (Subject& subject : subjects) {
    if (!subject.standing.affirming || subject.standing.at >= now - limit) continue;
    subject.standing.affirming = false;
    subject.tally.silences.push_back(now);
    ++count;
  }
  return count;
}

}  // namespace vedette::bench
