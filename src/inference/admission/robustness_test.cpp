// Whatever the octets are: an answer, in time, and never a fault.
#include <algorithm>
#include <filesystem>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "base/fd.h"
#include "inference/admission/refusal.h"

namespace vedette::inference {
namespace {

TEST(Truncation, OfAnyLengthIsRefused) {
  for (const Bytes& model : {testing::add_model(), testing::endless_loop_model()}) {
    ASSERT_EQ(refusal_of(model), "");
    // Without its last field, the import of operators, the rest would be well-formed.
    for (std::size_t size = 0; size < model.size(); ++size)
      EXPECT_NE(refusal_of(ByteView(model).first(size)), "") << size;
  }
}

TEST(BitFlips, NeverEndInAFault) {
  std::size_t admitted = 0;
  std::size_t refused = 0;
  for (const Bytes& model : {testing::add_model(), testing::endless_loop_model(),
                             testing::expand_model(), testing::external_data_model("passwd")})
    for (std::size_t bit = 0; bit < model.size() * 8; ++bit) {
      Bytes flipped = model;
      flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
      ++(refusal_of(flipped).empty() ? admitted : refused);
    }
  EXPECT_GT(refused, admitted);  // what is left are names, types and free text
}

TEST(RandomChanges, NeverEndInAFault) {
  std::mt19937 random(20260427);
  const Bytes model = testing::endless_loop_model();
  for (int round = 0; round < 20'000; ++round) {
    Bytes changed = model;
    for (unsigned i = 0; i < 1 + random() % 8; ++i)
      changed[random() % changed.size()] = static_cast<std::uint8_t>(random());
    if (random() % 2 == 0)
      std::rotate(changed.begin(),
                  changed.begin() + static_cast<std::ptrdiff_t>(random() % changed.size()),
                  changed.end());
    static_cast<void>(refusal_of(changed));
  }
}

// The test data of ONNX itself (Debian package libonnx-testdata): over a thousand models of single
// operators, written by others. Only matters of policy may be refused.
TEST(OnnxTestData, IsRefusedForPolicyOnly) {
  const std::filesystem::path folder = "/usr/share/libonnx-testdata/data";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "libonnx-testdata is not installed";
  std::map<std::string, int> codes;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().filename() != "model.onnx") continue;
    const auto model = read_file(entry.path().string(), 64U << 20U);
    ASSERT_TRUE(model.has_value());
    const auto facts = admit_onnx(*model, {});
    const std::string code = facts.has_value() ? "admitted" : facts.error().code;
    ++codes[code];
    EXPECT_TRUE(code == "admitted" || code == "ADM-OPERATOR" || code == "ADM-DOMAIN" ||
                code == "ADM-IO")
        << entry.path() << ": " << describe(facts.error());
  }
  EXPECT_GT(codes["admitted"], 5 * codes["ADM-OPERATOR"]);
  for (const auto& [code, count] : codes)
    RecordProperty(code, count);
}

}  // namespace
}  // namespace vedette::inference
