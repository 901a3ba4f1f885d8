#include <chrono>
#include <filesystem>
#include <fstream>

#include "release/model_tree.h"

#include "../program.h"
#include "sections.h"

namespace vedette::bench {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kMebibyte = 1U << 20U;
constexpr std::size_t kLarge = 256;  // MiB in the one file
constexpr int kRounds = 9;
constexpr int kFiles = 64;
constexpr std::size_t kSmall = 4;  // MiB in each of the many

void write(const std::string& path, std::size_t mebibytes) {
  std::ofstream file(path, std::ios::binary);
  std::string piece(kMebibyte, '\0');
  for (std::size_t i = 0; i < piece.size(); ++i)
    piece[i] = static_cast<char>(i * 2654435761U >> 13U);
  for (std::size_t i = 0; i < mebibytes; ++i)
    file << piece;
}

double gigabytes_per_second(std::size_t mebibytes, steady_clock::duration time) {
  return static_cast<double>(mebibytes * kMebibyte) / 1e9 /
         std::chrono::duration<double>(time).count();
}

// `work` on so many mebibytes; zero when it failed.
template <class Work>
Result<double> rate_of(std::size_t mebibytes, const Work& work) {
  const auto begin = steady_clock::now();
  VEDETTE_CHECK(work());
  return gigabytes_per_second(mebibytes, steady_clock::now() - begin);
}

Result<void> hash(const std::string& path, unsigned threads) {
  VEDETTE_CHECK(release::hash_model(path, {.ignore = {}, .progress = {}, .threads = threads}));
  return {};
}

// So that two threads have work to the end; the last shard of any file is the only smaller one.
constexpr std::size_t kShard = 8;  // MiB

Result<void> hash_shards(const std::string& path, unsigned threads) {
  VEDETTE_CHECK(release::hash_model_by_shards(path, kShard * kMebibyte,
                                              {.ignore = {}, .progress = {}, .threads = threads}));
  return {};
}

struct Race {
  Samples ours, theirs, ratio;

  void add(double our, double their) {
    ours.add(our);
    theirs.add(their);
    ratio.add(our / their);
  }
};

}  // namespace

Result<void> measure_hashing(Report& report, const std::string& folder) {
  const std::string large = folder + "/large.onnx";
  write(large, kLarge);
  Race one;
  Samples shards;
  for (int round = 0; round < kRounds; ++round) {
    VEDETTE_TRY(const double our, rate_of(kLarge, [&] { return hash(large, 1); }));
    VEDETTE_TRY(const double their, rate_of(kLarge, [&] {
                  return run_program({"openssl", "dgst", "-sha256", large});
                }));
    one.add(our, their);
    VEDETTE_TRY(const double both, rate_of(kLarge, [&] { return hash_shards(large, 2); }));
    shards.add(both);
  }
  report.section("hashing one file of 256 MiB", "GB/s");
  report.line("openssl dgst -sha256, its start included", one.theirs);
  report.line("OMS manifest", one.ours);
  report.line("OMS manifest by shards of 8 MiB, two threads", shards);
  report.bar("OMS manifest / openssl", one.ratio.median(), Report::Side::at_least, 0.95, "");

  const std::string many = folder + "/many";
  std::filesystem::create_directory(many);
  for (int i = 0; i < kFiles; ++i)
    write(many + "/part-" + std::to_string(i), kSmall);
  Race two;
  for (int round = 0; round < kRounds; ++round) {
    VEDETTE_TRY(const double alone, rate_of(kFiles * kSmall, [&] { return hash(many, 1); }));
    VEDETTE_TRY(const double both, rate_of(kFiles * kSmall, [&] { return hash(many, 2); }));
    two.add(both, alone);
  }
  report.section("hashing 64 files of 4 MiB", "GB/s");
  report.line("one thread", two.theirs);
  report.line("two threads", two.ours);
  report.bar("two threads / one", two.ratio.median(), Report::Side::at_least, 1.8, "");
  return {};
}

}  // namespace vedette::bench
