#include "attestation/ima/measured_hash.h"

#include <gtest/gtest.h>

#include "attestation/ima/ima_samples.h"

namespace vedette::attestation {
namespace {

TEST(FileDigest, RefusesOtherAlgorithmsAndLengths) {
  for (const std::string& text :
       {std::string(), std::string("sha256"), std::string("sha256:"), std::string(32, 'a'),
        std::string(63, 'a'), std::string(64, 'g'), "sha1:" + std::string(64, 'a'),
        "md5:" + std::string(32, 'a'), "SHA256:" + std::string(64, 'a')})
    EXPECT_EQ(code_of(parse_file_digest(text)), "ATT-IMA-POLICY") << text;
}

TEST(FileDigest, TakesTheAlgorithmFromItsNameOrItsLength) {
  EXPECT_EQ(parse_file_digest(std::string(40, '0'))->algorithm, codec::TpmAlgorithm::sha1);
  EXPECT_EQ(parse_file_digest(std::string(64, '0'))->algorithm, codec::TpmAlgorithm::sha256);
  EXPECT_EQ(parse_file_digest(std::string(96, '0'))->algorithm, codec::TpmAlgorithm::sha384);
  EXPECT_EQ(parse_file_digest(std::string(128, '0'))->algorithm, codec::TpmAlgorithm::sha512);
  const FileDigest digest = sample_digest("content");
  EXPECT_EQ(parse_file_digest(to_string(digest)).value(), digest);
}

TEST(ShownPath, HidesWhatATerminalWouldObey) {
  EXPECT_EQ(shown("/usr/bin/ä"), "/usr/bin/ä");
  EXPECT_EQ(shown("a\x1B[2Jb\nc\xFF"), "a\\x1b[2Jb\\x0ac\\xff");
}

}  // namespace
}  // namespace vedette::attestation
