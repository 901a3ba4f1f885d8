#include "inference/serving/retry_after.h"

#include <algorithm>
#include <charconv>

namespace vedette::inference::serving {

namespace {

using std::chrono::milliseconds;
constexpr std::string_view kBefore = "try again in ";
constexpr std::string_view kAfter = " ms";

}  // namespace

std::unexpected<Error> refuse_for(std::string_view code, std::string message,
                                  std::chrono::nanoseconds wait, std::string hint) {
  const auto rounded = std::max(std::chrono::ceil<milliseconds>(wait), milliseconds{1});
  std::string cause(kBefore);
  cause += std::to_string(rounded.count());
  cause += kAfter;
  return refuse(code, std::move(message), std::move(cause), std::move(hint));
}

std::optional<milliseconds> retry_after(const Error& error) {
  std::string_view text = error.cause;
  if (!text.starts_with(kBefore) || !text.ends_with(kAfter)) return std::nullopt;
  text.remove_prefix(kBefore.size());
  text.remove_suffix(std::min(kAfter.size(), text.size()));
  milliseconds::rep count = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return milliseconds{count};
}

}  // namespace vedette::inference::serving
