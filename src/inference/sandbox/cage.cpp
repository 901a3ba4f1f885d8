#include "inference/sandbox/cage.h"

#include <optional>

#include "inference/sandbox/steps.h"

namespace vedette::inference {

namespace {

using namespace sandbox;

Result<void> close_inside(const Profile& profile, const CageSurroundings& around) {
  if (profile.empty_root != Need::off) VEDETTE_CHECK(empty_root());
  if (profile.need_of(Namespace::uts) != Need::off) VEDETTE_CHECK(empty_host_names());
  VEDETTE_CHECK(close_all_descriptors());
  if (profile.no_capabilities != Need::off) VEDETTE_CHECK(drop_privileges());
  VEDETTE_CHECK(deny_by_landlock(profile.landlock));
  return limit_resources(profile.limits, around.mapped_bytes);
}

}  // namespace

Result<void> enter_cage(const Profile& profile, const CageSurroundings& around) {
  std::optional<SyscallFilter> filter;
  if (profile.syscall_filter != Need::off) {
    VEDETTE_TRY(filter, SyscallFilter::compile(profile.syscalls));
  }
  VEDETTE_CHECK(enter_namespaces(profile));
  VEDETTE_CHECK(leave_outer_process(around.lifeline_fd));
  VEDETTE_CHECK(close_inside(profile, around));
  if (filter) VEDETTE_CHECK(filter->install());
  return {};
}

}  // namespace vedette::inference
