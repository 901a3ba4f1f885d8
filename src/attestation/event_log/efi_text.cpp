#include "attestation/event_log/efi_text.h"

#include "codec/utf8.h"

namespace vedette::attestation {
namespace {

constexpr std::size_t kGuidOctets = 16;
constexpr std::uint32_t kHighSurrogate = 0xD800;
constexpr std::uint32_t kLowSurrogate = 0xDC00;
constexpr std::uint32_t kAfterSurrogates = 0xE000;

void append_utf8(std::string& to, std::uint32_t code) {
  const auto octet = [&to](std::uint32_t value) { to.push_back(static_cast<char>(value)); };
  const auto tail = [&](unsigned shift) { octet(0x80U | ((code >> shift) & 0x3FU)); };
  if (code < 0x80) {
    octet(code);
    return;
  }
  if (code < 0x800) {
    octet(0xC0U | (code >> 6U));
  } else if (code < 0x10000) {
    octet(0xE0U | (code >> 12U));
    tail(6);
  } else {
    octet(0xF0U | (code >> 18U));
    tail(12);
    tail(6);
  }
  tail(0);
}

std::uint32_t unit_at(ByteView octets, std::size_t i) {
  return octets[i] | (static_cast<std::uint32_t>(octets[i + 1]) << 8U);
}

bool is_plain(std::string_view sequence) {
  return !sequence.empty() && !codec::has_control_character(sequence);
}

}  // namespace

std::optional<std::string> utf16_text(ByteView octets) {
  if (octets.size() % 2 != 0) return std::nullopt;
  std::string text;
  for (std::size_t i = 0; i < octets.size(); i += 2) {
    std::uint32_t code = unit_at(octets, i);
    if (code == 0) break;
    if (code >= kHighSurrogate && code < kAfterSurrogates) {
      if (code >= kLowSurrogate || i + 3 >= octets.size()) return std::nullopt;
      const std::uint32_t low = unit_at(octets, i + 2);
      if (low < kLowSurrogate || low >= kAfterSurrogates) return std::nullopt;
      code = 0x10000U + ((code - kHighSurrogate) << 10U) + (low - kLowSurrogate);
      i += 2;
    }
    append_utf8(text, code);
  }
  return text;
}

Bytes to_utf16(std::string_view ascii) {
  Bytes octets;
  octets.reserve(2 * ascii.size());
  for (const char c : ascii) {
    octets.push_back(static_cast<std::uint8_t>(c));
    octets.push_back(0);
  }
  return octets;
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string result;
  while (!text.empty()) {
    if (result.size() >= limit) return result + "...";
    const std::size_t length = codec::utf8_length(text);
    if (is_plain(text.substr(0, length))) {
      result += text.substr(0, length);
      text.remove_prefix(length);
    } else {
      result += "\\x" + to_hex(as_bytes(text.substr(0, 1)));
      text.remove_prefix(1);
    }
  }
  return result;
}

std::string version_text(ByteView octets) {
  const std::size_t size = octets.size();
  const bool ends_in_nul = size >= 2 && octets[size - 2] == 0 && octets[size - 1] == 0;
  if (const auto text = utf16_text(octets); ends_in_nul && text) return *text;
  return size == kGuidOctets ? guid_text(octets) : to_hex(octets);
}

std::string guid_text(ByteView octets) {
  const auto field = [octets](std::initializer_list<std::size_t> order) {
    Bytes taken;
    for (const std::size_t i : order)
      taken.push_back(octets[i]);
    return to_hex(taken);
  };
  return field({3, 2, 1, 0}) + "-" + field({5, 4}) + "-" + field({7, 6}) + "-" + field({8, 9}) +
         "-" + field({10, 11, 12, 13, 14, 15});
}

}  // namespace vedette::attestation
