#include "identity/key_schedule.h"

#include <algorithm>

namespace vedette::identity {
namespace {

bool is_of_a_wrong_clock(TimePoint begins, const KeyTerms& terms, TimePoint now) {
  return begins > now + terms.period;
}

}  // namespace

KeyStage stage_of(std::span<const TimePoint> begins, std::size_t index, const KeyTerms& terms,
                  TimePoint now) {
  if (is_of_a_wrong_clock(begins[index], terms, now)) return KeyStage::stale;
  if (begins[index] > now) return KeyStage::next;
  const auto end = end_of(begins, index, terms, now);
  if (!end) return KeyStage::current;
  if (now >= *end) return KeyStage::stale;
  return begins[index + 1] <= now ? KeyStage::former : KeyStage::current;
}

std::optional<TimePoint> end_of(std::span<const TimePoint> begins, std::size_t index,
                                const KeyTerms& terms, TimePoint now) {
  const std::size_t follower = index + 1;
  if (follower >= begins.size() || is_of_a_wrong_clock(begins[follower], terms, now))
    return std::nullopt;
  return begins[follower] + terms.keep;
}

std::optional<TimePoint> key_to_make(std::span<const TimePoint> begins, const KeyTerms& terms,
                                     TimePoint now) {
  std::optional<TimePoint> latest;
  for (std::size_t i = 0; i < begins.size(); ++i)
    if (!is_of_a_wrong_clock(begins[i], terms, now)) latest = begins[i];
  if (!latest || std::ranges::none_of(begins, [&](TimePoint t) { return t <= now; })) return now;
  if (*latest > now || now < *latest + terms.period - terms.lead) return std::nullopt;
  return std::max(*latest + terms.period, now + terms.lead);
}

}  // namespace vedette::identity
