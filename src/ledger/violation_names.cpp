// The words of violations.
#include <algorithm>
#include <utility>

#include "ledger/violation.h"

namespace vedette::ledger {
namespace {

constexpr std::array<std::pair<ViolationKind, std::string_view>, 6> kKinds{{
    {ViolationKind::system_call, "system_call"},
    {ViolationKind::malformed_reply, "malformed_reply"},
    {ViolationKind::deadline, "deadline"},
    {ViolationKind::memory, "memory"},
    {ViolationKind::crash, "crash"},
    {ViolationKind::drift, "drift"},
}};

// linux/audit.h: ELF machine, with bit 31 for 64 bits and bit 30 for little endian.
constexpr std::array<std::pair<std::uint32_t, std::string_view>, 4> kArchitectures{{
    {0xC000003E, "x86_64"},
    {0xC00000B7, "aarch64"},
    {0x40000003, "i386"},
    {0x40000028, "arm"},
}};

constexpr std::size_t kMaxCallName = 32;

bool is_call_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxCallName && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string printable_detail(std::string_view text) {
  std::string detail(text.substr(0, kMaxViolationDetail));
  std::ranges::replace_if(detail, [](char c) { return c < ' ' || c > '~'; }, '?');
  return detail.empty() ? "no detail" : detail;
}

std::string_view in_words(ViolationKind kind) {
  return kind == ViolationKind::malformed_reply ? "malformed reply" : to_string(kind);
}

}  // namespace

std::string_view to_string(ViolationKind kind) {
  const auto* const found = std::ranges::find(kKinds, kind, &decltype(kKinds)::value_type::first);
  return found == kKinds.end() ? "unknown" : found->second;
}

std::string_view to_string(ViolationPhase phase) {
  return phase == ViolationPhase::load ? "load" : "serve";
}

std::optional<ViolationKind> parse_violation_kind(std::string_view text) {
  const auto* const found = std::ranges::find(kKinds, text, &decltype(kKinds)::value_type::second);
  if (found == kKinds.end()) return std::nullopt;
  return found->first;
}

bool condemns_at_once(ViolationKind kind) {
  return kind == ViolationKind::system_call || kind == ViolationKind::malformed_reply;
}

std::string_view architecture_name(std::uint32_t architecture) {
  const auto* const found =
      std::ranges::find(kArchitectures, architecture, &decltype(kArchitectures)::value_type::first);
  return found == kArchitectures.end() ? "unknown" : found->second;
}

Violation bounded(Violation violation) {
  violation.time = from_unix_seconds(to_unix_seconds(violation.time));
  if (violation.kind == ViolationKind::system_call && !violation.call) {
    violation.kind = ViolationKind::crash;
    violation.detail = "a system call that nobody saw";
  }
  if (violation.kind == ViolationKind::system_call) {
    violation.detail.clear();
    if (!is_call_name(violation.call->name)) violation.call->name = "unknown";
    return violation;
  }
  violation.call.reset();
  violation.detail = printable_detail(violation.detail);
  return violation;
}

std::string describe(const Violation& violation) {
  std::string text;
  if (violation.call)
    text = "system call " + violation.call->name + " (" + std::to_string(violation.call->number) +
           ") of " + std::string(architecture_name(violation.call->architecture));
  else
    text = std::string(in_words(violation.kind)) + " (" + violation.detail + ")";
  return text + (violation.phase == ViolationPhase::load ? " while loading" : " while serving");
}

}  // namespace vedette::ledger
