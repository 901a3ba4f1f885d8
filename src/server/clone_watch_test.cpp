#include "server/clone_watch.h"

#include <gtest/gtest.h>

namespace vedette::server {
namespace {

platform::Connection over(std::uint64_t id, const std::string& address) {
  platform::Connection connection;
  connection.id = id;
  connection.peer_address = address;
  return connection;
}

class Clones : public ::testing::Test {
 protected:
  [[nodiscard]] TimePoint at(int seconds) const { return start_ + std::chrono::seconds(seconds); }
  [[nodiscard]] bool is_second(std::uint64_t connection, int asked_at) const {
    return watch_.second_of(device_, over(connection, "192.0.2.9"), at(asked_at)).has_value();
  }

  const TimePoint start_ = from_unix_seconds(1'900'000'000);
  const DeviceId device_ = DeviceId::parse("drone").value();
  CloneWatch watch_;
};

TEST_F(Clones, two_that_attest_in_turn_raise_the_alarm) {
  watch_.attested(device_, over(5, "192.0.2.1"), at(0));
  watch_.attested(device_, over(9, "198.51.100.7"), at(10));
  const auto alarm = watch_.second_of(device_, over(5, "192.0.2.1"), at(20));
  ASSERT_TRUE(alarm.has_value());
  EXPECT_EQ(alarm->code, "ATT-CLONED");
  EXPECT_NE(alarm->cause.find("198.51.100.7"), std::string::npos) << alarm->cause;
}

TEST_F(Clones, a_device_that_goes_on_over_the_younger_of_two_stays_the_second) {
  watch_.attested(device_, over(9, "192.0.2.1"), at(0));
  watch_.attested(device_, over(9, "192.0.2.1"), at(60));
  EXPECT_TRUE(is_second(5, 30)) << "from its first word on, not from its last";
}

// A handover: the old connection is dead, whatever the server knows of that.
TEST_F(Clones, a_reconnect_from_another_address_raises_none) {
  for (std::uint64_t connection = 1; connection <= 50; ++connection) {
    EXPECT_FALSE(is_second(connection, static_cast<int>(connection)));
    watch_.attested(device_, over(connection, "203.0.113." + std::to_string(connection)),
                    at(static_cast<int>(connection)));
  }
}

// Asked for before the younger connection attested, judged after: late, and no clone.
TEST_F(Clones, what_was_late_on_its_way_raises_none) {
  watch_.attested(device_, over(9, "192.0.2.1"), at(10));
  EXPECT_FALSE(is_second(5, 9));
  EXPECT_TRUE(is_second(5, 10));
}

TEST_F(Clones, devices_are_told_apart) {
  watch_.attested(DeviceId::parse("other").value(), over(9, "192.0.2.1"), at(10));
  EXPECT_FALSE(is_second(5, 20));
}

class CloneByClock : public Clones {
 protected:
  CloneByClock() {
    last_.at = at(100);
    record_.enrolled_at = at(0);
  }
  [[nodiscard]] bool proven(int asked_at, const char* code = "ATT-CLOCK") const {
    return clone_by_clock(Error{code, "", "", ""}, record_, last_, at(asked_at)).has_value();
  }

  attestation::AttestationState last_;
  identity::Device record_{.id = device_,
                           .group = GroupId::parse("g").value(),
                           .epoch = {},
                           .attestation_key = {},
                           .enrolled_at = {},
                           .status_since = {},
                           .status_reason = {}};
};

TEST_F(CloneByClock, is_proven_by_a_quote_that_was_made_after_the_last) {
  EXPECT_TRUE(proven(101));
}

TEST_F(CloneByClock, is_not_proven_by_a_late_quote_or_another_refusal) {
  EXPECT_FALSE(proven(99)) << "it may have been made before the last one";
  EXPECT_FALSE(proven(100));
  EXPECT_FALSE(proven(101, "ATT-NONCE")) << "a stranger's word";
  EXPECT_FALSE(proven(101, "ATT-SIGNATURE"));
}

TEST_F(CloneByClock, is_not_proven_by_a_quote_of_another_key) {
  last_.attestation_key = crypto::sha256(as_bytes("former"));
  EXPECT_FALSE(proven(101)) << "another attestation key counts otherwise";
}

TEST_F(CloneByClock, is_proven_after_another_enrolment_with_the_same_key) {
  record_.enrolled_at = at(100) + Duration(1);
  last_.attestation_key = crypto::sha256(record_.attestation_key);
  EXPECT_TRUE(proven(101));
}

TEST_F(CloneByClock, is_not_proven_by_a_quote_of_before_the_enrolment_whose_key_was_not_kept) {
  record_.enrolled_at = at(100) + Duration(1);
  EXPECT_FALSE(proven(101)) << "it may have been another one";
}

}  // namespace
}  // namespace vedette::server
