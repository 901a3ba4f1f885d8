#include <csignal>
#include <optional>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oci_bundle.h"
#include "program.h"
#include "sections.h"

namespace vedette::bench {

namespace {

using std::chrono::steady_clock;

constexpr int kRounds = 40;

struct Way {
  std::string name;
  std::vector<std::string> command;
  std::string trouble;  // why it is not measured
  Samples samples;
};

std::vector<Way> ways(const OciBundle& bundle) {
  const std::string id = "vedette-bench";
  return {
      {"bare (posix_spawn)", {"/bin/true"}, {}, {}},
      {"bwrap, every namespace",
       {"bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "/bin/true"},
       {},
       {}},
      {"crun", {"crun", "--root", bundle.state(), "run", "-b", bundle.path(), id}, {}, {}},
      {"runc", {"runc", "--root", bundle.state(), "run", "-b", bundle.path(), id}, {}, {}},
      {"nsjail", {"nsjail", "-Mo", "-Q", "--chroot", "/", "--", "/bin/true"}, {}, {}},
      {"firejail", {"firejail", "--quiet", "--noprofile", "/bin/true"}, {}, {}},
  };
}

void measure(Way& way) {
  const auto begin = steady_clock::now();
  const auto ended = run_program(way.command);
  if (ended)
    way.samples.add_milliseconds(steady_clock::now() - begin);
  else
    way.trouble = ended.error().message + ": " + ended.error().cause;
}

}  // namespace

Result<void> measure_process_starts(Report& report) {
  VEDETTE_TRY(const OciBundle bundle, OciBundle::make());
  std::vector<Way> all = ways(bundle);
  for (Way& way : all) {  // what cannot work is found out first, and caches are filled
    measure(way);
    way.samples = {};
  }
  for (int round = 0; round < kRounds; ++round)
    for (Way& way : all)
      if (way.trouble.empty()) measure(way);
  report.section("the start and end of /bin/true", "ms");
  for (const Way& way : all) {
    if (way.trouble.empty())
      report.line(way.name, way.samples);
    else
      report.skipped(way.name, way.trouble);
  }
  return {};
}

}  // namespace vedette::bench
