#include "attestation/runtime_log/runtime_event.h"

#include <algorithm>
#include <array>

#include "codec/utf8.h"

namespace vedette::attestation {
namespace {

struct KindName {
  RuntimeEventKind kind;
  std::string_view name;
};

constexpr std::array kKinds{
    KindName{RuntimeEventKind::agent_start, "agent-start"},
    KindName{RuntimeEventKind::agent_configuration, "agent-configuration"},
    KindName{RuntimeEventKind::worker_binary, "worker-binary"},
    KindName{RuntimeEventKind::sandbox_profile, "sandbox-profile"},
    KindName{RuntimeEventKind::model_release, "model-release"},
    KindName{RuntimeEventKind::runtime_contract, "runtime-contract"},
};

Result<void> check_text(std::string_view what, std::string_view text) {
  const auto unfit = [what](std::string_view why) {
    return refuse("ATT-RUNTIME-EVENT", "this cannot be an event of the runtime measurement log",
                  std::string(what) + " " + std::string(why));
  };
  if (text.empty()) return unfit("is empty");
  if (text.size() > kMaxRuntimeText) return unfit("is longer than 256 octets");
  if (!codec::is_utf8(text)) return unfit("is not UTF-8");
  if (codec::has_control_character(text)) return unfit("holds a control character");
  return {};
}

}  // namespace

std::string_view to_string(RuntimeEventKind kind) {
  const auto* const found = std::ranges::find(kKinds, kind, &KindName::kind);
  return found == kKinds.end() ? "unknown" : found->name;
}

std::optional<RuntimeEventKind> runtime_event_kind(std::uint8_t number) {
  const auto* const found = std::ranges::find(
      kKinds, number, [](const KindName& each) { return static_cast<std::uint8_t>(each.kind); });
  if (found == kKinds.end()) return std::nullopt;
  return found->kind;
}

Result<void> check_runtime_event(const RuntimeEvent& event) {
  if (!runtime_event_kind(static_cast<std::uint8_t>(event.kind)))
    return refuse("ATT-RUNTIME-EVENT", "this cannot be an event of the runtime measurement log",
                  "there is no such kind of event");
  VEDETTE_CHECK(check_text("the name", event.name));
  if (event.powers.size() > kMaxRuntimePowers)
    return refuse("ATT-RUNTIME-EVENT", "this cannot be an event of the runtime measurement log",
                  "it lists more than 64 powers");
  for (const std::string& power : event.powers)
    VEDETTE_CHECK(check_text("a power", power));
  return {};
}

std::string in_words(const RuntimeEvent& event) {
  std::string words(to_string(event.kind));
  std::ranges::replace(words, '-', ' ');
  words += " " + event.name + ", digest " + to_hex(event.digest);
  std::string_view separator = ", may use ";
  for (const std::string& power : event.powers) {
    words += separator;
    words += power;
    separator = ", ";
  }
  return words;
}

}  // namespace vedette::attestation
