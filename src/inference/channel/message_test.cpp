// The host against a worker that writes its replies by hand.
#include "inference/channel/message.h"

#include <cstring>

#include <gtest/gtest.h>

namespace vedette::inference::channel {
namespace {

constexpr std::uint64_t kCapacity = 4096;
constexpr std::uint32_t kSequence = 7;

// A slot with one good FP32[2] output, which each test then spoils.
class ForgedReply : public testing::Test {
 protected:
  ForgedReply() {
    header.kind = static_cast<std::uint32_t>(MessageKind::outputs);
    header.sequence = kSequence;
    header.count = 1;
    record.type = static_cast<std::uint32_t>(DataType::fp32);
    record.rank = 1;
    record.name_size = 3;
    record.dims[0] = 2;
    record.size = 8;
    std::memcpy(record.name, "out", 3);
  }

  void put_record(std::size_t index, const TensorRecord& what) {
    std::memcpy(slot.data() + kRecordsOffset + index * sizeof what, &what, sizeof what);
  }

  Result<Reply> read() {
    std::memcpy(slot.data(), &header, sizeof header);
    put_record(0, record);
    return read_reply(slot, kSequence);
  }

  std::string refusal() {
    const auto reply = read();
    return reply ? "" : reply.error().code + ": " + reply.error().cause;
  }

  Bytes slot = Bytes(kPayloadOffset + kCapacity);
  MessageHeader header{};
  TensorRecord record{};
};

TEST_F(ForgedReply, GoodOneIsReadOnceItIsGood) {
  const float values[] = {1.5F, -2.0F};
  std::memcpy(slot.data() + kPayloadOffset, values, sizeof values);
  const auto reply = read();
  ASSERT_TRUE(reply.has_value()) << reply.error().cause;
  const auto& tensors = std::get<std::vector<Tensor>>(*reply);
  ASSERT_EQ(tensors.size(), 1U);
  EXPECT_EQ(tensors[0].name, "out");
  EXPECT_EQ(tensors[0].shape, std::vector<std::int64_t>{2});
  EXPECT_EQ(std::memcmp(tensors[0].data.data(), values, sizeof values), 0);
}

TEST_F(ForgedReply, WrongSequenceIsRefused) {
  header.sequence = kSequence - 1;
  EXPECT_EQ(refusal(), "SBX-REPLY: sequence 6 instead of 7");
}

TEST_F(ForgedReply, UnknownKindIsRefused) {
  for (const std::uint32_t kind : {0U, 1U, 2U, 6U, 0xFFFFFFFFU}) {
    header.kind = kind;
    EXPECT_EQ(refusal(), "SBX-REPLY: message kind " + std::to_string(kind));
  }
}

TEST_F(ForgedReply, CountBeyondTheTableIsRefused) {
  header.count = kMaxTensors + 1;
  EXPECT_EQ(refusal(), "SBX-REPLY: 65 tensors");
  header.count = 0xFFFFFFFF;
  EXPECT_EQ(refusal(), "SBX-REPLY: 4294967295 tensors");
}

TEST_F(ForgedReply, UnknownTypeIsRefused) {
  record.type = 0;
  EXPECT_EQ(refusal(), "SBX-REPLY: element type 0");
  record.type = 0x101;  // the low octet alone would be BOOL
  EXPECT_EQ(refusal(), "SBX-REPLY: element type 257");
}

TEST_F(ForgedReply, RankBeyondTheRecordIsRefused) {
  record.rank = kMaxRank + 1;
  EXPECT_EQ(refusal(), "SBX-REPLY: rank 9");
}

TEST_F(ForgedReply, GiantAndNegativeShapesAreRefused) {
  record.dims[0] = -2;
  EXPECT_EQ(refusal(), "SBX-REPLY: a negative dimension");
  record.dims[0] = INT64_MAX;
  EXPECT_EQ(refusal(), "SBX-REPLY: a tensor that is too large");
  record.rank = 2;
  record.dims[0] = record.dims[1] = std::int64_t{1} << 32U;  // 2^64 elements wrap to none
  record.size = 0;
  EXPECT_EQ(refusal(), "SBX-REPLY: a tensor that is too large");
}

TEST_F(ForgedReply, SizeThatDoesNotFollowFromTheShapeIsRefused) {
  record.size = 4;
  EXPECT_EQ(refusal(), "SBX-REPLY: a size that does not follow from type and shape");
  record.size = 12;
  EXPECT_EQ(refusal(), "SBX-REPLY: a size that does not follow from type and shape");
}

TEST_F(ForgedReply, BytesOutsideTheSlotAreRefused) {
  for (const std::uint64_t offset :
       {kCapacity, kCapacity - 4, std::uint64_t{1} << 40U, UINT64_MAX, UINT64_MAX - 7}) {
    record.offset = offset;
    EXPECT_EQ(refusal(), "SBX-REPLY: bytes outside the slot") << offset;
  }
  record.offset = 0;
  record.dims[0] = kCapacity / 4 + 1;
  record.size = kCapacity + 4;
  EXPECT_EQ(refusal(), "SBX-REPLY: bytes outside the slot");
}

TEST_F(ForgedReply, CrookedOffsetIsRefused) {
  record.offset = 4;
  EXPECT_EQ(refusal(), "SBX-REPLY: a crooked offset");
}

TEST_F(ForgedReply, OverlappingTensorsAreRefusedWhenTheyWouldMultiply) {
  record.dims[0] = kCapacity / 4;
  record.size = kCapacity;
  header.count = 2;
  TensorRecord second = record;
  second.name[0] = 'x';
  put_record(1, second);
  EXPECT_EQ(refusal(), "SBX-REPLY: tensors that overlap");
}

TEST_F(ForgedReply, BadNamesAreRefused) {
  record.name_size = 0;
  EXPECT_EQ(refusal(), "SBX-REPLY: a malformed name");
  record.name_size = kMaxTensorName + 1;
  EXPECT_EQ(refusal(), "SBX-REPLY: a name that is too long");
  record.name_size = 3;
  record.name[1] = '\x1B';
  EXPECT_EQ(refusal(), "SBX-REPLY: a malformed name");
  record.name[1] = '\xFF';
  EXPECT_EQ(refusal(), "SBX-REPLY: a malformed name");
  record.name[1] = 'u';
  header.count = 2;
  put_record(1, record);
  EXPECT_EQ(refusal(), "SBX-REPLY: two tensors of one name");
}

TEST_F(ForgedReply, BooleanThatIsNeitherIsRefused) {
  record.type = static_cast<std::uint32_t>(DataType::boolean);
  record.size = 2;
  slot[kPayloadOffset + 1] = 2;
  EXPECT_EQ(refusal(), "SBX-REPLY: a boolean that is neither 0 nor 1");
}

TEST_F(ForgedReply, MetadataWithAnUnknownRoleOrDimensionIsRefused) {
  header.kind = static_cast<std::uint32_t>(MessageKind::metadata);
  record.role = 2;
  EXPECT_EQ(refusal(), "SBX-REPLY: an unknown role");
  record.role = 1;
  record.dims[0] = -2;
  EXPECT_EQ(refusal(), "SBX-REPLY: a negative dimension");
  record.dims[0] = -1;
  EXPECT_EQ(refusal(), "");
}

TEST_F(ForgedReply, ErrorTextsAreBoundedAndPrintable) {
  header.kind = static_cast<std::uint32_t>(MessageKind::refused);
  header.text_size = kMaxText + 1;
  header.code_size = 1;
  header.code[0] = 'X';
  EXPECT_EQ(refusal(), "SBX-REPLY: a text that is too long");
  header.text_size = 4;
  std::memcpy(header.text, "a\x1B[2", 4);
  const auto reply = read();
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(std::get<Refusal>(*reply).message, "a?[2");
  header.code[0] = '\n';
  EXPECT_EQ(refusal(), "SBX-REPLY: a malformed error code");
}

TEST(Writers, RefuseWhatDoesNotFitTheSlot) {
  Bytes slot(kPayloadOffset + 64);
  const Bytes data(68);
  const TensorView large{"x", DataType::fp32, {17}, data};
  const auto refused = write_tensors(slot, MessageKind::infer, 1, std::span(&large, 1));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "SBX-REQUEST-SIZE");
  const std::vector<TensorView> many(65, TensorView{"x", DataType::int8, {0}, {}});
  const auto too_many = write_tensors(slot, MessageKind::infer, 1, many);
  ASSERT_FALSE(too_many.has_value());
  EXPECT_EQ(too_many.error().code, "SBX-REQUEST-SIZE");
}

TEST(Writers, RequestsReadBackAlike) {
  Bytes slot(kPayloadOffset + 256);
  const Bytes a(5, 1);
  const Bytes b(16, 2);
  const std::vector<TensorView> inputs = {{"a", DataType::int8, {5}, a},
                                          {"b", DataType::int64, {2, 1}, b}};
  ASSERT_TRUE(write_tensors(slot, MessageKind::infer, 3, inputs).has_value());
  const auto request = read_request(slot, 3);
  ASSERT_TRUE(request.has_value()) << request.error().cause;
  ASSERT_EQ(request->inputs.size(), 2U);
  EXPECT_EQ(request->inputs[1].name, "b");
  EXPECT_EQ(request->inputs[1].shape, (std::vector<std::int64_t>{2, 1}));
  EXPECT_TRUE(equal(request->inputs[0].data, a));
  EXPECT_TRUE(equal(request->inputs[1].data, b));
}

TEST(Writers, MetadataAndRefusalsReadBackAlike) {
  Bytes slot(kPayloadOffset);
  const ModelMetadata metadata{{{"in", DataType::fp32, {-1, 3}}}, {{"in", DataType::int64, {}}}};
  ASSERT_TRUE(write_metadata(slot, 1, metadata).has_value());
  EXPECT_EQ(std::get<ModelMetadata>(read_reply(slot, 1).value()), metadata);
  write_refusal(slot, 2, Error{"INF-MODEL", std::string(600, 'm'), "why", ""});
  const auto refused = read_reply(slot, 2);
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(std::get<Refusal>(*refused).code, "INF-MODEL");
  EXPECT_EQ(std::get<Refusal>(*refused).message, std::string(kMaxText, 'm'));
}

}  // namespace
}  // namespace vedette::inference::channel
