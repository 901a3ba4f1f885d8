#include <gtest/gtest.h>

#include "cli/canned_server.h"

namespace vedette::cli {
namespace {

TEST(SandboxCommands, RefuseWhatDoesNotExist) {
  Desk desk;
  EXPECT_EQ(desk.run_json({"sandbox", "profile", "show", "lenient"}).refusal(), "SBX-PROFILE");
  EXPECT_EQ(desk.run_json({"sandbox", "profile", "show", "--grant", "everything"}).refusal(),
            "SBX-POWER");
  EXPECT_EQ(desk.run_json({"sandbox", "profile", "show", "--posture", "relaxed"}).code, 2);
  desk.write("odd.profile", "not a profile");
  EXPECT_EQ(desk.run_json({"sandbox", "profile", "show", desk.path("odd.profile")}).refusal(),
            "SBX-PROFILE");
}

TEST(SandboxCommands, ShowAProfileInWordsAndAsTheTextThatIsEnforced) {
  Desk desk;
  const Outcome words = desk.run({"sandbox", "profile", "show"});
  EXPECT_EQ(words.code, 0);
  EXPECT_NE(words.out.find("of any but futex"), std::string::npos) << words.out;
  const Outcome text = desk.run({"sandbox", "profile", "show", "--canonical"});
  ASSERT_TRUE(text.out.starts_with("vedette-profile 3\nname strict\n")) << text.out;
  desk.write("own.profile", text.out);
  const Outcome same = desk.run({"sandbox", "profile", "diff", "strict", desk.path("own.profile")});
  EXPECT_EQ(same.out, "they confine alike\n");
}

TEST(SandboxCommands, ShowWhatAPowerAdds) {
  Desk desk;
  const Outcome outcome =
      desk.run({"sandbox", "profile", "diff", "strict", "--grant", "threads 4"});
  EXPECT_EQ(outcome.out,
            "- coarse-clock where-present\n- syscall.clock_gettime coarse-clocks\n"
            "- limit.threads 1\n+ coarse-clock off\n+ syscall.clock_gettime any\n"
            "+ limit.threads 4\n+ power threads 4\n");
}

TEST(SandboxCommands, ShowWhatAPostureLeavesOut) {
  Desk desk;
  const Outcome outcome =
      desk.run({"sandbox", "profile", "diff", "strict", "--posture", "without-core-scheduling"});
  EXPECT_EQ(outcome.out, "- core-scheduling required\n+ core-scheduling where-present\n");
}

}  // namespace
}  // namespace vedette::cli
