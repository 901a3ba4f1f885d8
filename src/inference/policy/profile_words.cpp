// A profile in words: for the person who signs off on it.
#include <algorithm>
#include <vector>

#include "inference/policy/profile.h"
#include "inference/policy/profile_text.h"

namespace vedette::inference {

namespace {

std::string namespaces_that(const Profile& profile, Need need) {
  std::string list;
  for (const NamespaceRule& rule : profile.namespaces)
    if (rule.need == need) list += (list.empty() ? "" : ", ") + std::string(name_of(rule.kind));
  return list.empty() ? "none" : list;
}

std::string layer_sentence(std::string_view layer, Need need, std::string_view effect) {
  std::string sentence = std::string(layer) + " (" + std::string(name_of(need)) + ")";
  if (need != Need::off) sentence += ": " + std::string(effect);
  return sentence + ".\n";
}

std::string syscall_list(const Profile& profile) {
  std::string list;
  for (const SyscallRule& rule : profile.syscalls) {
    list += (list.empty() ? "" : ", ") + rule.name;
    if (rule.condition != Condition::none)
      list += " (" + std::string(name_of(rule.condition)) + ")";
  }
  return list;
}

std::vector<std::string> lines_of(const Profile& profile) {
  std::vector<std::string> lines;
  const std::string text = canonical_text(profile);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

void tell_missing(std::string& text, char sign, const std::vector<std::string>& from,
                  const std::vector<std::string>& in) {
  for (const std::string& line : from)
    if (std::ranges::find(in, line) == in.end()) text += std::string{sign, ' '} + line + "\n";
}

}  // namespace

std::string describe(const Profile& profile) {
  const ResourceLimits& limits = profile.limits;
  std::string text = "Profile '" + profile.name + "'.\n";
  text += "Own namespaces: " + namespaces_that(profile, Need::required) + ".\n";
  text +=
      "Own namespaces where the kernel has them: " + namespaces_that(profile, Need::where_present) +
      ".\n";
  text += layer_sentence("Core scheduling", profile.core_scheduling,
                         "no other process runs beside it on a core, or no core has room for two");
  text +=
      layer_sentence("Branch separation", profile.branch_separation,
                     "neither trains the other's branch prediction, it or the next on its core");
  text += layer_sentence("Coarse clock", profile.coarse_clock,
                         "the cycle counter faults, the clock steps as the kernel's timer does");
  text += layer_sentence("Empty root", profile.empty_root,
                         "no file exists, none can be made, the old root is gone");
  text += layer_sentence("No capabilities", profile.no_capabilities,
                         "none is held and none can be gained, not by exec either");
  text += layer_sentence("Landlock", profile.landlock,
                         "every file, network and scope right that the kernel knows is denied");
  text += layer_sentence("Control group", profile.cgroup,
                         "memory and tasks are bounded for the worker as a whole");
  text += layer_sentence("System call filter", profile.syscall_filter,
                         "the worker ends, with evidence, of any but " + syscall_list(profile));
  text += "Limits: " + std::to_string(limits.memory_bytes >> 20U) + " MiB of heap, " +
          std::to_string(limits.threads) + " thread" + (limits.threads == 1 ? "" : "s") + ", " +
          std::to_string(limits.open_files) + " new descriptors, " +
          std::to_string(limits.processes) + " new processes, files of " +
          std::to_string(limits.file_bytes) + " bytes, core dumps of " +
          std::to_string(limits.core_bytes) + " bytes.\n";
  for (const Power& power : profile.powers)
    text += "Power: " + describe(power) + "\n";
  return text;
}

std::string differences(const Profile& before, const Profile& after) {
  const auto old_lines = lines_of(before);
  const auto new_lines = lines_of(after);
  std::string text;
  tell_missing(text, '-', old_lines, new_lines);
  tell_missing(text, '+', new_lines, old_lines);
  return text;
}

}  // namespace vedette::inference
