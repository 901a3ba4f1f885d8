// The host against a worker that writes its replies by hand.
#include "inference/channel/message.h"

#include <cstring>

#include <gtest/gtest.h>

namespace vedette::inference::channel {
namespace {

constexpr std::uint64_t kCapacity = 4096;
constexpr std::uint32_t kNumber = 7;

// A slot with one good FP32[2] output, which each test then spoils.
class ForgedReply : public testing::Test {
 protected:
  ForgedReply() {
    header.kind = static_cast<std::uint32_t>(MessageKind::outputs);
    header.number = kNumber;
    header.count = 1;
    record.type = static_cast<std::uint32_t>(DataType::fp32);
    record.rank = 1;
    record.dims[0] = 2;
    record.size = 8;
  }

  void declare(DataType type, std::size_t outputs) {
    model.outputs.clear();
    for (std::size_t i = 0; i < outputs; ++i)
      model.outputs.push_back({"out" + std::to_string(i), type, {-1}});
    record.type = static_cast<std::uint32_t>(type);
    header.count = static_cast<std::uint32_t>(outputs);
  }

  void put_record(std::size_t index, const TensorRecord& what) {
    std::memcpy(slot.data() + kRecordsOffset + index * sizeof what, &what, sizeof what);
  }

  Result<void> read() {
    std::memcpy(slot.data(), &header, sizeof header);
    std::memcpy(slot.data() + kRefusalOffset, &text, sizeof text);
    put_record(0, record);
    return read_reply(slot, kNumber, model, reply);
  }

  std::string refusal() {
    const auto outcome = read();
    return outcome ? "" : outcome.error().code + ": " + outcome.error().cause;
  }

  ModelMetadata model{{}, {{"out", DataType::fp32, {-1}}}};
  Bytes slot = Bytes(kPayloadOffset + kCapacity);
  SlotHeader header{};
  RefusalText text{};
  TensorRecord record{};
  Reply reply;
};

TEST_F(ForgedReply, GoodOneIsReadOnceItIsGood) {
  const float values[] = {1.5F, -2.0F};
  std::memcpy(slot.data() + kPayloadOffset, values, sizeof values);
  ASSERT_EQ(refusal(), "");
  ASSERT_EQ(reply.outputs.size(), 1U);
  EXPECT_EQ(reply.outputs[0].name, "out");
  EXPECT_EQ(reply.outputs[0].shape, std::vector<std::int64_t>{2});
  EXPECT_EQ(std::memcmp(reply.outputs[0].data.data(), values, sizeof values), 0);
}

TEST_F(ForgedReply, WrongNumberIsRefused) {
  header.number = kNumber - 1;
  EXPECT_EQ(refusal(), "SBX-REPLY: number 6 instead of 7");
}

TEST_F(ForgedReply, UnknownKindIsRefused) {
  for (const std::uint32_t kind : {0U, 1U, 4U, 0xFFFFFFFFU}) {
    header.kind = kind;
    EXPECT_EQ(refusal(), "SBX-REPLY: message kind " + std::to_string(kind));
  }
}

TEST_F(ForgedReply, AnotherNumberOfOutputsIsRefused) {
  header.count = 0;
  EXPECT_EQ(refusal(), "SBX-REPLY: 0 outputs of 1");
  header.count = 2;
  EXPECT_EQ(refusal(), "SBX-REPLY: 2 outputs of 1");
  header.count = kMaxTensors + 1;
  EXPECT_EQ(refusal(), "SBX-REPLY: 65 tensors");
  header.count = 0xFFFFFFFF;
  EXPECT_EQ(refusal(), "SBX-REPLY: 4294967295 tensors");
}

TEST_F(ForgedReply, OutputThatIsUnknownOrThereTwiceIsRefused) {
  record.index = 1;
  EXPECT_EQ(refusal(), "SBX-REPLY: an output that does not exist");
  record.index = 0xFFFFFFFF;
  EXPECT_EQ(refusal(), "SBX-REPLY: an output that does not exist");
  record.index = 0;
  declare(DataType::fp32, 2);
  put_record(1, record);
  EXPECT_EQ(refusal(), "SBX-REPLY: an output that is there twice");
}

TEST_F(ForgedReply, UnknownTypeOrAnotherThanDeclaredIsRefused) {
  record.type = 0;
  EXPECT_EQ(refusal(), "SBX-REPLY: element type 0");
  record.type = 0x101;  // the low octet alone would be BOOL
  EXPECT_EQ(refusal(), "SBX-REPLY: element type 257");
  record.type = static_cast<std::uint32_t>(DataType::int32);
  EXPECT_EQ(refusal(), "SBX-REPLY: another type than the model declares");
}

TEST_F(ForgedReply, RankBeyondTheRecordIsRefused) {
  record.rank = kMaxRank + 1;
  EXPECT_EQ(refusal(), "SBX-REPLY: rank 9");
}

TEST_F(ForgedReply, GiantAndNegativeShapesAreRefused) {
  const std::string complaint = "SBX-REPLY: a negative dimension, or a tensor that is too large";
  record.dims[0] = -2;
  EXPECT_EQ(refusal(), complaint);
  record.dims[0] = INT64_MAX;
  EXPECT_EQ(refusal(), complaint);
  record.rank = 2;
  record.dims[0] = record.dims[1] = std::int64_t{1} << 32U;  // 2^64 elements wrap to none
  record.size = 0;
  EXPECT_EQ(refusal(), complaint);
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
  declare(DataType::fp32, 2);
  record.dims[0] = kCapacity / 4;
  record.size = kCapacity;
  TensorRecord second = record;
  second.index = 1;
  put_record(1, second);
  EXPECT_EQ(refusal(), "SBX-REPLY: tensors that overlap");
}

TEST_F(ForgedReply, BooleanThatIsNeitherIsRefused) {
  declare(DataType::boolean, 1);
  record.size = 2;
  slot[kPayloadOffset + 1] = 2;
  EXPECT_EQ(refusal(), "SBX-REPLY: a boolean that is neither 0 nor 1");
}

TEST_F(ForgedReply, ErrorTextsAreBoundedAndPrintable) {
  header.kind = static_cast<std::uint32_t>(MessageKind::refused);
  header.text_size = kMaxText + 1;
  header.code_size = 1;
  text.code[0] = 'X';
  EXPECT_EQ(refusal(), "SBX-REPLY: a text that is too long");
  header.text_size = 4;
  std::memcpy(text.text, "a\x1B[2", 4);
  ASSERT_EQ(refusal(), "");
  ASSERT_TRUE(reply.refused);
  EXPECT_EQ(reply.refusal.message, "a?[2");
  text.code[0] = '\n';
  EXPECT_EQ(refusal(), "SBX-REPLY: a malformed error code");
}

// What a hostile worker says that its model declares.
class ForgedMetadata : public testing::Test {
 protected:
  ForgedMetadata() {
    header.outputs = 1;
    record.type = static_cast<std::uint32_t>(DataType::fp32);
    record.rank = 1;
    record.dims[0] = -1;
    record.name_size = 3;
    std::memcpy(record.name, "out", 3);
  }

  std::string refusal(LoadState state = LoadState::loaded) {
    std::memcpy(area.data(), &header, sizeof header);
    std::memcpy(area.data() + sizeof header, &record, sizeof record);
    const auto answer = read_metadata(area, state);
    return answer ? "" : answer.error().code + ": " + answer.error().cause;
  }

  Bytes area = Bytes(kMetadataBytes);
  MetadataHeader header{};
  MetadataRecord record{};
};

TEST_F(ForgedMetadata, GoodOneIsRead) {
  EXPECT_EQ(refusal(), "");
}

TEST_F(ForgedMetadata, BadNamesAreRefused) {
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
  header.outputs = 2;
  std::memcpy(area.data() + sizeof header + sizeof record, &record, sizeof record);
  EXPECT_EQ(refusal(), "SBX-REPLY: two tensors of one name");
}

TEST_F(ForgedMetadata, CountsBeyondTheAreaAreRefused) {
  header.inputs = kMaxTensors;
  EXPECT_EQ(refusal(), "SBX-REPLY: too many inputs and outputs");
  header.inputs = 0xFFFFFFFF;
  EXPECT_EQ(refusal(), "SBX-REPLY: too many inputs and outputs");
}

TEST_F(ForgedMetadata, UnknownTypesRanksAndDimensionsAreRefused) {
  record.dims[0] = -2;
  EXPECT_EQ(refusal(), "SBX-REPLY: a negative dimension");
  record.rank = kMaxRank + 1;
  EXPECT_EQ(refusal(), "SBX-REPLY: rank 9");
  record.type = 99;
  EXPECT_EQ(refusal(), "SBX-REPLY: element type 99");
  EXPECT_EQ(refusal(static_cast<LoadState>(3)), "SBX-REPLY: an unknown load state");
  EXPECT_EQ(refusal(LoadState::refused), "SBX-REPLY: a malformed error code");
}

class Requests : public testing::Test {
 protected:
  std::string refusal(const std::vector<TensorView>& inputs) {
    const auto written = write_request(slot, 3, model, inputs);
    return written ? "" : written.error().code;
  }

  const Bytes a = Bytes(5, 1);
  const Bytes b = Bytes(16, 2);
  ModelMetadata model{{{"a", DataType::int8, {-1}}, {"b", DataType::int64, {-1, -1}}}, {}};
  Bytes slot = Bytes(kPayloadOffset + 128);
};

TEST_F(Requests, RefuseWhatTheModelDoesNotDeclare) {
  EXPECT_EQ(refusal({{"c", DataType::int8, {5}, a}}), "INF-INPUT");
  EXPECT_EQ(refusal({{"a", DataType::uint8, {5}, a}}), "INF-INPUT");
  EXPECT_EQ(refusal({{"a", DataType::int8, {5}, a}, {"a", DataType::int8, {5}, a}}), "INF-INPUT");
}

TEST_F(Requests, RefuseWhatDoesNotFit) {
  EXPECT_EQ(refusal({{"a", DataType::int8, {4}, a}}), "INF-DATA");
  EXPECT_EQ(refusal({{"a", DataType::int8, {-5}, a}}), "INF-SHAPE");
  const Bytes large(129);
  EXPECT_EQ(refusal({{"a", DataType::int8, {129}, large}}), "SBX-REQUEST-SIZE");
  // The second starts on the next 64 bytes.
  const Bytes half(65);
  const Bytes rest(8);
  EXPECT_EQ(refusal({{"a", DataType::int8, {65}, half}, {"b", DataType::int64, {1, 1}, rest}}),
            "SBX-REQUEST-SIZE");
  EXPECT_EQ(refusal(std::vector<TensorView>(65, {"a", DataType::int8, {0}, {}})),
            "SBX-REQUEST-SIZE");
}

TEST_F(Requests, ReadBackAlike) {
  ASSERT_EQ(refusal({{"b", DataType::int64, {2, 1}, b}, {"a", DataType::int8, {5}, a}}), "");
  Request request;
  ASSERT_TRUE(request.read(slot, 3).has_value());
  ASSERT_EQ(request.inputs().size(), 2U);
  EXPECT_EQ(request.inputs()[0].index, 1U);
  EXPECT_EQ(request.inputs()[0].shape[0], 2);
  EXPECT_TRUE(equal(request.inputs()[0].data, b));
  EXPECT_TRUE(equal(request.inputs()[1].data, a));
  EXPECT_FALSE(request.read(slot, 4).has_value());
  EXPECT_TRUE(request.inputs().empty());
}

TEST(Metadata, ReadsBackAlike) {
  Bytes area(kMetadataBytes);
  const ModelMetadata metadata{{{"in", DataType::fp32, {-1, 3}}}, {{"in", DataType::int64, {}}}};
  ASSERT_TRUE(write_metadata(area, metadata).has_value());
  EXPECT_EQ(std::get<ModelMetadata>(read_metadata(area, LoadState::loaded).value()), metadata);
  write_load_refusal(area, Error{"INF-LOAD", std::string(600, 'm'), "why", ""});
  const auto refused = std::get<Refusal>(read_metadata(area, LoadState::refused).value());
  EXPECT_EQ(refused.code, "INF-LOAD");
  EXPECT_EQ(refused.message, std::string(kMaxText, 'm'));
  const ModelMetadata crowded{std::vector<TensorInfo>(65, {"x", DataType::int8, {}}), {}};
  EXPECT_FALSE(write_metadata(area, crowded).has_value());
}

}  // namespace
}  // namespace vedette::inference::channel
