#include "attestation/ima/ima_list.h"

#include <gtest/gtest.h>

#include "attestation/ima/ima_samples.h"

namespace vedette::attestation {
namespace {

Bytes binary(const std::vector<ImaEntry>& entries) {
  Bytes list;
  for (const ImaEntry& entry : entries)
    append(list, encode_ima_binary(entry));
  return list;
}

std::string ascii_entry(std::string_view rest) {
  const FileDigest digest = sample_digest("content");
  const ImaEntry entry = file_entry("/bin/x", digest);
  return "10 " + to_hex(crypto::insecure_sha1(entry.template_data)) + std::string(rest);
}

const std::string kDigest = to_string(sample_digest("content"));

TEST(ImaBinaryList, RefusesAListTornAtAnyOctet) {
  const Bytes list = binary(sample_entries(2));
  const std::size_t first = binary(sample_entries(1)).size();
  for (std::size_t size = 1; size < list.size(); ++size)
    EXPECT_EQ(code_of(parse_ima_binary(ByteView(list).first(size))),
              size == first ? "accepted" : "ATT-IMA-SYNTAX")
        << size;
}

TEST(ImaBinaryList, RefusesTrailingOctets) {
  Bytes list = binary(sample_entries(2));
  list.push_back(10);
  EXPECT_EQ(code_of(parse_ima_binary(list)), "ATT-IMA-SYNTAX");
}

TEST(ImaBinaryList, RefusesAnotherRegister) {
  Bytes list = binary(sample_entries(1));
  list[0] = 11;
  EXPECT_EQ(code_of(parse_ima_binary(list)), "ATT-IMA-PCR");
  list[0] = 10;
  list[3] = 1;  // a register far above 23
  EXPECT_EQ(code_of(parse_ima_binary(list)), "ATT-IMA-PCR");
  EXPECT_EQ(code_of(parse_ima_ascii("11 " + ascii_entry("").substr(3) + " ima-ng " + kDigest +
                                    " /bin/x\n")),
            "ATT-IMA-PCR");
}

TEST(ImaBinaryList, RefusesHugeLengthsAndCounts) {
  const Bytes list = binary(sample_entries(1));
  for (const std::size_t at : {24U, 34U, 38U}) {  // of name, data and first field
    Bytes huge = list;
    std::fill_n(huge.begin() + static_cast<std::ptrdiff_t>(at), 4, std::uint8_t{0xFF});
    EXPECT_EQ(code_of(parse_ima_binary(huge)), "ATT-IMA-SYNTAX") << at;
  }
  EXPECT_EQ(code_of(parse_ima_binary(Bytes(kMaxImaListBytes + 1))), "ATT-IMA-SIZE");
  const Bytes one = encode_ima_binary(file_entry("/x", sample_digest("")));
  Bytes many;
  for (std::size_t i = 0; i <= kMaxImaEntries; ++i)
    append(many, one);
  EXPECT_EQ(code_of(parse_ima_binary(many)), "ATT-IMA-SIZE");
}

TEST(ImaBinaryList, RefusesTheOldTemplateByItsName) {
  Bytes list = binary(sample_entries(1));
  list[24] = 3;  // its name is cut to `ima`
  EXPECT_EQ(code_of(parse_ima_binary(list)), "ATT-IMA-TEMPLATE");
}

TEST(ImaAsciiList, RefusesWhatIsNoLineOfFields) {
  for (const std::string& text :
       {std::string("\n"), std::string("10"), std::string("10 00"), std::string("text of a person"),
        ascii_entry(" ima-ng " + kDigest), ascii_entry(" ima-ng " + kDigest + " /bin/x "),
        ascii_entry(" ima-ng  " + kDigest + " /bin/x"), ascii_entry(" ima-ng /bin/x " + kDigest),
        " " + ascii_entry(" ima-ng " + kDigest + " /bin/x"),
        "0" + ascii_entry(" ima-ng " + kDigest + " /bin/x"),
        ascii_entry("00 ima-ng " + kDigest + " /bin/x"),
        ascii_entry(" ima-ng " + kDigest + " /bin/x\n\n")})
    EXPECT_EQ(code_of(parse_ima_ascii(text)), "ATT-IMA-SYNTAX") << text;
}

TEST(ImaAsciiList, RefusesAHashThatIsNotTheLines) {
  EXPECT_EQ(code_of(parse_ima_ascii(ascii_entry(" ima-ng " + kDigest + " /bin/x\n"))), "accepted");
  EXPECT_EQ(code_of(parse_ima_ascii(ascii_entry(" ima-ng " + kDigest + " /bin/y\n"))),
            "ATT-IMA-DIGEST");
}

TEST(ImaList, IsEmptyWhenNothingWasSent) {
  EXPECT_TRUE(parse_ima_binary({})->entries.empty());
  EXPECT_TRUE(parse_ima_ascii("")->entries.empty());
}

TEST(ImaList, IsTheSameInBothForms) {
  const ImaEntry entry = file_entry("/bin/x", sample_digest("content"));
  const auto ascii = parse_ima_ascii(ascii_entry(" ima-ng " + kDigest + " /bin/x"), 3);
  const auto from_binary = parse_ima_binary(encode_ima_binary(entry), 3);
  ASSERT_TRUE(ascii.has_value());
  ASSERT_TRUE(from_binary.has_value());
  EXPECT_EQ(ascii->entries, from_binary->entries);
  EXPECT_EQ(ascii->first_entry, 3U);
}

TEST(ImaList, KeepsEveryEntryThroughTheBinaryForm) {
  const std::vector<ImaEntry> entries = {boot_entry(), violation_entry("/bin/x"),
                                         buffer_entry(".ima", "key"),
                                         signed_entry("/bin/y", sample_digest("y"), Bytes(9, 3))};
  EXPECT_EQ(parse_ima_binary(binary(entries))->entries, entries);
}

}  // namespace
}  // namespace vedette::attestation
