// How a verifier ends is part of what a day finds: one that fell over must not pass for one that
// was told to go.
#include "verifier_process.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace vedette::bench {
namespace {

class AttestationDayProcess : public ::testing::Test {
 protected:
  // A stand-in that is ready, and does that when its input ends.
  Result<VerifierProcess> start(const std::string& at_the_end) {
    const std::string program = folder_ / "verifier";
    std::ofstream(program) << "#!/bin/sh\necho ready\ncat >/dev/null\n" << at_the_end << '\n';
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    return VerifierProcess::start(program, folder_.path(), std::chrono::seconds(60), 1);
  }

  TemporaryFolder folder_;
};

TEST_F(AttestationDayProcess, RefusesAnEndThatWasNotAGoodOne) {
  for (const auto& [at_the_end, cause] : {std::pair{"exit 3", "it ended with status 3"},
                                          std::pair{"kill -ABRT $$", "it ended by signal 6"}}) {
    auto process = start(at_the_end);
    ASSERT_TRUE(process.has_value()) << describe(process.error());
    const auto ended = process->stop();
    ASSERT_FALSE(ended.has_value()) << at_the_end;
    EXPECT_EQ(ended.error().code, "BENCH-PROGRAM");
    EXPECT_EQ(ended.error().cause, cause);
  }
}

TEST_F(AttestationDayProcess, RefusesToTellTheMemoryOfOneThatIsNotThere) {
  auto process = start("exit 0");
  ASSERT_TRUE(process.has_value()) << describe(process.error());
  const auto alive = process->memory();
  ASSERT_TRUE(alive.has_value()) << describe(alive.error());
  EXPECT_GT(alive->resident, 0);
  EXPECT_GT(alive->peak, 0);
  ASSERT_TRUE(process->stop().has_value());
  const auto gone = process->memory();
  ASSERT_FALSE(gone.has_value());
  EXPECT_EQ(gone.error().code, "BENCH-PROGRAM");
}

TEST_F(AttestationDayProcess, RefusesAKillThatCameTooLate) {
  auto process = start("exit 0");
  ASSERT_TRUE(process.has_value()) << describe(process.error());
  EXPECT_TRUE(process->kill().has_value());
  const auto again = process->kill();
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().message, "the verifier had ended before it was killed");
}

}  // namespace
}  // namespace vedette::bench
