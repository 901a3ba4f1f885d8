#include <algorithm>
#include <ctime>
#include <filesystem>
#include <map>
#include <type_traits>
#include <vector>

#include <sys/resource.h>

#include "base/fd.h"
#include "release/delta/delta.h"

#include "../program.h"
#include "fine_tunes.h"
#include "sections.h"

namespace vedette::bench {
namespace {

constexpr unsigned kPrivateFile = 0600;

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// Processor time: what else runs on the machine counts less.
double spent(int whose) {
  rusage usage{};
  ::getrusage(whose, &usage);
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Made {
  double percent = 0;  // of the target
  double seconds = 0;
};

constexpr int kRounds = 5;
constexpr double kEnough = 1;  // of processor seconds

// The median of a few runs: what takes milliseconds is lengthened by whatever else the caches hold.
template <class Run>
auto in_the_middle(Run run, double (*cost)(const typename std::invoke_result_t<Run>::value_type&))
    -> std::invoke_result_t<Run> {
  std::vector<typename std::invoke_result_t<Run>::value_type> runs;
  double all = 0;
  do {
    VEDETTE_TRY(auto one, run());
    all += cost(one);
    runs.push_back(std::move(one));
  } while (runs.size() < kRounds && all < kEnough);
  std::ranges::sort(runs, {}, cost);
  return runs[runs.size() / 2];
}

struct Files {
  std::string folder;
  std::string base;
  std::string target;
  double target_bytes = 0;
};

Result<Made> run_once(const Files& files, std::vector<std::string> command) {
  const std::string patch = files.folder + "/patch";
  std::filesystem::remove(patch);
  command.push_back(patch);
  const double before = spent(RUSAGE_CHILDREN);
  VEDETTE_CHECK(run_program(command));
  return Made{100 * static_cast<double>(std::filesystem::file_size(patch)) / files.target_bytes,
              spent(RUSAGE_CHILDREN) - before};
}

Result<Made> by_program(const Files& files, const std::vector<std::string>& command) {
  return in_the_middle([&] { return run_once(files, command); },
                       +[](const Made& made) { return made.seconds; });
}

struct Rival {
  std::string name;
  std::vector<std::string> (*command)(const Files&);
};

const std::vector<Rival> kRivals{
    {"zstd -19 --patch-from",
     [](const Files& files) {
       return std::vector<std::string>{"zstd",       "-q",        "-f",
                                       "-19",        "--long=27", "--patch-from=" + files.base,
                                       files.target, "-o"};
     }},
    {"xdelta3 -9",
     [](const Files& files) {
       return std::vector<std::string>{"xdelta3", "-e", "-9", "-f", "-s", files.base, files.target};
     }},
    {"bsdiff",
     [](const Files& files) {
       return std::vector<std::string>{"bsdiff", files.base, files.target};
     }},
};

struct Ours {
  Made made;
  double apply_seconds = 0;
};

Result<Ours> run_ours(const Bytes& base, const Bytes& target) {
  Bytes delta;
  const auto into = [](Bytes& to) {
    return [&to](ByteView piece) -> Result<void> {
      append(to, piece);
      return {};
    };
  };
  const double begin = spent(RUSAGE_SELF);
  VEDETTE_CHECK(release::make_delta(base, target, into(delta)));
  const double made = spent(RUSAGE_SELF);
  Bytes result;
  VEDETTE_CHECK(release::apply_delta(release::MemorySource(base), release::MemorySource(delta),
                                     {crypto::sha256(target), target.size()}, into(result)));
  const double applied = spent(RUSAGE_SELF);
  return Ours{
      {100 * static_cast<double>(delta.size()) / static_cast<double>(target.size()), made - begin},
      applied - made};
}

Result<Ours> by_us(const Bytes& base, const Bytes& target) {
  return in_the_middle([&] { return run_ours(base, target); },
                       +[](const Ours& ours) { return ours.made.seconds; });
}

// Over all updates: the worst of what is compared.
struct Verdict {
  double size = 0;      // ours / theirs, the largest
  double speed = 1e9;   // their time / ours, the smallest
  std::string trouble;  // why it is not measured
};

class Table {
 public:
  Table(Report& report, std::string folder) : report_(report), folder_(std::move(folder)) {}

  Result<void> row(const Network& base_network, const Network& network, Precision precision,
                   Tuning tuning) {
    const Bytes base = onnx_of(base_network, precision);
    const Bytes target = onnx_of(network, precision);
    const Files files{folder_, folder_ + "/base", folder_ + "/target",
                      static_cast<double>(target.size())};
    VEDETTE_CHECK(write_file_atomically(files.base, base, kPrivateFile));
    VEDETTE_CHECK(write_file_atomically(files.target, target, kPrivateFile));
    VEDETTE_TRY(const Ours ours, by_us(base, target));
    const std::string update =
        std::string(to_string(tuning)) + ", " + std::string(to_string(precision));
    report_.section("patch, " + update, "% of the file, processor seconds");
    line("vedette", ours.made);
    for (const Rival& rival : kRivals)
      race(rival, files, ours.made);
    applied_bytes_ += files.target_bytes;
    applied_seconds_ += ours.apply_seconds;
    return {};
  }

  void end() {
    report_.section("deltas, over all updates", "worst of twelve");
    for (const Rival& rival : kRivals) {
      const Verdict& verdict = verdicts_[rival.name];
      const bool close = rival.name == "bsdiff";
      if (!verdict.trouble.empty()) {
        report_.skipped(rival.name, verdict.trouble);
        continue;
      }
      report_.bar("size / " + rival.name, verdict.size, Report::Side::at_most, close ? 1.1 : 1, "");
      if (close)
        report_.bar("times as fast as " + rival.name, verdict.speed, Report::Side::at_least, 10,
                    "");
    }
    report_.figure("applied, MB/s of target and core", applied_bytes_ / applied_seconds_ / 1e6);
  }

 private:
  void line(const std::string& name, const Made& made) {
    report_.figure(name + ", %", made.percent);
    report_.figure(name + ", s", made.seconds);
  }

  void race(const Rival& rival, const Files& files, const Made& ours) {
    Verdict& verdict = verdicts_[rival.name];
    const auto theirs = by_program(files, rival.command(files));
    if (!theirs) {
      verdict.trouble = theirs.error().message + ": " + theirs.error().cause;
      report_.skipped(rival.name, verdict.trouble);
      return;
    }
    line(rival.name, *theirs);
    verdict.size = std::max(verdict.size, ours.percent / theirs->percent);
    verdict.speed = std::min(verdict.speed, theirs->seconds / ours.seconds);
  }

  Report& report_;
  std::string folder_;
  std::map<std::string, Verdict> verdicts_;
  double applied_bytes_ = 0;
  double applied_seconds_ = 0;
};

}  // namespace

Result<void> measure_deltas(Report& report, const std::string& folder) {
  const Network base = trained_network();
  Table table(report, folder);
  for (const Tuning tuning : {Tuning::head_only, Tuning::light, Tuning::mid, Tuning::heavy}) {
    const Network network = tuned(base, tuning);
    for (const Precision precision : {Precision::fp32, Precision::bf16, Precision::int8})
      VEDETTE_CHECK(table.row(base, network, precision, tuning));
  }
  table.end();
  return {};
}

}  // namespace vedette::bench
