#include "server/admission.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace vedette::server {
namespace {

class Silent final : public platform::HttpHandler {
 public:
  platform::HttpResponse handle(const platform::Connection& /*connection*/,
                                const platform::HttpRequest& /*request*/) override {
    return {};
  }
};

class AdmissionTest : public ::testing::Test {
 protected:
  platform::Entry enter(const std::string& target) {
    return admission_.enter({}, {.method = "POST", .target = target, .headers = {}, .body = {}});
  }

  static Route route(const char* path, bool is_bounded) {
    Route made{"POST", path, policy::Action::enroll, {}};
    made.is_bounded = is_bounded;
    return made;
  }

  Silent inner_;
  Places places_{2};
  Admission admission_{
      inner_,
      places_,
      {route("/v1/enrollments", true), route("/.well-known/est/simpleenroll", true),
       route("/.well-known/est/simplereenroll", true), route("/v1/attestation/evidence", false)}};
};

TEST_F(AdmissionTest, TurnsAwayWhatIsBeyondThePlacesAndSaysWhenToComeBack) {
  const auto first = enter("/v1/enrollments");
  const auto second = enter("/.well-known/est/simpleenroll");
  ASSERT_FALSE(first.turned_away || second.turned_away);
  const auto third = enter("/.well-known/est/simplereenroll");
  ASSERT_TRUE(third.turned_away.has_value());
  EXPECT_EQ(third.turned_away->status, 503);
  ASSERT_EQ(third.turned_away->headers.size(), 1U);
  EXPECT_EQ(third.turned_away->headers[0].first, "retry-after");
}

TEST_F(AdmissionTest, IsNotPassedByAQuery) {
  const auto first = enter("/v1/enrollments");
  const auto second = enter("/v1/enrollments");
  EXPECT_TRUE(enter("/v1/enrollments?a=b").turned_away.has_value());
}

TEST_F(AdmissionTest, APlaceIsFreeAgainOnceAnswered) {
  {
    const auto first = enter("/v1/enrollments");
    const auto second = enter("/v1/enrollments");
    EXPECT_TRUE(enter("/v1/enrollments").turned_away.has_value());
    EXPECT_EQ(places_.taken(), 2U);
  }
  EXPECT_EQ(places_.taken(), 0U);
  EXPECT_FALSE(enter("/v1/enrollments").turned_away.has_value());
}

TEST_F(AdmissionTest, AFullServerStillAttestsAndSaysWhenToRenew) {
  const auto first = enter("/v1/enrollments");
  const auto second = enter("/v1/enrollments");
  for (const char* target : {"/v1/attestation/evidence", "/v1/renewal-info", "/v1/results"})
    EXPECT_FALSE(enter(target).turned_away.has_value()) << target;
}

TEST(PlacesTest, ManyAtOnceNeverTakeMoreThanThereAre) {
  Places places(3);
  std::atomic<bool> too_many = false;
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 2000; ++round) {
        const auto place = places.take();
        if (places.taken() > 3) too_many = true;
      }
    });
  for (auto& thread : threads)
    thread.join();
  EXPECT_FALSE(too_many);
  EXPECT_EQ(places.taken(), 0U);
}

}  // namespace
}  // namespace vedette::server
