#include "cli/findings.h"

#include <algorithm>
#include <utility>

#include "cli/output.h"

namespace vedette::cli {

using codec::Json;

namespace {

std::string_view name_of_standing(Standing standing) {
  switch (standing) {
    case Standing::good:
      return "ok";
    case Standing::insecure:
      return "insecure";
    case Standing::missing:
      return "missing";
  }
  std::unreachable();
}

std::string_view style_of(Standing standing) {
  switch (standing) {
    case Standing::good:
      return "32";
    case Standing::insecure:
      return "1;33";
    case Standing::missing:
      return "1;31";
  }
  std::unreachable();
}

Finding good(std::string name, std::string detail) {
  return {
      .name = std::move(name), .standing = Standing::good, .detail = std::move(detail), .hint = {}};
}

Finding judge_namespaces(const MachineFacts& facts) {
  if (facts.user_namespaces)
    return good("namespaces", "user, mount, pid, net, ipc and uts namespaces can be made");
  return {"namespaces", Standing::missing, "the kernel refuses: " + facts.namespaces_cause,
          "allow unprivileged user namespaces: sysctl kernel.unprivileged_userns_clone=1 (Debian), "
          "kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu), user.max_user_namespaces > 0"};
}

Finding judge_landlock(const MachineFacts& facts) {
  if (facts.landlock_abi > 0) return good("landlock", "ABI " + std::to_string(facts.landlock_abi));
  return {"landlock", Standing::missing, "this kernel has none",
          "boot with lsm=landlock,… in the kernel's command line; or declare the posture "
          "'without-landlock' in the agent's [inference], and lose this layer"};
}

Finding judge_seccomp(const MachineFacts& facts) {
  if (facts.seccomp_filter) return good("seccomp", "filters that kill a process are available");
  return {"seccomp", Standing::missing, "no filters that kill a process",
          "use a kernel with CONFIG_SECCOMP_FILTER"};
}

Finding judge_siblings(const MachineFacts& facts) {
  using inference::SiblingThreads;
  const std::string name = "sibling threads";
  switch (facts.siblings) {
    case SiblingThreads::none:
      return good(name, "none: no core runs two threads, as far as this machine is told");
    case SiblingThreads::fenced:
      return good(name, "core scheduling keeps everybody else off a worker's core");
    case SiblingThreads::shared:
      break;
  }
  return {name, Standing::missing,
          "other processes can run beside a worker on one core, and measure it",
          "use a kernel with CONFIG_SCHED_CORE, or boot with 'nosmt'; or declare the posture "
          "'without-core-scheduling' in the agent's [inference], and lose this layer"};
}

Finding judge_training(const MachineFacts& facts) {
  using inference::BranchTraining;
  const std::string name = "branch prediction";
  switch (facts.training) {
    case BranchTraining::harmless:
      return good(name, "one process does not train another's");
    case BranchTraining::separable:
      return good(name, "kept apart for each worker");
    case BranchTraining::unhindered:
      break;
  }
  return {name, Standing::insecure, "a worker can train what the next process on its core predicts",
          "see /sys/devices/system/cpu/vulnerabilities/spectre_v2: it takes microcode with IBPB, "
          "passed on by the hypervisor if there is one, and no 'spectre_v2_user=off'"};
}

Finding judge_coarse_clock(const MachineFacts& facts) {
  const std::string name = "coarse clock";
  if (facts.coarse_clock)
    return good(name,
                "the cycle counter faults in a worker, its clocks step by the kernel's timer");
  return {name, Standing::insecure, "a worker can count cycles, and so tell what is in a cache",
          "on arm64 it takes Linux 6.12; give each worker a core of its own"};
}

Finding judge_posture(const MachineFacts& facts) {
  const auto posture = strongest_posture(facts);
  if (!posture)
    return {"posture", Standing::missing, "no cage can be built on this machine",
            "see the lines about namespaces, Landlock, sibling threads and seccomp"};
  const std::string name(inference::name_of(*posture));
  if (*posture == inference::Posture::full)
    return good("posture", name + ": all that is required holds");
  return {"posture", Standing::insecure, name + ": one layer of the cage is missing here",
          "an agent keeps it only if its configuration declares it: [inference] posture = \"" +
              name + "\""};
}

std::string words_of(const std::vector<std::string>& controllers) {
  std::string text;
  for (const std::string& controller : controllers)
    text += (text.empty() ? "" : " and ") + controller;
  return text;
}

Finding judge_cgroups(const MachineFacts& facts) {
  const std::string name = "cgroups";
  if (!facts.delegation) {
    const Error& why = facts.delegation.error();
    const std::string cause = why.cause.empty() ? "" : " (" + why.cause + ")";
    return {name, Standing::insecure,
            "none bounds a worker that is started from here: " + why.message + cause, why.hint};
  }
  if (!facts.delegation->group.empty())
    return good(name, "version 2: " + words_of(facts.delegation->controllers) +
                          " of a worker are bounded as a whole, in " + facts.delegation->group);
  if (facts.runs_as_root)
    return good(name, "version 1: a worker's memory and tasks are bounded as a whole");
  return {
      name, Standing::insecure, "version 1, whose groups are root's: none bounds a worker",
      "use version 2, whose groups can be delegated to a user; a worker's heap is limited anyway"};
}

Finding judge_tpm(const MachineFacts& facts) {
  if (facts.tpm_usable) return good("tpm", "/dev/tpmrm0 answers to this user");
  if (facts.tpm_present)
    return {"tpm", Standing::insecure, "/dev/tpmrm0 is there, but this user may not open it",
            "add the agent's user to the group tss"};
  if (facts.software_tpm)
    return {"tpm", Standing::insecure, "no hardware; only swtpm, which proves nothing to anybody",
            "insecure_software_tpm is for demonstrations and tests; a device needs a TPM 2.0"};
  return {"tpm", Standing::insecure, "none: this machine can be an operator's, not a device",
          "a device needs a TPM 2.0 (or swtpm, for demonstrations)"};
}

Finding judge_clock(const MachineFacts& facts) {
  if (facts.clock_synchronised) return good("clock", "synchronised");
  return {"clock", Standing::insecure, "not synchronised with any source of time",
          "run systemd-timesyncd or chrony: certificates and verdicts live for minutes"};
}

Finding judge_user(const MachineFacts& facts) {
  if (!facts.runs_as_root) return good("user", "not root");
  return {"user", Standing::insecure, "this runs as root", "nothing here needs it"};
}

}  // namespace

std::optional<inference::Posture> strongest_posture(const MachineFacts& facts) {
  using inference::Posture;
  if (!facts.seccomp_filter) return std::nullopt;
  const bool has_landlock = facts.landlock_abi > 0;
  const bool fenced = facts.siblings != inference::SiblingThreads::shared;
  if (facts.user_namespaces && has_landlock && fenced) return Posture::full;
  // One layer may be missing, never two.
  if (facts.user_namespaces && has_landlock) return Posture::without_core_scheduling;
  if (facts.user_namespaces && fenced) return Posture::without_landlock;
  if (facts.runs_as_root && has_landlock && fenced) return Posture::without_user_namespace;
  return std::nullopt;
}

std::vector<Finding> judge_machine(const MachineFacts& facts) {
  return {good("kernel", facts.kernel), judge_namespaces(facts),
          judge_landlock(facts),        judge_siblings(facts),
          judge_training(facts),        judge_coarse_clock(facts),
          judge_seccomp(facts),         judge_posture(facts),
          judge_cgroups(facts),         judge_tpm(facts),
          judge_clock(facts),           judge_user(facts)};
}

Finding judge_program(const std::string& name, bool present) {
  if (present) return good(name, "beside this program");
  const bool required = name == "vedette-worker";
  return {name, required ? Standing::missing : Standing::good, "not beside this program",
          required ? "install vedette-worker into the same folder" : ""};
}

Finding judge_drill(inference::DrillAct act, const Result<inference::DrillVerdict>& verdict) {
  using Outcome = inference::DrillVerdict::Outcome;
  std::string name = "drill " + std::string(inference::name_of(act));
  if (!verdict)
    return {std::move(name), Standing::missing,
            verdict.error().code + ": " + verdict.error().message +
                (verdict.error().cause.empty() ? "" : " (" + verdict.error().cause + ")"),
            verdict.error().hint};
  switch (verdict->outcome) {
    case Outcome::killed:
      return good(std::move(name), verdict->detail);
    case Outcome::refused:
      return {std::move(name), Standing::insecure, verdict->detail,
              "another layer held; the system call filter should have killed the worker"};
    case Outcome::leaked:
      return {std::move(name), Standing::missing, verdict->detail,
              "the cage leaks: run no model here that you do not trust, and report this"};
  }
  std::unreachable();
}

bool all_required(const std::vector<Finding>& findings) {
  return std::ranges::none_of(
      findings, [](const Finding& finding) { return finding.standing == Standing::missing; });
}

Json findings_json(const std::vector<Finding>& findings) {
  Json::Array list;
  for (const Finding& finding : findings) {
    Json one;
    one.set("name", finding.name).set("standing", name_of_standing(finding.standing));
    one.set("detail", finding.detail).set("hint", finding.hint);
    list.push_back(std::move(one));
  }
  Json json;
  json.set("ready", all_required(findings)).set("findings", std::move(list));
  return json;
}

std::string findings_text(const std::vector<Finding>& findings, bool colour) {
  std::size_t widest = 0;
  for (const Finding& finding : findings)
    widest = std::max(widest, finding.name.size());
  constexpr std::size_t kStandingWidth = 10;
  std::string text;
  for (const Finding& finding : findings) {
    const std::string standing(name_of_standing(finding.standing));
    text += styled(standing, style_of(finding.standing), colour) +
            std::string(kStandingWidth - standing.size(), ' ') + finding.name +
            std::string(widest + 2 - finding.name.size(), ' ') + printable(finding.detail) + "\n";
    if (!finding.hint.empty())
      text += std::string(kStandingWidth + widest + 2, ' ') + printable(finding.hint) + "\n";
  }
  return text;
}

}  // namespace vedette::cli
