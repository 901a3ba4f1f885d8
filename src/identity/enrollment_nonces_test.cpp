#include "identity/enrollment_nonces.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "testing/enrollment_scene.h"

namespace vedette::identity {
namespace {

class Nonces : public ::testing::Test {
 protected:
  [[nodiscard]] std::string checked(ByteView nonce, ByteView channel, TimePoint at) const {
    return code_of(nonces_.check(nonce, channel, at));
  }

  const Bytes channel_ = Bytes(32, 0xC4);
  const TimePoint now_ = from_unix_seconds(1'900'000'000);
  EnrollmentNonces nonces_;
};

TEST_F(Nonces, are_not_issued_without_a_channel) {
  EXPECT_EQ(code_of(nonces_.issue({}, now_)), "ENR-CHANNEL");
  EXPECT_EQ(code_of(nonces_.issue(Bytes(31, 1), now_)), "ENR-CHANNEL");
}

// Group 11: relayed over another channel.
TEST_F(Nonces, hold_on_no_other_connection_and_server) {
  const Bytes nonce = nonces_.issue(channel_, now_).value();
  EXPECT_EQ(checked(nonce, Bytes(32, 0xC5), now_), "ENR-NONCE");
  EXPECT_EQ(checked(nonce, {}, now_), "ENR-NONCE");
  EXPECT_EQ(code_of(EnrollmentNonces().check(nonce, channel_, now_)), "ENR-NONCE");
}

TEST_F(Nonces, cannot_be_made_or_lengthened_by_their_holder) {
  const Bytes nonce = nonces_.issue(channel_, now_).value();
  for (std::size_t i = 0; i < nonce.size(); ++i) {
    Bytes changed = nonce;
    changed[i] ^= 1U;
    EXPECT_EQ(checked(changed, channel_, now_), "ENR-NONCE") << i;
  }
  for (const Bytes& bad : {Bytes(), Bytes(47, 0), Bytes(49, 0)})
    EXPECT_EQ(checked(bad, channel_, now_), "ENR-NONCE");
}

TEST_F(Nonces, expire_after_a_minute) {
  const Bytes nonce = nonces_.issue(channel_, now_).value();
  EXPECT_EQ(checked(nonce, channel_, now_ + std::chrono::seconds(59)), "accepted");
  EXPECT_EQ(checked(nonce, channel_, now_ + std::chrono::seconds(60)), "ENR-NONCE-EXPIRED");
  EXPECT_EQ(code_of(nonces_.use(nonce, channel_, now_ + std::chrono::seconds(60))),
            "ENR-NONCE-EXPIRED");
}

TEST_F(Nonces, tell_when_they_were_issued) {
  const auto issued =
      nonces_.use(nonces_.issue(channel_, now_).value(), channel_, now_ + std::chrono::seconds(59));
  ASSERT_TRUE(issued.has_value());
  EXPECT_EQ(*issued, now_);
}

// Group 11: replay.
TEST_F(Nonces, are_used_once) {
  const Bytes nonce = nonces_.issue(channel_, now_).value();
  EXPECT_EQ(code_of(nonces_.use(nonce, channel_, now_)), "accepted");
  EXPECT_EQ(code_of(nonces_.use(nonce, channel_, now_)), "ENR-NONCE-USED");
  EXPECT_EQ(checked(nonce, channel_, now_), "ENR-NONCE-USED");
  EXPECT_EQ(checked(nonces_.issue(channel_, now_).value(), channel_, now_), "accepted");
}

TEST_F(Nonces, have_one_winner_in_a_race) {
  const Bytes nonce = nonces_.issue(channel_, now_).value();
  std::atomic<int> winners = 0;
  {
    std::vector<std::jthread> racers;
    for (int i = 0; i < 8; ++i)
      racers.emplace_back([&] { winners += nonces_.use(nonce, channel_, now_) ? 1 : 0; });
  }
  EXPECT_EQ(winners, 1);
}

TEST_F(Nonces, that_were_used_are_bounded_and_forgotten_once_they_expired) {
  EnrollmentNonces few(2);
  const auto use = [&](TimePoint at) {
    return code_of(few.use(few.issue(channel_, at).value(), channel_, at));
  };
  EXPECT_EQ(use(now_), "accepted");
  EXPECT_EQ(use(now_), "accepted");
  EXPECT_EQ(use(now_), "ENR-BUSY");
  EXPECT_EQ(use(now_ + std::chrono::seconds(60)), "accepted");
}

}  // namespace
}  // namespace vedette::identity
