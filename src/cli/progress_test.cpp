#include "cli/progress.h"

#include <sstream>

#include <gtest/gtest.h>

namespace vedette::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct Screen {
  std::ostringstream out;
  std::ostringstream err;
  Console console{.out = &out, .err = &err, .err_is_terminal = true};
};

TEST(Progress, IsNotShownWhereNobodyWatches) {
  Screen screen;
  screen.console.err_is_terminal = false;
  const Output output(Format::text, screen.out, screen.err, false);
  Progress progress(screen.console, output, "hashing");
  progress.show(1, 2, steady_clock::now() + milliseconds(1000));
  EXPECT_TRUE(screen.err.str().empty());
}

TEST(Progress, IsNotShownToPrograms) {
  Screen screen;
  const Output output(Format::json, screen.out, screen.err, false);
  Progress progress(screen.console, output, "hashing");
  progress.show(1, 2, steady_clock::now() + milliseconds(1000));
  EXPECT_TRUE(screen.err.str().empty());
}

TEST(Progress, IsNotShownForShortWork) {
  Screen screen;
  const Output output(Format::text, screen.out, screen.err, false);
  {
    Progress progress(screen.console, output, "hashing");
    progress.show(1, 2, steady_clock::now() + milliseconds(100));
  }
  EXPECT_TRUE(screen.err.str().empty());
}

TEST(Progress, IsShownOnStandardErrorAndTakenAwayAtTheEnd) {
  Screen screen;
  const Output output(Format::text, screen.out, screen.err, false);
  {
    Progress progress(screen.console, output, "hashing");
    progress.show(1, 2, steady_clock::now() + milliseconds(1000));
    EXPECT_NE(screen.err.str().find("hashing  [##########..........]   50%"), std::string::npos)
        << screen.err.str();
  }
  EXPECT_TRUE(screen.err.str().ends_with("\r\033[K"));
  EXPECT_TRUE(screen.out.str().empty());
}

TEST(ProgressLine, SaysHowFarAndHowLong) {
  EXPECT_EQ(progress_line("hashing", 1'000'000, 4'000'000, milliseconds(2000)),
            "hashing  [#####...............]   25%  1.0 MB of 4.0 MB  7 s left");
}

TEST(ProgressLine, OfNothingOrTooMuchIsFull) {
  EXPECT_NE(progress_line("x", 0, 0, milliseconds(1)).find("100%"), std::string::npos);
  EXPECT_NE(progress_line("x", 9, 3, milliseconds(1)).find("100%"), std::string::npos);
}

TEST(SizeText, ChoosesAUnitThatAPersonReads) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(999), "999 B");
  EXPECT_EQ(size_text(1000), "1.0 kB");
  EXPECT_EQ(size_text(2'313'101), "2.3 MB");
}

}  // namespace
}  // namespace vedette::cli
