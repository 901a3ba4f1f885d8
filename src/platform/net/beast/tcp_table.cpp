#include "platform/net/beast/tcp_table.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace vedette::platform::net {

namespace {

std::string_view next_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  return line;
}

std::string_view next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.size(), line.find_first_not_of(' ')));
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  return word;
}

template <class T>
std::optional<T> number(std::string_view text, int base) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The kernel prints addresses as words of 32 bits, each in the byte order of the machine.
std::optional<TcpEnd> parse_end(std::string_view text) {
  constexpr std::size_t kWordDigits = 8;
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const std::size_t digits = text.find(':');
  if (digits != kWordDigits && digits != 4 * kWordDigits) return std::nullopt;
  TcpEnd end;
  std::ranges::copy(kMapped, end.address.begin());
  std::size_t at = digits == kWordDigits ? kMapped.size() : 0;
  for (std::size_t i = 0; i < digits; i += kWordDigits, at += sizeof(std::uint32_t)) {
    const auto word = number<std::uint32_t>(text.substr(i, kWordDigits), 16);
    if (!word) return std::nullopt;
    std::memcpy(end.address.data() + at, &*word, sizeof *word);
  }
  const auto port = number<std::uint16_t>(text.substr(digits + 1), 16);
  if (!port) return std::nullopt;
  end.port = *port;
  return end;
}

}  // namespace

std::optional<SocketOwner> find_owner(std::string_view table, const TcpEnd& local,
                                      const TcpEnd& remote) {
  next_line(table);  // the headings
  while (!table.empty()) {
    std::string_view line = next_line(table);
    next_word(line);  // a number of the line
    if (parse_end(next_word(line)) != local || parse_end(next_word(line)) != remote) continue;
    for (int skipped = 0; skipped < 4; ++skipped)  // state, queues, timer, retransmissions
      next_word(line);
    const auto uid = number<std::uint32_t>(next_word(line), 10);
    next_word(line);  // timeout
    const auto inode = number<std::uint64_t>(next_word(line), 10);
    if (!uid || !inode || *inode == 0) return std::nullopt;
    return SocketOwner{*uid, *inode};
  }
  return std::nullopt;
}

}  // namespace vedette::platform::net
