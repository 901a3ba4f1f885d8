#include "platform/keys/secret_file.h"

#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "platform/keys/key_provider.h"
#include "testing/temporary_folder.h"

namespace vedette::platform {
namespace {

struct SecretFile : testing::Test {
  Result<SecretBytes> read(const std::string& content, unsigned mode = 0400) const {
    const std::string path = folder / "secret";
    std::filesystem::remove(path);
    std::ofstream(path) << content;
    ::chmod(path.c_str(), mode);
    return read_secret_file(path);
  }
  std::string code(const std::string& content, unsigned mode = 0400) const {
    const auto result = read(content, mode);
    return result ? "" : result.error().code;
  }

  TemporaryFolder folder;
};

TEST_F(SecretFile, RefusesWhatOthersMayRead) {
  for (const unsigned mode : {0440U, 0404U, 0620U, 0602U, 0777U})
    EXPECT_EQ(code("secret", mode), "KEY-SECRET-FILE") << std::oct << mode;
  EXPECT_EQ(code("secret", 0600), "");
}

TEST_F(SecretFile, RefusesNothingTooMuchAndMoreThanOneLine) {
  for (const std::string& content :
       {std::string(), std::string("\n"), std::string("a\nb"), std::string("a\n\n"),
        std::string("a\0b", 3), std::string(1025, 'a'), std::string(5000, 'a')})
    EXPECT_EQ(code(content), "KEY-SECRET-FILE") << content.size();
}

TEST_F(SecretFile, RefusesAFolderAndWhatIsNotThere) {
  EXPECT_EQ(read_secret_file(folder.path()).error().code, "KEY-SECRET-FILE");
  EXPECT_EQ(read_secret_file(folder / "none").error().code, "KEY-SECRET-FILE");
}

TEST_F(SecretFile, LeavesOutOneNewlineAtTheEnd) {
  EXPECT_EQ(as_text(read("correct horse\n")->expose()), "correct horse");
  EXPECT_EQ(as_text(read(" correct horse ")->expose()), " correct horse ");
  EXPECT_EQ(read(std::string(1024, 'a') + "\n")->size(), 1024U);
}

TEST(InsecureMemoryKeys, RefusesAnotherName) {
  InsecureMemoryKeys keys;
  for (const char* name : {"", "memory", "memory:a", "tpm:", "pkcs11:token=a"})
    EXPECT_EQ(keys.private_key(name).error().code, "KEY-PROVIDER") << name;
}

}  // namespace
}  // namespace vedette::platform
