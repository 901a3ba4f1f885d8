#include "device.h"

#include <utility>

#include "attestation/ima/ima_list.h"
#include "testing/quote_scene.h"

#include "day_settings.h"

namespace vedette::bench {

namespace {

using attestation::DeviceLogs;
using attestation::LogWish;

constexpr std::size_t kMostNews = 10;

double days(Duration time) {
  return std::chrono::duration<double, std::chrono::days::period>(time).count();
}

}  // namespace

std::string_view to_string(Lie lie) {
  switch (lie) {
    case Lie::none:
      return "none";
    case Lie::foreign_key:
      return "signs with another key";
    case Lie::old_quote:
      return "sends an old quote again";
    case Lie::other_channel:
      return "relays a quote";
    case Lie::old_clock:
      return "restores its TPM";
    case Lie::hidden_file:
      return "hides a program";
    case Lie::unknown_file:
      return "runs an unknown program";
    case Lie::changed_boot:
      return "boots an unknown loader";
  }
  return "unknown";
}

std::string_view refusal_of(Lie lie) {
  switch (lie) {
    case Lie::none:
      return "";
    case Lie::foreign_key:
      return "ATT-SIGNATURE";
    case Lie::old_quote:
      return "ATT-NONCE-UNKNOWN";
    case Lie::other_channel:
      return "ATT-NONCE";
    case Lie::old_clock:
      return "ATT-CLONED";
    case Lie::hidden_file:
      return "ATT-IMA-MISMATCH";
    case Lie::unknown_file:
      return "ATT-IMA-UNACCEPTED";
    case Lie::changed_boot:
      return "ATT-BOOT-UNACCEPTED";
  }
  return "unknown";
}

bool is_told_by_the_tpm(Lie lie) {
  return lie == Lie::hidden_file || lie == Lie::unknown_file || lie == Lie::changed_boot;
}

double Dice::share() {
  state_ += 0x9E37'79B9'7F4A'7C15U;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30U)) * 0xBF58'476D'1CE4'E5B9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94D0'49BB'1331'11EBU;
  mixed ^= mixed >> 31U;
  return static_cast<double>(mixed >> 11U) * 0x1p-53;
}

std::size_t Dice::below(std::size_t limit) {
  return static_cast<std::size_t>(share() * static_cast<double>(limit));
}

Device::Device(DeviceId id, const Line& line, std::uint64_t seed)
    : id_(std::move(id)),
      line_(&line),
      boot_(&line.sound),
      dice_(seed),
      channel_(crypto::random_bytes(attestation::kChannelBindingOctets)) {}

void Device::certify(const crypto::Certificate& certificate) {
  certificate_ = certificate.der();
  fingerprint_ = certificate.fingerprint();
}

Bytes Device::attestation_public() const {
  return testing::forge_public(key_.public_key(), testing::attestation_shape());
}

void Device::boot(const Boot& with, const LifeSettings& settings) {
  boot_ = &with;
  ++reset_count_;
  entries_ = std::min(settings.files_at_boot + 1, with.size());
  sent_since_boot_ = false;
}

void Device::live(Duration time, const LifeSettings& settings) {
  clock_ += static_cast<std::uint64_t>(time.count());
  const bool boots = dice_.share() < days(time) * settings.boots_per_day;
  const bool has_news = dice_.share() < days(time) * settings.news_per_day;
  if (is_told_by_the_tpm(lie_)) return;  // until it takes up something else
  if (boots || entries_ == 1) boot(line_->sound, settings);
  if (has_news) entries_ = std::min(entries_ + 1 + dice_.below(kMostNews), boot_->size());
}

void Device::take_up(Lie lie, const LifeSettings& settings) {
  if (is_told_by_the_tpm(lie_)) boot(line_->sound, settings);
  lie_ = lie;
  if (lie == Lie::changed_boot) boot(line_->changed, settings);
}

attestation::Registers Device::registers() const {
  auto registers = boot_->registers();
  auto files = boot_->register_after(entries_);
  if (has_unknown_file()) files = extended_by(files, unknown_file());
  registers[attestation::kImaPcr] = files;
  registers[kRuntimeRegister] = line_->runtime_value;
  return registers;
}

DeviceLogs Device::logs(const LogWish& wish) const {
  DeviceLogs logs;
  if (wish.event_log) logs.event_log = boot_->event_log();
  logs.ima = DeviceLogs::Slice{wish.ima_from, boot_->entries(wish.ima_from, entries_)};
  if (lie_ == Lie::unknown_file && wish.ima_from <= entries_)
    append(logs.ima->octets, encode_ima_binary(unknown_file()));
  const bool all = wish.runtime_from == 0;
  logs.runtime = DeviceLogs::Slice{wish.runtime_from, all ? line_->runtime_log : Bytes{}};
  return logs;
}

std::string Device::answer(const Bytes& nonce, const LogWish& wish) {
  attestation::QuoteScene tpm{
      .ak = lie_ == Lie::foreign_key ? crypto::PrivateKey::generate_p256() : key_,
      .ak_shape = testing::attestation_shape(),
      .nonce = nonce,
      .channel = channel_,
      .fingerprint = fingerprint_,
      .registers = registers()};
  if (lie_ == Lie::other_channel) tpm.channel.back() ^= 1U;
  auto shape = tpm.quote();
  shape.reset_count = reset_count_;
  shape.clock = lie_ == Lie::old_clock ? last_clock_ / 2 : ++clock_;
  codec::Json body = attestation::to_json(tpm.evidence(shape));
  attestation::set_device_logs(body, logs(sent_since_boot_ ? wish : LogWish{}));
  body.set("kind", "tpm2");
  if (lie_ == Lie::none) last_clock_ = clock_;
  return codec::to_json(body);
}

}  // namespace vedette::bench
