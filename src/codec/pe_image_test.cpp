#include "codec/pe_image.h"

#include <gtest/gtest.h>

#include "codec/pe_samples.h"

namespace vedette::codec {
namespace {

std::string code(ByteView image) {
  const auto layout = parse_pe_image(image);
  return layout ? "" : layout.error().code;
}

TEST(PeImage, RefusesWhatIsNone) {
  EXPECT_EQ(code({}), "PE-SYNTAX");
  EXPECT_EQ(code(Bytes{'M', 'Z'}), "PE-SYNTAX");
  const Bytes sound = SmallPe{}.bytes();
  for (const std::size_t at : {std::size_t{0}, kSmallPe, kSmallOptional}) {
    Bytes image = sound;
    image[at] ^= 1U;
    EXPECT_EQ(code(image), "PE-SYNTAX") << at;
  }
}

TEST(PeImage, RefusesEveryTruncation) {
  const Bytes sound = SmallPe{}.bytes();
  for (std::size_t size = 0; size < sound.size(); ++size)
    EXPECT_NE(code(ByteView(sound).first(size)), "") << size;
}

TEST(PeImage, RefusesHeadersThatCannotHold) {
  const SmallPe shape;
  const auto bent = [&shape](std::size_t at, std::uint64_t value, std::size_t octets) {
    Bytes image = shape.bytes();
    put_le(image, at, value, octets);
    return code(image);
  };
  EXPECT_EQ(bent(0x3C, 0xFFFFFFFF, 4), "PE-SYNTAX");
  EXPECT_EQ(bent(kSmallPe + 6, 97, 2), "PE-SYNTAX");
  EXPECT_EQ(bent(kSmallPe + 20, 0xFFFF, 2), "PE-SYNTAX");
  EXPECT_EQ(bent(kSmallPe + 20, 0, 2), "PE-SYNTAX");
  EXPECT_EQ(bent(kSmallOptional + 60, 0xFFFFFFFF, 4), "PE-SYNTAX");
  EXPECT_EQ(bent(kSmallOptional + 60, 8, 4), "PE-SYNTAX");
  EXPECT_EQ(bent(shape.directory() - 4, 17, 4), "PE-SYNTAX");
  EXPECT_EQ(bent(shape.table() + 16, 0xFFFFFFFF, 4), "PE-SYNTAX");
}

TEST(PeImage, RefusesSectionsThatOverlapOrLeaveGaps) {
  const SmallPe shape;
  Bytes image = shape.bytes();
  shape.section(image, 0, kSmallHeaders + 0xFF);
  EXPECT_EQ(code(image), "PE-LAYOUT");
  shape.section(image, 0, kSmallHeaders + 0x101);
  EXPECT_EQ(code(image), "PE-LAYOUT");
  image = shape.bytes();
  shape.section(image, 1, kSmallHeaders - 8, 0x108);
  EXPECT_EQ(code(image), "PE-LAYOUT");
}

TEST(PeImage, RefusesCertificatesThatAreNotTheEnd) {
  const SmallPe shape;
  Bytes image = shape.bytes();
  image.push_back(0);
  EXPECT_EQ(code(image), "PE-LAYOUT");
  image = shape.bytes();
  put_le(image, shape.entry(), 8, 4);
  EXPECT_EQ(code(image), "PE-SYNTAX");
  image = shape.bytes();
  shape.section(image, 0, kSmallHeaders + 0x100, 0x111);  // reaches into them
  EXPECT_EQ(code(image), "PE-SYNTAX");
}

TEST(PeImage, HashesAllButChecksumEntryAndCertificates) {
  for (const bool plus : {true, false}) {
    const SmallPe shape{.plus = plus};
    const auto layout = parse_pe_image(shape.bytes()).value();
    const std::vector<PeRange> expected{{0, kSmallChecksum},
                                        {kSmallChecksum + 4, shape.entry() - kSmallChecksum - 4},
                                        {shape.entry() + 8, shape.end() - shape.entry() - 8}};
    EXPECT_EQ(layout.hashed, expected);
    EXPECT_EQ(layout.certificates, (PeRange{shape.end(), 24}));
  }
}

TEST(PeImage, HasOneDigestSignedAndUnsigned) {
  const Bytes with = SmallPe{}.bytes();
  const Bytes without = SmallPe{.certificates = 0}.bytes();
  EXPECT_EQ(authenticode_octets(with, parse_pe_image(with).value()),
            authenticode_octets(without, parse_pe_image(without).value()));
  Bytes summed = without;
  put_le(summed, kSmallChecksum, 0x12345678, 4);
  EXPECT_EQ(authenticode_octets(summed, parse_pe_image(summed).value()),
            authenticode_octets(without, parse_pe_image(without).value()));
  summed.back() ^= 1U;
  EXPECT_NE(authenticode_octets(summed, parse_pe_image(summed).value()),
            authenticode_octets(without, parse_pe_image(without).value()));
}

TEST(PeImage, WithoutACertificateEntryLeavesOnlyTheChecksumOut) {
  const SmallPe shape{.directories = 4, .certificates = 0};
  const auto layout = parse_pe_image(shape.bytes()).value();
  const std::vector<PeRange> expected{{0, kSmallChecksum},
                                      {kSmallChecksum + 4, shape.end() - kSmallChecksum - 4}};
  EXPECT_EQ(layout.hashed, expected);
}

}  // namespace
}  // namespace vedette::codec
