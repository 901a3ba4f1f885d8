#include "platform/net/byte_range.h"

#include <algorithm>
#include <charconv>

namespace vedette::platform {

namespace {

constexpr std::string_view kUnit = "bytes=";
constexpr int kPartialContent = 206;

// Digits alone, as RFC 9110, 14.1.1 has them; none for a number beyond 64 bits.
std::optional<std::uint64_t> parse_position(std::string_view text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, fault] = std::from_chars(text.data(), end, value);
  if (text.empty() || fault != std::errc{} || rest != end) return std::nullopt;
  return value;
}

struct Positions {
  std::uint64_t first = 0;
  std::optional<std::uint64_t> last;
};

std::optional<Positions> parse_range(std::string_view text) {
  if (!text.starts_with(kUnit)) return std::nullopt;
  text.remove_prefix(kUnit.size());
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = parse_position(text.substr(0, dash));
  if (!first) return std::nullopt;
  if (dash + 1 == text.size()) return Positions{*first, std::nullopt};
  const auto last = parse_position(text.substr(dash + 1));
  if (!last || *last < *first) return std::nullopt;
  return Positions{*first, last};
}

std::string quoted(std::string_view entity_tag) {
  return '"' + std::string(entity_tag) + '"';
}

}  // namespace

void ask_from(HttpRequest& request, std::uint64_t first, std::string_view entity_tag) {
  request.headers.emplace_back("range", std::string(kUnit) + std::to_string(first) + "-");
  request.headers.emplace_back("if-range", quoted(entity_tag));
}

std::optional<std::uint64_t> asked_from(const HttpRequest& request) {
  const auto positions = parse_range(request.header("range"));
  if (!positions || positions->last) return std::nullopt;
  return positions->first;
}

Result<std::optional<ByteRange>> requested_range(const HttpRequest& request, std::uint64_t size,
                                                 std::string_view entity_tag) {
  const auto positions = parse_range(request.header("range"));
  if (!positions) return std::nullopt;
  const std::string condition = request.header("if-range");
  if (!condition.empty() && condition != quoted(entity_tag)) return std::nullopt;
  if (positions->first >= size)
    return refuse("HTTP-RANGE", "the part that is asked for begins behind the end",
                  std::to_string(size) + " octets in all");
  const std::uint64_t last = std::min(positions->last.value_or(size - 1), size - 1);
  return ByteRange{positions->first, last - positions->first + 1};
}

void mark_partial(HttpResponse& response, const ByteRange& range, std::uint64_t size) {
  response.status = kPartialContent;
  response.body_size = range.size;
  response.headers.emplace_back("content-range", "bytes " + std::to_string(range.first) + "-" +
                                                     std::to_string(range.first + range.size - 1) +
                                                     "/" + std::to_string(size));
}

Result<void> check_beginning(const HttpResponse& head, std::optional<std::uint64_t> first) {
  if (!first && head.status != kPartialContent) return {};
  const auto described =
      std::ranges::find(head.headers, "content-range", &std::pair<std::string, std::string>::first);
  const std::string begin = "bytes " + std::to_string(first.value_or(0)) + "-";
  if (first && head.status == kPartialContent && described != head.headers.end() &&
      described->second.starts_with(begin))
    return {};
  return refuse("NET-RANGE", "the server answered with another part than was asked for",
                "asked for octet " + std::to_string(first.value_or(0)) + " on, got status " +
                    std::to_string(head.status));
}

}  // namespace vedette::platform
