#include "server/offered_deltas.h"

#include <array>

#include <gtest/gtest.h>

namespace vedette::server {
namespace {

using codec::Json;

class OfferedDeltas : public ::testing::Test {
 protected:
  [[nodiscard]] std::string sign(const std::string& base) const {
    return release::sign_delta_statement({.model = "m.onnx",
                                          .base = {crypto::sha256(as_bytes(base)), 900},
                                          .target = file_,
                                          .delta = {crypto::sha256(as_bytes(base + " to it")), 10}},
                                         key_)
        .value();
  }
  [[nodiscard]] Result<std::vector<release::ReleaseDelta>> read(Json deltas) const {
    const std::array publishers{key_.public_key()};
    return read_deltas(Json::Object{{"deltas", std::move(deltas)}}, publishers, file_);
  }
  [[nodiscard]] std::string code(Json deltas) const {
    const auto read_ones = read(std::move(deltas));
    return read_ones ? "" : read_ones.error().code;
  }
  static std::string having_code(const std::string& text) {
    const auto having = parse_having({{"having", text}});
    return having ? "" : having.error().code;
  }

  crypto::PrivateKey key_ = crypto::PrivateKey::generate_p256();
  release::FileIdentity file_{crypto::sha256(as_bytes("target")), 1000};
};

TEST_F(OfferedDeltas, RefuseWhatIsNoneTwoFromOneBaseAndTooMany) {
  EXPECT_EQ(code("text"), "JSON-MEMBER");
  EXPECT_EQ(code(Json::Array{Json(3)}), "JSON-MEMBER");
  EXPECT_NE(code(Json::Array{Json("{}")}), "");
  EXPECT_EQ(code(Json::Array{Json(sign("a")), Json(sign("a"))}), "DELTA-MANY");
  Json::Array many;
  for (std::size_t i = 0; i < release::kMostDeltas; ++i)
    many.emplace_back(sign(std::to_string(i)));
  EXPECT_EQ(code(many), "");
  many.emplace_back(sign("one more"));
  EXPECT_EQ(code(many), "DELTA-MANY");
}

TEST_F(OfferedDeltas, AreKeptAsReceivedAndMayBeMissing) {
  const auto none = read_deltas(Json::Object{}, {}, file_);
  ASSERT_TRUE(none.has_value());
  EXPECT_TRUE(none->empty());
  const std::string envelope = sign("a");
  const auto deltas = read(Json::Array{Json(envelope)});
  ASSERT_TRUE(deltas.has_value()) << describe(deltas.error());
  ASSERT_EQ(deltas->size(), 1U);
  EXPECT_EQ(deltas->front(),
            (release::ReleaseDelta{crypto::sha256(as_bytes("a")),
                                   crypto::sha256(as_bytes("a to it")), 10, envelope}));
}

TEST_F(OfferedDeltas, ADeviceNamesAtMostEightFiles) {
  const std::string digest = to_hex(file_.sha256);
  for (const std::string& text :
       {std::string(), "," + digest, digest + ",", digest + "0", digest.substr(1), "x" + digest})
    EXPECT_EQ(having_code(text), "HTTP-QUERY") << text;
  std::string eight = digest;
  for (int i = 1; i < 8; ++i)
    eight += "," + digest;
  EXPECT_EQ(parse_having({{"having", eight}})->size(), 8U);
  EXPECT_EQ(having_code(eight + "," + digest), "HTTP-QUERY");
  EXPECT_TRUE(parse_having({})->empty());
}

TEST_F(OfferedDeltas, AreThoseFromWhatTheDeviceHas) {
  const auto deltas = read(Json::Array{Json(sign("a")), Json(sign("b"))}).value();
  const auto names = [](const char* base) { return crypto::sha256(as_bytes(base)); };
  EXPECT_TRUE(offer(deltas, {}).empty());
  EXPECT_TRUE(offer(deltas, std::vector{names("c")}).empty());
  const auto offered = offer(deltas, std::vector{names("c"), names("b")});
  ASSERT_EQ(offered.size(), 1U);
  EXPECT_EQ(*offered[0].if_string(), deltas[1].statement);
}

}  // namespace
}  // namespace vedette::server
