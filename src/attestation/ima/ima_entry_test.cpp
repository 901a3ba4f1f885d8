#include "attestation/ima/ima_entry.h"

#include <gtest/gtest.h>

#include "attestation/ima/ima_samples.h"

namespace vedette::attestation {
namespace {

const Bytes kDigest = digest_field(sample_digest("content"));
const Bytes kName = name_field("/bin/x");

std::string judged(ImaTemplate kind, const Bytes& data) {
  return code_of(parse_sample(kind, data));
}

TEST(ImaEntry, RefusesTemplatesThatAreNotKnown) {
  for (const char* name : {"ima", "ima-ngv2", "ima-sigv2", "evm-sig", "", "ima-ng "})
    EXPECT_EQ(code_of(ima_template(name)), "ATT-IMA-TEMPLATE") << name;
}

TEST(ImaEntry, RefusesAHashThatIsNotItsDatas) {
  const Bytes data = fields({kDigest, kName});
  Bytes sha1 = digest_by(codec::TpmAlgorithm::sha1, data);
  EXPECT_EQ(code_of(parse_ima_entry(ImaTemplate::ng, sha1, data)), "accepted");
  sha1[0] ^= 1U;
  EXPECT_EQ(code_of(parse_ima_entry(ImaTemplate::ng, sha1, data)), "ATT-IMA-DIGEST");
}

TEST(ImaEntry, RefusesMissingAndSuperfluousFields) {
  EXPECT_EQ(judged(ImaTemplate::ng, {}), "ATT-IMA-SYNTAX");
  EXPECT_EQ(judged(ImaTemplate::ng, fields({kDigest})), "ATT-IMA-SYNTAX");
  EXPECT_EQ(judged(ImaTemplate::ng, fields({kDigest, kName, {}})), "ATT-IMA-SYNTAX");
  EXPECT_EQ(judged(ImaTemplate::sig, fields({kDigest, kName})), "ATT-IMA-SYNTAX");
  EXPECT_EQ(judged(ImaTemplate::buf, fields({kDigest, kName})), "ATT-IMA-SYNTAX");
  EXPECT_EQ(judged(ImaTemplate::modsig, fields({kDigest, kName, {}, {}})), "ATT-IMA-SYNTAX");
}

TEST(ImaEntry, RefusesDataTornAtAnyOctet) {
  const Bytes data = fields({kDigest, kName, Bytes(8, 3), kDigest, Bytes(8, 5)});
  ASSERT_EQ(judged(ImaTemplate::modsig, data), "accepted");
  for (std::size_t size = 0; size < data.size(); ++size)
    EXPECT_EQ(judged(ImaTemplate::modsig,
                     Bytes(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(size))),
              "ATT-IMA-SYNTAX")
        << size;
}

TEST(ImaEntry, RefusesDigestsOfOtherAlgorithmsOrLengths) {
  Bytes longer = kDigest;
  longer.push_back(0);
  Bytes shorter = kDigest;
  shorter.pop_back();
  Bytes without_nul = kDigest;
  without_nul.erase(without_nul.begin() + 7);
  without_nul.push_back(0);
  for (const Bytes& digest :
       {Bytes(), to_bytes("sha256"), to_bytes("sha256:"), longer, shorter, without_nul,
        to_bytes(std::string_view("md5:\0aaaaaaaaaaaaaaaa", 21)), to_bytes(":")})
    EXPECT_EQ(judged(ImaTemplate::ng, fields({digest, kName})), "ATT-IMA-SYNTAX");
}

TEST(ImaEntry, RefusesNamesWithoutTheirOneNul) {
  for (const Bytes& name :
       {Bytes(), Bytes{0}, to_bytes("/bin/x"), to_bytes(std::string_view("/bin\0/x\0", 8)),
        name_field(std::string(kMaxImaPath + 1, 'a'))})
    EXPECT_EQ(judged(ImaTemplate::ng, fields({kDigest, name})), "ATT-IMA-SYNTAX");
  EXPECT_EQ(judged(ImaTemplate::ng, fields({kDigest, name_field(std::string(kMaxImaPath, 'a'))})),
            "accepted");
}

TEST(ImaEntry, RefusesABufferThatIsNotItsDigests) {
  EXPECT_EQ(judged(ImaTemplate::buf, fields({kDigest, name_field(".ima"), to_bytes("content")})),
            "accepted");
  EXPECT_EQ(judged(ImaTemplate::buf, fields({kDigest, name_field(".ima"), to_bytes("other")})),
            "ATT-IMA-DIGEST");
}

// The name of the template is not under the hash, and ima-sig is shaped like ima-buf.
TEST(ImaEntry, RefusesASignatureThatCallsItselfABuffer) {
  EXPECT_EQ(judged(ImaTemplate::buf,
                   signed_entry("/bin/x", sample_digest("content"), Bytes(9, 3)).template_data),
            "ATT-IMA-DIGEST");
}

TEST(ImaEntry, RefusesAViolationWithADigest) {
  EXPECT_EQ(code_of(parse_ima_entry(ImaTemplate::ng, Bytes(20), fields({kDigest, kName}))),
            "ATT-IMA-SYNTAX");
  EXPECT_TRUE(violation_entry("/bin/x").violation);
}

TEST(ImaEntry, ReadsEveryTemplate) {
  const ImaEntry file = file_entry("/bin/x", sample_digest("content"));
  EXPECT_EQ(file.path, "/bin/x");
  EXPECT_EQ(file.digest, sample_digest("content"));
  EXPECT_FALSE(file.violation);
  EXPECT_EQ(signed_entry("/bin/x", sample_digest("content"), Bytes(9, 3)).signature, Bytes(9, 3));
  EXPECT_EQ(buffer_entry(".ima", "key").buffer, to_bytes("key"));
  const auto module =
      parse_sample(ImaTemplate::modsig,
                   fields({kDigest, kName, {}, digest_field(sample_digest("unsigned")), Bytes{7}}));
  ASSERT_TRUE(module.has_value());
  EXPECT_EQ(module->signed_digest, sample_digest("unsigned"));
  EXPECT_EQ(module->appended_signature, Bytes{7});
  EXPECT_FALSE(parse_sample(ImaTemplate::modsig, fields({kDigest, kName, {}, {}, {}}))
                   ->signed_digest.has_value());
}

}  // namespace
}  // namespace vedette::attestation
