// Device: one simulated device, with a TPM in software, a life, and now and then a lie.
#pragma once

#include <optional>
#include <string>

#include "attestation/device_logs/device_logs.h"
#include "base/clock.h"
#include "crypto/certificate.h"
#include "crypto/key.h"

#include "line.h"

namespace vedette::bench {

// What a device tries, and how a verifier should call it.
enum class Lie : std::uint8_t {
  none,
  foreign_key,    // signs with a key that nobody enrolled
  old_quote,      // answers a challenge with the answer to the one before
  other_channel,  // relays a quote that was made for another connection
  old_clock,      // its TPM is a restored copy: it is put into quarantine
  hidden_file,    // ran a program that its list does not show
  unknown_file,   // ran a program that nobody accepts, and says so
  changed_boot,   // booted by a loader that nobody accepts
};
inline constexpr std::array kLies{Lie::foreign_key, Lie::old_quote,   Lie::other_channel,
                                  Lie::old_clock,   Lie::hidden_file, Lie::unknown_file,
                                  Lie::changed_boot};

[[nodiscard]] std::string_view to_string(Lie lie);
// The code that it must be refused with; none for none.
[[nodiscard]] std::string_view refusal_of(Lie lie);
// Whether the evidence is the TPM's own, so that the verifier learns from it and the device stays
// as it is until it boots again.
[[nodiscard]] bool is_told_by_the_tpm(Lie lie);

// Numbers of which each device has its own row (SplitMix64).
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  [[nodiscard]] double share();                        // [0, 1)
  [[nodiscard]] std::size_t below(std::size_t limit);  // limit > 0

 private:
  std::uint64_t state_;
};

struct LifeSettings {
  double boots_per_day = 0.7;
  double news_per_day = 7;
  std::size_t files_at_boot = 300;
};

class Device {
 public:
  Device(DeviceId id, const Line& line, std::uint64_t seed);

  // The rest of what enrolment leaves. The certificate is kept as octets: there are many devices.
  void certify(const crypto::Certificate& certificate);

  [[nodiscard]] const DeviceId& id() const { return id_; }
  [[nodiscard]] const Line& line() const { return *line_; }
  [[nodiscard]] Bytes attestation_public() const;
  [[nodiscard]] const Bytes& certificate() const { return certificate_; }
  [[nodiscard]] const Bytes& channel() const { return channel_; }
  [[nodiscard]] std::uint32_t reset_count() const { return reset_count_; }

  // Lives for so long: may boot, and open files that it had not opened before.
  void live(Duration time, const LifeSettings& settings);
  // Begins a lie, or with none ends one.
  void take_up(Lie lie, const LifeSettings& settings);
  [[nodiscard]] Lie lie() const { return lie_; }

  // The body of an evidence. Everything since boot, when nothing was sent since.
  [[nodiscard]] std::string answer(const Bytes& nonce, const attestation::LogWish& wish);
  // Whether evidence of this boot has arrived: then only what is new is sent.
  void arrived() { sent_since_boot_ = true; }
  [[nodiscard]] bool sent_since_boot() const { return sent_since_boot_; }

  [[nodiscard]] Dice& dice() { return dice_; }

 private:
  void boot(const Boot& with, const LifeSettings& settings);
  [[nodiscard]] bool has_unknown_file() const {
    return lie_ == Lie::hidden_file || lie_ == Lie::unknown_file;
  }
  [[nodiscard]] attestation::Registers registers() const;
  [[nodiscard]] attestation::DeviceLogs logs(const attestation::LogWish& wish) const;

  DeviceId id_;
  const Line* line_;
  const Boot* boot_;
  Dice dice_;
  crypto::PrivateKey key_ = crypto::PrivateKey::generate_p256();
  Bytes certificate_;
  crypto::Sha256Digest fingerprint_{};
  Bytes channel_;
  std::size_t entries_ = 1;  // of IMA's list, the kernel's own included
  std::uint32_t reset_count_ = 1;
  std::uint64_t clock_ = 1'000'000;  // milliseconds
  std::uint64_t last_clock_ = 0;     // that an honest quote has told
  Lie lie_ = Lie::none;
  bool sent_since_boot_ = false;
};

}  // namespace vedette::bench
