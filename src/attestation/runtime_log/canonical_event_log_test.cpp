// Where our reading of the Canonical Event Log comes from: a log that other software made.
#include <filesystem>

#include <gtest/gtest.h>

#include "attestation/runtime_log/runtime_log.h"
#include "base/fd.h"
#include "codec/reader.h"

namespace vedette::attestation {
namespace {

const std::string kFile = std::string(VEDETTE_VECTORS) + "/tpm-eventlog/cel/go-tpm-tools-cel.bin";

struct Tlv {
  std::uint8_t type = 0;
  ByteView value;
  ByteView whole;
};

class CanonicalEventLog : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kFile))
      GTEST_SKIP() << "no vector " << kFile << ": the encoding is not compared";
    log_ = read_file(kFile, 1 << 20).value();
  }

  static Tlv next(codec::ByteReader& reader, ByteView bytes) {
    const std::size_t start = reader.offset();
    Tlv tlv;
    tlv.type = reader.u8("type").value();
    tlv.value = reader.take("value", reader.u32("length").value()).value();
    tlv.whole = bytes.subspan(start, reader.offset() - start);
    return tlv;
  }

  Bytes log_;
};

TEST_F(CanonicalEventLog, LaysItsNumbersAsOursDoes) {
  codec::ByteReader reader(log_, "TEST", "test");
  std::uint64_t number = 0;
  for (; reader.remaining() > 0; ++number) {
    const Tlv recnum = next(reader, log_);
    EXPECT_EQ(recnum.type, 0U);
    EXPECT_EQ(codec::ByteReader(recnum.value, "TEST", "test").u64("recnum").value(), number);
    EXPECT_EQ(next(reader, log_).value.size(), 1U);  // here of a CC register, type 108
    const Tlv digests = next(reader, log_);
    EXPECT_EQ(digests.type, 3U);
    EXPECT_EQ(digests.value[0], 0x0C);  // TPM_ALG_SHA384
    EXPECT_EQ(next(reader, log_).type, 80U);
  }
  EXPECT_EQ(number, 18U);
}

TEST_F(CanonicalEventLog, HashesTheWholeContentAsTheirsDoes) {
  codec::ByteReader reader(log_, "TEST", "test");
  while (reader.remaining() > 0) {
    (void)next(reader, log_);
    (void)next(reader, log_);
    const Tlv digests = next(reader, log_);
    const Tlv content = next(reader, log_);
    EXPECT_EQ(to_hex(digests.value.subspan(5)),
              to_hex(crypto::digest(crypto::Hash::sha384, content.whole)));
  }
}

TEST_F(CanonicalEventLog, RefusesTheirsAsNoneOfOurs) {
  EXPECT_EQ(parse_runtime_log(log_, 0, 4).error().code, "ATT-RUNTIME-LOG-SYNTAX");
}

}  // namespace
}  // namespace vedette::attestation
