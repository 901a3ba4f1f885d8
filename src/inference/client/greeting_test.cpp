#include "inference/client/greeting.h"

#include <cstring>

#include <gtest/gtest.h>

namespace vedette::inference {
namespace {

template <class Structure>
Bytes bytes_of(const Structure& structure) {
  Bytes bytes(sizeof structure);
  std::memcpy(bytes.data(), &structure, sizeof structure);
  return bytes;
}

TEST(Greeting, RefusesAWelcomeThatIsNone) {
  EXPECT_EQ(parse_welcome({}).error().code, "MEM-WELCOME");
  Bytes longer = bytes_of(to_welcome(1));
  longer.push_back(0);
  EXPECT_EQ(parse_welcome(longer).error().code, "MEM-WELCOME");
  Welcome welcome = to_welcome(0);  // neither a release nor a refusal
  EXPECT_EQ(parse_welcome(bytes_of(welcome)).error().code, "MEM-WELCOME");
  welcome = to_welcome(Error{"AGT-NO-MODEL", "no", "", ""});
  welcome.release = 1;  // both
  EXPECT_EQ(parse_welcome(bytes_of(welcome)).error().code, "MEM-WELCOME");
  welcome.release = 0;
  welcome.text_size = channel::kMaxText + 1;
  EXPECT_EQ(parse_welcome(bytes_of(welcome)).error().code, "MEM-WELCOME");
  welcome = to_welcome(1);
  ++welcome.version;
  EXPECT_EQ(parse_welcome(bytes_of(welcome)).error().code, "MEM-WELCOME");
}

TEST(Greeting, CarriesARefusalWithoutControlCharacters) {
  const auto refused =
      parse_welcome(bytes_of(to_welcome(Error{"AGT-NO-MODEL", "no\x1b[31m", "cause", "hint"})));
  EXPECT_EQ(refused.error().code, "AGT-NO-MODEL");
  EXPECT_EQ(refused.error().message, "no?[31m (cause); hint");
  const auto cut =
      parse_welcome(bytes_of(to_welcome(Error{"A-B", std::string(5000, 'a'), "", ""})));
  EXPECT_EQ(cut.error().message.size(), channel::kMaxText);
}

TEST(Greeting, CarriesAWishAndARelease) {
  const SessionWish wish{*ModelName::parse("voice"), 3, 64, 128};
  EXPECT_EQ(parse_hello(bytes_of(to_hello(wish))).value(), wish);
  const SessionWish longest{*ModelName::parse(std::string(63, 'a')), 0, 0, channel::kMaxPayload};
  EXPECT_EQ(parse_hello(bytes_of(to_hello(longest))).value(), longest);
  EXPECT_EQ(parse_welcome(bytes_of(to_welcome(9))).value(), 9U);
}

}  // namespace
}  // namespace vedette::inference
