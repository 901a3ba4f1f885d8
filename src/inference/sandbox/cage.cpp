#include "inference/sandbox/cage.h"

#include <algorithm>
#include <optional>

#include <fcntl.h>

#include "base/fd.h"
#include "inference/line/line.h"
#include "inference/sandbox/output_file.h"
#include "inference/sandbox/steps.h"

namespace vedette::inference {

namespace {

using namespace sandbox;

// The host's hold on what the worker will write; the worker itself opens the file by its name.
Result<void> give_output_away(const std::vector<Power>& powers, int line_fd) {
  const bool wanted = std::ranges::any_of(
      powers, [](const Power& power) { return std::holds_alternative<OutputFilePower>(power); });
  if (!wanted) return {};
  const UniqueFd output{::open(kOutputFile, O_RDONLY | O_CLOEXEC)};
  if (!output.valid() || !send_report(line_fd, plain_report(ReportKind::output, 0), output.get()))
    return refuse("SBX-CAGE-ROOT", "the worker's output could not be handed over",
                  errno_text(kOutputFile));
  return {};
}

Result<void> give_up_powers(const Profile& profile, const CageSurroundings& around) {
  const bool has_user_namespace = profile.need_of(Namespace::user) != Need::off;
  VEDETTE_CHECK(fence_siblings(profile.core_scheduling));
  VEDETTE_CHECK(separate_branch_training(profile.branch_separation));
  if (has_user_namespace) VEDETTE_CHECK(take_inside_ids(true));
  if (profile.empty_root != Need::off) VEDETTE_CHECK(empty_root(profile.powers));
  VEDETTE_CHECK(give_output_away(profile.powers, around.line_fd));
  if (profile.need_of(Namespace::uts) != Need::off) VEDETTE_CHECK(empty_host_names());
  const auto become_nobody = [&]() -> Result<void> {
    if (has_user_namespace) return {};
    return take_inside_ids(false);
  };
  if (profile.no_capabilities != Need::off) VEDETTE_CHECK(drop_privileges(become_nobody));
  VEDETTE_CHECK(die_with_zygote(around.alive_fd));
  return restrict_by_landlock(profile.landlock, profile.powers);
}

}  // namespace

struct PreparedCages::Filters {
  std::vector<SyscallRule> rules;
  SyscallFilter filter;
};

PreparedCages::PreparedCages(std::unique_ptr<const Filters> filters)
    : filters_(std::move(filters)) {}
PreparedCages::PreparedCages(PreparedCages&&) noexcept = default;
PreparedCages& PreparedCages::operator=(PreparedCages&&) noexcept = default;
PreparedCages::~PreparedCages() = default;

Result<PreparedCages> PreparedCages::make() {
  VEDETTE_TRY(Profile profile, built_in_profile("strict"));
  VEDETTE_TRY(SyscallFilter filter, SyscallFilter::compile(profile.syscalls));
  return PreparedCages(
      std::make_unique<const Filters>(Filters{std::move(profile.syscalls), std::move(filter)}));
}

namespace {

Result<SyscallFilter> filter_for(const std::vector<SyscallRule>& rules,
                                 const PreparedCages* prepared) {
  if (prepared != nullptr && prepared->filters().rules == rules) return prepared->filters().filter;
  return SyscallFilter::compile(rules);
}

}  // namespace

Result<void> enter_cage(const Profile& profile, const CageSurroundings& around,
                        const std::function<Result<void>()>& make_threads) {
  std::optional<SyscallFilter> filter;
  if (profile.syscall_filter != Need::off) {
    VEDETTE_TRY(filter, filter_for(profile.syscalls, around.prepared));
  }
  VEDETTE_CHECK(give_up_powers(profile, around));
  if (make_threads) VEDETTE_CHECK(make_threads());
  VEDETTE_CHECK(forbid_cycle_counter(profile.coarse_clock));
  VEDETTE_CHECK(reserve_heap(profile.limits.memory_bytes));
  VEDETTE_CHECK(limit_resources(profile.limits, around.mapped_bytes));
  if (filter) return put_up_filter(*filter, around.line_fd, profile.limits);
  return close_without_filter(around.line_fd, profile.limits);
}

}  // namespace vedette::inference
