#include "platform/tpm/swtpm/swtpm_process.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/fd.h"

namespace vedette::platform {
namespace {

class SwtpmProcessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!InsecureSoftwareTpm::available()) GTEST_SKIP() << "swtpm is not installed";
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string refusal(const InsecureSoftwareTpmSettings& settings) const {
    const auto tpm = InsecureSoftwareTpm::start(settings);
    return tpm ? "started" : tpm.error().code;
  }

  std::string folder_ = "/tmp/vedette-swtpm-XXXXXX";
};

TEST_F(SwtpmProcessTest, RefusesFoldersThatTheSocketOrTheTctiCannotName) {
  EXPECT_EQ(refusal({"relative/folder", "", "device-1"}), "SWTPM-FOLDER");
  EXPECT_EQ(refusal({folder_ + "/a,b", "", "device-1"}), "SWTPM-FOLDER");
  EXPECT_EQ(refusal({folder_ + "/a b", "", "device-1"}), "SWTPM-FOLDER");
  EXPECT_EQ(refusal({folder_ + "/" + std::string(100, 'a'), "", "device-1"}), "SWTPM-FOLDER");
  EXPECT_EQ(refusal({"/proc/vedette", "", "device-1"}), "SWTPM-FOLDER");
}

TEST_F(SwtpmProcessTest, RefusesANameThatCouldBeAnOption) {
  EXPECT_EQ(refusal({folder_ + "/tpm", "", "--overwrite"}), "NAME-FORMAT");
}

TEST_F(SwtpmProcessTest, RefusesBanksThatCouldBeAnythingElse) {
  for (const char* banks : {"", "-", "sha256,", ",sha256", "md5", "sha256;sha384", "--overwrite",
                            "sha256\ncreate_certs_tool = /bin/sh"})
    EXPECT_EQ(refusal({folder_ + "/tpm", "", "device-1", banks}), "SWTPM-BANKS") << banks;
}

TEST_F(SwtpmProcessTest, RefusesStateThatIsNoTpm) {
  std::filesystem::create_directories(folder_ + "/tpm");
  ASSERT_TRUE(write_file_atomically(folder_ + "/tpm/state", as_bytes("a file"), 0600));
  const auto tpm = InsecureSoftwareTpm::start({folder_ + "/tpm", "", "device-1"});
  ASSERT_FALSE(tpm);
  EXPECT_EQ(tpm.error().code, "SWTPM-START");
  EXPECT_NE(tpm.error().cause, "");
}

TEST_F(SwtpmProcessTest, StartsRestartsAndEndsKeepingItsState) {
  const InsecureSoftwareTpmSettings settings{folder_ + "/tpm", folder_ + "/maker", "device-1"};
  pid_t last = -1;
  {
    auto tpm = InsecureSoftwareTpm::start(settings);
    ASSERT_TRUE(tpm) << describe(tpm.error());
    EXPECT_EQ((*tpm)->tcti(), "swtpm:path=" + folder_ + "/tpm/sock");
    EXPECT_TRUE(std::filesystem::exists((*tpm)->root_certificate_path()));
    EXPECT_TRUE(std::filesystem::exists((*tpm)->issuer_certificate_path()));
    const pid_t first = (*tpm)->process_id();
    ASSERT_TRUE((*tpm)->restart());
    last = (*tpm)->process_id();
    EXPECT_NE(first, last);
    EXPECT_EQ(::kill(first, 0), -1);
  }
  EXPECT_EQ(::kill(last, 0), -1);
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/tpm/state"));
  const auto again = InsecureSoftwareTpm::start(settings);
  EXPECT_TRUE(again) << describe(again.error());
}

}  // namespace
}  // namespace vedette::platform
