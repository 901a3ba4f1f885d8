#include "ablation.h"

#include <algorithm>
#include <cstdio>

#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "sandbox_fixture.h"

namespace vedette::testing {

namespace {

using namespace inference;

using Removal = void (*)(Profile&);

void remove_user_namespace(Profile& profile) {
  std::erase_if(profile.namespaces,
                [](const NamespaceRule& rule) { return rule.kind == Namespace::user; });
}

// The mount namespace goes with the root that it holds, and not with the others.
void remove_other_namespaces(Profile& profile) {
  std::erase_if(profile.namespaces, [](const NamespaceRule& rule) {
    return rule.kind != Namespace::user && rule.kind != Namespace::mount;
  });
}

void remove_empty_root(Profile& profile) {
  profile.empty_root = Need::off;
}
void keep_capabilities(Profile& profile) {
  profile.no_capabilities = Need::off;
}
void remove_landlock(Profile& profile) {
  profile.landlock = Need::off;
}
void give_a_fine_clock(Profile& profile) {
  profile.coarse_clock = Need::off;
}
void loosen_limits(Profile& profile) {
  profile.cgroup = Need::off;
  profile.limits.open_files = 64;
  profile.limits.processes = 4096;
  profile.limits.file_bytes = std::uint64_t{1} << 20U;
}
void remove_filter(Profile& profile) {
  profile.syscall_filter = Need::off;
}

struct Layer {
  const char* name;
  Removal remove;
};
constexpr Layer kLayers[] = {
    {"user namespace", remove_user_namespace},
    {"other namespaces", remove_other_namespaces},
    {"empty root", remove_empty_root},
    {"dropped capabilities", keep_capabilities},
    {"Landlock", remove_landlock},
    {"limits", loosen_limits},
    {"coarse clock", give_a_fine_clock},
};
constexpr const Layer& kLimits = kLayers[5];

Column column(std::string name, const std::vector<Removal>& removals) {
  Column one{std::move(name), strict_profile()};
  for (const Removal remove : removals)
    remove(one.profile);
  one.needs_broker = one.profile.need_of(Namespace::user) == Need::off;
  one.filtered = one.profile.syscall_filter != Need::off;
  return one;
}

Column filter_only() {
  Column one = column("the filter alone", {});
  for (const Layer& layer : kLayers)
    layer.remove(one.profile);
  one.profile.namespaces.clear();
  one.needs_broker = true;
  return one;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

constexpr const char* kIntroduction =
    R"(# What stops what: the ablation matrix of the cage

Written by `tests/adversarial` (`VEDETTE_WRITE_MATRIX=1 matrix_test`), which also compares itself
with it. Each row is a hostile act, committed by a worker of its own in each of these cages, before
a byte of its model was read. What a cell says:

- `killed`: the system call filter froze the caller; its host read the number and the arguments of
  exactly this call, and killed it;
- an errno: the call returned, another layer than the filter refused it;
- a signal: the processor, or the kernel, ended the worker without a call;
- `succeeds`: nothing stopped it. That is what a layer is for;
- `runs on`: no forbidden call was made; it ended when its time was up.

With the filter in place every row reads alike, whichever other layer is missing; so it does with
the filter alone. What makes no call is no business of a filter: the cycle counter is the coarse
clock's. The columns behind it are the second line: what the other layers stop once the
filter is gone, and then, with the limits gone as well (which refuse every new descriptor and
process before any other layer is asked), once each of them is gone too.

`uretprobe` and `uprobe` are the exception: from Linux 6.14 on the kernel exempts its own trampolines'
two calls from every filter. Whoever is no trampoline gets `SIGILL` or `ENXIO` from them, and
nothing else.

What it does not show: what the host checks in answers (`tests/adversarial`,
forgeries), and the tensor channel. That is one for all requests of a worker: with the power
`fork-per-request` the process of a request leaves nothing behind, but code that has taken it over
could leave something in the channel for the next. Nor core scheduling and the separation of branch
prediction, which stop no act: they decide about who else is on the core.

)";

}  // namespace

std::vector<Column> ablations() {
  std::vector<Column> columns{column("full", {})};
  for (const Layer& layer : kLayers)
    columns.push_back(column(std::string("no ") + layer.name, {layer.remove}));
  columns.push_back(filter_only());
  columns.push_back(column("no filter", {remove_filter}));
  columns.push_back(column("no filter, no limits", {remove_filter, kLimits.remove}));
  for (const Layer& layer : kLayers)
    if (&layer != &kLimits)
      columns.push_back(column(std::string("... no ") + layer.name,
                               {remove_filter, kLimits.remove, layer.remove}));
  return columns;
}

Matrix measure(const std::vector<Column>& columns) {
  const auto broker =
      WorkerSpawner::start({hostile_worker_path(), Posture::without_user_namespace}).value();
  Matrix matrix{columns, {}};
  for (const Column& one : columns)
    matrix.verdicts.push_back(try_acts(one.needs_broker ? *broker : hostile_spawner(), one.profile,
                                       catalogue(), Moment::caged));
  return matrix;
}

std::string kernel_of_the_matrix() {
  utsname names{};
  ::uname(&names);
  const std::string release = names.release;
  const long landlock = ::syscall(SYS_landlock_create_ruleset, nullptr, 0U, 1U);
  return "Linux " + release.substr(0, release.find('.', release.find('.') + 1)) +
         ", Landlock ABI " + std::to_string(std::max(landlock, 0L)) + ", " + names.machine;
}

std::string document(const Matrix& matrix) {
  std::string out = kIntroduction;
  out += "Measured on " + kernel_of_the_matrix() + ", as root.\n";
  const Group* group = nullptr;
  for (std::size_t i = 0; i < catalogue().size(); ++i) {
    const Act& act = catalogue()[i];
    if (group == nullptr || *group != act.group) {
      out += "\n## " + std::string(name_of(act.group)) + "\n\n| act |";
      std::string rule = "|---|";
      for (const Column& one : matrix.columns) {
        out += " " + one.name + " |";
        rule += "---|";
      }
      out += "\n" + rule + "\n";
    }
    group = &act.group;
    out += "| " + act.name + " |";
    for (const auto& verdicts : matrix.verdicts)
      out += " " + escaped(text_of(verdicts[i])) + " |";
    out += "\n";
  }
  return out;
}

}  // namespace vedette::testing
