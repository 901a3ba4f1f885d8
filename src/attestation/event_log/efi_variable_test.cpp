#include "attestation/event_log/efi_variable.h"

#include <gtest/gtest.h>

#include "attestation/event_log/device_path.h"
#include "attestation/event_log/efi_text.h"
#include "testing/event_log_forge.h"

namespace vedette::attestation {
namespace {

using vedette::testing::append_little_endian;
using vedette::testing::boot_option;
using vedette::testing::efi_variable;
using vedette::testing::guid_octets;
using vedette::testing::image_load;
using vedette::testing::signature_list;

template <class T>
std::string code_of(const Result<T>& result) {
  return result.has_value() ? "accepted" : result.error().code;
}

Bytes variable_with_lengths(std::uint64_t name, std::uint64_t value) {
  Bytes data(16, 0x00);
  append_little_endian(data, name, 8);
  append_little_endian(data, value, 8);
  append(data, Bytes(64, 0x41));
  return data;
}

TEST(EfiVariable, RefusesLengthsBeyondItsOctets) {
  EXPECT_EQ(code_of(parse_efi_variable({})), "ATT-LOG-VARIABLE");
  EXPECT_EQ(code_of(parse_efi_variable(Bytes(31))), "ATT-LOG-VARIABLE");
  for (const std::uint64_t huge : {std::uint64_t{65}, ~std::uint64_t{0}, std::uint64_t{1} << 63U}) {
    EXPECT_EQ(code_of(parse_efi_variable(variable_with_lengths(huge, 0))), "ATT-LOG-VARIABLE");
    EXPECT_EQ(code_of(parse_efi_variable(variable_with_lengths(0, huge))), "ATT-LOG-VARIABLE");
  }
}

TEST(EfiVariable, RefusesMoreThanAShimsSlack) {
  Bytes data = efi_variable(kShimLock, "Shim", {1});
  append(data, Bytes(8, 0x00));
  EXPECT_EQ(code_of(parse_efi_variable(data)), "accepted");
  data.push_back(0);
  EXPECT_EQ(code_of(parse_efi_variable(data)), "ATT-LOG-VARIABLE");
}

TEST(EfiVariable, RefusesANameThatIsNoText) {
  Bytes data = efi_variable(kGlobalVariable, "x", {});
  data[32] = 0x00;
  data[33] = 0xD8;  // half of a surrogate pair
  EXPECT_EQ(code_of(parse_efi_variable(data)), "ATT-LOG-VARIABLE");
}

TEST(EfiVariable, ReadsVendorNameAndValue) {
  const Bytes data = efi_variable(kImageSecurity, "db", {1, 2, 3});
  const auto variable = parse_efi_variable(data);
  ASSERT_TRUE(variable.has_value()) << describe(variable.error());
  EXPECT_TRUE(variable->is(kImageSecurity, "db"));
  EXPECT_FALSE(variable->is(kGlobalVariable, "db"));
  EXPECT_TRUE(equal(variable->value, Bytes{1, 2, 3}));
}

TEST(SignatureLists, RefuseSizesThatDoNotFit) {
  EXPECT_EQ(code_of(count_signatures(Bytes(27))), "ATT-LOG-VARIABLE");
  const auto bent = [](std::size_t at, std::uint8_t value) {
    Bytes list = signature_list(2);
    list[at] = value;
    return list;
  };
  EXPECT_EQ(code_of(count_signatures(bent(16, 27))), "ATT-LOG-VARIABLE");    // shorter than itself
  EXPECT_EQ(code_of(count_signatures(bent(19, 0xFF))), "ATT-LOG-VARIABLE");  // longer than all
  EXPECT_EQ(code_of(count_signatures(bent(23, 0xFF))), "ATT-LOG-VARIABLE");  // header too long
  EXPECT_EQ(code_of(count_signatures(bent(24, 0))), "ATT-LOG-VARIABLE");     // divides by zero
  EXPECT_EQ(code_of(count_signatures(bent(24, 47))), "ATT-LOG-VARIABLE");
}

TEST(SignatureLists, CountOverAllLists) {
  Bytes lists = signature_list(3);
  append(lists, signature_list(0));
  append(lists, signature_list(4));
  EXPECT_EQ(count_signatures(lists).value(), 7U);
  EXPECT_EQ(count_signatures({}).value(), 0U);
}

TEST(BootVariables, RefuseOddOrEndlessOnes) {
  EXPECT_EQ(code_of(parse_boot_order(Bytes(3))), "ATT-LOG-VARIABLE");
  EXPECT_EQ(code_of(boot_option_description(Bytes(40, 0x41))), "ATT-LOG-VARIABLE");
  EXPECT_EQ(boot_option_description(boot_option("Linux")).value(), "Linux");
}

TEST(EfiText, RefusesHalvesAndTellsSurrogatePairs) {
  EXPECT_EQ(utf16_text(Bytes{'a'}), std::nullopt);
  EXPECT_EQ(utf16_text(Bytes{0x00, 0xDC}), std::nullopt);
  EXPECT_EQ(utf16_text(Bytes{0x3D, 0xD8, 'a', 0x00}), std::nullopt);
  EXPECT_EQ(utf16_text(Bytes{0x3D, 0xD8, 0x00, 0xDE}), "\xF0\x9F\x98\x80");
  EXPECT_EQ(utf16_text(Bytes{0xE9, 0x00, 0xAC, 0x20}), "\u00e9\u20ac");
  EXPECT_EQ(utf16_text(Bytes{'a', 0, 0, 0, 'b', 0}), "a");
}

TEST(EfiText, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(printable("\x1b[2J\xff\n\u0085"), "\\x1b[2J\\xff\\x0a\\xc2\\x85");
  EXPECT_EQ(printable("\\EFI\\\u00e9"), "\\EFI\\\u00e9");
  EXPECT_EQ(printable("abcdef", 3), "abc...");
}

TEST(EfiText, TellsVersionsAsTextGuidOrOctets) {
  EXPECT_EQ(version_text(Bytes{'1', 0, 0, 0}), "1");
  EXPECT_EQ(version_text(guid_octets("6b54fb1e-1d0c-4055-a4ad-4ef4bf17b83a")),
            "6b54fb1e-1d0c-4055-a4ad-4ef4bf17b83a");
  EXPECT_EQ(version_text(Bytes{0x12, 0x34, 0x56}), "123456");
  EXPECT_EQ(version_text({}), "");
}

TEST(ImagePath, IsEmptyWhereItCannotBeRead) {
  EXPECT_EQ(image_path({}), "");
  Bytes data = image_load("\\a.efi");
  EXPECT_EQ(image_path(data), "\\a.efi");
  data[34] = 3;  // a node shorter than its header
  EXPECT_EQ(image_path(data), "");
  Bytes endless(24, 0x00);
  append_little_endian(endless, 400, 8);
  for (int i = 0; i < 100; ++i)
    append(endless, Bytes{1, 1, 4, 0});
  EXPECT_EQ(image_path(endless), "");
}

}  // namespace
}  // namespace vedette::attestation
