// What a decision about a group is made from, and what comes of it: files of cgroup2 and /proc.
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <sstream>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "inference/sandbox/cgroup_plan.h"
#include "inference/sandbox/delegation.h"

namespace vedette::inference {

namespace {

constexpr std::size_t kMaxText = std::size_t{1} << 20U;
constexpr std::size_t kMaxProcesses = 4096;
constexpr std::size_t kMaxAncestors = 64;
constexpr int kMaxPasses = 3;  // processes may be made while others are moved

std::unexpected<Error> refuse_denied(const std::string& cause, int reason) {
  std::string hint = "systemd: Delegate=yes, which gives the unit's user the group's files";
  if (reason == EROFS) hint = "mount /sys/fs/cgroup for writing in the agent's container";
  if (reason == EBUSY) hint = "something starts processes in the agent's group; nothing else may";
  return refuse("SBX-GROUP-DENIED", "the agent's control group cannot be divided", cause,
                std::move(hint));
}

std::unexpected<Error> refuse_unreadable(const std::string& cause) {
  return refuse("SBX-GROUP-UNREADABLE", "the agent's control group cannot be read", cause,
                "is what is mounted at /sys/fs/cgroup the kernel's own, and /proc too?");
}

std::vector<std::string> words_of(ByteView text) {
  std::istringstream words{std::string(as_text(text))};
  std::vector<std::string> list;
  for (std::string word; words >> word;)
    list.push_back(std::move(word));
  return list;
}

Result<std::vector<std::string>> read_words(const std::string& path) {
  const auto text = read_file(path, kMaxText);
  if (text) return words_of(*text);
  return refuse_unreadable(describe(text.error()));
}

std::optional<int> pid_from(std::string_view word) {
  int pid = 0;
  const auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), pid);
  if (fault != std::errc{} || end != word.data() + word.size() || pid < 0) return std::nullopt;
  return pid;
}

struct ProcessLine {
  std::string name;
  int parent = 0;
};

// `12 (a name) S 7 ...` (proc(5)): the name may hold anything, parentheses too. None: it has ended.
std::optional<ProcessLine> read_process(const std::string& processes, int pid) {
  const auto text = read_file(processes + "/" + std::to_string(pid) + "/stat", kMaxText);
  if (!text) return std::nullopt;
  const std::string_view line = as_text(*text);
  const std::size_t open = line.find('(');
  const std::size_t close = line.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open)
    return std::nullopt;
  const auto rest =
      words_of(text->size() > close + 1 ? ByteView(*text).subspan(close + 1) : ByteView());
  const auto parent = rest.size() > 1 ? pid_from(rest[1]) : std::nullopt;
  if (!parent) return std::nullopt;
  return ProcessLine{std::string(line.substr(open + 1, close - open - 1)), *parent};
}

GroupProcess look_up(const std::string& processes, int pid) {
  GroupProcess found{pid, {}, {}};
  auto line = read_process(processes, pid);
  if (line) found.name = line->name;
  while (line && line->parent > 0 && found.ancestors.size() < kMaxAncestors) {
    found.ancestors.push_back(line->parent);
    line = read_process(processes, line->parent);
  }
  return found;
}

Result<std::vector<GroupProcess>> read_group_processes(const DelegationPlace& place) {
  const std::string path = place.folder + "/cgroup.procs";
  VEDETTE_TRY(const auto words, read_words(path));
  std::vector<GroupProcess> list;
  for (const std::string& word : words) {
    const auto pid = pid_from(word);
    if (!pid || list.size() == kMaxProcesses)
      return refuse_unreadable(path + ": " + (pid ? "too many processes" : word));
    list.push_back(look_up(place.processes, *pid));
  }
  return list;
}

Result<GroupFacts> read_group(const DelegationPlace& place) {
  GroupFacts facts;
  facts.folder = place.folder;
  VEDETTE_TRY(facts.offered, read_words(place.folder + "/cgroup.controllers"));
  VEDETTE_TRY(facts.handed_down, read_words(place.folder + "/cgroup.subtree_control"));
  const std::string type = place.folder + "/cgroup.type";
  facts.is_root = ::access(type.c_str(), F_OK) != 0 && errno == ENOENT;
  if (!facts.is_root) {
    VEDETTE_TRY(const auto words, read_words(type));
    for (const std::string& word : words)
      facts.type += (facts.type.empty() ? "" : " ") + word;
  }
  // A group of threads does not even say who is in it.
  if (facts.is_root || facts.type == "domain") {
    VEDETTE_TRY(facts.processes, read_group_processes(place));
  }
  return facts;
}

// 0, or the reason.
int write_text(const std::string& path, const std::string& text) {
  const UniqueFd file{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  if (!file.valid()) return errno;
  return ::write(file.get(), text.data(), text.size()) < 0 ? errno : 0;
}

Result<void> move_into_leaf(const std::string& folder, const std::vector<int>& pids) {
  const std::string leaf = folder + "/" + std::string(kSupervisorGroup);
  if (!pids.empty() && ::mkdir(leaf.c_str(), 0755) != 0 && errno != EEXIST) {
    const int reason = errno;
    return refuse_denied(errno_text("mkdir " + leaf), reason);
  }
  for (const int pid : pids) {
    const int reason = write_text(leaf + "/cgroup.procs", std::to_string(pid));
    if (reason == 0 || reason == ESRCH) continue;  // or it has ended meanwhile
    errno = reason;
    return refuse_denied(errno_text(leaf + "/cgroup.procs, process " + std::to_string(pid)),
                         reason);
  }
  return {};
}

// All of them, or none. 0, or the reason.
int hand_down(const std::string& folder, const std::vector<std::string>& controllers) {
  std::string text;
  for (const std::string& controller : controllers)
    text += (text.empty() ? "+" : " +") + controller;
  return text.empty() ? 0 : write_text(folder + "/cgroup.subtree_control", text);
}

Delegation come_to(const DelegationPlace& place, const GroupFacts& facts) {
  Delegation delegation{place.folder, {}};
  for (const std::string& controller : place.wanted)
    if (std::ranges::find(facts.offered, controller) != facts.offered.end())
      delegation.controllers.push_back(controller);
  return delegation;
}

// What version 1 leaves to ask for.
Result<DelegationPlace> own_place() {
  DelegationPlace place{.folder = {}, .wanted = {}, .self = ::getpid()};
  const CgroupPlan plan = own_cgroup_plan();
  std::vector<std::string> held;
  for (const auto& hierarchy : plan.hierarchies) {
    if (hierarchy.unified) place.folder = hierarchy.folder;
    held.insert(held.end(), hierarchy.controllers.begin(), hierarchy.controllers.end());
  }
  for (const std::string_view controller : kBoundingControllers)
    if (std::ranges::find(held, controller) == held.end()) place.wanted.emplace_back(controller);
  if (!place.folder.empty() || place.wanted.empty()) return place;
  return refuse("SBX-GROUP-NONE", "there is no hierarchy of control groups to bound workers by", {},
                "mount cgroup2 at /sys/fs/cgroup, as systemd does");
}

}  // namespace

Result<Delegation> take_delegation(const DelegationPlace& place) {
  int reason = 0;
  for (int pass = 0; pass < kMaxPasses; ++pass) {
    VEDETTE_TRY(const GroupFacts facts, read_group(place));
    VEDETTE_TRY(const auto steps, decide_delegation(facts, place.wanted, place.self));
    VEDETTE_CHECK(move_into_leaf(place.folder, steps.move));
    reason = hand_down(place.folder, steps.enable);
    if (reason == 0) return come_to(place, facts);
    if (reason != EBUSY) break;
  }
  errno = reason;
  return refuse_denied(errno_text(place.folder + "/cgroup.subtree_control"), reason);
}

Result<Delegation> take_delegation() {
  VEDETTE_TRY(const auto place, own_place());
  if (place.wanted.empty()) return Delegation{};
  return take_delegation(place);
}

Result<Delegation> foresee_delegation() {
  VEDETTE_TRY(const auto place, own_place());
  if (place.wanted.empty()) return Delegation{};
  VEDETTE_TRY(const GroupFacts facts, read_group(place));
  VEDETTE_TRY([[maybe_unused]] const auto steps,
              decide_delegation(facts, place.wanted, place.self));
  for (const char* file : {"cgroup.procs", "cgroup.subtree_control"})
    if (const std::string path = place.folder + "/" + file; ::access(path.c_str(), W_OK) != 0) {
      const int reason = errno;
      return refuse_denied(errno_text(path), reason);
    }
  return come_to(place, facts);
}

}  // namespace vedette::inference
