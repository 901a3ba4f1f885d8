#include "inference/policy/profile_text.h"

#include <array>
#include <charconv>

namespace vedette::inference {

namespace {

constexpr std::string_view kTitle = "vedette-profile 3\n";
constexpr std::size_t kMaxFacts = 128;
constexpr std::string_view kNamespacePrefix = "namespace.";
constexpr std::string_view kSyscallPrefix = "syscall.";

struct NeedFact {
  std::string_view key;
  Need Profile::* member;
};
constexpr std::array kNeedFacts = {
    NeedFact{"core-scheduling", &Profile::core_scheduling},
    NeedFact{"branch-separation", &Profile::branch_separation},
    NeedFact{"coarse-clock", &Profile::coarse_clock},
    NeedFact{"empty-root", &Profile::empty_root},
    NeedFact{"no-capabilities", &Profile::no_capabilities},
    NeedFact{"landlock", &Profile::landlock},
    NeedFact{"cgroup", &Profile::cgroup},
    NeedFact{"syscall-filter", &Profile::syscall_filter},
};

struct LimitFact {
  std::string_view key;
  std::uint64_t ResourceLimits::* member;
};
constexpr std::array kLimitFacts = {
    LimitFact{"limit.memory-bytes", &ResourceLimits::memory_bytes},
    LimitFact{"limit.threads", &ResourceLimits::threads},
    LimitFact{"limit.open-files", &ResourceLimits::open_files},
    LimitFact{"limit.processes", &ResourceLimits::processes},
    LimitFact{"limit.file-bytes", &ResourceLimits::file_bytes},
    LimitFact{"limit.core-bytes", &ResourceLimits::core_bytes},
};

std::unexpected<Error> refuse_text(std::string_view what) {
  return refuse("SBX-PROFILE", "this is not the text of a sandbox profile",
                std::string(what.substr(0, 80)));
}

bool read_number(std::string_view text, std::uint64_t& number) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  return fault == std::errc{} && end == text.data() + text.size();
}

bool read_need(std::string_view key, std::string_view value, Profile& profile) {
  const auto need = need_from_name(value);
  for (const NeedFact& fact : kNeedFacts)
    if (fact.key == key && need) {
      profile.*fact.member = *need;
      return true;
    }
  if (!key.starts_with(kNamespacePrefix) || !need) return false;
  const auto kind = namespace_from_name(key.substr(kNamespacePrefix.size()));
  if (kind) profile.namespaces.push_back({*kind, *need});
  return kind.has_value();
}

bool read_limit(std::string_view key, std::string_view value, Profile& profile) {
  for (const LimitFact& fact : kLimitFacts)
    if (fact.key == key) return read_number(value, profile.limits.*fact.member);
  return false;
}

bool read_syscall(std::string_view key, std::string_view value, Profile& profile) {
  const auto condition = condition_from_name(value);
  if (!key.starts_with(kSyscallPrefix) || !condition) return false;
  profile.syscalls.push_back({std::string(key.substr(kSyscallPrefix.size())), *condition});
  return true;
}

bool read_power(std::string_view key, std::string_view value, Profile& profile) {
  if (key != "power") return false;
  auto power = power_from_text(value);
  if (!power) return false;
  profile.powers.push_back(*std::move(power));
  return true;
}

Result<void> read_fact(std::string_view line, Profile& profile) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return refuse_text(line);
  const std::string_view key = line.substr(0, space);
  const std::string_view value = line.substr(space + 1);
  if (key == "name") {
    profile.name = value;
    return {};
  }
  if (read_need(key, value, profile) || read_limit(key, value, profile) ||
      read_syscall(key, value, profile) || read_power(key, value, profile))
    return {};
  return refuse_text(line);
}

}  // namespace

std::string canonical_text(const Profile& profile) {
  std::string text(kTitle);
  const auto fact = [&text](std::string_view key, std::string_view value) {
    text += std::string(key) + " " + std::string(value) + "\n";
  };
  fact("name", profile.name);
  for (const NamespaceRule& rule : profile.namespaces)
    fact(std::string(kNamespacePrefix) + std::string(name_of(rule.kind)), name_of(rule.need));
  for (const NeedFact& need : kNeedFacts)
    fact(need.key, name_of(profile.*need.member));
  for (const SyscallRule& rule : profile.syscalls)
    fact(std::string(kSyscallPrefix) + rule.name, name_of(rule.condition));
  for (const LimitFact& limit : kLimitFacts)
    fact(limit.key, std::to_string(profile.limits.*limit.member));
  for (const Power& power : profile.powers)
    fact("power", text_of(power));
  return text;
}

Result<Profile> parse_profile(std::string_view text) {
  if (text.size() > kMaxProfileText || !text.starts_with(kTitle)) return refuse_text("its title");
  Profile profile;
  std::size_t facts = 0;
  for (std::string_view rest = text.substr(kTitle.size()); !rest.empty();) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos || ++facts > kMaxFacts) return refuse_text("its end");
    VEDETTE_CHECK(read_fact(rest.substr(0, end), profile));
    rest.remove_prefix(end + 1);
  }
  // One text for one profile: order, repetition, missing facts and spellings are settled here.
  if (canonical_text(profile) != text) return refuse_text("its order or spelling");
  return profile;
}

}  // namespace vedette::inference
