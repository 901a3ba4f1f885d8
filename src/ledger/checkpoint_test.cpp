#include "ledger/checkpoint.h"

#include <gtest/gtest.h>

#include "codec/base64.h"

namespace vedette::ledger {
namespace {

const std::string kRoot = codec::to_base64(Bytes(32, 0xAB));

std::string parse_code(const std::string& body) {
  const auto checkpoint = parse_checkpoint_body(body);
  return checkpoint ? "parsed" : checkpoint.error().code;
}

TEST(Checkpoint, RefusesSizesInAnyOtherForm) {
  for (const char* bad : {"", "-1", "+1", "01", "00", "0x10", " 1", "1 ", "1.0", "1e3", "bananas",
                          "18446744073709551616", "3438945738945739845734895735"})
    EXPECT_EQ(parse_code("log\n" + std::string(bad) + "\n" + kRoot + "\n"), "CHECKPOINT-SYNTAX")
        << bad;
}

TEST(Checkpoint, RefusesRootsThatAreNot32Octets) {
  for (const std::string& bad : {std::string(), codec::to_base64(Bytes(31, 1)),
                                 codec::to_base64(Bytes(33, 1)), kRoot.substr(0, kRoot.size() - 1),
                                 kRoot + "=", codec::to_base64url(Bytes(32, 0xFB)), " " + kRoot})
    EXPECT_EQ(parse_code("log\n1\n" + bad + "\n"), "CHECKPOINT-SYNTAX") << bad;
}

TEST(Checkpoint, RefusesMissingAndEmptyLines) {
  for (const std::string& bad :
       {std::string(), std::string("\n"), std::string("log\n1\n"), "\n1\n" + kRoot + "\n",
        "log\n1\n" + kRoot, "log\n1\n" + kRoot + "\n\n", "log\n1\n" + kRoot + "\n\nextension\n",
        "log\r\n1\r\n" + kRoot + "\r\n", "lo\tg\n1\n" + kRoot + "\n", "log\n1\n" + kRoot + "\nJOE"})
    EXPECT_EQ(parse_code(bad), "CHECKPOINT-SYNTAX") << bad;
}

TEST(Checkpoint, RefusesToSpeakForAnotherLog) {
  const auto signer = *NoteSigner::create("log-a", crypto::PrivateKey::generate_ed25519());
  Checkpoint checkpoint;
  checkpoint.origin = "log-b";
  const auto note = sign_checkpoint(checkpoint, signer);
  ASSERT_TRUE(note);
  const auto verified = verify_checkpoint(*note, signer.verifier());
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().code, "CHECKPOINT-ORIGIN");
}

TEST(Checkpoint, RefusesASignedNoteThatIsNone) {
  const auto signer = *NoteSigner::create("log-a", crypto::PrivateKey::generate_ed25519());
  const auto verified =
      verify_checkpoint(*signer.sign("log-a\n01\n" + kRoot + "\n"), signer.verifier());
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().code, "CHECKPOINT-SYNTAX");
}

TEST(Checkpoint, ReadsWhatItWrites) {
  const auto signer =
      *NoteSigner::create("example.com/log", crypto::PrivateKey::generate_ed25519());
  Checkpoint checkpoint;
  checkpoint.origin = "example.com/log";
  checkpoint.size = ~std::uint64_t{0};
  checkpoint.root.fill(7);
  const auto verified = verify_checkpoint(*sign_checkpoint(checkpoint, signer), signer.verifier());
  ASSERT_TRUE(verified);
  EXPECT_EQ(**verified, checkpoint);
  EXPECT_EQ(parse_checkpoint_body("a\n0\n" + kRoot + "\nmore\n")->extensions,
            std::vector<std::string>{"more"});
}

}  // namespace
}  // namespace vedette::ledger
