#include "attestation/challenge.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace vedette::attestation {
namespace {

std::string code_of(const Result<TimePoint>& result) {
  return result.has_value() ? "accepted" : result.error().code;
}

class Challenges : public ::testing::Test {
 protected:
  TimePoint now_ = from_unix_seconds(1'900'000'000);
  DeviceId drone_ = DeviceId::parse("drone-1").value();
  DeviceId other_ = DeviceId::parse("drone-2").value();
  crypto::Sha256Digest certificate_ = crypto::sha256(as_bytes("certificate"));
  ChallengeBook book_;
};

TEST_F(Challenges, a_nonce_that_was_never_issued_is_refused) {
  EXPECT_EQ(code_of(book_.redeem(Bytes(32, 0), drone_, certificate_, now_)), "ATT-NONCE-UNKNOWN");
  EXPECT_EQ(code_of(book_.redeem({}, drone_, certificate_, now_)), "ATT-NONCE-UNKNOWN");
}

TEST_F(Challenges, a_nonce_works_once) {
  const auto challenge = book_.issue(drone_, certificate_, now_).value();
  EXPECT_EQ(code_of(book_.redeem(challenge.nonce, drone_, certificate_, now_)), "accepted");
  EXPECT_EQ(code_of(book_.redeem(challenge.nonce, drone_, certificate_, now_)),
            "ATT-NONCE-UNKNOWN");
  EXPECT_EQ(book_.size(), 0U);
}

TEST_F(Challenges, a_nonce_tells_when_it_was_issued) {
  const auto challenge = book_.issue(drone_, certificate_, now_).value();
  const TimePoint later = now_ + std::chrono::seconds(7);
  EXPECT_EQ(book_.redeem(challenge.nonce, drone_, certificate_, later).value(), now_);
}

TEST_F(Challenges, a_nonce_expires_after_a_minute_and_for_good) {
  const auto challenge = book_.issue(drone_, certificate_, now_).value();
  EXPECT_EQ(challenge.expires_at, now_ + std::chrono::seconds(60));
  EXPECT_EQ(code_of(book_.redeem(challenge.nonce, drone_, certificate_, challenge.expires_at)),
            "ATT-NONCE-EXPIRED");
  EXPECT_EQ(code_of(book_.redeem(challenge.nonce, drone_, certificate_, now_)),
            "ATT-NONCE-UNKNOWN");
}

TEST_F(Challenges, another_devices_nonce_is_refused_and_stays_good_for_its_owner) {
  const auto challenge = book_.issue(drone_, certificate_, now_).value();
  EXPECT_EQ(code_of(book_.redeem(challenge.nonce, other_, certificate_, now_)),
            "ATT-NONCE-FOREIGN");
  EXPECT_EQ(code_of(book_.redeem(challenge.nonce, drone_, certificate_, now_)), "accepted");
}

TEST_F(Challenges, another_certificate_of_the_same_device_is_refused) {
  const auto challenge = book_.issue(drone_, certificate_, now_).value();
  EXPECT_EQ(
      code_of(book_.redeem(challenge.nonce, drone_, crypto::sha256(as_bytes("renewed")), now_)),
      "ATT-NONCE-FOREIGN");
}

TEST_F(Challenges, a_prefix_or_padding_of_a_nonce_is_refused) {
  const auto challenge = book_.issue(drone_, certificate_, now_).value();
  Bytes longer = challenge.nonce;
  longer.push_back(0);
  EXPECT_EQ(code_of(book_.redeem(longer, drone_, certificate_, now_)), "ATT-NONCE-UNKNOWN");
  EXPECT_EQ(code_of(book_.redeem(ByteView(challenge.nonce).first(31), drone_, certificate_, now_)),
            "ATT-NONCE-UNKNOWN");
}

TEST_F(Challenges, only_the_newest_challenge_of_a_device_lives) {
  const auto older = book_.issue(drone_, certificate_, now_).value();
  const auto newer = book_.issue(drone_, certificate_, now_).value();
  EXPECT_NE(older.nonce, newer.nonce);
  EXPECT_EQ(code_of(book_.redeem(older.nonce, drone_, certificate_, now_)), "ATT-NONCE-UNKNOWN");
  EXPECT_EQ(code_of(book_.redeem(newer.nonce, drone_, certificate_, now_)), "accepted");
}

TEST_F(Challenges, a_full_book_refuses_until_something_expires) {
  ChallengeBook small(1);
  ASSERT_TRUE(small.issue(drone_, certificate_, now_).has_value());
  const auto refused = small.issue(other_, certificate_, now_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "ATT-BUSY");
  ASSERT_TRUE(small.issue(drone_, certificate_, now_).has_value()) << "its own place is free";
  EXPECT_TRUE(small.issue(other_, certificate_, now_ + std::chrono::seconds(60)).has_value());
  EXPECT_EQ(small.size(), 1U);
}

TEST_F(Challenges, of_many_at_once_one_alone_redeems) {
  const auto challenge = book_.issue(drone_, certificate_, now_).value();
  std::atomic<int> accepted = 0;
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      if (book_.redeem(challenge.nonce, drone_, certificate_, now_).has_value()) ++accepted;
    });
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(accepted, 1);
}

}  // namespace
}  // namespace vedette::attestation
