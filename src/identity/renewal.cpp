#include "identity/renewal.h"

#include <algorithm>

#include "crypto/digest.h"

namespace vedette::identity {
namespace {

constexpr int kLimit = 6;    // the life's share at either end that no server may touch
constexpr int kWindow = 24;  // a window's share of the life

Duration length(const CertificateLife& life) {
  return life.not_after - life.not_before;
}

Duration share(Duration whole, double part) {
  return Duration{static_cast<Duration::rep>(static_cast<double>(whole.count()) * part)};
}

// In [0, 1), the same for a name each time.
double place_of(std::string_view name) {
  const auto digest = crypto::sha256(as_bytes(name));
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 6; ++i)  // 48 bits: a double holds them exactly
    number = (number << 8U) | digest.at(i);
  return static_cast<double>(number) / static_cast<double>(std::uint64_t{1} << 48U);
}

}  // namespace

CertificateLife life_of(const crypto::Certificate& certificate) {
  return {certificate.not_before(), certificate.not_after()};
}

TimePoint earliest_renewal(const CertificateLife& life) {
  return life.not_before + length(life) / kLimit;
}

TimePoint latest_renewal(const CertificateLife& life) {
  return life.not_after - length(life) / kLimit;
}

RenewalWindow suggested_window(const CertificateLife& life, std::string_view device) {
  const Duration whole = length(life);
  const Duration width = whole / kWindow;
  const Duration room = whole / 4 - width;  // from one half to three quarters
  const TimePoint start = life.not_before + whole / 2 + share(room, place_of(device));
  return {start, start + width};
}

TimePoint planned_renewal(const CertificateLife& life, const std::optional<RenewalWindow>& window,
                          TimePoint begins, double luck) {
  const Duration whole = length(life);
  const RenewalWindow used = window.value_or(
      RenewalWindow{life.not_before + whole * 7 / 12, life.not_before + whole * 9 / 12});
  const TimePoint chosen = used.start + share(used.end - used.start, luck);
  const TimePoint held = std::clamp(chosen, earliest_renewal(life), latest_renewal(life));
  if (held >= begins) return held;
  return std::min(begins + share(whole / kWindow, luck), std::max(begins, latest_renewal(life)));
}

TimePoint next_renewal_attempt(const CertificateLife& life, TimePoint now, Duration back_off,
                               const std::optional<Duration>& retry_after, double luck) {
  const Duration wait = std::max(back_off, retry_after.value_or(Duration{0}));
  const TimePoint wished = now + wait + share(wait, luck / 2);
  const TimePoint latest = latest_renewal(life);
  if (now < latest) return std::min(wished, latest);
  return std::min(wished, now + std::max(Duration{0}, life.not_after - now) / 4);
}

}  // namespace vedette::identity
