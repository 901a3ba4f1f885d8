#include "agent/credentials.h"

#include <fstream>

#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace vedette::agent {
namespace {

TEST(EnrollmentToken, RefusesAFileThatIsTooLargeForOne) {
  const TemporaryFolder folder;
  std::ofstream(folder / "token") << std::string(257, 'a');
  EXPECT_FALSE(load_token(folder / "token").has_value());
}

TEST(EnrollmentToken, IsNoneWithoutAFile) {
  const TemporaryFolder folder;
  EXPECT_FALSE(load_token("").value().has_value());
  EXPECT_FALSE(load_token(folder / "token").value().has_value()) << "gone once it was used";
}

TEST(EnrollmentToken, IsTheFilesLineWithoutItsEnd) {
  const TemporaryFolder folder;
  for (const char* end : {"", "\n", "\r\n"}) {
    std::ofstream(folder / "token", std::ios::binary) << "vedette-enrol-AAAA" << end;
    EXPECT_EQ(load_token(folder / "token").value(), "vedette-enrol-AAAA");
  }
}

}  // namespace
}  // namespace vedette::agent
